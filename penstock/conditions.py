"""Conditions on a row, as values: written once, evaluated in memory and compiled to DynamoDB alike.

A missing attribute makes every comparison false, as in DynamoDB.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Condition(Struct, frozen=True):
    """A test of one row; combine with ``&`` and ``|``."""

    def holds(self, row: Mapping[str, Any]) -> bool:
        """True if ``row`` (empty where there is none) meets the condition."""
        raise NotImplementedError(f"{type(self).__name__} does not say when it holds for {sorted(row)}")

    def __and__(self, other: "Condition") -> "Condition":
        return All((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return AnyOf((self, other))


class Absent(Condition, frozen=True):
    """The attribute is not there."""

    attribute: str

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute not in row


class Equals(Condition, frozen=True):
    """The attribute has exactly this value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] == self.value)


class Below(Condition, frozen=True):
    """The attribute is less than the value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] < self.value)


class Above(Condition, frozen=True):
    """The attribute is greater than the value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] > self.value)


class All(Condition, frozen=True):
    """Every part holds."""

    parts: tuple[Condition, ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return all(part.holds(row) for part in self.parts)


class AnyOf(Condition, frozen=True):
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return any(part.holds(row) for part in self.parts)
