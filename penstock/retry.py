"""The retry decision: (error, attempts left) -> RetryIn | GiveUp. Pure: randomness is passed in."""

import math
from collections.abc import Callable

from msgspec import Struct

from penstock.errors import MAX_RETRY_DELAY_SECONDS, ConfigurationError, Reject, Retry

Random = Callable[[], float]


class Backoff(Struct, frozen=True):
    """Exponential backoff with full jitter: attempt n waits a random time up to ``base * 2**(n - 1)`` seconds.

    ``base`` and ``cap`` are seconds. Why full jitter:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    base: float = 5.0
    cap: float = 900.0

    def __post_init__(self) -> None:
        if not 0 < self.base <= self.cap <= MAX_RETRY_DELAY_SECONDS:
            raise ConfigurationError(
                f"Backoff(base={self.base!r}, cap={self.cap!r}): needs 0 < base <= cap <= {MAX_RETRY_DELAY_SECONDS} seconds"
            )

    def seconds(self, attempt: int, random: Random) -> int:
        """How long to wait after attempt number ``attempt`` (from 1): whole seconds, as SQS counts, at least 1."""
        ceiling = self.cap if attempt > _DOUBLINGS else min(self.cap, self.base * 2 ** (attempt - 1))
        return max(1, math.ceil(ceiling * random()))


_DOUBLINGS = 32  # past these, base * 2**n is over every cap; keeps huge attempt numbers from huge powers


class RetryIn(Struct, frozen=True):
    """Try again after this many seconds."""

    seconds: int


class GiveUp(Struct, frozen=True):
    """Never again; ``discard`` leaves no dead letter."""

    reason: str
    discard: bool = False


class RetryPolicy(Struct, frozen=True):
    """When a failed attempt is worth another one."""

    max_attempts: int = 5
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    backoff: Backoff = Backoff()

    def decide(self, error: BaseException, *, attempt: int, attempts_left: int, random: Random) -> RetryIn | GiveUp:
        """What follows from ``error`` in attempt number ``attempt``, with ``attempts_left`` starts still granted."""
        if isinstance(error, Reject):
            return GiveUp("the task rejected it", discard=error.discard)
        if not isinstance(error, Retry) and not isinstance(error, self.retry_on):
            return GiveUp(f"{type(error).__name__} is not in the task's retry_on")
        if attempts_left <= 0:
            return GiveUp(f"all {self.max_attempts} attempts are used")
        if isinstance(error, Retry) and error.delay is not None:
            return RetryIn(math.ceil(error.delay))
        return RetryIn(self.backoff.seconds(attempt, random))
