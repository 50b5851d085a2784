"""Which condition was meant? Made stronger, weaker, turned round, tested for another property, or dropped."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.names import BUILTINS
from sixkeys.envs.repo.grammar.roles import ANYWHERE, roles_of
from sixkeys.envs.repo.grammar.site import LITERALS, Proposal, Site, alike, callee
from sixkeys.envs.repo.grammar.syntax import AND, ATOM, COMPARE, NOT, OR, TEST

MOST = 6


def is_condition(site: Site) -> bool:
    """Does something depend on whether this is true?"""
    if site.field == "test" and isinstance(site.parent, ast.If | ast.While | ast.IfExp | ast.Assert):
        return True
    return site.field in ("ifs", "guard") or isinstance(site.parent, ast.BoolOp)


def subjects(site: Site) -> list[str]:
    """What one would ask about here: names of the condition and of the statement, then others of the
    function."""
    node = site.node
    here = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id not in BUILTINS]
    attributes = [
        site.code(n) for n in ast.walk(node) if isinstance(n, ast.Attribute) and n in site.source.spans
    ]
    bound = site.locals
    statement = site.known.statement
    around = (
        [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in bound] if statement else []
    )
    functions = site.lexicon.functions
    found = dict.fromkeys(text for text in [*attributes, *here, *around, *bound] if text not in functions)
    return [text for text in found if text not in ("self", "cls") and "\n" not in text]


def wider(site: Site) -> Iterator[Proposal]:
    """`c and y`, `c and not y`, `c or y`, ..."""
    if (
        not is_condition(site)
        or not site.free
        or not site.quiet(site.node)
        or isinstance(site.parent, ast.BoolOp)
    ):
        return
    node = site.node
    own = {AND: site.inner(node, AND), OR: site.inner(node, OR)}
    for rank, other in enumerate(dict.fromkeys(_tests(site))):
        if other == site.code(node):
            continue
        first, second = (
            (OR, AND) if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else (AND, OR)
        )
        for strength in (first, second) if rank < 8 else (first,):
            word, kind = ("and", "condition.strengthen") if strength == AND else ("or", "condition.weaken")
            if rank < 12:
                yield site.put(f"{other} {word} {own[strength]}", kind, strength)
            yield site.put(f"{own[strength]} {word} {other}", kind, strength)


def _tests(site: Site) -> Iterator[str]:
    """Conditions to be joined to this one: about its own names, those of siblings, about others."""
    roles = roles_of(site.source)
    near = roles.get((site.scope.name, "test"), {})
    wide = roles.get((ANYWHERE, "test"), {})
    readable = BUILTINS.union(site.nearby)
    names = subjects(site)
    for name in names[:2]:
        yield name
        yield f"not {name}"
    for text, example in list({**near, **wide}.items())[:8]:
        if example.strength >= NOT and example.names <= readable and text != site.code(site.node):
            yield text
            yield opposite(text)
    yield from (f"{names[0]} is not None", f"{names[0]} is None") if names else ()
    pairs = list(itertools.permutations(names[:3], 2))
    yield from (f"{one} in {other}" for one, other in pairs)
    yield from (f"{one} not in {other}" for one, other in pairs)
    for name in names[2:MOST]:
        yield name
        yield f"not {name}"
    for name in names[:2]:
        yield f"{name} > 0"
        yield f"len({name}) > 1"
    for piece in site.pieces[:3]:
        if names and (piece.isdigit() and not piece.startswith("0")):
            yield f"{names[0]} != {piece}"


def opposite(test: str) -> str:
    """A test in a few words turned round."""
    for one, other in ((" not in ", " in "), (" in ", " not in "), (" is not ", " is "), (" is ", " is not "),
                       (" == ", " != "), (" != ", " == ")):  # fmt: skip
        if test.count(one) == 1 and "(" not in test:
            return test.replace(one, other)
    return test[4:] if test.startswith("not ") else f"not {test}"


def turned(site: Site) -> Iterator[Proposal]:
    """The same thing asked otherwise: is it None, is it empty, is it true, of which type is it?"""
    node = site.node
    if not is_condition(site) or not site.free:
        return
    if isinstance(site.parent, ast.If | ast.While) and not (isinstance(node, ast.Constant)):
        yield site.put("True", "condition.always")
        yield site.put("False", "condition.never")
    positive = not isinstance(node, ast.UnaryOp)
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) else node
    if isinstance(inner, ast.Name | ast.Attribute | ast.Call | ast.Subscript) and site.quiet(inner):
        text = site.code(inner)
        first, second = ("is not None", "is None") if positive else ("is None", "is not None")
        yield site.put(f"{text} {first}", "condition.none", COMPARE)
        yield site.put(f"{text} {second}", "condition.none", COMPARE)
        if isinstance(inner, ast.Name | ast.Attribute):
            yield site.put(
                f"{'' if positive else 'not '}len({text})", "condition.length", ATOM if positive else NOT
            )
            yield site.put(f"len({text}) {'> 1' if positive else '<= 1'}", "condition.length", COMPARE)
            for kind in ("str", "int", "list", "dict", "(list, tuple)"):
                yield site.put(f"isinstance({text}, {kind})", "condition.type")
            yield site.put(f"{text} {'> 0' if positive else '<= 0'}", "condition.length", COMPARE)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _shortened(site, node)
    if isinstance(node, ast.Call) and callee(node) == "isinstance" and len(node.args) == 2:
        kind = site.code(node.args[1])
        for other in ("str", "bytes", "list", "tuple", "dict", "set", "int", "float", "bool"):
            if other != kind and kind.isidentifier():
                yield site.put(f"({kind}, {other})", "condition.type", ATOM, node.args[1])
                yield site.put(other, "condition.type", ATOM, node.args[1])


def _shortened(site: Site, node: ast.Compare) -> Iterator[Proposal]:
    """`x is not None` as `x`, `len(x) > 0` as `x`, and back."""
    operator, right = node.ops[0], node.comparators[0]
    if not isinstance(node.left, LITERALS):
        text = site.inner(node.left, NOT)
        if isinstance(right, ast.Constant):
            plain = isinstance(operator, ast.IsNot | ast.NotEq | ast.Gt)
            yield site.put(text if plain else f"not {text}", "condition.truth", NOT)
            if isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
                yield site.put(f"not {text}" if plain else text, "condition.truth", NOT)
    if isinstance(right, ast.Name | ast.Attribute) and isinstance(operator, ast.Eq) and site.quiet(node.left):
        yield site.put(
            f"{site.inner(node.left, COMPARE + 1)} in ({site.code(right)},)", "condition.among", COMPARE
        )


def filters(site: Site) -> Iterator[Proposal]:
    """A filter added to a comprehension, or dropped from it."""
    node = site.node
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) or not site.free:
        return
    last = node.generators[-1]
    end = site.span(last.ifs[-1] if last.ifs else last.iter)[1]
    for item in last.ifs:
        start, stop = site.span(item)
        yield Proposal(site.source.text.rindex("if", 0, start), stop, "", "filter.drop", True)
    names = [n.id for n in ast.walk(last.target) if isinstance(n, ast.Name)]
    for name in names[:2]:
        for text in (name, f"{name} is not None", f"{name}.strip()", f"not {name}", f"{name} > 0"):
            yield Proposal(end, end, f" if {text}", "filter.add", True)
    near = [name for name in site.locals if name not in names and name not in ("self", "cls")]
    for name in names[:1]:
        for other in alike(name, near, 3):
            for sign in ("!=", "==", "not in", "in", ">=", "<"):
                yield Proposal(end, end, f" if {name} {sign} {other}", "filter.add", True)
            yield Proposal(end, end, f" if len({name}) >= {other}", "filter.add", True)


def choices(site: Site) -> Iterator[Proposal]:
    """`x or default`, `x if c else y` turned round or made one of the two."""
    node = site.node
    if isinstance(node, ast.IfExp) and site.free:
        body, orelse = site.source.spans[node.body], site.source.spans[node.orelse]
        yield site.move(node.body, "choice.keep")
        yield site.move(node.orelse, "choice.keep")
        if site.quiet(node.body) and site.quiet(node.orelse):
            text = site.source.text
            one, two = site.inner(node.orelse, OR), site.inner(node.body, TEST)
            middle = text[site.span(node.body)[1] : site.span(node.orelse)[0]]
            if body < orelse:
                yield site.put(f"{one}{middle}{two}", "choice.order", TEST)
    valued = (
        isinstance(site.parent, ast.Assign | ast.Return | ast.keyword | ast.Call) and site.field != "func"
    )
    if valued and site.free and site.loads and isinstance(node, ast.Name | ast.Attribute | ast.Call):
        text = site.code(node)
        for other in ("[]", "''", "{}", "0", "None", "()"):
            yield site.put(f"{text} or {other}", "choice.default", OR)
        for other in [name for name in site.locals if name != text and name not in ("self", "cls")][:3]:
            yield site.put(f"{text} or {other}", "choice.default", OR)
        if isinstance(node, ast.Name | ast.Attribute):
            for other in ("None", "''", "[]", "0"):
                yield site.put(f"{text} if {text} else {other}", "choice.guard", TEST)
                yield site.put(f"{text} if {text} is not None else {other}", "choice.guard", TEST)


FAMILIES = (wider, turned, filters, choices)
