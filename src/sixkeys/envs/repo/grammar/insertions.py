"""Which statement is missing? Guards, updates and returns written from templates with names in scope."""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.roles import roles_of
from sixkeys.envs.repo.grammar.site import Proposal, Site
from sixkeys.envs.repo.grammar.sites import Source, parameters
from sixkeys.envs.repo.grammar.statements import (
    ENDS,
    LOOPS,
    PINNED,
    SIMPLE,
    Lines,
    is_docstring,
    reindented,
)  # fmt: skip

MOST_NAMES = 5
UNIT = "    "
GUARDS = (
    "not {}",
    "{} is None",
    "{}",
    "{} < 0",
    "{} == 0",
    "len({}) == 0",
    "{} <= 0",
    "len({}) < 2",
    "{} > 0",
)
"""Conditions under which one leaves early."""


@functools.lru_cache(maxsize=16)
def unit(source: Source) -> str:
    """One step of indentation, as this file has it."""
    found = re.search(r"^( {1,8}|\t)(?=[^\s#])", source.text, re.M)
    return found.group() if found else UNIT


def in_loop(site: Site) -> bool:
    """Does a loop of the same function hold this statement in its body?"""
    node = site.node
    for parent in site.source.above(node):
        if isinstance(parent, LOOPS):
            return site.source.about[node].field == "body"
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return False
        node = parent
    return False


def names_of(site: Site, node: ast.AST) -> list[str]:
    """Names that a statement reads, in order, without functions."""
    found = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return [n for n in dict.fromkeys(found) if n in site.scope.bound and n not in ("self", "cls")]


def parameters_of(site: Site) -> list[str]:
    """The function's parameters without `self`, stars and all that is behind them."""
    function = site.scope.function
    if function is None:
        return []
    listed = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [item.arg for item in listed if item.arg not in ("self", "cls")]


def exits(site: Site) -> list[str]:
    """How one leaves here: what the function returns elsewhere, then the usual."""
    returned = roles_of(site.source).get((site.scope.name, "return"), {})
    shown = [f"return {text}" for text in list(returned)[:3]]
    usual = [
        "return",
        "return None",
        "return []",
        "return ''",
        "return {}",
        "return 0",
        "return False",
        "return True",
    ]
    generator = site.scope.generator
    if any(isinstance(parent, ast.TryStar) for parent in site.source.above(site.node)):
        return ["raise ValueError", "raise TypeError", "raise"]  # a group is not left otherwise
    ways = (["continue", "break"] if in_loop(site) else []) + (["return"] if generator else shown + usual)
    said = [f"raise ValueError({piece!r})" for piece in site.pieces if " " in piece][:1]
    raised = dict.fromkeys([*said, "raise ValueError", "raise TypeError", "raise KeyError", "raise"])
    handled = any(isinstance(parent, ast.ExceptHandler) for parent in site.source.above(site.node))
    return list(dict.fromkeys(ways)) + [text for text in raised if text != "raise" or handled]


def before(site: Site) -> Iterator[Proposal]:
    """Statements written above this one."""
    node = site.node
    if not _open(site) or not isinstance(node, ast.stmt):
        return
    lines = Lines(site, node)
    names = names_of(site, node)[:MOST_NAMES] or parameters_of(site)[:2]
    for text, kind in _templates(site, node, names, lines.indent):
        yield Proposal(lines.start, lines.start, lines.indent + text + site.source.newline, kind)


def _open(site: Site) -> bool:
    """May whole lines be written beside this statement?"""
    node = site.node
    if (
        not isinstance(node, ast.stmt)
        or not site.scope.function
        or is_docstring(site, node)
        or isinstance(node, PINNED)
    ):
        return False
    lines = Lines(site, node)
    return lines.alone and not site.source.text.startswith("elif", lines.outset)


def _templates(site: Site, node: ast.stmt, names: list[str], indent: str) -> Iterator[tuple[str, str]]:
    block = site.source.blocks[node]
    opening = node is block.items[0] or (is_docstring(site, block.items[0]) and node is block.items[1])
    function = opening and block.owner is site.scope.node
    most = 36 if function else 14 if opening else 6
    newline = f"{site.source.newline}{indent}{unit(site.source)}"
    for _, (guard, way) in zip(range(most), _guards(site, names, function), strict=False):
        yield f"if {guard}:{newline}{way}", "guard.insert"
    for text in list(roles_of(site.source).get((site.scope.name, "added"), {}))[:3]:
        yield text, "template.call"
        given = text[text.index("(") + 1 : -1]
        if given.isidentifier():
            yield f"if {given}:{newline}{text}", "template.call"
    for name in names[: 3 if opening else 1]:
        for empty in ("[]", "{}", "0", "''") if function else ("[]",):
            yield f"if {name} is None:{newline}{name} = {empty}", "template.default"
        for call in ("copy", "strip", "lower") if opening else ("copy",):
            yield f"{name} = {name}.{call}()", "template.method"
        for call in ("list", "str", "int", "sorted", "abs") if opening else ("list",):
            yield f"{name} = {call}({name})", "template.convert"
        for sign in ("+", "-"):
            yield f"{name} {sign}= 1", "template.count"
        for call in ("sort()", "reverse()", "clear()")[: 3 if opening else 1]:
            yield f"{name}.{call}", "template.call"
    for one, other in itertools.pairwise(names[:2]):
        if function:
            yield f"if {one} > {other}:{newline}{one}, {other} = {other}, {one}", "template.order"
    if not isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
        for way in exits(site)[:3]:
            yield way, "flow.insert"


def _guards(site: Site, names: list[str], function: bool) -> Iterator[tuple[str, str]]:
    """Conditions with what is done where they hold, the likely ones first: a wavefront over both."""
    ways = exits(site)
    plain = [way for way in ways if not way.startswith("raise")]
    raised = [way for way in ways if way.startswith("raise")][: 2 if function else 1]
    tests = [text.format(name) for text in GUARDS for name in names[:2]]
    tests += [f"{one} {sign} {other}" for one, other in itertools.pairwise(names[:2]) for sign in ("==", ">")]
    tests = sorted(tests, key=lambda text: names[:1] != [] and names[0] not in text.split())
    pairs = [
        (place + 2 * rank, test, way)
        for place, test in enumerate(tests)
        for rank, way in enumerate(plain[:8])
    ]
    pairs += [(place + 1, test, way) for place, test in enumerate(tests[:6]) for way in raised]
    for _, test, way in sorted(pairs, key=lambda item: item[0]):
        yield test, way


def after(site: Site) -> Iterator[Proposal]:
    """Statements written behind the last one of a block: a missing return, an update, a jump."""
    node = site.node
    if not isinstance(node, ast.stmt) or not site.scope.function or not Lines(site, node).alone:
        return
    block = site.source.blocks[node]
    if block.items[-1] is not node or isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return
    lines = Lines(site, node)
    text: dict[str, str] = {}
    bound = [
        name for name in site.scope.bound if name not in parameters_of(site) and name not in ("self", "cls")
    ]
    if block.owner is site.scope.node and not site.scope.generator:
        known = [
            name for name in [*reversed(bound), *parameters_of(site), "self"] if name in site.scope.bound
        ]
        text |= {f"return {name}": "return.insert" for name in known[:7]}
        text |= dict.fromkeys(
            ("return None", "return True", "return False", "return []", "return ''", "return 0"),
            "return.insert",
        )
    else:
        text |= dict.fromkeys(exits(site)[:5], "flow.insert")
    text |= dict.fromkeys(resets(site, node), "template.reset")
    for name in [*reversed(bound), *parameters_of(site)][:4]:
        text |= dict.fromkeys((f"{name} += 1", f"{name} -= 1"), "template.count")
    added = roles_of(site.source).get((site.scope.name, "added"), {})
    text |= dict.fromkeys(list(added)[:4], "template.call")
    fields = [
        name for name in site.source.attributes.get("self", ()) if name not in ("__class__", "__dict__")
    ]
    if "self" in site.scope.bound:
        for name in parameters_of(site):
            text[f"self.{name} = {name}"] = "template.store"
        for name in fields[:6] if block.owner is site.scope.node else ():
            for value in ("None", "True", "False", "[]", "0"):
                text.setdefault(f"self.{name} = {value}", "template.reset")
            text[f"self.{name} += 1"] = "template.count"
    start, end = lines.end, lines.end
    ended = site.source.text.endswith(ENDS, 0, start)
    for item, kind in text.items():
        line = lines.indent + item
        yield Proposal(start, end, line + site.source.newline if ended else site.source.newline + line, kind)


def stores(site: Site) -> Iterator[Proposal]:
    """`self.y = y` beside another such line, for parameters that are not kept yet."""
    node = site.node
    if not isinstance(node, ast.Assign) or "self" not in site.scope.bound or not _open(site):
        return
    target = node.targets[0]
    if not isinstance(target, ast.Attribute):
        return
    lines = Lines(site, node)
    for name in parameters_of(site):
        text = f"{lines.indent}self.{name} = {name}{site.source.newline}"
        yield Proposal(lines.start, lines.start, text, "template.store")


def declarations(site: Site) -> Iterator[Proposal]:
    """`global x` or `nonlocal x` at the beginning of a function that binds a name which is also bound
    outside."""
    node = site.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    body = [item for item in node.body if not is_docstring(site, item)]
    if not body or not Lines(site, body[0]).alone:
        return
    inner = site.source.about[body[0]].scope
    given = set(parameters(node.args))
    lines = Lines(site, body[0])
    outer, word = inner.outer, "nonlocal"
    while outer is not None:
        word = "global" if isinstance(outer.node, ast.Module) else "nonlocal"
        for name in inner.bound if not isinstance(outer.node, ast.ClassDef) else ():
            if name in outer.bound and name not in given:
                text = f"{lines.indent}{word} {name}{site.source.newline}"
                yield Proposal(lines.start, lines.start, text, f"declare.{word}", True)
        outer = outer.outer


def defaults(site: Site) -> Iterator[Proposal]:
    """A default for a parameter that has none, or none for one that has; decorators of methods."""
    node = site.node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    given = [*node.args.posonlyargs, *node.args.args]
    bare = given[: len(given) - len(node.args.defaults)]
    optional = [
        item for item, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value is None
    ]
    for item in [*bare[-1:], *optional]:
        if item.arg not in ("self", "cls"):
            end = site.source.spans[item][1]
            sign = " = " if item.annotation else "="
            for value in ("None", "True", "False", "0", "1", "()", "''"):
                yield Proposal(end, end, sign + value, "default.add")
    if node.args.defaults:
        item = given[len(bare)]
        end = site.span(node.args.defaults[0])[1]
        yield Proposal(site.source.spans[item][1], end, "", "default.drop", True)
    yield from _decorated(site, node)


def _decorated(site: Site, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Proposal]:
    lines = Lines(site, node)
    known = {site.code(item) for item in node.decorator_list}
    if isinstance(site.scope.node, ast.ClassDef) and lines.alone:
        for name in ("property", "staticmethod", "classmethod"):
            if name not in known:
                text = f"{lines.indent}@{name}{site.source.newline}"
                yield Proposal(lines.start, lines.start, text, "decorator.add")
    for item in node.decorator_list:
        start, end = site.source.spans[item]
        line = site.source.line_start(start)
        if (
            site.source.text[line:start].strip() == "@"
            and not site.source.text[end : site.source.line_end(end)].strip()
        ):
            yield Proposal(line, site.source.line_end(end), "", "decorator.drop", True)


def guarded(site: Site) -> Iterator[Proposal]:
    """A statement that happens only under a condition."""
    node = site.node
    if not isinstance(node, SIMPLE) or not _open(site):
        return
    lines = Lines(site, node)
    body = reindented(site, [node], lines.indent + unit(site.source))
    names = dict.fromkeys([*names_of(site, node), *parameters_of(site)])
    for name in list(names)[:4] if body else ():
        for test in (name, f"not {name}", f"{name} is not None", f"{name} is None"):
            text = f"{lines.indent}if {test}:{site.source.newline}{body}"
            if lines.end == len(site.source.text) and not site.source.text.endswith(ENDS):
                text = text.rstrip("\r\n")
            yield Proposal(lines.start, lines.end, text, "guard.wrap")


def resets(site: Site, node: ast.stmt) -> Iterator[str]:
    """`x = []` again, for names that the statement reads, as the function set them first."""
    for name in names_of(site, node):
        values = roles_of(site.source).get((site.scope.name, "assign", name), {})
        yield from (f"{name} = {text}" for text in list(values)[:1])


FAMILIES = (before, after, stores, declarations, defaults, guarded)
