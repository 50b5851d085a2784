"""Does a life go on bit for bit, keep what it should, and mind its boundaries?"""

import itertools

import jax
import numpy as np
import pytest

from sixkeys import build
from sixkeys.agent.brain import Brain
from sixkeys.training import regimes
from sixkeys.training.checkpoint import load, save
from sixkeys.training.config import LifeConfig
from sixkeys.training.lane import Lane
from sixkeys.training.life import unflat
from sixkeys.training.losses import SILENT, clone_loss, unroll
from sixkeys.training.regimes import Course
from sixkeys.training.train import train
from sixkeys.training.trees import flatten

UPDATES = 8
"""Two of each of four stages."""


@pytest.fixture(autouse=True)
def tiny_course(monkeypatch):
    """Two interfaces of one grid, one after the other, and both again."""
    tasks = ("grid:grid_empty", "grid:grid_empty~keys1")
    monkeypatch.setattr(regimes, "COURSES", {"tiny": Course(tasks, 2)})


def living(tiny_config, boundaries="known", balanced=True, elastic=1.0, **more):
    changes = {
        "stage4_updates": UPDATES, "past_rows": 3, "clone_coef": 1.0, "elastic_coef": elastic,
    }  # fmt: skip
    life = LifeConfig(stream="tiny", boundaries=boundaries, balanced=balanced, past_bytes=60_000, **more)
    learn = tiny_config.learn.model_copy(update=changes)
    return tiny_config.model_copy(update={"learn": learn, "life": life})


def run(config, resume=None, take=None):
    tracks = build.training_tracks(config)
    try:
        for snapshot in itertools.islice(train(config, tracks, resume=resume), take):
            yield snapshot, snapshot.components()
    finally:
        for track in tracks:
            track.pool.close()


@pytest.mark.parametrize(
    ("boundaries", "more"),
    [
        ("known", {"isolated": True}),
        ("gradual", {"customs": True}),
        ("hidden", {"slow_rate": 0.1, "selective": True}),
    ],
)
def test_a_life_that_was_killed_ends_as_one_that_was_not(tiny_config, tmp_path, boundaries, more):
    config = living(tiny_config, boundaries, **more)
    whole = list(run(config))
    assert len(whole) == UPDATES
    half = list(run(config, take=5))[-1]
    save(tmp_path, half[0].update, half[1], {})
    resumed = list(run(config, resume=load(tmp_path).components))
    assert len(resumed) == UPDATES - 5
    (last, parts), (again, same) = whole[-1], resumed[-1]
    assert again.losses == last.losses
    assert parts.keys() == same.keys()
    for name in parts:
        assert parts[name].keys() == same[name].keys()
        for part, array in parts[name].items():
            np.testing.assert_array_equal(array, same[name][part], err_msg=f"{name}/{part}")


def test_customs_change_nothing_where_no_key_is_exchanged(tiny_config, monkeypatch):
    tasks = ("grid:grid_empty", "grid:grid_rooms")
    monkeypatch.setattr(regimes, "COURSES", {"tiny": Course(tasks, 2)})
    plain, ordered = (list(run(living(tiny_config, customs=customs))) for customs in (False, True))
    for (one, _), (other, _) in zip(plain, ordered, strict=True):
        assert one.losses == other.losses
    assert {**plain[-1][1]["brain"]}.keys() == ordered[-1][1]["brain"].keys()
    for name, array in plain[-1][1]["brain"].items():
        np.testing.assert_array_equal(array, ordered[-1][1]["brain"][name], err_msg=name)


def test_slow_weights_follow_and_begin_anew_with_the_others(tiny_config):
    rate, config = 0.3, living(tiny_config, slow_rate=0.3, afresh=True)
    slow = begun = flatten(Brain(config.brain, config.learn.seed))
    for update, (snapshot, _) in enumerate(run(config)):
        fast, before = flatten(snapshot.brain), begun if update in (2, 4, 6) else slow
        slow = {name: before[name] + rate * (fast[name] - before[name]) for name in fast}
        for name, array in flatten(snapshot.slow).items():
            np.testing.assert_allclose(array, slow[name], atol=1e-6, err_msg=name)
    assert all(snapshot.slow is snapshot.brain for snapshot, _ in run(living(tiny_config), take=1))


def test_each_stage_plays_its_own_task_and_keeps_what_is_late(tiny_config):
    keys, groups = [], []
    for _, parts in run(living(tiny_config)):
        keys.append([int(parts["carry"]["keys"]), int(parts["carry_1"]["keys"])])
        groups.append(set((parts["life"]["past/slots"][:, 0] // 2).tolist()))
    pressed = np.diff([[0, 0], *keys], axis=0) > 0
    assert pressed.argmax(1).tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert (pressed.sum(1) == 1).all()
    assert groups == [set(), {0}, {0}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}]


def test_importance_is_measured_where_a_stage_ends(tiny_config):
    seen = [
        sum(float(array.sum()) for name, array in parts["life"].items() if name.startswith("dear/fisher"))
        for _, parts in run(living(tiny_config), take=4)
    ]
    assert seen[0] == 0 < seen[1] == seen[2] < seen[3]
    plain = next(run(living(tiny_config, elastic=0.0)))
    assert not any(name.startswith("dear/") for name in plain[1]["life"])


@pytest.mark.parametrize("coef", [0.0, 1.0])
def test_a_teacher_is_asked_where_somebody_listens(tiny_config, tiny_brain, coef):
    learn = tiny_config.learn.model_copy(update={"taught_coef": coef})
    pool = build.training_pool(tiny_config)
    lane = Lane(pool, tiny_brain, 0, np.random.default_rng(0))
    before = pool.oracle()
    found = lane.gather(tiny_brain, build.habits(tiny_config), learn)
    pool.close()
    assert found.taught.shape == (pool.seats, learn.unroll)
    np.testing.assert_array_equal(found.taught[:, 0], before if coef else SILENT)
    assert coef or (found.taught == SILENT).all()


def test_a_teacher_who_knows_no_way_says_nothing(tiny_config, tiny_brain):
    pytest.importorskip("minigrid", reason="needs the package minigrid")
    learn, said = tiny_config.learn.model_copy(update={"taught_coef": 1.0}), []
    for world in ("minigrid:MiniGrid-KeyCorridorS3R1-v0", "minigrid:MiniGrid-Empty-5x5-v0"):
        pool = build.make_pool(
            tiny_config.pool.model_copy(update={"worlds": (world,), "seats": (2,)}),
            lambda seat, n: 2 * n + seat,
        )
        lane = Lane(pool, tiny_brain, 0, np.random.default_rng(0))
        said.append(set(lane.gather(tiny_brain, build.habits(tiny_config), learn).taught.ravel().tolist()))
        pool.close()
    assert said[0] == {SILENT}
    assert SILENT not in said[1]


def test_cloning_is_next_to_nothing_where_nothing_changed(tiny_config, tiny_brain):
    """Not quite nothing: a thought made again draws other latents."""
    pool = build.training_pool(tiny_config)
    lane = Lane(pool, tiny_brain, 0, np.random.default_rng(0))
    chunk = lane.chunk(lane.gather(tiny_brain, build.habits(tiny_config), tiny_config.learn), 0.0)
    pool.close()

    def apart(brain):
        thoughts = jax.vmap(lambda row: unroll(brain, row))(chunk)
        return float(clone_loss(chunk, thoughts, tiny_config.learn))

    same, other = apart(tiny_brain), apart(jax.tree.map(lambda weight: 30 * weight, tiny_brain))
    assert same < 2e-3
    assert same < 0.1 * other


def test_the_past_stays_within_its_bytes(tiny_config):
    config = living(tiny_config, balanced=False)
    *_, (_, parts) = run(config)
    rows = [array for name, array in parts["life"].items() if name.startswith("past/rows/")]
    assert 0 < sum(array.nbytes for array in rows) <= config.life.past_bytes
    assert set(parts["life"]["past/slots"][:, 0].tolist()) == {0}


def test_what_was_shut_stays_and_each_stage_shuts_as_many(tiny_config):
    lived = [(parts["brain"], parts["life"]) for _, parts in run(living(tiny_config, isolated=True))]
    matrices = [name for name, array in lived[0][0].items() if array.ndim > 1 and array.size > 100]
    assert matrices
    for name in matrices:
        free = [life[f"free/{name}"] for _, life in lived]
        shares = [float(mask.mean()) for mask in free]
        assert shares == pytest.approx([1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0], abs=0.02)
        for before, after in itertools.pairwise(range(UPDATES)):
            kept = free[before] == 0
            np.testing.assert_array_equal(lived[before][0][name][kept], lived[after][0][name][kept])
    assert any((lived[1][0][name] != lived[2][0][name]).any() for name in matrices)


def test_a_life_begun_anew_is_one_step_from_birth_after_each_stage(tiny_config, tiny_brain):
    """Adam's first step moves no weight by more than the rate."""
    config = living(tiny_config, afresh=True)
    born = flatten(Brain(config.brain, config.learn.seed))
    rate = config.learn.learning_rate * 1.001
    far = [
        max(float(np.abs(parts["brain"][name] - array).max()) for name, array in born.items())
        for _, parts in run(config)
    ]
    assert [distance <= rate for distance in far] == [True, False] * 4


@pytest.mark.parametrize("name", ["afresh", "isolated"])
def test_who_is_not_told_of_stages_cannot_begin_them_anew(tiny_config, name):
    with pytest.raises(ValueError, match="hidden boundaries"):
        next(run(living(tiny_config, "hidden", **{name: True})))


def test_what_another_version_kept_is_refused_by_name():
    like = {"action": np.zeros(3), "aim": np.zeros((3, 2))}
    assert unflat(like, {"action": np.ones(2), "aim": np.ones((2, 2)), "more": np.ones(1)})["aim"].shape == (
        2,
        2,
    )
    with pytest.raises(ValueError, match=r"lacks \['aim'\].*begin anew"):
        unflat(like, {"action": np.ones(2)})
