"""Are lexemes, their numbers and short failures what they should be? Python's own tokenizer and golden data
answer."""

from __future__ import annotations

import io
import tokenize
import zlib

import pytest

from sixkeys.envs.repo.bugs import generate
from sixkeys.envs.repo.failure import failure, steady
from sixkeys.envs.repo.families import FAMILIES
from sixkeys.envs.repo.tokens import FREE, NUMBER_OF, VOCABULARY, Lexeme, edit_tokens, lex, lex_lines

SKIPPED = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def python_says(text: str) -> list[str]:
    """The tokens of Python's own tokenizer, quotes alike."""
    rows = tokenize.generate_tokens(io.StringIO(text).readline)
    return [row.string.replace('"', "'") for row in rows if row.type not in SKIPPED]


def texts(lexemes: list[Lexeme]) -> list[str]:
    return [lexeme.text for lexeme in lexemes]


@pytest.mark.parametrize("family", FAMILIES)
def test_lexemes_are_pythons_own_tokens(family: str) -> None:
    for seed in range(3):
        for text in generate(family, seed).files.values():
            if 'f"' in text:
                continue  # newer Pythons split f-strings
            split = [word for line in lex_lines(text) for word in texts(line[1:])]
            glued = "".join(split)
            assert glued == "".join(python_says(text))
            assert [word for word in split if not word.startswith("-") or word in ("-", "-=")] == list(
                without_signs(python_says(text), split)
            )


def without_signs(words: list[str], split: list[str]) -> list[str]:
    """Python's tokens less the minus signs and numbers that our lexer joins."""
    kept, at = [], 0
    for word in split:
        if word.startswith("-") and word not in ("-", "-="):
            assert words[at] + words[at + 1] == word
            at += 2
        else:
            kept.append(words[at])
            at += 1
    return kept


def test_a_minus_sign_joins_its_number_only_where_a_value_begins() -> None:
    assert texts(lex("x - 1, -1, y[-2:] -3, (-4) - 5, return -6")) == (
        [
            "x",
            "-",
            "1",
            ",",
            "-1",
            ",",
            "y",
            "[",
            "-2",
            ":",
            "]",
            "-",
            "3",
            ",",
            "(",
            "-4",
            ")",
            "-",
            "5",
            ",",
            "return",
            "-6",
        ]
    )


def test_indentation_is_a_lexeme() -> None:
    assert [texts(line) for line in lex_lines("def f():\n\n        return 1\n")][1] == ["⇥2", "return", "1"]


def test_the_table_is_frozen() -> None:
    """Weights depend on these numbers: a change here makes every trained checkpoint read nonsense."""
    assert (
        zlib.crc32("\n".join(f"{word} {number}" for word, number in NUMBER_OF.items()).encode()) == 1197903346
    )
    assert max(NUMBER_OF.values()) < FREE


def test_numbers_of_other_words_are_free_of_the_table() -> None:
    words = [Lexeme(f"word{i}", 3) for i in range(3000)]
    assert {FREE <= word.token < VOCABULARY for word in words} == {True}
    assert {1 <= word.identity < 32 for word in words} == {True}
    assert len({word.token for word in words}) > 1000


def test_an_edit_shows_what_changes_and_a_little_around_it() -> None:
    shown = edit_tokens("        if kem < 10 and lor:\n", "        if kem <= 10 and lor:\n", 8, 12)
    assert [(word.text, changed) for word, changed in shown.removed] == [
        ("⇥2", False), ("if", False), ("kem", False), ("<", True), ("10", False), ("and", False),
        ("lor", False), (":", False),
    ]  # fmt: skip
    assert [word.text for word, changed in shown.added if changed] == ["<="]


def test_a_change_of_depth_alone_is_seen() -> None:
    shown = edit_tokens("        return t\n", "    return t\n", 8, 12)
    assert [word.text for word, changed in shown.removed + shown.added if changed] == ["⇥2", "⇥1"]


def test_a_long_change_is_cut_to_its_room() -> None:
    shown = edit_tokens("a = b\n", " ".join(f"w{i}" for i in range(40)), 8, 12)
    assert (len(shown.removed), len(shown.added)) == (4, 12)


FILES = {"m.py": "", "test_m.py": "def test_a():\n    assert kem(3) == 4\n\n\ndef test_b():\n    lor()\n"}


@pytest.mark.parametrize(
    ("message", "short", "suspects"),
    [
        ("assert 3 == 4\n +  where 3 = kem(3)", "3 == 4 kem 3", {"kem"}),
        ("E       assert 3 == -4\nE        +  where 3 = kem([1, 2], 'x')", "3 == -4 kem [ 1 2 'x'", {"kem"}),
        ("AssertionError: assert [1, 2] == [1, 3]\n  At index 1 diff", "[ 1 2 == [ 1 3 kem 3", {"kem"}),
        ("assert None == {'a': 1}\n +  where None = kem(3)", "None == { 'a' 1 kem 3", {"kem"}),
        ("TypeError: unsupported operand type(s) for -: 'str' and 'str'",
         "kem TypeError unsupported operand type s for 'str' and 'str'", {"kem"}),
        ("NameError: name 'lor' is not defined", "kem NameError name 'lor' is not defined", {"kem"}),
    ],
)  # fmt: skip
def test_a_failure_in_few_words(message: str, short: str, suspects: set[str]) -> None:
    said = failure("test_m.py::test_a", message, TRACE, ["kem", "lor"], FILES, 16)
    assert " ".join(word.text for word in said.short) == short
    assert said.suspects == suspects


TRACE = "____ test_m.py::test_a ____\ntest_m.py:2: in test_a\n    assert kem(3) == 4\nE   assert 3 == 4\n"


def test_long_values_are_shown_from_where_they_differ() -> None:
    found, expected = list(range(1, 13)), [*range(1, 10), 99, 11, 12]
    said = failure("test_m.py::test_a", f"assert {found} == {expected}", TRACE, ["kem"], FILES, 16)
    words = [word.text for word in said.short]
    assert len(words) <= 16
    assert words.index("10") < words.index("==") < words.index("99") < words.index("kem")


def test_the_failing_tests_own_calls_are_suspected_where_the_message_names_none() -> None:
    said = failure("test_m.py::test_b", "ZeroDivisionError: division by zero", "", ["kem", "lor"], FILES, 16)
    assert said.suspects == {"lor"}


def test_durations_and_addresses_are_no_part_of_what_is_read() -> None:
    text = "== 1 failed, 2 passed in 0.03s ==\n<f at 0x7f12ab>"
    assert steady(text) == steady(text.replace("0.03", "12.90").replace("7f12ab", "55aa01"))
    assert "1 failed, 2 passed" in steady(text)
    shortened = "assert [<function tr...7380>, 6.5] == [4, 6.5]"
    assert steady(shortened) == steady(shortened.replace("7380", "ec0"))
