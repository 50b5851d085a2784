"""Which of the things that this file knows was meant? What it binds and never reads, says elsewhere, imports.

Where the families of `elsewhere.py` say again what is frequent, these ask what is missing or alike.
"""

from __future__ import annotations

import ast
import keyword
import string
from collections.abc import Iterator, Mapping
from itertools import chain

from sixkeys.envs.repo.grammar.elsewhere import words
from sixkeys.envs.repo.grammar.facts import (
    WORD,
    facts_of,
    held_name,
    last_name,
    members,
    strings_in,
    unread_in,
)
from sixkeys.envs.repo.grammar.roles import ANYWHERE, role_of, roles_of
from sixkeys.envs.repo.grammar.site import Proposal, Site, alike
from sixkeys.envs.repo.grammar.sites import CODE
from sixkeys.envs.repo.grammar.standard import HELD
from sixkeys.envs.repo.grammar.syntax import FACTOR
from sixkeys.envs.repo.grammar.values import written

LONGEST = 120
"""Longer strings are left alone."""
FEW, SOME, MANY = 4, 8, 16
SMALL = ("3", "4", "5", "8")
"""Numbers that are written much besides those that other families try."""
SHORT = 30
"""Longer strings are respelt here alone."""
DECORATORS = ("property", "staticmethod", "classmethod")
QUOTES = ("'", '"')
OPENED, CLOSED = "([{<'\"-%", ".:,;!?)]}>'\"-"
"""Signs that long strings begin and end with."""


def unread(site: Site) -> list[str]:
    """Names that can be read here and are not: the function's, then the module's, the imported first."""
    function = site.scope.function
    inside = [name for name in unread_in(function) if name in site.scope.visible] if function else []
    outside = [name for name in facts_of(site.source).unread if name in site.scope.visible]
    return list(dict.fromkeys([*inside, *outside[: 2 * SOME]]))


def names(site: Site) -> Iterator[Proposal]:
    """A name that nothing reads, for a name; decorators that are usual."""
    node = site.node
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    kind = "function.unread" if site.field == "func" else "name.unread"
    for name in [name for name in unread(site) if name != node.id][:MANY]:
        yield site.put(name, kind)
    if site.field == "decorator_list":
        for name in DECORATORS:
            yield site.put(name, "name.other")
    if isinstance(site.parent, ast.Return) and site.scope.name.endswith("__"):
        yield site.put("NotImplemented", "name.other")
    if isinstance(site.parent, ast.Attribute):
        for name in owners(site, site.parent.attr)[:SOME]:
            yield site.put(name, "receiver.known")
    elif site.field != "func":
        constants = [name for name in site.source.about[site.source.tree].scope.bound if name.isupper()]
        for name in alike(node.id, [name for name in constants if name in site.scope.visible], SOME):
            yield site.put(name, "name.constant")


def owners(site: Site, attribute: str) -> list[str]:
    """Names that can be read here and whose attribute this is elsewhere in the file, or in their module."""
    imported = facts_of(site.source).imported
    modules = [name for name, whole in imported.items() if attribute in HELD.get(whole, ())]
    said = [name for name, seen in site.source.attributes.items() if attribute in seen]
    return [name for name in dict.fromkeys([*modules, *said]) if name in site.scope.visible]


def attributes(site: Site) -> Iterator[Proposal]:
    """An attribute that is stored and never read, one of the imported module or of the built-in value, one
    that the file says."""
    node = site.node
    owner = isinstance(site.parent, ast.Attribute | ast.Subscript) and site.field == "value"
    if isinstance(node, ast.Name) and site.loads and site.field != "func" and not owner:
        module = HELD.get(held_name(site.source, node), ())
        for name in alike(node.id, module, 8 * SOME):
            yield site.put(f"{node.id}.{name}", "attribute.module")
    if isinstance(node, ast.Attribute | ast.Call | ast.Subscript) and site.loads and site.free:
        yield from _further(site)
    if not isinstance(node, ast.Attribute):
        return
    end = site.source.spans[node][1]
    start = end - len(node.attr)
    if site.source.text[start:end] != node.attr:
        return
    facts, called = facts_of(site.source), site.field == "func"
    found = dict.fromkeys(_taken(site), "attribute.known")
    module = HELD.get(held_name(site.source, node.value), ()) or members(node.value, site.scope.function)
    fixed = [] if called else [name for name in module if name.isupper()]
    most = MANY if node.attr in module else len(module)  # where it holds no such name, any may be meant
    found |= dict.fromkeys([*fixed[:MANY], *alike(node.attr, module, most)], "attribute.module")
    if not module:
        own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        hidden = alike(node.attr, facts.unread_attributes, SOME if own else FEW)
        found |= dict.fromkeys([name for name in hidden if name not in found], "attribute.unread")
        near, far = words(site.source, site.scope.function), words(site.source, None)
        said = (
            alike(node.attr, facts.methods, SOME)
            if called
            else [*near.attributes[:SOME], *far.attributes[:MANY]]
        )
        for name in said:
            found.setdefault(name, "attribute.known")
    for name, kind in found.items():
        if name != node.attr and not keyword.iskeyword(name):
            yield Proposal(start, end, name, kind)


def _further(site: Site) -> Iterator[Proposal]:
    """An attribute of an attribute, of a result or of an element."""
    node = site.node
    if site.field in ("func", "value") and not isinstance(site.parent, ast.Return | ast.Assign | ast.keyword):
        return
    last = last_name(node)
    near = words(site.source, site.scope.function).attributes[:FEW] if isinstance(node, ast.Attribute) else ()
    for name in dict.fromkeys([*facts_of(site.source).followers.get(last, ())[:SOME], *near]):
        yield site.put(f"{site.receiver(node)}.{name}", "attribute.further")


def _taken(site: Site) -> list[str]:
    """What the value is called where it goes: `size` for `size=box.width` and for `self.size = box.width`."""
    parent = site.parent
    if isinstance(parent, ast.keyword) and parent.arg:
        return [parent.arg]
    if isinstance(parent, ast.Assign):
        targets = parent.targets
        return [
            t.attr if isinstance(t, ast.Attribute) else t.id
            for t in targets
            if isinstance(t, ast.Attribute | ast.Name)
        ]
    return []


def strings(site: Site) -> Iterator[Proposal]:
    """A string that is said elsewhere: in the same part, in this function, alike; with one word as it is
    written elsewhere."""
    node = site.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or site.known.freedom != CODE:
        return
    own, value, facts = site.text, node.value, facts_of(site.source)
    if len(value) > LONGEST or "\n" in own or own[-3:] in ("'''", '"""'):
        return
    function = site.scope.function
    near = strings_in(site.source, function) if function else ()
    if len(value) <= LONGEST // 2:
        said = [*_played(site), *near[:MANY], *alike(value, facts.strings, SOME), *facts.strings[:SOME]]
        for text in dict.fromkeys(said):
            yield site.put(written(own, text), "string.known")
    for text in dict.fromkeys(rewritten(value, facts.words)):
        yield site.put(written(own, text), "string.word")


def _played(site: Site) -> Iterator[str]:
    """Strings that play the same part elsewhere in the file."""
    key = role_of(site.source, site.node)
    roles = roles_of(site.source)
    for where in (site.scope.name, ANYWHERE) if key else ():
        said = [text for text in roles.get((where, *(key or ())), {}) if text[:1] in QUOTES]
        for text in said[:FEW]:
            node = ast.parse(text, mode="eval").body
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def rewritten(value: str, known: Mapping[str, tuple[str, int]]) -> Iterator[str]:
    """A text whose words are written as they are elsewhere, all at once; with one letter more, less or
    swapped in a word that stands nowhere else, where that makes a word that does; with a sign more at an
    end."""

    def usual(word: str) -> str:
        return known.get(word.lower(), (word, 0))[0]

    yield WORD.sub(lambda found: usual(found.group()), value)
    for found in WORD.finditer(value):
        word = found.group()
        if known.get(word.lower(), ("", 0))[1] <= 1:
            for other in neighbours(word.lower()):
                if other in known:
                    new = known[other][0]
                    for text in dict.fromkeys((other if word.islower() else new, new)):
                        yield value[: found.start()] + text + value[found.end() :]
    yield from (value + sign for sign in CLOSED)
    yield from (sign + value for sign in OPENED)
    yield f" {value} "
    if len(value) > SHORT and value[-1:].isalpha() and value[-1:].islower():
        yield from (value + letter for letter in string.ascii_lowercase)
    if len(value) > SHORT and value[:1].isalpha():
        yield from (letter + value for letter in string.ascii_letters)


def neighbours(word: str) -> Iterator[str]:
    """Words that differ from this one by a letter more, a letter less, or two neighbours swapped."""
    places = range(len(word) + 1)
    more = (word[:at] + letter + word[at:] for at in places for letter in string.ascii_lowercase)
    less = (word[:at] + word[at + 1 :] for at in places[:-1])
    swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in places[:-2])
    return (other for other in chain(swapped, more, less) if other != word)


def numbers(site: Site) -> Iterator[Proposal]:
    """A number that the file says, or a small one; a number for its digits in quotes; nothing for a sign
    and a number."""
    node = site.node
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        value = node.operand.value
        for text in ("0", "1", "2", f"-{value + 1}") if type(value) is int else ():
            yield site.put(text, "number.near", FACTOR)
    if not isinstance(node, ast.Constant):
        return
    if isinstance(node.value, str) and node.value.lstrip("-").isdecimal() and node.value.isascii():
        yield site.put(str(int(node.value)), "literal.number", FACTOR)
    attributed = site.field == "value" and isinstance(site.parent, ast.Attribute | ast.Subscript)
    if type(node.value) in (int, float) and site.free and not attributed:
        for text in dict.fromkeys([*facts_of(site.source).numbers[:SOME], *SMALL]):
            yield site.put(text, "number.known", FACTOR + 2)


FAMILIES = (names, attributes, strings, numbers)
