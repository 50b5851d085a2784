"""Which mistakes do people make? Bug families, and the functions that a generated project may hold.

A function is a template: Python text in which `$name` stands for a random identifier (`$f` is the function
itself, `$N1` a random number from 2 to 9, `$W1` a random word in quotes) and «family:right|wrong|wrong» for a
slot: the right text and plausible wrong ones. A bug is one slot filled wrongly; an edit refills one slot. No
filling can loop for ever: there is no `while`, and no loop changes what it runs over.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from sixkeys.envs.repo.families_heldout import HELDOUT_TEMPLATES
from sixkeys.envs.repo.families_numbers import NUMBER_TEMPLATES
from sixkeys.envs.repo.families_text import TEXT_TEMPLATES

TRAINED = (
    "off_by_one_range", "comparison_boundary", "wrong_operator", "wrong_constant", "wrong_variable",
    "missing_negation", "wrong_method", "missing_return", "wrong_index", "wrong_start", "and_or_mixup",
    "missing_base_case", "wrong_division", "update_order",
)  # fmt: skip
"""Families open to training."""
HELDOUT = ("early_return", "wrong_default", "swapped_arguments", "string_join")
"""Families kept out of training: neither their bugs, nor their edits, nor their functions stand in a training
task."""
FAMILIES = TRAINED + HELDOUT

SLOT = re.compile(r"«(\w+):(.*?)»", re.DOTALL)
NAME = re.compile(r"\$([A-Za-z]\w*)")


class Slot(NamedTuple):
    """A place where a family's mistake can be made; `fillings[0]` is right."""

    family: str
    fillings: tuple[str, ...]


class Template(NamedTuple):
    """A function in words: `texts[0] slots[0] texts[1] slots[1] ... texts[-1]`, and the kinds of its
    arguments."""

    arguments: tuple[str, ...]
    texts: tuple[str, ...]
    slots: tuple[Slot, ...]
    names: tuple[str, ...]

    @property
    def families(self) -> frozenset[str]:
        """The families whose mistake this function can carry."""
        return frozenset(slot.family for slot in self.slots)


def parse(arguments: str, text: str) -> Template:
    """A template from its text; raises ValueError where a slot's family is unknown or a slot offers no
    choice."""
    parts = SLOT.split(text.lstrip("\n"))
    slots = tuple(
        Slot(family, tuple(body.split("|"))) for family, body in zip(parts[1::3], parts[2::3], strict=True)
    )
    for slot in slots:
        if slot.family not in FAMILIES:
            raise ValueError(f"unknown bug family {slot.family!r}; possible: {', '.join(FAMILIES)}")
        if len(set(slot.fillings)) != len(slot.fillings) or len(slot.fillings) < 2:
            raise ValueError(f"slot {slot} needs at least two fillings, all different")
    names = tuple(dict.fromkeys(NAME.findall(text)))
    return Template(tuple(arguments.split()), tuple(parts[::3]), slots, names)


@functools.cache
def trained_templates() -> tuple[Template, ...]:
    """Functions that may stand in any task."""
    return tuple(parse(*entry) for entry in NUMBER_TEMPLATES + TEXT_TEMPLATES)


@functools.cache
def heldout_templates() -> tuple[Template, ...]:
    """Functions that stand in tasks of the held-out families only."""
    return tuple(parse(*entry) for entry in HELDOUT_TEMPLATES)


@functools.cache
def hosts(family: str) -> tuple[Template, ...]:
    """The functions that can carry this family's bug."""
    pool = heldout_templates() if family in HELDOUT else trained_templates()
    return tuple(template for template in pool if family in template.families)
