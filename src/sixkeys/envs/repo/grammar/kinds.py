"""How plausible is each kind of edit? Hand-set weights, to order the edits of one place.

They follow what is published about real one-statement fixes of Python code: names, attributes, arguments,
keywords, literals and conditions are common, operators about one in a hundred. They are no measured
frequencies; a learned scorer replaces them.
"""

from __future__ import annotations

WEIGHTS: dict[str, float] = {
    "name.piece": 9, "name.other": 8, "function.other": 8, "attribute.kin": 9, "attribute.other": 8,
    "attribute.piece": 7, "attribute.alike": 4, "attribute.add": 4, "attribute.drop": 3,
    "attribute.shorten": 2, "receiver.add": 6, "receiver.drop": 4, "target.other": 3,
    "target.receiver": 4, "call.add": 4, "call.drop": 3, "keyword.add": 6, "keyword.pass": 5,
    "keyword.value": 5, "keyword.rename": 5, "keyword.drop": 3, "keyword.positional": 1,
    "argument.add": 6, "argument.named": 2, "argument.drop": 4, "argument.order": 6, "argument.insert": 2,
    "argument.other": 3, "argument.seen": 3, "argument.receiver": 2, "argument.star": 2,
    "argument.unstar": 2, "argument.pass": 3, "string.piece": 6, "string.form": 4, "string.seen": 3,
    "string.prefix": 3, "string.pattern": 6, "number.piece": 6, "number.near": 8, "number.nudge": 5,
    "number.other": 3, "literal.flip": 9, "literal.other": 4, "literal.instead": 1.5,
    "condition.strengthen": 6, "condition.weaken": 5, "condition.drop": 5, "condition.none": 6,
    "condition.length": 2, "condition.type": 3, "condition.truth": 4, "condition.among": 1,
    "condition.always": 1, "condition.never": 1, "negation.add": 5, "negation.drop": 6, "filter.add": 3,
    "filter.drop": 3, "choice.keep": 3, "choice.order": 3, "choice.default": 2, "choice.guard": 1,
    "compare.swap": 4, "compare.order": 2, "boolean.swap": 4, "boolean.order": 2, "operator.swap": 3,
    "operand.keep_left": 3, "operand.keep_right": 3, "operand.order": 3, "operand.group": 3,
    "sign.add": 2, "sign.drop": 4, "assignment.plain": 3, "assignment.swap": 4, "assignment.augment": 3,
    "assignment.add": 4, "slice.bound": 5, "slice.make": 2, "slice.add": 1.5, "slice.index": 1,
    "index.get": 3, "index.add": 1.5, "index.drop": 2, "range.bound": 5, "copy.role": 5, "wrap.call": 2.5,
    "wrap.method": 2.5, "wrap.bound": 1, "wrap.list": 2, "unwrap.call": 3, "unwrap.method": 3,
    "unwrap.list": 3, "element.add": 6, "element.drop": 4, "string.letter": 4, "except.other": 6,
    "except.add": 6, "statement.delete": 4, "statement.swap": 4, "statement.out": 5, "statement.into": 3,
    "statement.hoist": 2, "statement.unwrap": 3, "branch.drop": 1, "branch.if": 3, "branch.copy": 2,
    "return.other": 3, "return.add": 5, "return.bare": 1, "return.drop": 1, "return.yield": 2,
    "return.insert": 5, "yield.from": 6, "flow.swap": 6, "flow.raise": 2, "flow.insert": 2,
    "guard.insert": 2, "guard.wrap": 2.5, "template.method": 1.5, "template.convert": 1,
    "template.default": 1.5, "template.count": 1, "template.call": 1.5, "template.order": 0.5,
    "template.store": 4, "template.reset": 1.5, "declare.global": 6, "declare.nonlocal": 6,
    "default.add": 3, "default.drop": 1, "decorator.add": 2, "decorator.drop": 2, "name.unread": 9.5,
    "name.constant": 3, "receiver.known": 8, "attribute.further": 3, "function.unread": 9.5,
    "attribute.unread": 9.5, "attribute.module": 5, "attribute.known": 4, "string.known": 5,
    "string.word": 5, "number.known": 4, "literal.number": 5, "argument.unread": 8, "argument.role": 5,
    "argument.type": 4, "keyword.unread": 7, "keyword.known": 3, "wrap.unread": 4, "wrap.tail": 3,
    "operand.tuple": 3, "operand.known": 4,
}  # fmt: skip
"""Kind -> weight. The n-th edit of one family for one node counts its weight over `1 + FADING * n`."""

FADING = 0.12
MOST = {
    "name.other": 90, "function.other": 70, "attribute.other": 60, "argument.add": 30, "keyword.add": 16,
    "string.pattern": 40, "string.form": 32, "string.piece": 12, "guard.insert": 36, "wrap.call": 70,
    "wrap.method": 30, "literal.instead": 24, "argument.other": 20, "attribute.add": 34,
    "element.add": 30, "string.letter": 110, "attribute.further": 20, "name.unread": 16,
    "function.unread": 16, "attribute.module": 64, "attribute.known": 30, "string.known": 40,
    "string.word": 80, "number.known": 16, "argument.role": 12, "argument.type": 20, "keyword.known": 14,
    "wrap.unread": 24, "wrap.tail": 40, "operand.tuple": 24, "operand.known": 12, "keyword.rename": 20,
    "number.near": 12, "number.other": 10, "number.piece": 10, "return.insert": 10,
    "condition.strengthen": 30, "condition.weaken": 14, "copy.role": 12, "compare.swap": 16,
    "number.nudge": 16, "filter.add": 30, "slice.bound": 14, "template.default": 10, "literal.other": 12,
    "return.other": 10, "except.other": 12, "except.add": 12,
}  # fmt: skip
"""Kind -> at most so many on one line."""
USUAL = 8
"""The same for all other kinds."""
