"""Which operator was meant? Comparisons, arithmetic, and/or, signs, the order of operands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sixkeys.envs.repo.grammar.site import BLANK, Proposal, Site
from sixkeys.envs.repo.grammar.syntax import BINARY, COMPARE, FACTOR, NOT, POWER, SUM, level

COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">", ">=", "!=", "==")),
    ast.LtE: ("<=", ("<", ">=", ">", "==", "!=")),
    ast.Gt: (">", (">=", "<", "<=", "!=", "==")),
    ast.GtE: (">=", (">", "<=", "<", "==", "!=")),
    ast.Eq: ("==", ("!=", "in", "is", "<=", ">=", "<", ">")),
    ast.NotEq: ("!=", ("==", "is not", "not in", "<", ">")),
    ast.Is: ("is", ("is not", "==")),
    ast.IsNot: ("is not", ("is", "!=")),
    ast.In: ("in", ("not in", "==")),
    ast.NotIn: ("not in", ("in", "!=")),
}
OPERATORS: dict[type[ast.operator], tuple[str, tuple[str, ...]]] = {
    ast.Add: ("+", ("-", "*")),
    ast.Sub: ("-", ("+", "/", "%")),
    ast.Mult: ("*", ("**", "/", "+", "//")),
    ast.Div: ("/", ("//", "*", "%")),
    ast.FloorDiv: ("//", ("/", "%", "*")),
    ast.Mod: ("%", ("//", "/", "*")),
    ast.Pow: ("**", ("*",)),
    ast.BitAnd: ("&", ("|", "^")),
    ast.BitOr: ("|", ("&", "^")),
    ast.BitXor: ("^", ("|", "&", "**")),
    ast.LShift: ("<<", (">>",)),
    ast.RShift: (">>", ("<<",)),
    ast.MatMult: ("@", ("*",)),
}
COMMUTE = (ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)


def between(site: Site, left: ast.AST, right: ast.AST, operator: str) -> tuple[int, int]:
    """Where `operator` stands between two operands."""
    start, end = site.source.spans[left][1], site.source.spans[right][0]
    pattern = r"\s+".join(map(re.escape, operator.split()))
    for found in re.finditer(rf"#[^\r\n]*|({pattern})", site.source.text[start:end]):
        if found.group(1):
            return start + found.start(1), start + found.end(1)
    raise AssertionError(f"no {operator!r} in {site.source.text[start:end]!r}")


def spaced(site: Site, span: tuple[int, int], text: str, kind: str) -> Proposal:
    """An operator in place of another; words get spaces where they would touch a neighbour."""
    start, end = span
    around = site.source.text
    if text[0].isalpha():
        text = ("" if around[start - 1] in BLANK + "()" else " ") + text
        text += "" if around[end] in BLANK + "()" else " "
    return Proposal(start, end, text, kind)


def comparisons(site: Site) -> Iterator[Proposal]:
    """Another comparison."""
    node = site.node
    if not isinstance(node, ast.Compare) or not site.free:
        return
    operands = [node.left, *node.comparators]
    for place, operator in enumerate(node.ops):
        left, right = operands[place], operands[place + 1]
        own, others = COMPARISONS[type(operator)]
        span = between(site, left, right, own)
        literal = any(isinstance(side, LITERAL) for side in (left, right) if not _singleton(side))
        if any(_singleton(side) for side in (left, right)):
            others = sorted(others, key=lambda text: not text.startswith("is"))
        for other in others:
            if not (literal and other.startswith("is")) and not (other.endswith("in") and _plain(right)):
                yield spaced(site, span, other, "compare.swap")
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn | ast.Is):
        left, right = (site.inner(side, COMPARE + 1) for side in operands)
        start, end = site.span(node.left)[0], site.span(node.comparators[0])[1]
        word = COMPARISONS[type(node.ops[0])][0]
        if not isinstance(node.ops[0], ast.Is) and not _plain(node.left):
            yield Proposal(start, end, f"{right} {word} {left}", "compare.order")


LITERAL = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp,
    ast.DictComp, ast.UnaryOp,
)  # fmt: skip


def _singleton(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _plain(node: ast.AST) -> bool:
    """A value that nothing can be in."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes)


def arithmetic(site: Site) -> Iterator[Proposal]:
    """Another operator, one operand alone, the operands in another order."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    own, others = OPERATORS[type(node.op)]
    span = between(site, node.left, node.right, own)
    for side, strength in ((node.left, "left"), (node.right, "right")):
        if site.quiet(side) and not (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes)):
            yield site.move(side, f"operand.keep_{strength}")
    if isinstance(node.left, ast.Constant | ast.JoinedStr) and isinstance(node.op, ast.Mod):
        return
    for other in others:
        yield spaced(site, span, other, "operator.swap")
    if not isinstance(node.op, COMMUTE) and site.quiet(node.left) and site.quiet(node.right):
        strength = BINARY[type(node.op)]
        power = strength == POWER
        left = site.inner(node.right, strength + power)
        right = site.inner(node.left, FACTOR if power else strength + 1)
        yield site.put(f"{left} {own} {right}", "operand.order", strength)
    if isinstance(node.left, ast.BinOp) and not site.source.text.startswith("(", site.source.spans[node][0]):
        yield from _regrouped(site, node, node.left)


def _regrouped(site: Site, node: ast.BinOp, left: ast.BinOp) -> Iterator[Proposal]:
    """`a * b + c` as `a * (b + c)`."""
    start = site.span(left.right)[0]
    end = site.span(node.right)[1]
    if site.source.text[site.source.spans[left][1] : end].find("\n") < 0:
        yield Proposal(start, end, f"({site.source.text[start:end]})", "operand.group", True)


def booleans(site: Site) -> Iterator[Proposal]:
    """`and` for `or`, one condition fewer, another order."""
    node = site.node
    if not isinstance(node, ast.BoolOp) or not site.free:
        return
    own = "or" if isinstance(node.op, ast.Or) else "and"
    for place, (left, right) in enumerate(zip(node.values, node.values[1:], strict=False)):
        span = between(site, left, right, own)
        yield spaced(site, span, "and" if own == "or" else "or", "boolean.swap")
        cut = site.span(left)[1], site.span(right)[1]
        if not site.source.text.startswith(")", cut[1]) or place + 2 < len(node.values) or place:
            yield Proposal(*cut, "", "condition.drop", True)
        elif len(node.values) == 2:
            yield site.move(left, "condition.drop")
        if place == 0:
            yield Proposal(site.span(left)[0], site.span(right)[0], "", "condition.drop", True)
    if len(node.values) == 2 and all(map(site.quiet, node.values)):
        strength = level(node, "")
        left, right = (site.inner(value, strength + 1) for value in reversed(node.values))
        yield site.put(f"{left} {own} {right}", "boolean.order", strength)


def signs(site: Site) -> Iterator[Proposal]:
    """Signs and negations removed and added."""
    node = site.node
    if isinstance(node, ast.UnaryOp):
        yield site.move(node.operand, "negation.drop" if isinstance(node.op, ast.Not) else "sign.drop")
    if not site.loads or not site.free or isinstance(node, ast.UnaryOp) or not site.quiet(node):
        return
    number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    counted = isinstance(node, ast.Name | ast.Attribute | ast.Call) and isinstance(
        site.parent, ast.BinOp | ast.Return
    )
    if (number and not isinstance(getattr(node, "value", None), bool)) or counted:
        yield site.put(f"-{site.inner(node, FACTOR)}", "sign.add", FACTOR)
    conditional = site.field == "test" or isinstance(site.parent, ast.BoolOp)
    if conditional or site.field == "ifs" or isinstance(site.parent, ast.Return):
        if (isinstance(node, ast.Compare) and len(node.ops) == 1) or isinstance(node, ast.Constant):
            return
        yield site.put(f"not {site.inner(node, NOT)}", "negation.add", NOT)


def assignments(site: Site) -> Iterator[Proposal]:
    """`+=` for `=` and the like."""
    node = site.node
    if isinstance(node, ast.AugAssign):
        own, others = OPERATORS[type(node.op)]
        start, end = between(site, node.target, node.value, own + "=")
        yield Proposal(start, end, "=", "assignment.plain")
        for other in others:
            yield Proposal(start, end, other + "=", "assignment.swap")
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            start, end = between(site, target, node.value, "=")
            for operator in ("+=", "-=", "|=", "*="):
                yield Proposal(start, end, operator, "assignment.augment")
            value = node.value
            same = isinstance(value, ast.BinOp) and ast.dump(value.left)[:-6] == ast.dump(target)[:-7]
            if same and isinstance(value, ast.BinOp) and BINARY[type(value.op)] <= SUM + 1:
                operator = OPERATORS[type(value.op)][0]
                yield Proposal(
                    start, site.source.spans[value.right][0], f"{operator}= ", "assignment.augment", True
                )


FAMILIES = (comparisons, arithmetic, booleans, signs, assignments)
