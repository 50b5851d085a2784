"""What would a language model write on this line? Its answers as candidates beside those of the grammar.

In: a `contract.Language`, a file, some of its lines, words of the failing assertion. Out: candidates that
parse and say something else than the file does, at most MOST a line, in the order in which they were given.
Where none is given, nothing here runs.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sixkeys.contract import Language
from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate

KIND = "line.proposed"
MOST = 20
"""Answers a line that are read."""


def proposed(
    language: Language, path: str, text: str, lines: Iterable[int], words: Sequence[str]
) -> Iterator[Candidate]:
    """The candidates for some lines (from 1 up) of a file that parses."""
    rows = [f"{row}\n" for row in text.split("\n")]
    rows[-1] = rows[-1][:-1]
    sound = _meaning(text)
    for number in lines:
        row = rows[number - 1]
        old = row.strip()
        if not old:
            continue
        indent, end = row[: len(row) - len(row.lstrip())], row[len(row.rstrip()) :]
        before, after = "".join(rows[: number - 1]), "".join(rows[number:])
        known = {sound}
        for answer in islice(language.fill(before, old, after, words), MOST):
            new = textwrap.indent(textwrap.dedent(answer).strip(), indent).removeprefix(indent)
            meaning = _meaning(f"{before}{indent}{new}{end}{after}")
            if meaning is not None and meaning not in known:
                known.add(meaning)
                edit = RepoEdit(path, number, indent + old, indent + new)
                start = len(before) + len(indent)
                yield Candidate(edit, KIND, number, "", old, new, start)


def _meaning(text: str) -> str | None:
    """The syntax tree as text; None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(compile(text, "<proposed>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError):
        return None
