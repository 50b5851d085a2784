"""Is a wrong setting refused with a hint, and does a config survive being saved?"""

import json

import pytest

from sixkeys.training.config import RunConfig, read


def test_an_unknown_setting_suggests_the_nearest():
    with pytest.raises(ValueError, match="unknown setting 'brain.gama'; did you mean 'gamma'"):
        read(RunConfig, {"brain": {"gama": 0.9}})


def test_a_wrong_value_says_what_came():
    with pytest.raises(ValueError, match="'learn.unroll'.*got 1"):
        read(RunConfig, {"learn": {"unroll": 1}})


def test_a_saved_config_is_the_same_config():
    config = read(RunConfig, {"brain": {"senses": 64, "traits": {"caution": 0.7}}, "learn": {"seed": 4}})
    assert read(RunConfig, json.loads(json.dumps(config.model_dump(mode="json")))) == config
    assert config.brain.traits.caution == 0.7


def test_a_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        RunConfig().memory = True
