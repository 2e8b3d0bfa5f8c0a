"""Statistics of one CSV column, in one pass and bounded memory.

- Numbers: mean and variance of each chunk, merged as in Welford's algorithm for pieces (Chan, Golub, LeVeque 1979,
  https://doi.org/10.1007/978-3-642-51461-6_3): no sum of squares that cancels out.
- Most frequent values: Misra-Gries summaries, pruned after each chunk (Agarwal et al., "Mergeable Summaries", 2012,
  https://doi.org/10.1145/2213556.2213562): COUNTERS values are kept, a count is too low by at most ``undercount``, and
  any value that makes up more than 1/(COUNTERS + 1) of the column is among them. With fewer distinct values it is exact.
"""

import heapq
import math
import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import mul

COUNTERS = 1_000
FREQUENT_VALUES = 5
LONGEST_VALUE = 100  # characters; longer ones are counted by their beginning

_INTEGERS = re.compile(r"[0-9+\-, ]*")
_NUMBERS = re.compile(r"[0-9+\-.eE, ]*")
_BOOLEANS = frozenset({"true", "false"})


@dataclass(frozen=True, slots=True)
class Frequent:
    """A value and how often it is there, at least."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What a column holds.

    ``type`` is a guess: integer, number, boolean, date (ISO 8601), text, or empty. ``count`` cells have a value, ``empty``
    have none. The numbers are None unless every value is one (``stdev`` is that of a sample, None for a single value).
    Each count in ``frequent`` is too low by at most ``undercount``.
    """

    name: str
    type: str
    count: int
    empty: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    stdev: float | None
    frequent: list[Frequent]
    undercount: int


class Numbers:
    """Count, extremes, mean and squared deviation of what was added."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum = math.inf
        self.maximum = -math.inf
        self.mean = 0.0
        self._squares = 0.0

    def add(self, values: Sequence[float]) -> None:
        """Merge in a chunk of at least one finite number."""
        count, mean = len(values), _mean(values)
        deviations = [value - mean for value in values]
        squares = math.fsum(map(mul, deviations, deviations))
        delta, total = mean - self.mean, self.count + count
        self._squares += squares + delta * delta * self.count * count / total
        self.mean += delta * count / total
        self.count = total
        self.minimum, self.maximum = min(self.minimum, min(values)), max(self.maximum, max(values))

    @property
    def stdev(self) -> float | None:
        """Of the sample; None for less than two numbers."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else None


class Column:
    """One column while it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._count = 0
        self._empty = 0
        self._type = "empty"
        self._numbers = Numbers()
        self._counts: Counter[str] = Counter()
        self._undercount = 0

    def add(self, cells: Sequence[str]) -> None:
        """Take in the column's cells of a chunk of rows."""
        values = [cell for cell in cells if cell]
        self._empty += len(cells) - len(values)
        self._count += len(values)
        if values:
            self._type = self._type_with(values)
            self._count_values(values)

    def statistics(self) -> ColumnStatistics:
        """What is known of it now."""
        is_numeric = self._type in ("integer", "number")
        numbers = self._numbers
        return ColumnStatistics(
            name=self.name,
            type=self._type,
            count=self._count,
            empty=self._empty,
            minimum=_finite(numbers.minimum) if is_numeric else None,
            maximum=_finite(numbers.maximum) if is_numeric else None,
            mean=_finite(numbers.mean) if is_numeric else None,
            stdev=_finite(numbers.stdev) if is_numeric else None,
            frequent=[Frequent(value, count) for value, count in self._counts.most_common(FREQUENT_VALUES)],
            undercount=self._undercount,
        )

    def _type_with(self, values: Sequence[str]) -> str:
        """The type of the column now that it has ``values`` as well; numbers go into the statistics."""
        if self._type in ("empty", "integer", "number"):
            numbers = _numbers(values)
            if numbers is not None:
                self._numbers.add(numbers)
                all_integers = self._type != "number" and _INTEGERS.fullmatch(",".join(values)) is not None
                return "integer" if all_integers else "number"
        if self._type in ("empty", "boolean") and {value.lower() for value in values} <= _BOOLEANS:
            return "boolean"
        if self._type in ("empty", "date") and _are_dates(values):
            return "date"
        return "text"

    def _count_values(self, values: Sequence[str]) -> None:
        if len(max(values, key=len)) > LONGEST_VALUE:
            values = [value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…" for value in values]
        self._counts.update(values)
        if len(self._counts) > COUNTERS:
            lost = heapq.nlargest(COUNTERS + 1, self._counts.values())[-1]
            self._counts = Counter({value: count - lost for value, count in self._counts.items() if count > lost})
            self._undercount += lost


def _mean(values: Sequence[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # values near the largest float; the statistics say None then
        return math.inf


def _numbers(values: Sequence[str]) -> list[float] | None:
    """The values as finite numbers; None if one is not. What float() takes beyond figures (nan, 1_000) is text."""
    if not _NUMBERS.fullmatch(",".join(values)):
        return None
    try:
        numbers = list(map(float, values))
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _are_dates(values: Sequence[str]) -> bool:
    try:
        deque(map(datetime.fromisoformat, values), maxlen=0)
    except ValueError:
        return False
    return True


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
