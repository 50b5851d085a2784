"""Was a conversion forgotten, or one too many? Calls put around an expression and taken off; slices and
ranges; what stands in the same role elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.names import BUILTINS
from sixkeys.envs.repo.grammar.roles import ANYWHERE, role_of, roles_of
from sixkeys.envs.repo.grammar.site import LITERALS, Proposal, Site, alike, callee
from sixkeys.envs.repo.grammar.syntax import ATOM, SUM

LOOPED = ("list", "sorted", "reversed", "enumerate", "set", "range")
GIVEN = (
    "str", "list", "int", "tuple", "len", "set", "sorted", "float", "dict", "bool", "abs", "repr", "reversed",
    "round", "sum",
)  # fmt: skip
COMPARED = ("len", "int", "str", "abs", "set", "list", "float", "sorted", "tuple", "repr", "type")
LOOPING = frozenset((
    "sorted", "list", "enumerate", "set", "tuple", "sum", "any", "all", "min", "max", "dict", "zip", "join",
    "reversed", "map", "filter",
))  # fmt: skip
LOOPED_BY = ("items()", "keys()", "values()", "copy()", "split()", "splitlines()")
GIVEN_BY = (
    "copy()", "strip()", "lower()", "upper()", "items()", "values()", "keys()", "split()", "rstrip()",
    "encode()", "decode()", "format()", "get()", "read()", "title()", "lstrip()", "pop()",
)  # fmt: skip
COMPARED_BY = ("lower()", "strip()", "upper()")


def role(site: Site) -> str:
    """What becomes of the expression: `looped` over, `compared`, `given` on, or nothing that a conversion
    would change."""
    if isinstance(site.parent, ast.For | ast.comprehension) and site.field == "iter":
        return "looped"
    if isinstance(site.parent, ast.Compare):
        return "compared"
    if isinstance(site.parent, ast.Call) and site.field == "args" and callee(site.parent) in LOOPING:
        return "looped"
    plain = isinstance(
        site.parent, ast.Return | ast.Assign | ast.keyword | ast.AugAssign | ast.Yield | ast.BinOp
    )
    plain = plain or isinstance(site.parent, ast.List | ast.Tuple | ast.Dict | ast.IfExp)
    plain = plain or (isinstance(site.parent, ast.Call) and site.field == "args")
    plain = plain or (isinstance(site.parent, ast.Subscript) and site.field == "slice") or site.field == "elt"
    return "given" if plain and site.field != "test" else ""


def wrapped(site: Site) -> Iterator[Proposal]:
    """A call around the expression."""
    node = site.node
    known = role(site) if site.loads else ""
    fixed = isinstance(node, LITERALS) and not isinstance(node, ast.ListComp | ast.GeneratorExp | ast.Tuple)
    if (
        not known
        or fixed
        or isinstance(node, ast.Starred | ast.Yield | ast.YieldFrom | ast.Slice | ast.Lambda | ast.Await)
    ):
        return
    functions, methods = {
        "looped": (LOOPED, LOOPED_BY), "compared": (COMPARED, COMPARED_BY), "given": (GIVEN, GIVEN_BY),
    }[known]  # fmt: skip
    inner = site.argument(node)
    if isinstance(node, ast.GeneratorExp) and site.bare(node, site.parent):
        inner = inner[1:-1]
    outer = callee(site.parent) if isinstance(site.parent, ast.Call) else ""
    simple = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    for name in functions[: None if simple else 8]:
        if name != outer:
            yield site.put(f"{name}({inner})", "wrap.call")
    if known == "looped":
        yield site.put(f"range(len({inner}))", "wrap.call")
    if simple and not isinstance(site.parent, ast.BinOp):
        text = site.receiver(node)
        for method in methods:
            yield site.put(f"{text}.{method}", "wrap.method")
    if known == "given" and simple and site.free:
        yield from _bounded(site, inner)


def _bounded(site: Site, inner: str) -> Iterator[Proposal]:
    """At least, or at most, another value."""
    near = [name for name in site.locals if name not in (inner, "self", "cls")]
    for other in ("0", "1", *alike(inner, near, 3)):
        yield site.put(f"max({inner}, {other})", "wrap.bound")
        yield site.put(f"min({inner}, {other})", "wrap.bound")


def unwrapped(site: Site) -> Iterator[Proposal]:
    """Without the call, the method, the index or the list around it; in a list."""
    node = site.node
    if isinstance(node, ast.Call):
        if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            argument = node.args[0]
            text = site.code(argument)
            if site.quiet(argument) or isinstance(argument, ast.NamedExpr) is False:
                yield site.move(argument, "unwrap.call") if text else site.put("()", "unwrap.call")
        elif node.args and site.quiet(node.args[0]):
            yield site.move(node.args[0], "unwrap.call")
        if isinstance(node.func, ast.Attribute):
            yield site.move(node.func.value, "unwrap.method")
        if not node.args and not node.keywords:
            yield site.move(node.func, "call.drop")
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield site.move(node.value, "index.drop")
    elif isinstance(node, ast.Tuple | ast.List) and site.loads and len(node.elts) == 1:
        yield from (site.move(item, "unwrap.list") for item in node.elts if site.quiet(item))
    if (
        role(site) == "given"
        and site.loads
        and site.free
        and isinstance(node, ast.Name | ast.Call | ast.Attribute)
    ):
        inner = site.argument(node)
        yield site.put(f"[{inner}]", "wrap.list")
        yield site.put(f"({inner},)", "wrap.list")
    if isinstance(node, ast.Tuple) and isinstance(site.parent, ast.Return | ast.Assign) and node.elts:
        text = site.code(node)
        if isinstance(node.ctx, ast.Load) and text.startswith("(") and text.endswith(")"):
            yield site.put(f"[{text[1:-1]}]", "wrap.list")._replace(checked=True)


def subscripts(site: Site) -> Iterator[Proposal]:
    """Another index or slice, or `get` for an index and back."""
    node = site.node
    if isinstance(node, ast.Subscript):
        yield from _indexed(site, node)
    if isinstance(node, ast.Slice):
        yield from _sliced(site, node)
    sliceable = isinstance(node, ast.Name | ast.Attribute | ast.Call) and role(site) in (
        "looped",
        "given",
        "compared",
    )
    if sliceable and site.loads and site.free:
        text = site.receiver(node)
        for index in ("[1:]", "[:-1]", "[::-1]", "[:]", "[0]", "[-1]"):
            yield site.put(text + index, "slice.add")
        for name in [n for n in site.locals if n not in ("self", "cls")][:2]:
            yield site.put(f"{text}[{name}]", "index.add")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "range"
        and site.free
    ):
        yield from _ranged(site, node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        key, getter = node.args[0], node.func.attr == "get"
        if getter and not isinstance(key, ast.Starred):
            yield site.put(f"{site.receiver(node.func.value)}[{site.argument(key)}]", "index.get")


def _indexed(site: Site, node: ast.Subscript) -> Iterator[Proposal]:
    index = node.slice
    if isinstance(index, ast.Slice | ast.Tuple | ast.Starred):
        return
    text = site.argument(index)
    here = Proposal(*site.source.spans[index], "", "slice.make")
    if site.free:
        yield here._replace(text=f"{text}:")
        yield here._replace(text=f":{text}")
    if isinstance(index, ast.Constant) and isinstance(index.value, int):
        yield site.put(f"-{text}", "number.near", ATOM, index)
    if isinstance(index, ast.UnaryOp) and isinstance(index.operand, ast.Constant):
        yield site.put("-2" if text == "-1" else "-1", "number.near", ATOM, index)
    if isinstance(node.ctx, ast.Load) and site.free and not isinstance(index, ast.Constant | ast.UnaryOp):
        for default in ("", ", 0", ", None", ", ''", ", []"):
            yield site.put(f"{site.receiver(node.value)}.get({text}{default})", "index.get")
    elif isinstance(node.ctx, ast.Load) and isinstance(index, ast.Constant) and isinstance(index.value, str):
        for default in ("", ", 0", ", ''", ", []"):
            yield site.put(f"{site.receiver(node.value)}.get({text}{default})", "index.get")


def _sliced(site: Site, node: ast.Slice) -> Iterator[Proposal]:
    if not site.free:
        return
    parts = [site.argument(part) if part else "" for part in (node.lower, node.upper, node.step)]
    lower, upper, step = parts
    near = [name for name in site.locals if name not in ("self", "cls")]
    yield _slice(site, node, upper, lower, step)
    more = [f"{lower} + 1", f"{lower} - 1"] if lower else []
    for text in [*more, "1", "", "0", "2", *alike(lower, near, 3)]:
        yield _slice(site, node, text, upper, step)
    more = [f"{site.inner(node.upper, SUM)} + 1", f"{site.inner(node.upper, SUM)} - 1"] if node.upper else []
    for text in [*more, "-1", "", "1", *alike(upper, near, 3)]:
        yield _slice(site, node, lower, text, step)
    for text in ("-1", "2", ""):
        yield _slice(site, node, lower, upper, text)
    for bound in {lower, upper} - {""}:
        yield Proposal(*site.source.spans[node], bound, "slice.index")


def _slice(site: Site, node: ast.Slice, lower: str, upper: str, step: str) -> Proposal:
    text = f"{lower}:{upper}" + (f":{step}" if step else "")
    return Proposal(*site.source.spans[node], text, "slice.bound")


def _ranged(site: Site, node: ast.Call) -> Iterator[Proposal]:
    arguments = [site.argument(item) for item in node.args]
    if any(isinstance(item, ast.Starred) for item in node.args) or node.keywords:
        return
    if len(arguments) == 1:
        stop = site.inner(node.args[0], SUM)
        near = [name for name in site.locals if name not in (stop, "self", "cls")]
        for text in (
            f"1, {stop}",
            f"1, {stop} + 1",
            f"0, {stop}, 2",
            f"{stop} - 1, -1, -1",
            f"2, {stop}",
            f"len({stop})",
        ):
            yield site.put(f"range({text})", "range.bound")
        for name in near[:3]:
            yield site.put(f"range({name}, {stop})", "range.bound")
    elif len(arguments) == 2:
        start, stop = arguments
        for text in (
            stop,
            f"{start}, {stop}, 2",
            f"{start}, {stop}, -1",
            f"{stop}, {start}, -1",
            f"{start} + 1, {stop}",
        ):
            yield site.put(f"range({text})", "range.bound")
        for name in [name for name in site.locals if name not in ("self", "cls")][:3]:
            yield site.put(f"range({start}, {stop}, {name})", "range.bound")


def copies(site: Site) -> Iterator[Proposal]:
    """What stands in the same role elsewhere in the function, then in the file."""
    key = role_of(site.source, site.node)
    if key is None or not site.loads or not site.free:
        return
    roles = roles_of(site.source)
    near = roles.get((site.scope.name, *key), {})
    wide = roles.get((ANYWHERE, *key), {}) if key[0] not in ("test", "return", "iter") else {}
    readable = BUILTINS.union(site.nearby)
    found = {**wide, **near}
    known = [text for text in (*near, *wide) if found[text].names <= readable]
    for text in alike(site.text, known, 6):
        yield site.put(text, "copy.role", found[text].strength)


FAMILIES = (wrapped, unwrapped, subscripts, copies)
