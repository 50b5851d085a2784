"""Which statement is one too many, missing, or in the wrong place?

Whole lines are moved, so only statements that have their lines to themselves are; others are rewritten where
they stand.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.site import Proposal, Site, alike
from sixkeys.envs.repo.grammar.sites import Block

ENDS = ("\n", "\r")
LOOPS = (ast.For, ast.AsyncFor, ast.While)
SIMPLE = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert, ast.Delete,
    ast.Break, ast.Continue,
)  # fmt: skip
PINNED = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)


class Lines:
    """A statement's own lines: from the beginning of the first to the end of the last."""

    def __init__(self, site: Site, statement: ast.stmt) -> None:
        source = site.source
        self.statement, self.source = statement, source
        self.outset = source.outset(statement)
        self.start = source.line_start(self.outset)
        self.stop = source.spans[statement][1]
        self.end = source.line_end(self.stop) if self.stop < len(source.text) else len(source.text)
        indent = source.indent(statement)
        self.indent = indent or ""
        tail = source.text[self.stop : self.end].strip()
        clean = not tail or tail.startswith("#")
        before = source.text[max(0, self.start - 3) : self.start].rstrip("\r\n")[-1:]
        self.alone = indent is not None and clean and before != "\\"

    @property
    def text(self) -> str:
        """The lines, with an end of line at the end."""
        text = self.source.text[self.start : self.end]
        return text if text.endswith(ENDS) else text + self.source.newline


def is_docstring(site: Site, statement: ast.stmt) -> bool:
    """Is this a string, or another constant, that stands alone?"""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def deleted(site: Site) -> Iterator[Proposal]:
    """A statement goes; the last one of a block leaves `pass`. A header goes and its body stays."""
    node = site.node
    if not isinstance(node, SIMPLE + COMPOUND) or is_docstring(site, node):
        return
    lines, block = Lines(site, node), site.source.blocks[node]
    alone = len(block.items) == 1
    elif_ = site.source.text.startswith("elif", lines.outset)
    if elif_:
        yield from _headless(site, node)
        return
    if lines.alone and not alone:
        yield Proposal(lines.start, lines.end, "", "statement.delete", node is block.items[0])
    else:
        yield Proposal(lines.outset, lines.stop, "pass", "statement.delete")
    if isinstance(node, COMPOUND):
        yield from _bodies(site, node, lines)
        yield from _headless(site, node)


def _bodies(site: Site, node: ast.stmt, lines: Lines) -> Iterator[Proposal]:
    """The body without its header, for an if, a with, a try or a loop."""
    for name in ("body", "orelse", "finalbody"):
        items = getattr(node, name, None)
        if not items or not lines.alone:
            continue
        if name == "orelse" and site.source.text.startswith("elif", site.source.spans[items[0]][0]):
            continue
        moved = reindented(site, items, lines.indent)
        if moved:
            yield Proposal(lines.start, lines.end, moved, "statement.unwrap", True)


def _headless(site: Site, node: ast.stmt) -> Iterator[Proposal]:
    """An if without its else, a try without its finally."""
    orelse = getattr(node, "orelse", None)
    if not orelse or not isinstance(node, ast.If | ast.For | ast.While):
        return
    end = site.source.spans[node.body[-1]][1]
    yield Proposal(end, site.source.spans[orelse[-1]][1], "", "branch.drop", True)
    other = orelse[0]
    elif_ = site.source.text.startswith("elif", site.source.spans[other][0])
    if elif_:
        start = site.source.spans[other][0]
        yield Proposal(start, start + 4, "if", "branch.if", True)


def reindented(site: Site, items: list[ast.stmt], indent: str) -> str | None:
    """The lines of these statements at another depth; None where that cannot be done line by line."""
    first, last = Lines(site, items[0]), Lines(site, items[-1])
    if not (first.alone and last.alone) or first.start < 0:
        return None
    text = site.source.text[first.start : last.end]
    text = text if text.endswith(ENDS) else text + site.source.newline
    inside = [s for s in site.source.strings if first.start <= site.source.spans[s][0] < last.end]
    if any("\n" in site.code(string) for string in inside):
        return None
    moved = []
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if line.startswith(first.indent) and bare:
            moved.append(indent + line[len(first.indent) :])
        elif not bare or bare.startswith("#"):
            moved.append(line)
        else:
            return None
    return "".join(moved)


def swapped(site: Site) -> Iterator[Proposal]:
    """A statement and the next one change places."""
    node = site.node
    if not isinstance(node, SIMPLE + COMPOUND) or is_docstring(site, node):
        return
    items = site.source.blocks[node].items
    place = _place(items, node)
    if place + 1 >= len(items):
        return
    other = items[place + 1]
    one, two = Lines(site, node), Lines(site, other)
    if not isinstance(other, SIMPLE + COMPOUND) or not (one.alone and two.alone) or one.indent != two.indent:
        return
    between = site.source.text[one.end : two.start]
    text = two.text + between + one.text
    if not site.source.text.endswith(ENDS, 0, two.end):
        text = text.rstrip("\r\n")
    yield Proposal(one.start, two.end, text, "statement.swap")


def _place(items: list[ast.stmt], node: ast.AST) -> int:
    return next(index for index, item in enumerate(items) if item is node)


def moved(site: Site) -> Iterator[Proposal]:
    """Out of the block it ends, into the block before it, before the block it begins."""
    node = site.node
    if not isinstance(node, (*SIMPLE, ast.If)) or is_docstring(site, node) or not site.scope.function:
        return
    lines, block = Lines(site, node), site.source.blocks[node]
    if not lines.alone:
        return
    owner, items = block.owner, block.items
    place = _place(items, node)
    inside = isinstance(owner, (*COMPOUND, ast.AsyncFor, ast.AsyncWith))
    if inside and place == len(items) - 1 and len(items) > 1:
        yield from _out(site, node, owner, block, lines)
    if inside and place == 0 and len(items) > 1 and block.name == "body":
        header = Lines(site, owner)
        if header.alone and not site.source.text.startswith("elif", header.outset):
            text = reindented(site, [node], header.indent)
            if text:
                rest = site.source.text[header.start : lines.start]
                yield Proposal(header.start, lines.end, text + rest, "statement.hoist", True)
    if place and isinstance(items[place - 1], (*COMPOUND, ast.AsyncFor, ast.AsyncWith)):
        yield from _into(site, node, items[place - 1], lines)


def _out(site: Site, node: ast.stmt, owner: ast.stmt, block: Block, lines: Lines) -> Iterator[Proposal]:
    """Behind the statement whose block this one ends; a loop around that too, if there is one."""
    target: ast.AST | None = owner
    for _ in range(2):
        if not isinstance(target, ast.stmt) or isinstance(
            target, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            return
        header = Lines(site, target)
        text = reindented(site, [node], header.indent)
        if text and header.alone and not site.source.text.startswith("elif", header.outset):
            rest = site.source.text[lines.end : header.end]
            joined = rest if not rest or rest.endswith(ENDS) else rest + site.source.newline
            yield Proposal(lines.start, header.end, joined + text, "statement.out", True)
        target = site.source.about[target].parent


def _into(site: Site, node: ast.stmt, before: ast.stmt, lines: Lines) -> Iterator[Proposal]:
    """To the end of the blocks of the statement before; one or two deep."""
    blocks = [items for name in ("body", "orelse") if (items := getattr(before, name, None))]
    deeper = [b for items in blocks for name in ("body", "orelse") if (b := getattr(items[-1], name, None))]
    for items in (blocks + deeper)[:4]:
        last = Lines(site, items[-1])
        if not last.alone or isinstance(items[-1], ast.FunctionDef | ast.ClassDef):
            continue
        text = reindented(site, [node], last.indent)
        if text:
            rest = site.source.text[last.end : lines.start]
            yield Proposal(last.end, lines.end, text + rest, "statement.into", True)


def siblings(site: Site) -> Iterator[Proposal]:
    """A statement of the other branch, or of the branch before, is copied to the end of this one; or takes
    this one's place."""
    node = site.node
    if not isinstance(node, ast.If | ast.Try):
        return
    branches = [items for items in (node.body, node.orelse) if items]
    if isinstance(node, ast.Try):
        branches += [handler.body for handler in node.handlers]
    branches = [items for items in branches if Lines(site, items[0]).alone]
    for one in branches:
        for other in branches:
            if one is other:
                continue
            last = Lines(site, one[-1])
            for item in other:
                if isinstance(item, SIMPLE) and len(site.code(item)) < 120 and last.alone:
                    text = reindented(site, [item], last.indent)
                    if text:
                        yield Proposal(*_behind(site, last, text), "branch.copy", True)
                        yield Proposal(last.start, last.start, text, "branch.copy", True)


def _behind(site: Site, lines: Lines, text: str) -> tuple[int, int, str]:
    """An insertion behind these lines, also where the file ends without an end of line."""
    if site.source.text.endswith(ENDS, 0, lines.end):
        return lines.end, lines.end, text
    return lines.end, lines.end, site.source.newline + text.rstrip("\r\n")


def rewritten(site: Site) -> Iterator[Proposal]:
    """return, yield, raise and plain expressions for one another; break for continue."""
    node = site.node
    function = site.scope.function
    start, end = site.source.spans[node]
    if isinstance(node, ast.Return) and function:
        value = site.code(node.value) if node.value else ""
        loose = site.span(node.value) if node.value else (start, end)
        if node.value is not None:
            yield Proposal(start, end, "return", "return.bare")
            yield Proposal(start, loose[0], "", "return.drop", True)
            yield Proposal(start, start + 6, "yield", "return.yield", True)
        near = alike(value, [name for name in site.locals if name != "cls"], 5)
        for name in (*near, "None", "True", "False", "[]", "0", "''", "{}"):
            if name != value and not (
                isinstance(node.value, ast.Name) and name.isidentifier() and name[0].islower()
            ):
                yield Proposal(start, end, f"return {name}", "return.other", site.scope.generator)
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant) and function:
        if isinstance(node.value, ast.Yield):
            yield Proposal(start, start + 5, "return", "return.yield", True)
        else:
            yield Proposal(start, start, "return ", "return.add", True)
            yield Proposal(start, start, "yield ", "return.yield", True)
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
    ):
        text = site.code(node.value.func.value)
        if isinstance(node.value.func.value, ast.Name | ast.Attribute):
            yield Proposal(start, start, f"{text} = ", "assignment.add")
    if isinstance(node, ast.Yield | ast.YieldFrom) and node.value is not None and site.scope.function:
        word, other = ("yield from", "yield") if isinstance(node, ast.YieldFrom) else ("yield", "yield from")
        if site.source.text.startswith(word, start):
            yield Proposal(start, start + len(word), other, "yield.from", True)
    swaps = {
        ast.Break: ("continue", "return", "pass"),
        ast.Continue: ("break", "return", "pass"),
        ast.Pass: ("continue", "break", "return", "raise"),
    }
    for text in swaps.get(type(node), ()):
        if text == "pass" or site.scope.function or text != "return":
            yield Proposal(start, end, text, "flow.swap", True)
    if isinstance(node, ast.Return) and node.value is None:
        for text in ("continue", "break", "pass"):
            yield Proposal(start, end, text, "flow.swap", True)
    if isinstance(node, ast.Raise) and node.exc is not None and site.scope.function:
        for text in ("return", "return None", "return False", "raise", "pass"):
            yield Proposal(start, end, text, "flow.raise", True)


FAMILIES = (deleted, swapped, moved, siblings, rewritten)
