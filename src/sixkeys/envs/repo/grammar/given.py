"""What was given, called or asked here? Arguments and calls that this file makes elsewhere, and names that it
makes nothing of."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.elsewhere import RAISED, words
from sixkeys.envs.repo.grammar.facts import OWN, facts_of, tails_of, unread_in
from sixkeys.envs.repo.grammar.known import FEW, MANY, SOME, unread
from sixkeys.envs.repo.grammar.names import BUILTINS
from sixkeys.envs.repo.grammar.roles import ANYWHERE, roles_of
from sixkeys.envs.repo.grammar.site import LITERALS, Proposal, Site, callee
from sixkeys.envs.repo.grammar.sites import COMPREHENSIONS, Definition
from sixkeys.envs.repo.grammar.syntax import COMPARE
from sixkeys.envs.repo.grammar.wraps import role

ADDING = ("append", "add", "extend")
"""Methods that a lone value may have been given to."""
JOINS = ("''.join", "', '.join", "' '.join", "'\\n'.join")
CALLED = ("iter", "next", "type")
"""Builtins that are put around something, besides those of other families."""
TYPES = (
    "str", "int", "list", "dict", "tuple", "type", "set", "bytes", "float", "bool", "(list, tuple)",
    "(str, bytes)", "(int, float)",
)  # fmt: skip
NUMBERED = re.compile(r"\(\d\)$")
STARRED = ("args", "kwargs", "options", "params", "parameters", "keywords")
"""Attributes that hold arguments."""


def arguments(site: Site) -> Iterator[Proposal]:
    """One more argument: a name that nothing reads, what is given there elsewhere, all that was given."""
    node = site.node
    if not isinstance(node, ast.Call) or not site.free:
        return
    listed = sorted([*node.args, *node.keywords], key=lambda item: site.source.spans[item])
    if any(isinstance(item, ast.GeneratorExp) and site.bare(item, node) for item in listed):
        return
    last = listed[-1] if listed else None
    if last is None:
        start, comma = site.source.spans[node][1] - 1, ""
    else:
        start = site.source.spans[last][1] if isinstance(last, ast.keyword) else site.span(last)[1]
        comma = ", "
    here = Proposal(start, start, "", "", True)
    given = {site.code(item) for item in node.args}
    if not node.keywords:
        for text, kind in _positional(site, node):
            if text not in given:
                yield here._replace(text=comma + text, kind=kind)
    words_given = {item.arg for item in node.keywords}
    if None not in words_given:
        for text, kind in _keywords(site, node):
            if text.partition("=")[0] not in words_given and text not in given:
                yield here._replace(text=comma + text, kind=kind)


def _positional(site: Site, node: ast.Call) -> Iterator[tuple[str, str]]:
    """What may be given by place."""
    name, place = callee(node), len(node.args)
    readable = BUILTINS.union(site.nearby)
    roles = roles_of(site.source)
    if not any(isinstance(item, ast.Starred) for item in node.args):
        function = site.scope.function
        for text in [n for n in (unread_in(function) if function else ()) if n in site.scope.visible][:SOME]:
            yield text, "argument.unread"
        for where in (site.scope.name, ANYWHERE):
            said = roles.get((where, "argument", name, place), {})
            known = [text for text, example in said.items() if example.names <= readable]
            yield from ((text, "argument.role") for text in known[:FEW])
        if isinstance(site.parent, ast.Assign) and place == 0:
            targets = [target.id for target in site.parent.targets if isinstance(target, ast.Name)]
            yield from ((target, "argument.role") for target in targets if target in site.scope.visible)
        if name == "isinstance" and place == 1:
            yield from ((text, "argument.type") for text in (*TYPES, *site.lexicon.exceptions[:FEW]))
        if place > 1 and name not in site.lexicon.functions:
            yield from ((text, "argument.add") for text in ("None", "True", "False"))
    for star, text in _starred(site):
        if star == "*":
            yield f"*{text}", "argument.pass"
    if not node.args:
        yield from ((f"*{name}", "argument.pass") for name in site.locals[:FEW] if name not in OWN)


def _keywords(site: Site, node: ast.Call) -> Iterator[tuple[str, str]]:
    """What may be given by name."""
    function = site.scope.function
    idle = [name for name in (unread_in(function) if function else ()) if name in site.scope.visible]
    known = facts_of(site.source).keywords
    yield from ((f"{name}={name}", "keyword.unread") for name in idle[:SOME])
    said = [name for name in known if name in site.locals and name not in idle]
    yield from ((f"{name}={name}", "keyword.known") for name in said[:SOME])
    if callee(node) not in site.lexicon.functions:
        same = [name for name in site.locals if name not in (*idle, *said, *OWN)]
        yield from ((f"{name}={name}", "keyword.known") for name in same[:SOME])
    other = [(word, name) for name in idle[:2] for word in known[:FEW] if word != name]
    yield from ((f"{word}={name}", "keyword.known") for word, name in other)
    for star, text in _starred(site):
        if star == "**":
            yield f"**{text}", "keyword.pass"


def _starred(site: Site) -> Iterator[tuple[str, str]]:
    """All arguments that functions around take, and attributes of `self` that hold some."""
    for parent in site.source.above(site.node):
        if isinstance(parent, Definition | ast.Lambda):
            if parent.args.vararg:
                yield "*", parent.args.vararg.arg
            if parent.args.kwarg:
                yield "**", parent.args.kwarg.arg
    own = site.source.attributes.get("self", {}) if "self" in site.scope.bound else {}
    for name in STARRED:
        if name in site.locals and name != "args":
            yield "**", name
        if name in own:
            yield "*" if name == "args" else "**", f"self.{name}"


def calls(site: Site) -> Iterator[Proposal]:
    """A call around the expression: of what nothing calls, of a string that joins; a call with arguments
    behind it, as it is made elsewhere."""
    node = site.node
    stated = isinstance(site.parent, ast.Expr) and isinstance(
        node, ast.Name | ast.Constant | ast.BinOp | ast.Attribute
    )
    owner = isinstance(site.parent, ast.Attribute | ast.Subscript) and isinstance(node, ast.Name)
    tested = isinstance(site.parent, ast.BoolOp | ast.UnaryOp) or site.field == "test"
    if not site.free or not site.loads or not (stated or owner or tested or role(site)):
        return
    if isinstance(node, ast.Starred | ast.Yield | ast.YieldFrom | ast.Slice | ast.Lambda | ast.Await):
        return
    inner = site.argument(node)
    if isinstance(node, ast.GeneratorExp) and not site.bare(node, site.parent):
        inner = inner.removeprefix("(").removesuffix(")")
    names = [name for name in unread(site) if name not in site.scope.bound][:3]
    if stated:
        names += site.locals[:SOME]
        names += [f"{name}.{way}" for name in site.locals[:SOME] for way in ADDING if name != inner]
    for name in dict.fromkeys(names):
        yield site.put(f"{name}({inner})", "wrap.unread")
    if not isinstance(node, LITERALS) or isinstance(node, COMPREHENSIONS):
        outer = callee(site.parent) if isinstance(site.parent, ast.Call) else ""
        joined = role(site) == "given" and outer != "join" and not isinstance(node, ast.Name | ast.Attribute)
        for name in (*(JOINS if joined else ()), *(() if stated else CALLED)):
            yield site.put(f"{name}({inner})", "wrap.call")
    yield from _behind(site)


def _behind(site: Site) -> Iterator[Proposal]:
    """A method with arguments behind the expression, as it is called elsewhere."""
    node = site.node
    string = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if not (string or isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)):
        return
    text, tails, here = site.receiver(node), tails_of(site.source), site.scope.name
    own = node.id if isinstance(node, ast.Name) else "*"
    found = dict[str, None]()
    for where, whose, most in ((here, own, MANY), ("*", own, MANY), (here, "*", SOME), ("*", "*", SOME)):
        fit = [tail for tail in tails.get((where, whose), ()) if _fits(site, string, tail)]
        idle = [tail for tail in fit if set(unread(site)) & names_of(tail)]
        found |= dict.fromkeys([*idle, *fit][:most])
    for tail in found:
        others = [f"{tail[:-2]}{number})" for number in "01"] if NUMBERED.search(tail) else []
        for one in dict.fromkeys([tail, *others]):
            yield site.put(text + one, "wrap.tail")
    if string and role(site) == "looped":
        for name in [name for name in site.locals if name not in OWN][:SOME]:
            yield site.put(f"{name}.split({text})", "wrap.tail")
    if "{" in string:
        for name in [name for name in site.locals if name not in OWN][:FEW]:
            yield site.put(f"{text}.format({name})", "wrap.tail")


def _fits(site: Site, string: str, tail: str) -> bool:
    """Whether `.method(...)` may be called here: its arguments can be read, and strings have it."""
    fits = not string or tail.startswith((".format(", ".join(", ".split(", ".encode("))
    return fits and names_of(tail) <= BUILTINS.union(site.nearby)


@functools.lru_cache(maxsize=5000)
def names_of(tail: str) -> set[str]:
    """Names that the arguments of `.method(...)` read."""
    tree = ast.parse(f"_{tail}", mode="eval").body
    read = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    bound = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return read - bound - {"_"}


def formatted(site: Site) -> Iterator[Proposal]:
    """`text % (a, b)` for `text % a`, where the text has room for two."""
    node, parent = site.node, site.parent
    if not isinstance(parent, ast.BinOp) or not isinstance(parent.op, ast.Mod) or site.field != "right":
        return
    if not site.free or not isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
        return
    own, near = site.argument(node), words(site.source, site.scope.function).values[:SOME]
    others = [text for text in dict.fromkeys([*site.locals[:SOME], *near]) if text != own]
    for text in others:
        yield site.put(f"({own}, {text})", "operand.tuple")
        yield site.put(f"({text}, {own})", "operand.tuple")


def operands(site: Site) -> Iterator[Proposal]:
    """What this is compared with, or combined with, elsewhere in the function and in the file."""
    node, parent = site.node, site.parent
    if not site.free or not site.loads or not isinstance(node, ast.Name | ast.Attribute | ast.Constant):
        return
    readable = BUILTINS.union(site.nearby)
    roles = roles_of(site.source)
    if isinstance(parent, ast.Compare) and site.field == "comparators":
        left = site.code(parent.left)
        found = dict[str, int]()
        for where in (site.scope.name, ANYWHERE):
            for key, said in roles.items():
                if key[:2] == (where, "compared"):
                    found |= {
                        t: e.strength for t, e in said.items() if e.names <= readable and e.strength > COMPARE
                    }
        for text in [text for text in found if text not in (site.text, left)][:SOME]:
            yield site.put(text, "operand.known", found[text])


def keywords(site: Site) -> Iterator[Proposal]:
    """Another keyword: named like its value, or one that the file gives elsewhere."""
    node = site.node
    if not isinstance(node, ast.keyword) or not node.arg or not isinstance(site.parent, ast.Call):
        return
    given = {word.arg for word in site.parent.keywords}
    start = site.source.spans[node][0]
    value = node.value.id if isinstance(node.value, ast.Name) else ""
    if isinstance(node.value, ast.Attribute):
        value = node.value.attr
    for name in dict.fromkeys([value.lstrip("_"), *facts_of(site.source).keywords[:MANY]]):
        if name and name not in given:
            yield Proposal(start, start + len(node.arg), name, "keyword.rename")


def caught(site: Site) -> Iterator[Proposal]:
    """Another exception that is caught, alone or among several."""
    parent = site.parent
    if isinstance(parent, ast.Tuple):
        parent = site.source.about[parent].parent
    if isinstance(parent, ast.ExceptHandler) and isinstance(site.node, ast.Name) and site.loads:
        said = {node.id for node in ast.walk(parent.type or parent) if isinstance(node, ast.Name)}
        for name in dict.fromkeys([*RAISED, *site.lexicon.exceptions]):
            if name not in said and (name in BUILTINS or name in site.scope.visible):
                yield site.put(name, "except.other")


def types(site: Site) -> Iterator[Proposal]:
    """Another type for one that is asked about, given or returned."""
    node, parent = site.node, site.parent
    if not isinstance(node, ast.Name) or node.id not in TYPES or site.field == "func" or not site.loads:
        return
    asked = isinstance(parent, ast.Call) and callee(parent) in ("isinstance", "issubclass")
    for name in TYPES if asked else TYPES[:-3]:
        if name != node.id:
            yield site.put(name, "argument.type")


def unpacked(site: Site) -> Iterator[Proposal]:
    """One more name in what is unpacked: one that is read here and bound nowhere."""
    node = site.node
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store) and node.elts and site.free:
        end = site.span(node.elts[-1])[1]
        missing = [
            name for name in site.scope.read if name not in site.scope.visible and name not in BUILTINS
        ]
        for name in missing[:FEW]:
            yield Proposal(end, end, f", {name}", "element.add", True)


FAMILIES = (arguments, calls, formatted, operands, keywords, caught, types, unpacked)
