"""Which arguments were meant? Order, number, keywords; what the callee's signature and other callers say."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.lexicon import Signature
from sixkeys.envs.repo.grammar.site import Proposal, Site, alike, callee
from sixkeys.envs.repo.grammar.syntax import ATOM, BIT_OR

MOST_KEYWORDS = 8
KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "sorted": {
        "reverse": ("True",),
        "key": ("len", "str.lower", "str", "lambda item: item[1]", "lambda item: item[0]"),
    },
    "sort": {"reverse": ("True",), "key": ("len", "str.lower", "str", "lambda item: item[1]")},
    "min": {"key": ("len", "abs"), "default": ("0", "None")},
    "max": {"key": ("len", "abs"), "default": ("0", "None")},
    "sum": {"start": ("0",)},
    "enumerate": {"start": ("1",)},
    "open": {"encoding": ("'utf-8'",), "newline": ("''",)},
    "zip": {"strict": ("True",)},
    "split": {"maxsplit": ("1",)},
    "rsplit": {"maxsplit": ("1",)},
    "splitlines": {"keepends": ("True",)},
    "int": {"base": ("16", "10")},
    "print": {"end": ("''",), "file": ("sys.stderr",), "sep": ("''",)},
    "dumps": {"indent": ("2",), "sort_keys": ("True",), "default": ("str",), "ensure_ascii": ("False",)},
    "dump": {"indent": ("2",), "sort_keys": ("True",)},
    "makedirs": {"exist_ok": ("True",)},
    "mkdir": {"exist_ok": ("True",), "parents": ("True",)},
    "compile": {"flags": ("re.IGNORECASE",)},
    "sub": {"flags": ("re.IGNORECASE",), "count": ("1",)},
    "decode": {"errors": ("'replace'", "'ignore'")},
    "encode": {"errors": ("'replace'", "'ignore'")},
    "round": {"ndigits": ("2",)},
    "dedent": {},
}
"""Keywords of much used functions of the standard library, with the values that are forgotten."""
USUAL: dict[str, tuple[str, ...]] = {
    "get": ("None", "0", "''", "[]", "{}", "False"), "pop": ("None", "0", "-1"), "getattr": ("None",),
    "split": ("','", "' '", "1", "None"), "round": ("2", "1"), "next": ("None",),
    "strip": ("'\"'", "'\\n'", "' '", "'/'"),
    "rstrip": ("'\\n'", "'/'"), "lstrip": ("'/'", "'0'"), "enumerate": ("1",), "range": ("1", "-1", "2"),
    "sum": ("[]",), "replace": ("1",), "rsplit": ("1",), "int": ("16", "2"), "dict": ("{}",), "join": ("''",),
    "isinstance": ("str", "int"),
}  # fmt: skip
"""Arguments that are forgotten at the end of a call."""


def orders(site: Site) -> Iterator[Proposal]:
    """Two arguments change places; the receiver and the argument do."""
    node = site.node
    if not isinstance(node, ast.Call):
        return
    arguments = node.args
    text = site.source.text
    for place, one in enumerate(arguments[:4]):
        for other in arguments[place + 1 : 5]:
            if isinstance(one, ast.Starred) != isinstance(other, ast.Starred):
                continue
            (a, b), (c, d) = site.source.spans[one], site.source.spans[other]
            yield Proposal(a, d, text[c:d] + text[b:c] + text[a:b], "argument.order")
    if len(arguments) == 1 and not node.keywords and isinstance(node.func, ast.Attribute):
        argument, receiver = arguments[0], node.func.value
        if site.quiet(argument) and site.quiet(receiver) and not _counts(argument):
            swapped = f"{site.receiver(argument)}.{node.func.attr}({site.argument(receiver)})"
            yield site.put(swapped, "argument.receiver")
    if len(node.keywords) > 1 and all(word.arg for word in node.keywords[:2]):
        first, second = (site.source.spans[word.value] for word in node.keywords[:2])
        between = text[first[1] : second[0]]
        yield Proposal(
            first[0], second[1], text[slice(*second)] + between + text[slice(*first)], "argument.order"
        )


def _counts(node: ast.AST) -> bool:
    """A value without useful attributes."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes)


def removals(site: Site) -> Iterator[Proposal]:
    """A call without one of its arguments or keywords."""
    node = site.node
    if not isinstance(node, ast.Call) or not site.free:
        return
    listed = _listed(site, node)
    for place, item in enumerate(listed):
        kind = "keyword.drop" if isinstance(item, ast.keyword) else "argument.drop"
        if len(listed) == 1:
            if not isinstance(item, ast.GeneratorExp):
                start, end = _outer(site, item)
                tail = _comma(site.source.text, end)
                yield Proposal(start, tail, "", kind)
        elif place:
            yield Proposal(_outer(site, listed[place - 1])[1], _outer(site, item)[1], "", kind)
        else:
            yield Proposal(_outer(site, item)[0], _outer(site, listed[1])[0], "", kind)


def _comma(text: str, end: int) -> int:
    """Behind the comma that follows `end`, if one does."""
    rest = text[end : end + 40]
    return end + len(rest) - len(rest.lstrip()[1:]) if rest.lstrip().startswith(",") else end


def _listed(site: Site, node: ast.Call) -> list[ast.AST]:
    """Arguments and keywords in the order of the text."""
    return sorted([*node.args, *node.keywords], key=lambda item: site.source.spans[item])


def _outer(site: Site, item: ast.AST) -> tuple[int, int]:
    """The span of an argument with its own parentheses, without those of the call."""
    return site.source.spans[item] if isinstance(item, ast.keyword) else site.span(item)


def additions(site: Site) -> Iterator[Proposal]:
    """One more argument at the end or at the beginning, or one more keyword."""
    node = site.node
    if not isinstance(node, ast.Call) or not site.free:
        return
    listed = _listed(site, node)
    name = callee(node)
    if any(isinstance(item, ast.GeneratorExp) and site.bare(item, node) for item in listed):
        start, end = site.source.spans[node.args[0]]
        for word, value in _keywords(site, node, name)[:4]:
            yield Proposal(start, end, f"({site.source.text[start:end]}, {word}={value})", "keyword.add")
        return
    given = {word.arg for word in node.keywords}
    if not given:
        for text in _positionals(site, node, name):
            yield _appended(site, node, listed, text, "argument.add")
        if node.args and not isinstance(node.args[0], ast.Starred):
            start = _outer(site, listed[0])[0]
            for text in [n for n in site.locals if n != site.code(node.args[0])][:3]:
                yield Proposal(start, start, f"{text}, ", "argument.insert")
    for word, value in _keywords(site, node, name)[:12]:
        if word not in given:
            yield _appended(site, node, listed, f"{word}={value}", "keyword.add")
    variadic = site.scope.function
    if variadic is not None and None not in given:
        if variadic.args.kwarg and variadic.args.kwarg.arg:
            yield _appended(site, node, listed, f"**{variadic.args.kwarg.arg}", "keyword.pass")
        if variadic.args.vararg and not given:
            yield _appended(site, node, listed, f"*{variadic.args.vararg.arg}", "argument.pass")


def _appended(site: Site, node: ast.Call, listed: list[ast.AST], text: str, kind: str) -> Proposal:
    """A call with `text` behind its last argument."""
    if not listed:
        end = site.source.spans[node][1] - 1
        return Proposal(end, end, text, kind)
    last = listed[-1]
    starred = isinstance(last, ast.keyword) and last.arg is None
    end = _outer(site, last)[1]
    return Proposal(end, end, f", {text}", kind, starred and "=" not in text and not text.startswith("**"))


def _positionals(site: Site, node: ast.Call, name: str) -> list[str]:
    place = len(node.args)
    if any(isinstance(item, ast.Starred) for item in node.args):
        return []
    found: dict[str, None] = {}
    signature = site.lexicon.functions.get(name)
    used = {item.id for item in node.args if isinstance(item, ast.Name)}
    near = [other for other in site.locals if other not in used and other not in ("self", "cls")]
    if signature and place < len(signature.parameters):
        wanted = signature.parameters[place]
        if wanted in site.nearby:
            found[wanted] = None
        found |= dict.fromkeys(alike(wanted, near, 3))
    found |= dict.fromkeys(USUAL.get(name, ()))
    usable = [text for text in site.lexicon.arguments.get((name, place), ())[:4] if _known(site, text)]
    found |= dict.fromkeys(usable)
    found |= dict.fromkeys(near[:5])
    if place < 2 or (signature and place < len(signature.parameters)):
        found |= dict.fromkeys(("None", "True", "False", "0", "1"))
    for piece in site.pieces[:6]:
        if piece in site.scope.visible or (piece.isdigit() and not piece.startswith("0")):
            found[piece] = None
    return list(found)


def _known(site: Site, text: str) -> bool:
    """Can a value seen at another call be written here?"""
    head = text.partition(".")[0]
    return not head.isidentifier() or head in site.scope.visible or head in ("None", "True", "False")


def _keywords(site: Site, node: ast.Call, name: str) -> list[tuple[str, str]]:
    """Keyword and value: from the signature, as other callers have it, as the standard library knows it."""
    found: dict[tuple[str, str], None] = {}
    signature = site.lexicon.functions.get(name, Signature((), {}))
    open_names = signature.names[len(node.args) :]
    for word in open_names:
        if word in site.scope.visible:
            found[word, word] = None
        if "self" in site.scope.bound and word in site.source.attributes.get("self", ()):
            found[word, f"self.{word}"] = None
    for word, values in list(site.lexicon.keywords.get(name, {}).items())[:MOST_KEYWORDS]:
        found |= dict.fromkeys((word, value) for value in values[:3] if _known(site, value))
        if word in site.scope.visible:
            found[word, word] = None
    for word, values in KNOWN.get(name, {}).items():
        found |= dict.fromkeys((word, value) for value in values)
    for word in open_names:
        default = signature.defaults.get(word)
        usual = {"True": ("False",), "False": ("True",)}.get(default or "", ("None", "True", "False"))
        found |= dict.fromkeys((word, value) for value in usual)
    return [(word, value) for word, value in found if word.isidentifier()]


def keywords(site: Site) -> Iterator[Proposal]:
    """Another keyword; an argument by keyword; a keyword by position; a star before an argument."""
    node = site.node
    if isinstance(node, ast.keyword) and node.arg and isinstance(site.parent, ast.Call):
        call, name = site.parent, callee(site.parent)
        given = {word.arg for word in call.keywords}
        start = site.source.spans[node][0]
        signature = site.lexicon.functions.get(name)
        known = [
            *(signature.names if signature else ()),
            *site.lexicon.keywords.get(name, ()),
            *KNOWN.get(name, ()),
        ]
        for other in alike(node.arg, known, 5):
            if other not in given:
                yield Proposal(start, start + len(node.arg), other, "keyword.rename")
        seen = site.lexicon.keywords.get(name, {}).get(node.arg, ())
        for text in [text for text in seen if _known(site, text)][:4]:
            yield site.put(text, "keyword.value", ATOM, node.value)
        own = site.source.spans[node]
        starred = any(isinstance(item, ast.Starred) or site.source.spans[item] > own for item in call.args)
        if call.keywords[0] is node and not starred:
            yield Proposal(*own, site.argument(node.value), "keyword.positional", True)
    if not isinstance(node, ast.Call) or not site.free:
        return
    signature = site.lexicon.functions.get(callee(node))
    for place, item in enumerate(node.args):
        if isinstance(item, ast.Starred):
            yield Proposal(*site.source.spans[item], site.argument(item.value), "argument.unstar", True)
        elif isinstance(item, ast.Name) and not node.keywords:
            yield site.put(f"*{site.inner(item, BIT_OR)}", "argument.star", ATOM, item)
            if place == len(node.args) - 1:
                yield site.put(f"**{item.id}", "argument.star", ATOM, item)
        last = place == len(node.args) - 1 and not isinstance(item, ast.Starred | ast.GeneratorExp)
        if last and signature and site.quiet(item):
            given = {word.arg for word in node.keywords}
            for word in [name for name in signature.names[place:] if name not in given][:4]:
                yield Proposal(*_outer(site, item), f"{word}={site.argument(item)}", "argument.named")


def replaced(site: Site) -> Iterator[Proposal]:
    """A name in scope, or what other callers give, in place of a whole argument."""
    node = site.node
    if not isinstance(site.parent, ast.Call) or site.field != "args" or not site.loads:
        return
    if isinstance(node, ast.Starred | ast.Name):
        place = -1
    else:
        place = 0
        for other in [name for name in site.locals if name not in ("self", "cls")][:6]:
            yield site.put(other, "argument.other")
    if isinstance(node, ast.Starred):
        return
    place = next(index for index, item in enumerate(site.parent.args) if item is node)
    name = callee(site.parent)
    if site.free:
        for text in [text for text in site.lexicon.arguments.get((name, place), ()) if _known(site, text)][
            :4
        ]:
            yield site.put(text, "argument.seen", 13 if text.startswith("-") else ATOM)


FAMILIES = (orders, removals, additions, keywords, replaced)
