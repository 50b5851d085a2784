"""What was said, at its cheapest? Words as hashed tokens: no vocabulary, no model, the same everywhere."""

from __future__ import annotations

import re

import numpy as np

from sixkeys.contract import SENSE_SIZES, WORDS, Listen, Moment, bucket


def words(text: str) -> np.ndarray:
    """int32 [16]: the first 16 words of `text`, lower case, each a bucket in [1, 2048); 0 past the end."""
    row = np.zeros(WORDS, np.int32)
    found = re.findall(r"\w+|[^\w\s]", text.lower())[:WORDS]
    row[: len(found)] = [bucket(word, SENSE_SIZES[2]) for word in found]
    return row


def say(text: str) -> Listen:
    """An instruction that every seat hears all the time."""
    row = words(text)

    def listen(now: Moment) -> np.ndarray:
        return np.broadcast_to(row, (len(now.begun), WORDS)).copy()

    return listen
