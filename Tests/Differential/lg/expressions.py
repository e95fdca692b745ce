"""The closed set of expressions and conditions that a graph file may use."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Scope:
    """What an expression can see: the state, a send's argument, the node, answers, a loop's index, an error."""

    state: dict[str, Any]
    node: str = ""
    has_argument: bool = False
    argument: Any = None
    answers: list[Any] = field(default_factory=list)
    index: int = 0
    error: dict[str, str] = field(default_factory=dict)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)


def _argument(scope: Scope, *key: str) -> Any:
    return scope.argument[key[0]] if key else scope.argument


def _get(scope: Scope, channel: str, *default: Any) -> Any:
    value = scope.state.get(channel)
    return default[0] if value is None and default else value


# Operators whose operands are plain words of the file.
LEAVES = {
    "const": lambda scope, value: value,
    "get": _get,
    "node": lambda scope: scope.node,
    "arg": _argument,
    "sent": lambda scope: scope.has_argument,
    "answer": lambda scope, k: scope.answers[k],
    "answers": lambda scope: list(scope.answers),
    "index": lambda scope: scope.index,
    "error": lambda scope, part: scope.error[part],
}

# Operators whose operands are expressions.
OPERATORS = {
    "add": lambda left, right: left + right,
    "multiply": lambda left, right: left * right,
    "text": text_of,
    "concat": lambda *parts: "".join(text_of(part) for part in parts),
    "list": lambda *items: list(items),
    "append": lambda items, item: [*items, item],
    "length": len,
    "sum": sum,
    "join": lambda items, separator: separator.join(text_of(item) for item in items),
    "object": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)),
    "field": lambda value, key: value[key],
}

CONDITIONS = {
    "equal": lambda left, right: left == right,
    "less": lambda left, right: left < right,
    "empty": lambda value: value is None or value in ([], {}, ""),
    "true": bool,
    "not": lambda value: not value,
    "both": lambda left, right: left and right,
}


def evaluate(expression: list, scope: Scope) -> Any:
    """The value of an expression; a word outside the closed set is an error."""
    name, *operands = expression
    if name == "if":
        condition, then, other = operands
        return evaluate(then if evaluate(condition, scope) else other, scope)
    if name in LEAVES:
        return LEAVES[name](scope, *operands)
    operator = OPERATORS.get(name) or CONDITIONS.get(name)
    if operator is None:
        raise LookupError(f"unknown expression '{name}'")
    return operator(*(evaluate(operand, scope) for operand in operands))
