"""Is a life that was stopped amid a stage the same life in the end? Its matrix and its weights."""

import numpy as np
import pytest

from sixkeys.bench.report import read_json
from sixkeys.cli import life
from sixkeys.training import regimes
from sixkeys.training.checkpoint import load
from sixkeys.training.config import LifeConfig
from sixkeys.training.regimes import Course


@pytest.fixture
def config(tiny_config, monkeypatch):
    """Two tasks, four updates, each with a past to replay."""
    monkeypatch.setattr(regimes, "COURSES", {"tiny": Course(("grid:grid_empty", "grid:grid_empty~keys1"))})
    changes = {"stage4_updates": 4, "past_rows": 3, "clone_coef": 1.0, "elastic_coef": 1.0}
    learn = tiny_config.learn.model_copy(update=changes)
    told = LifeConfig(stream="tiny", past_bytes=60_000)
    return tiny_config.model_copy(update={"learn": learn, "life": told})


def test_a_life_goes_on_where_it_was_stopped(config, tmp_path, monkeypatch):
    whole = life.live(config, tmp_path / "whole", "ours", episodes=4)
    honest, calls = life.scores, []

    def stopped(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return honest(*arguments)

    monkeypatch.setattr(life, "scores", stopped)
    with pytest.raises(KeyboardInterrupt):
        life.live(config, tmp_path / "half", "ours", episodes=4)
    assert load(tmp_path / "half").step == 2, "the first stage is kept, the second is lost"
    again = life.live(config, tmp_path / "half", "ours", episodes=4)
    assert again == whole == read_json(tmp_path / "half" / "life.json").lives[0]
    assert len(whole.matrix) == 2
    assert whole.memory_bytes > 0
    one, other = (load(tmp_path / name).components for name in ("whole", "half"))
    for part in one:
        for name, array in one[part].items():
            np.testing.assert_array_equal(array, other[part][name], err_msg=f"{part}/{name}")
    assert life.live(config, tmp_path / "half", "ours", episodes=4) == whole, "a whole life is left alone"
    changed = config.model_copy(update={"life": config.life.model_copy(update={"balanced": False})})
    with pytest.raises(ValueError, match="other settings"):
        life.live(changed, tmp_path / "half", "ours", episodes=4)


def test_fewer_tasks_are_tried_and_they_score_the_same(config, tmp_path, monkeypatch):
    tasks = ("grid:grid_empty", "grid:grid_empty~keys1", "grid:grid_rooms")
    monkeypatch.setattr(regimes, "COURSES", {"tiny": Course(tasks)})
    whole = life.live(config, tmp_path / "whole", "ours", episodes=4)
    some = life.live(config, tmp_path / "some", "ours", episodes=4, every=2)
    assert [[score is None for score in row] for row in some.matrix] == [
        [False, False, True], [False, False, False], [False, False, False],
    ]  # fmt: skip
    for row, fewer in zip(whole.matrix, some.matrix, strict=True):
        assert all(one in (None, score) for score, one in zip(row, fewer, strict=True))
    for name in ("average_performance", "learning_accuracy", "forward_transfer"):
        assert some.measures[name] == whole.measures[name]
