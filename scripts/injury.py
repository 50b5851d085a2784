"""How do people break a statement? Bugs put into sound code, of each kind as often as it is fixed.

In: the text of a Python file, lines that may be hurt, a seed. Out: an `Injury`, whose inverse is the fix. It
knows nothing of the grammar of repairs, so what it makes can measure them.

Frequencies: the 20 patterns of TSSB-3M (Richter and Wehrheim, MSR 2022: three million single-statement fixes
in Python), in thousands. Its 740 thousand fixes of one token outside of those patterns are counted as
`string_literal`, as far as 300 of them: an assumption. `operators` are what public mutation tools do.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sixkeys.envs.repo.chance import Chance

REAL: Mapping[str, float] = MappingProxyType({
    "string_literal": 300, "identifier": 237, "binary_operand": 174, "fewer_arguments": 150,
    "function_name": 134, "lost_call_around": 117, "attribute": 104, "numeric_literal": 97,
    "lost_condition": 68, "lost_method_call": 60, "lost_element": 57, "more_arguments": 50,
    "boolean_literal": 37, "lost_attribute": 32, "operators": 29, "wrong_caller": 25, "added_condition": 22,
    "keyword_name": 20, "negation": 15, "swapped_arguments": 8, "constant_type": 6,
})  # fmt: skip
"""Kind of bug -> how often its fix is made. A bug undoes the fix: "more arguments" is fixed by fewer."""
SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "in": "not in", "not in": "in",
    "is": "is not", "is not": "is", "and": "or", "or": "and", "+": "-", "-": "+", "*": "/", "/": "*",
    "//": "/", "%": "//", "**": "*",
}  # fmt: skip
SYMBOLS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.And: "and", ast.Or: "or", ast.Add: "+",
    ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
}  # fmt: skip
TRIES = 60
"""Places tried before a file is given up."""


class Injury(NamedTuple):
    """One bug. `before` is sound."""

    kind: str
    line: int
    before: str
    after: str
    text: str
    """The whole file, hurt."""


class Spot(NamedTuple):
    """Bytes of a file that may be written otherwise."""

    line: int
    start: int
    end: int
    new: str


class Place(NamedTuple):
    """One node, where it stands and what is said around it."""

    node: Any
    file: Text
    chance: Chance


class Text:
    """A parsed file: bytes of nodes, and which names it uses for what."""

    def __init__(self, text: str):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.tree = ast.parse(text)
        self.body = text.encode()
        self.starts = [0]
        for line in self.body.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        nodes = [*ast.walk(self.tree)]
        self.parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
        self.attributes = _said(node.attr for node in nodes if isinstance(node, ast.Attribute))
        called = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
        self.methods = _said(n.attr for n in nodes if isinstance(n, ast.Attribute) and id(n) in called)
        self.functions = _said(n.id for n in nodes if isinstance(n, ast.Name) and id(n) in called)
        self.called = set(called)
        self.keywords = _said(node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg)
        self.strings = _said(
            n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)
        )

    def names(self, node: ast.AST) -> list[str]:
        """Names bound or read in the function around a node, or in the module, besides called ones."""
        while node in self.parents and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node = self.parents[node]
        inside = [n for n in ast.walk(node) if isinstance(n, (ast.Name, ast.arg))]
        return _said(n.id if isinstance(n, ast.Name) else n.arg for n in inside if id(n) not in self.called)

    def span(self, node: Any) -> tuple[int, int]:
        """First and last byte of a node, half open."""
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def say(self, node: Any) -> str:
        """A node as it is written."""
        start, end = self.span(node)
        return self.body[start:end].decode()

    def otherwise(self, node: Any, new: str) -> Spot:
        """A node written anew."""
        return Spot(node.lineno, *self.span(node), new)

    def between(self, first: Any, last: Any, new: str) -> Spot:
        """What stands between two nodes written anew."""
        return Spot(first.lineno, self.span(first)[1], self.span(last)[0], new)


def _said(words: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(words)]


def injure(text: str, lines: Collection[int], seed: int, kinds: Mapping[str, float] = REAL) -> Injury | None:
    """A bug in one of `lines`, its kind drawn by `kinds`; None where none was found in TRIES draws.

    Raises SyntaxError for a text that does not parse.
    """
    chance, file = Chance([0x1EA, seed]), Text(text)
    around = set(lines)
    nodes = [
        n for n in ast.walk(file.tree) if getattr(n, "lineno", None) in around and not _documents(n, file)
    ]
    if not nodes:
        return None
    for _ in range(TRIES):
        kind = _drawn(kinds, chance)
        spots = []
        for node in chance.shuffled(nodes):
            spots = list(INJURIES[kind](Place(node, file, chance)))
            if spots:
                break
        if spots and (hurt := _hurt(kind, chance.pick(spots), file, text)):
            return hurt
    return None


def _drawn(kinds: Mapping[str, float], chance: Chance) -> str:
    point = chance.unit() * sum(kinds.values())
    for kind, weight in kinds.items():
        point -= weight
        if point < 0:
            return kind
    return next(iter(kinds))


def _hurt(kind: str, spot: Spot, file: Text, text: str) -> Injury | None:
    """The injury at a spot; None where it is no Python or says the same."""
    body = file.body[: spot.start] + spot.new.encode() + file.body[spot.end :]
    hurt = body.decode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            same = ast.dump(ast.parse(hurt)) == ast.dump(file.tree)
            compile(hurt, "<hurt>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    if same:
        return None
    return Injury(kind, spot.line, file.body[spot.start : spot.end].decode(), spot.new, hurt)


def _documents(node: ast.AST, file: Text) -> bool:
    """Whether a node is a docstring, or part of an annotation or an f-string, where spans may be untrue."""
    while True:
        parent = file.parents.get(node)
        if isinstance(parent, ast.Expr) and isinstance(node, ast.Constant):
            return True
        if isinstance(parent, (ast.arg, ast.AnnAssign)) and node is parent.annotation:
            return True
        if isinstance(parent, ast.JoinedStr):
            return True
        if parent is None:
            return False
        node = parent


def _another(options: list[str], this: str, chance: Chance) -> Iterator[str]:
    """Another of `options` if there is one, rather one that looks like `this`."""
    others = [option for option in options if option != this]
    near = [option for option in others if option[:2] == this[:2] or option[-3:] == this[-3:]]
    if others:
        yield chance.pick(near if near and chance.unit() < 0.5 else others)


def _identifier(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in place.file.called:
        for to in _another(place.file.names(node), node.id, place.chance):
            yield place.file.otherwise(node, to)


def _binary_operand(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, (ast.BinOp, ast.Compare)):
        operand = node.right if isinstance(node, ast.BinOp) else node.comparators[0]
        for to in _another(place.file.names(node), place.file.say(operand), place.chance):
            yield place.file.otherwise(operand, to)


def _fewer_arguments(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Call):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if len(given) == 1 and not node.keywords:
            yield place.file.otherwise(node.args[0], "")
        elif len(given) > 1:
            start, end = place.file.span(given[-2])[1], place.file.span(given[-1])[1]
            yield Spot(given[-1].lineno, start, end, "")


def _more_arguments(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Call) and node.args and not node.keywords:
        for to in _another(place.file.names(node), "", place.chance):
            yield place.file.otherwise(node.args[-1], f"{place.file.say(node.args[-1])}, {to}")


def _function_name(place: Place) -> Iterator[Spot]:
    node = place.node
    if id(node) in place.file.called and isinstance(node, ast.Name):
        for to in _another(place.file.functions, node.id, place.chance):
            yield place.file.otherwise(node, to)
    if id(node) in place.file.called and isinstance(node, ast.Attribute):
        for to in _another(place.file.methods, node.attr, place.chance):
            yield place.file.otherwise(node, f"{place.file.say(node.value)}.{to}")


def _attribute(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Attribute) and id(node) not in place.file.called:
        for to in _another(place.file.attributes, node.attr, place.chance):
            yield place.file.otherwise(node, f"{place.file.say(node.value)}.{to}")


def _lost_attribute(place: Place) -> Iterator[Spot]:
    node = place.node
    if (
        isinstance(node, ast.Attribute)
        and id(node) not in place.file.called
        and isinstance(node.ctx, ast.Load)
    ):
        yield place.file.otherwise(node, place.file.say(node.value))


def _wrong_caller(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Attribute) and id(node) in place.file.called and isinstance(node.value, ast.Name):
        for to in _another(place.file.names(node), node.value.id, place.chance):
            yield place.file.otherwise(node.value, to)


def _lost_call_around(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Call) and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield place.file.otherwise(node, place.file.say(node.args[0]))


def _lost_method_call(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield place.file.otherwise(node, place.file.say(node.func.value))


def _numeric_literal(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value: Any = node.value
        others = [value + 1, value - 1, value * 10, 0, 1, 2]
        to = place.chance.pick([other for other in others if other != value])
        yield place.file.otherwise(node, repr(to) if to >= 0 else f"({to!r})")


def _boolean_literal(place: Place) -> Iterator[Spot]:
    if isinstance(place.node, ast.Constant) and isinstance(place.node.value, bool):
        yield place.file.otherwise(place.node, repr(not place.node.value))


def _constant_type(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield place.file.otherwise(node, repr(str(node.value)))
    elif isinstance(node, ast.Constant) and node.value is None:
        yield place.file.otherwise(node, place.chance.pick(["False", "0", "''"]))


def _string_literal(place: Place) -> Iterator[Spot]:
    node, chance = place.node, place.chance
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return
    value = node.value
    options = [value.upper(), value.lower(), value.strip(), f"{value} ", value[1:], value[:-1], ""]
    options += [chance.pick(place.file.strings)]
    if len(value) > 2:
        at = chance.between(1, len(value) - 2)
        options += [value[:at] + value[at + 1 :], value[:at] + value[at + 1] + value[at] + value[at + 2 :]]
    yield place.file.otherwise(
        node, repr(chance.pick([other for other in options if other != value] or ["x"]))
    )


def _lost_condition(place: Place) -> Iterator[Spot]:
    """The fix makes a test more specific: `if a and b` was `if a`."""
    node = place.node
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        yield place.file.otherwise(node, " and ".join(place.file.say(value) for value in node.values[:-1]))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield Spot(node.ifs[0].lineno, place.file.span(node.iter)[1], place.file.span(node.ifs[0])[1], "")


def _added_condition(place: Place) -> Iterator[Spot]:
    """The fix makes a test less specific: from `if a and b` to `if a`, from `if a` to `if a or b`."""
    node = place.node
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        yield place.file.otherwise(node, " or ".join(place.file.say(value) for value in node.values[:-1]))
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        for to in _another(place.file.names(node), "", place.chance):
            yield place.file.otherwise(node.test, f"({place.file.say(node.test)}) and {to}")


def _lost_element(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > 2:
        start, end = place.file.span(node.elts[-2])[1], place.file.span(node.elts[-1])[1]
        yield Spot(node.elts[-1].lineno, start, end, "")
    if isinstance(node, ast.Dict) and len(node.values) > 1:
        start, end = place.file.span(node.values[-2])[1], place.file.span(node.values[-1])[1]
        yield Spot(node.values[-1].lineno, start, end, "")


def _operators(place: Place) -> Iterator[Spot]:
    node, file = place.node, place.file
    if isinstance(node, ast.Compare):
        both, symbol = (node.left, node.comparators[0]), SYMBOLS[type(node.ops[0])]
    elif isinstance(node, ast.BinOp) and type(node.op) in SYMBOLS:
        both, symbol = (node.left, node.right), SYMBOLS[type(node.op)]
    elif isinstance(node, ast.BoolOp):
        both, symbol = (node.values[0], node.values[1]), SYMBOLS[type(node.op)]
    else:
        return
    spot = file.between(*both, "")
    said = file.body[spot.start : spot.end].decode()
    if said.count(symbol) == 1:
        yield spot._replace(new=said.replace(symbol, SWAPS[symbol]))


def _negation(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield place.file.otherwise(node, place.file.say(node.operand))
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield place.file.otherwise(node.test, f"not ({place.file.say(node.test)})")


def _keyword_name(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.keyword) and node.arg:
        for to in _another(place.file.keywords, node.arg, place.chance):
            yield place.file.otherwise(node, f"{to}={place.file.say(node.value)}")


def _swapped_arguments(place: Place) -> Iterator[Spot]:
    node = place.node
    if isinstance(node, ast.Call) and len(node.args) > 1:
        first, second = node.args[0], node.args[1]
        start, middle = place.file.span(first), place.file.span(second)
        comma = place.file.body[start[1] : middle[0]].decode()
        swapped = f"{place.file.say(second)}{comma}{place.file.say(first)}"
        yield Spot(first.lineno, start[0], middle[1], swapped)


INJURIES: Mapping[str, Callable[[Place], Iterator[Spot]]] = MappingProxyType(
    {name: globals()[f"_{name}"] for name in REAL}
)
"""Kind -> the ways it can be done at a place."""
