"""Are words the same tokens everywhere, and is silence nothing?"""

from types import SimpleNamespace

import numpy as np

from sixkeys.language.hashed import say, words


def test_words_are_golden_and_in_order():
    assert words("Pick up the red KEY").tolist()[:5] == words("pick up the red key").tolist()[:5]
    assert (words("pick up the red key") > 0).sum() == 5
    assert words("red key").tolist()[:2] == words("the red key").tolist()[1:3]
    assert words("key").tolist()[0] == 2025
    assert not words("").any()


def test_long_text_keeps_its_beginning():
    many = words(" ".join(f"w{i}" for i in range(40)))
    assert many.shape == (16,)
    assert (many > 0).all()


def test_everybody_hears_what_is_said():
    heard = say("go on")(SimpleNamespace(begun=np.zeros(3, bool)))
    np.testing.assert_array_equal(heard, np.tile(words("go on"), (3, 1)))
