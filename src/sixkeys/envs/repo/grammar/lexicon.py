"""What does the repository say elsewhere? Signatures, attributes, arguments seen at calls, short strings."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST = 60
"""Longer strings and longer values of arguments are not remembered, in characters."""
MOST = 12


class Signature(NamedTuple):
    """How a function is called: its parameters without `self`, and the text of their defaults."""

    parameters: tuple[str, ...]
    defaults: Mapping[str, str]
    keyword_only: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.parameters + self.keyword_only


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What one repository's files say. Names without their receivers; classes stand for their `__init__`."""

    functions: Mapping[str, Signature] = field(default_factory=dict)
    attributes: Mapping[str, int] = field(default_factory=dict)
    """Attribute -> how often."""
    keywords: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Callee -> keyword -> values seen, the most frequent first."""
    arguments: Mapping[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    """Callee and position -> simple values seen there."""
    strings: tuple[str, ...] = ()
    """Short string literals, the most frequent first."""
    exceptions: tuple[str, ...] = ()
    """Classes that are raised or caught somewhere."""

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Lexicon:
        """Reads all Python files; those that do not parse are left out."""
        reader = _Reader()
        for path, text in files.items():
            if path.endswith((".py", ".pyi")):
                try:
                    reader.read(ast.parse(text.removeprefix("\ufeff")))
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
        return cls(
            reader.functions,
            dict(reader.attributes.most_common()),
            {name: {word: _ranked(seen) for word, seen in f.items()} for name, f in reader.keywords.items()},
            {place: _ranked(seen) for place, seen in reader.arguments.items()},
            tuple(text for text, _ in reader.strings.most_common(2000)),
            tuple(name for name, _ in reader.exceptions.most_common(30)),
        )  # fmt: skip


def _ranked(seen: Counter[str]) -> tuple[str, ...]:
    return tuple(text for text, _ in seen.most_common(MOST) if text)


class _Reader:
    """Counts, over one file after the other."""

    def __init__(self) -> None:
        self.functions: dict[str, Signature] = {}
        self.attributes: Counter[str] = Counter()
        self.strings: Counter[str] = Counter()
        self.exceptions: Counter[str] = Counter()
        self.keywords: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
            lambda: defaultdict(Counter)
        )
        self.arguments: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)

    def read(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, str]] = [(tree, "")]
        while stack:
            node, owner = stack.pop()
            if isinstance(node, ast.Attribute):
                self.attributes[node.attr] += 1
            elif isinstance(node, ast.Constant):
                if isinstance(node.value, str) and len(node.value) <= LONGEST:
                    self.strings[node.value] += 1
            elif isinstance(node, ast.Call):
                self.call(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.function(node, owner)
            elif isinstance(node, ast.Raise | ast.ExceptHandler):
                self.failure(node)
            inner = node.name if isinstance(node, ast.ClassDef) else owner
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                inner = ""
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    stack += [(item, inner) for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST):
                    stack.append((value, inner))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> None:
        given = [item.arg for item in [*node.args.posonlyargs, *node.args.args]]
        defaults = dict(zip(reversed(given), map(short, reversed(node.args.defaults)), strict=False))
        pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        defaults |= {item.arg: short(value) for item, value in pairs if value is not None}
        unbound = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
        if owner and given and not unbound:
            given = given[1:]
        only = tuple(item.arg for item in node.args.kwonlyargs)
        signature = Signature(tuple(given), {name: text for name, text in defaults.items() if text}, only)
        self.functions.setdefault(owner if owner and node.name == "__init__" else node.name, signature)

    def call(self, node: ast.Call) -> None:
        func = node.func
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if not name:
            return
        for place, value in enumerate(node.args[:4]):
            if text := short(value):
                self.arguments[name, place][text] += 1
        for word in node.keywords:
            if word.arg:
                self.keywords[name][word.arg][short(word.value)] += 1

    def failure(self, node: ast.Raise | ast.ExceptHandler) -> None:
        value = node.exc if isinstance(node, ast.Raise) else node.type
        value = value.func if isinstance(value, ast.Call) else value
        each: Iterable[ast.AST] = value.elts if isinstance(value, ast.Tuple) else [value] if value else []
        for item in each:
            if isinstance(item, ast.Name) and item.id[:1].isupper():
                self.exceptions[item.id] += 1


def short(node: ast.AST | None) -> str:
    """The text of a simple value: a name, a literal, an attribute of a name; empty for all else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant):
        text = repr(node.value)
        return text if len(text) <= LONGEST and node.value is not ... else ""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return f"-{node.operand.value!r}"
    if isinstance(node, ast.List | ast.Tuple) and not node.elts:
        return "[]" if isinstance(node, ast.List) else "()"
    return "{}" if isinstance(node, ast.Dict) and not node.keys else ""
