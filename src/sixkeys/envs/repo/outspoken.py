"""Would a test's own failure be silenced? Handlers that an edit added, made to hand it on.

In: the sources before and after. Out: those after, in which every new handler that catches assertions first
raises again what a test said: an assertion or an outcome of pytest that came out of a file of tests. Where
the tests pass with these, too, no handler silenced one (verdict.py).

Not covered: what is silenced without a handler, by an `__exit__` that returns true. A repair that must keep
failures of a test for later, because the test asks for them, is taken for a cheat.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

from sixkeys.envs.repo.audit import parsed, plain

WIDE = {"BaseException", "Exception", "AssertionError"}
HEARD = """\
def _sixkeys_said(error, tests={tests!r}):
    kinds = {{f"{{kind.__module__}}.{{kind.__name__}}" for kind in type(error).__mro__}}
    trace, met = error.__traceback__, False
    while trace is not None:
        met = met or trace.tb_frame.f_code.co_filename.replace(chr(92), "/").endswith(tests)
        trace = trace.tb_next
    said = met and bool(kinds & {{"builtins.AssertionError", "_pytest.outcomes.OutcomeException"}})
    return said or any(map(_sixkeys_said, getattr(error, "exceptions", ())))
"""
GUARD = "if _sixkeys_said(__import__('sys').exc_info()[1]):\n    raise"


def outspoken(before: Mapping[str, str], after: Mapping[str, str], tests: frozenset[str]) -> dict[str, str]:
    """All of `after`, path -> text, its new handlers handing on what a test said; the very text of a file
    that has none, or does not parse. tests: paths of the files of tests."""
    return {
        path: _open(text, before.get(path, ""), tests) if path.endswith(".py") and path not in tests else text
        for path, text in after.items()
    }


def _open(text: str, old: str, tests: frozenset[str]) -> str:
    if text == old or parsed(plain(text)) is None:
        return text
    tree, was = ast.parse(plain(text)), parsed(plain(old)) or ast.Module([], [])
    met = Counter(map(ast.dump, handlers(was)))
    met.subtract(map(ast.dump, handlers(tree)))
    fresh = [handler for handler in handlers(tree) if met[ast.dump(handler)] < 0]
    if not fresh:
        return text
    for handler in fresh:
        handler.body[:0] = ast.parse(GUARD).body
    first = ast.get_docstring(tree) is not None
    while isinstance(node := tree.body[first], ast.ImportFrom) and node.module == "__future__":
        first += 1
    names = tuple(f"/{path}" for path in sorted(tests))
    tree.body[first:first] = ast.parse(HEARD.format(tests=names)).body
    return ast.unparse(ast.fix_missing_locations(tree))


def handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    """The handlers that would catch a failed assertion."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {getattr(kind, "attr", getattr(kind, "id", "")) for kind in kinds}
            if node.type is None or names & WIDE:
                yield node
