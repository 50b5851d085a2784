"""What may stand in an empty function? One-line bodies over its parameters and the project's other functions.

The grammar changes what is written; where nothing is written, these templates are what OPEN offers.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping

from sixkeys.envs.repo.edits import RepoEdit
from sixkeys.envs.repo.grammar import Candidate, Lexicon

FORMS: tuple[tuple[str, str, str], ...] = (
    ("fold", "sum({0})", "ints"), ("fold", "max({0})", "ints"), ("fold", "min({0})", "ints"),
    ("fold", "len({0})", "words"), ("fold", "sorted({0})", "words"), ("fold", "abs({0})", "number"),
    ("fold", "len(set({0}))", "repeats"), ("fold", "sum({0}.values())", "table"),
    ("part", "{0}[0]", "words"), ("part", "{0}[-1]", "ints"), ("part", "{0}[::-1]", "text"),
    ("part", "{0}[1:]", "words"), ("part", "{0}[:-1]", "ints"), ("part", "list({0})", "table"),
    ("both", "{0} + {1}", "large small"), ("both", "{0} - {1}", "large small"),
    ("both", "{0} * {1}", "large small"), ("both", "{0} // {1}", "huge small"),
    ("both", "{0} % {1}", "huge small"), ("both", "{0}[{1}]", "ints one"),
    ("both", "{0} in {1}", "near ints"), ("both", "{0}[:{1}]", "words one"),
    ("both", "[{0}, {1}]", "large small"),
    ("method", "{0}.upper()", "word"), ("method", "{0}.split()", "text"), ("method", "{0}.title()", "text"),
    ("method", "{0}.strip('-')", "padded"), ("method", "{0}.count({1})", "ints near"),
    ("method", "{0}.get({1}, 0)", "table key"), ("method", "{0}.replace({1}, '')", "text letter"),
)  # fmt: skip
"""(group, expression over parameters, kinds of arguments that it answers)"""
EMPTY = ("pass", "return None", "return")


def bodies(path: str, tree: ast.Module, line: int, lexicon: Lexicon) -> Iterator[Candidate]:
    """Bodies for the function whose only statement, `pass` or `return None`, stands on `line`."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.FunctionDef) and len(node.body) == 1 and node.body[0].lineno == line):
            continue
        old = ast.unparse(node.body[0])
        names = [item.arg for item in node.args.args]
        if old in EMPTY:
            edit = RepoEdit(path, line, " " * node.body[0].col_offset + old, "")
            for kind, text in _said(node.name, names, lexicon.functions):
                new = " " * node.body[0].col_offset + f"return {text}"
                yield Candidate(
                    RepoEdit(edit.path, line, edit.old, new), kind, line, node.name, old, f"return {text}"
                )


def _said(own: str, names: list[str], functions: Mapping) -> Iterator[tuple[str, str]]:
    for name, signature in functions.items():
        if name != own and 1 <= len(signature.parameters) <= len(names) and not name.startswith("test_"):
            yield "call.body", f"{name}({', '.join(names[: len(signature.parameters)])})"
    for group, form, kinds in FORMS:
        for chosen in itertools.permutations(names, len(kinds.split())):
            yield f"{group}.body", form.format(*chosen)
