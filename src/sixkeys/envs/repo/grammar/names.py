"""Which name was meant? Names in scope, attributes, methods, functions and exceptions like the one that
stands there."""

from __future__ import annotations

import ast
import builtins
import functools
import keyword
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.lexicon import Lexicon
from sixkeys.envs.repo.grammar.site import Proposal, Site, alike
from sixkeys.envs.repo.grammar.syntax import ATOM

MOST_NAMES, MOST_ATTRIBUTES = 24, 12
KIN = tuple(
    frozenset(line.split())
    for line in """
min max sum sorted abs len
any all
sorted reversed list set tuple frozenset iter
int float round str bool complex abs divmod
str repr ascii bytes format
list dict set tuple
range len enumerate reversed sorted zip
isinstance issubclass callable hasattr
getattr setattr hasattr delattr
map filter zip
append extend insert add update
add update discard remove
keys values items
strip lstrip rstrip
lower upper title capitalize casefold swapcase
startswith endswith
find rfind index rindex count
split rsplit splitlines partition rpartition
get pop setdefault
pop popleft popitem remove discard clear
appendleft append popleft extendleft
read readline readlines
write writelines
sort reverse
union intersection difference symmetric_difference update
issubset issuperset isdisjoint
isdigit isdecimal isnumeric isalpha isalnum isspace
isupper islower istitle
encode decode
ljust rjust center zfill
removeprefix removesuffix lstrip rstrip replace
copy deepcopy
match search fullmatch findall finditer
findall split sub finditer
sub subn split
group groups groupdict start end span
join split
dumps dump loads load
floor ceil trunc round
year month day hour minute second
ValueError TypeError KeyError IndexError AttributeError LookupError
Exception BaseException ValueError RuntimeError OSError
OSError IOError FileNotFoundError PermissionError NotADirectoryError IsADirectoryError
KeyError IndexError LookupError AttributeError
StopIteration StopAsyncIteration GeneratorExit
ImportError ModuleNotFoundError AttributeError
UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError
ZeroDivisionError OverflowError ArithmeticError ValueError
""".strip().splitlines()
)
"""Builtins, methods and exceptions that are taken for one another."""
BUILTINS = frozenset(dir(builtins))


@functools.lru_cache(maxsize=5000)
def kin(name: str) -> list[str]:
    """Names that are mistaken for `name`, in one order."""
    found = {other for family in KIN if name in family for other in family}
    return alike(name, sorted(found), 12)


@functools.lru_cache(maxsize=5000)
def builtins_like(name: str) -> list[str]:
    """Builtins that look like `name`."""
    return alike(name, sorted(BUILTINS), 2, 0.6)


@functools.lru_cache(maxsize=5000)
def attributes_like(lexicon: Lexicon, name: str) -> list[str]:
    """Attributes of the repository that look like `name`, the frequent ones first."""
    return alike(name, list(lexicon.attributes)[:1500], 4, 0.45)


@functools.lru_cache(maxsize=64)
def mentioned(function: ast.AST | None) -> frozenset[str]:
    """Names that a function reads."""
    nodes = ast.walk(function) if function else ()
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name))


def others(site: Site) -> Iterator[Proposal]:
    """Another name in scope for a name that is read."""
    node = site.node
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    name = node.id
    called = site.field == "func"
    for other in [n for n in site.locals if n != name and n not in site.scope.visible]:
        yield site.put(other, "name.other")
    for other in kin(name) if called or name in BUILTINS else ():
        yield site.put(other, "function.other" if called else "name.other")
    near = [other for other in site.locals if other != name]
    wide = [other for other in site.nearby if other not in near and other != name]
    if called:
        functions = [other for other in (*wide, *near) if other in site.lexicon.functions]
        for other in dict.fromkeys([*_taking(site, functions), *alike(name, functions, MOST_NAMES)]):
            yield site.put(other, "function.other")
        for other in [*alike(name, near, 3, 0.6), *builtins_like(name)]:
            yield site.put(other, "function.other")
        return
    found = dict.fromkeys(alike(name, near, MOST_NAMES))
    said = mentioned(site.scope.function)
    found |= dict.fromkeys([other for other in wide if other in said][:MOST_NAMES])
    found |= dict.fromkeys([*alike(name, wide, 3, 0.4), *builtins_like(name)])
    if not near:
        found |= dict.fromkeys(alike(name, wide, 4))
    for piece in site.pieces:
        if piece in site.scope.visible and piece != name:
            yield site.put(piece, "name.piece")
    for other in found:
        yield site.put(other, "name.other")


def _taking(site: Site, functions: list[str]) -> list[str]:
    """Functions that have all the keywords of this call, if it has some."""
    words = {word.arg for word in site.parent.keywords} if isinstance(site.parent, ast.Call) else set()
    known = site.lexicon.functions
    return [name for name in functions if words and name != site.text and words <= {*known[name].names}]


def receivers(site: Site) -> Iterator[Proposal]:
    """`self.x` for `x` and back; an attribute or an element of the name; the name alone."""
    node = site.node
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        seen = site.source.attributes
        if "self" in site.scope.bound and node.id != "self" and node.id in seen.get("self", ()):
            yield site.put(f"self.{node.id}", "receiver.add")
        if "cls" in site.scope.bound and node.id in seen.get("cls", ()):
            yield site.put(f"cls.{node.id}", "receiver.add")
        if isinstance(site.parent, ast.Attribute) or site.field == "func":
            return
        ranked = sorted(seen.get(node.id, {}).items(), key=lambda pair: -pair[1])
        for name, _ in ranked[:30]:
            yield site.put(f"{node.id}.{name}", "attribute.add")
        for index in ("[0]", "[1]", "[-1]") if site.free else ():
            yield site.put(node.id + index, "index.add")
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if node.attr in site.scope.visible and not keyword.iskeyword(node.attr):
            yield site.put(node.attr, "receiver.drop")
        if site.quiet(node.value) and site.field != "func":
            yield site.move(node.value, "attribute.drop")
        if isinstance(node.value, ast.Attribute) and site.quiet(node.value.value):
            yield site.put(f"{site.receiver(node.value.value)}.{node.attr}", "attribute.shorten")
        if site.field != "func" and site.free:
            yield site.put(f"{site.text}()", "call.add")
            if site.field != "value":
                yield site.put(f"{site.text}[0]", "index.add")


def attributes(site: Site) -> Iterator[Proposal]:
    """Another attribute: of the same receiver in this file, akin, or alike anywhere in the repository."""
    node = site.node
    if not isinstance(node, ast.Attribute):
        return
    name = node.attr
    end = site.source.spans[node][1]
    start = end - len(name)
    if site.source.text[start:end] != name:
        return
    found: dict[str, str] = dict.fromkeys(kin(name), "attribute.kin")
    if isinstance(node.value, ast.Name):
        own = site.source.attributes.get(node.value.id, {})
        found |= dict.fromkeys(alike(name, own, MOST_ATTRIBUTES), "attribute.other")
        if node.value.id in ("self", "cls"):
            members = _members(site.scope.klass)
            found |= dict.fromkeys(alike(name, members, MOST_ATTRIBUTES), "attribute.other")
    found |= dict.fromkeys(attributes_like(site.lexicon, name), "attribute.alike")
    for piece in site.pieces:
        if piece.isidentifier() and not keyword.iskeyword(piece) and piece in site.lexicon.attributes:
            found.setdefault(piece, "attribute.piece")
    bare = name.lstrip("_")
    for other in (f"_{name}", bare):
        if other and other in site.lexicon.attributes and not keyword.iskeyword(other):
            found.setdefault(other, "attribute.other")
    found.pop(name, None)
    for other, kind in found.items():
        yield Proposal(start, end, other, kind)


def _members(klass: ast.ClassDef | None) -> list[str]:
    """Names that a class's body binds."""
    found = []
    for item in klass.body if klass else ():
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(item.name)
        elif isinstance(item, ast.Assign):
            found += [target.id for target in item.targets if isinstance(target, ast.Name)]
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            found.append(item.target.id)
    return found


def targets(site: Site) -> Iterator[Proposal]:
    """Another name for what is assigned."""
    node = site.node
    if not isinstance(site.parent, ast.Assign | ast.AugAssign | ast.For | ast.Tuple):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        if isinstance(site.parent, ast.Tuple) and not site.statement_is(ast.Assign):
            return
        for other in alike(node.id, list(site.scope.bound), 4):
            yield site.put(other, "target.other")
        kept = node.id in site.source.attributes.get("self", ()) and "self" in site.scope.bound
        if kept and not isinstance(site.parent, ast.For):
            yield site.put(f"self.{node.id}", "target.receiver")
    elif (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
    ):
        yield site.put(node.attr, "target.receiver")


def exceptions(site: Site) -> Iterator[Proposal]:
    """What is caught: another class, one more, a wider one."""
    node = site.node
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return
    kind = node.type
    own = [
        item for item in (kind.elts if isinstance(kind, ast.Tuple) else [kind]) if isinstance(item, ast.Name)
    ]
    names = {item.id for item in own}
    wanted = [other for item in own for other in kin(item.id)]
    said = [piece for piece in site.pieces if piece in BUILTINS and piece.endswith(("Error", "Exception"))]
    known = [name for name in site.lexicon.exceptions if name in BUILTINS or name in site.scope.visible]
    for other in dict.fromkeys([*said, *wanted, "Exception", "ValueError", "TypeError", *known[:8]]):
        if other not in names:
            text = site.code(kind)
            rest = text[1:-1].rstrip().rstrip(",") if isinstance(kind, ast.Tuple) else text
            if rest:
                yield Proposal(*site.source.spans[kind], f"({rest}, {other})", "except.add")
            if not isinstance(kind, ast.Tuple) and not isinstance(kind, ast.Name):
                yield site.put(other, "except.other", ATOM, kind)
            if isinstance(kind, ast.Name):
                yield site.put(other, "except.other", ATOM, kind)


FAMILIES = (others, receivers, attributes, targets, exceptions)
