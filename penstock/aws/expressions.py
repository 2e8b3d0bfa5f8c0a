"""Transitions and conditions in DynamoDB's words, and rows in its wire types.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from collections.abc import Mapping
from typing import Any

from penstock.conditions import Above, Absent, All, AnyOf, Below, Condition, Equals
from penstock.transitions import Transition

_COMPARISONS: Mapping[type[Condition], str] = {Equals: "=", Below: "<", Above: ">"}


class Expression:
    """Collects the names and values of the expressions of one request: every attribute by a placeholder, each once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, dict[str, Any]] = {}

    def update_arguments(self, transition: Transition) -> dict[str, Any]:
        """The arguments of an UpdateItem that carries out ``transition``, but for table and key."""
        condition = self.condition(transition.when)
        arguments = {
            "UpdateExpression": self.update(transition),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": self._names,
        }
        if self._values:
            arguments["ExpressionAttributeValues"] = self._values
        return arguments

    def condition(self, condition: Condition) -> str:
        """``condition`` as a ConditionExpression."""
        match condition:
            case Absent(attribute):
                return f"attribute_not_exists({self._name(attribute)})"
            case Equals(attribute, value) | Below(attribute, value) | Above(attribute, value):
                return f"{self._name(attribute)} {_COMPARISONS[type(condition)]} {self._value(value)}"
            case All(parts):
                return self._joined(" AND ", parts)
            case AnyOf(parts):
                return self._joined(" OR ", parts)
            case _:
                raise TypeError(f"{type(condition).__name__} has no translation to DynamoDB")

    def update(self, transition: Transition) -> str:
        """What ``transition`` sets, counts and removes as an UpdateExpression."""
        assignments = [f"{self._name(name)} = {self._value(value)}" for name, value in transition.set.items()]
        for name, value in transition.set_if_absent.items():
            own = self._name(name)
            assignments.append(f"{own} = if_not_exists({own}, {self._value(value)})")
        for name, (start, step) in transition.add.items():
            own = self._name(name)
            assignments.append(f"{own} = if_not_exists({own}, {self._value(start)}) + {self._value(step)}")
        clauses = [f"SET {', '.join(assignments)}"] if assignments else []
        if transition.remove:
            clauses.append(f"REMOVE {', '.join(self._name(name) for name in transition.remove)}")
        return " ".join(clauses)

    def _joined(self, operator: str, parts: tuple[Condition, ...]) -> str:
        if not parts:
            raise ValueError("All() and AnyOf() need at least one part: DynamoDB has no empty condition")
        text = operator.join(self.condition(part) for part in parts)
        return f"({text})" if len(parts) > 1 else text  # DynamoDB refuses redundant parentheses

    def _name(self, attribute: str) -> str:
        for placeholder, known in self._names.items():
            if known == attribute:
                return placeholder
        placeholder = f"#n{len(self._names)}"
        self._names[placeholder] = attribute
        return placeholder

    def _value(self, value: Any) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = to_wire(value)
        return placeholder


def to_wire(value: Any) -> dict[str, Any]:
    """A row's value in DynamoDB's types; TypeError for what a row does not hold."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": {key: to_wire(part) for key, part in value.items()}}
    raise TypeError(f"{value!r:.80}: a row holds text, whole numbers and maps of these")


def from_wire(value: Mapping[str, Any]) -> Any:
    """What ``to_wire`` wrote. Types that Penstock never writes (someone else's attributes) come as they are."""
    ((kind, content),) = value.items()
    if kind == "N" and content.lstrip("-").isdigit():
        return int(content)
    if kind == "M":
        return {key: from_wire(part) for key, part in content.items()}
    return content


def item_from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """A whole item."""
    return {name: from_wire(value) for name, value in item.items()}
