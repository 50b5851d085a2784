"""Does a checkpoint that cannot be gone on with say why?"""

import pytest

from sixkeys import build
from sixkeys.cli.run import resume_point
from sixkeys.training.checkpoint import save
from sixkeys.training.train import train


def test_a_checkpoint_from_before_harm_is_refused_in_words(tiny_config, tmp_path):
    (track,) = build.training_tracks(tiny_config)
    snapshot = next(train(tiny_config, [track]))
    components = snapshot.components()
    track.pool.close()
    save(tmp_path / "whole", 1, components, {})
    assert resume_point(tmp_path / "whole").step == 1
    components["moment"].pop("harm")
    save(tmp_path / "old", 1, components, {})
    with pytest.raises(ValueError, match="before worlds told of harm"):
        resume_point(tmp_path / "old")
