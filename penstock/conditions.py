"""Conditions on a row, as values: written once, evaluated in memory and compiled to DynamoDB alike.

A missing attribute makes every comparison false, as in DynamoDB.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Condition(ABC):
    """A test of one row; combine with ``&`` and ``|``."""

    @abstractmethod
    def holds(self, row: Mapping[str, Any]) -> bool:
        """True if ``row`` (empty where there is none) meets the condition."""

    def __and__(self, other: "Condition") -> "Condition":
        return All((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return AnyOf((self, other))


@dataclass(frozen=True, slots=True)
class Absent(Condition):
    """The attribute is not there."""

    attribute: str

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute not in row


@dataclass(frozen=True, slots=True)
class Equals(Condition):
    """The attribute has exactly this value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] == self.value)


@dataclass(frozen=True, slots=True)
class Below(Condition):
    """The attribute is less than the value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] < self.value)


@dataclass(frozen=True, slots=True)
class Above(Condition):
    """The attribute is greater than the value."""

    attribute: str
    value: str | int

    def holds(self, row: Mapping[str, Any]) -> bool:
        return self.attribute in row and bool(row[self.attribute] > self.value)


@dataclass(frozen=True, slots=True)
class All(Condition):
    """Every part holds."""

    parts: tuple[Condition, ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return all(part.holds(row) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        return any(part.holds(row) for part in self.parts)
