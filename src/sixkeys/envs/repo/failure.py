"""What did pytest say? A failing run as a few lexemes, the functions it points at, and text without
timings."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sixkeys.envs.repo.tokens import BUILTIN, COMPARISON, NUMBER, STRING, WORD, Lexeme, lex

CALL = re.compile(r"\bwhere .* = (\w+\(.*\))")
CLAIM = re.compile(r"^ +assert (\w+\(.*\)) == ", re.M)
CLOCK = re.compile(r"\s+in \d+(?:\.\d+)?s(?: \([\d:]+\))?")
ADDRESS = re.compile(r"\b0x[0-9a-f]+")
CUT_ADDRESS = re.compile(r"(?<=\.\.\.)x?[0-9a-f]{1,16}(?=>)")
"""What is left of one where pytest shortened the middle of a value."""
SILENT = frozenset("(),]}:")
"""Punctuation that a short failure goes without."""


class Failure(NamedTuple):
    """The first failing test of a run."""

    test: str
    message: str
    words: tuple[Lexeme, ...]
    """The whole message."""
    short: tuple[Lexeme, ...]
    """What was found, what was expected, and which call it was, in few lexemes."""
    suspects: frozenset[str]
    """Functions that the message names, or else that the failing test calls."""


def steady(text: str) -> str:
    """`text` without what differs between two runs of the same tree: durations and memory addresses."""
    return CUT_ADDRESS.sub("", ADDRESS.sub("0x", CLOCK.sub("", text)))


def failure(
    test: str, message: str, output: str, functions: Collection[str], files: Mapping[str, str], room: int
) -> Failure:
    """Reads the message of one failing test, and its traceback in `output` for the call where the message
    lacks it. `functions` are the project's own; `short` has at most `room` lexemes."""
    lines = [re.sub(r"^[E>+\s]+(?=\s)", "", line).strip() for line in steady(message).splitlines()]
    lines = [line for line in lines if not line.startswith("Use -v")]
    words = tuple(lexeme for line in lines for lexeme in lex(line))
    named = {lexeme.text for lexeme in words} & set(functions)
    suspects = named or {lexeme.text for lexeme in lex(_source(test, files))} & set(functions)
    claim = next((said for said in map(lex, lines) if _claims(said)), [])
    calls = [match.group(1) for line in lines if (match := CALL.search(line))]
    calls += CLAIM.findall(output.partition(f"_ {test} _")[2])
    call = calls[0] if calls else ""
    short = _claim(claim, lex(call), room) if claim else _error(words, sorted(suspects), room)
    return Failure(test, message, words, short, frozenset(suspects))


def _claims(words: Sequence[Lexeme]) -> bool:
    texts = [lexeme.text for lexeme in words]
    return "assert" in texts and "==" in texts[texts.index("assert") :]


def _source(test: str, files: Mapping[str, str]) -> str:
    """The text of one test function, by its node id; empty where it is not found."""
    path, _, name = test.partition("::")
    found = re.search(
        rf"^def {re.escape(name.split('[')[0])}\(.*?(?=^\S|\Z)", files.get(path, ""), re.M | re.S
    )
    return found.group() if found else ""


def _claim(claim: Sequence[Lexeme], call: Sequence[Lexeme], room: int) -> tuple[Lexeme, ...]:
    """`assert found == expected` and `name(arguments)` as: found == expected name arguments, each cut to its
    share."""
    texts = [lexeme.text for lexeme in claim]
    start = texts.index("assert") + 1
    middle = texts.index("==", start)
    found, expected = _spoken(claim[start:middle]), _spoken(claim[middle + 1 :])
    third = (room - 1) // 3
    spare = max(0, third + 1 - len(_spoken(call)))
    found, expected = _differing(found, expected, third + spare // 2)
    words = [*found, Lexeme("==", COMPARISON), *expected]
    return tuple([*words, *_spoken(call)][:room])


def _differing(
    found: Sequence[Lexeme], expected: Sequence[Lexeme], room: int
) -> tuple[list[Lexeme], list[Lexeme]]:
    """Both values cut to `room` lexemes, from just before the first in which they differ where they are too
    long."""
    shortest = min(len(found), len(expected))
    head = next((i for i in range(shortest) if found[i] != expected[i]), shortest)
    longest = max(len(found), len(expected))
    start = max(0, min(head - 1, longest - room))
    return list(found[start : start + room]), list(expected[start : start + room])


def _error(words: Sequence[Lexeme], suspects: Sequence[str], room: int) -> tuple[Lexeme, ...]:
    names = [Lexeme(name, WORD) for name in suspects[:2]]
    telling = [w for w in _spoken(words) if w.kind in (WORD, BUILTIN, NUMBER, STRING) or w.text.isalpha()]
    return tuple([*names, *telling][:room])


def _spoken(lexemes: Sequence[Lexeme]) -> list[Lexeme]:
    return [lexeme for lexeme in lexemes if lexeme.text not in SILENT]
