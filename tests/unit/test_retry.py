"""The retry decision."""

import random

import pytest

from penstock.errors import MAX_RETRY_DELAY_SECONDS, ConfigurationError, InvalidOption, Reject, Retry, TimeLimitExceeded
from penstock.retry import Backoff, GiveUp, RetryIn, RetryPolicy

LOWEST, HIGHEST = 0.0, 1.0 - 2**-53


def lowest() -> float:
    return LOWEST


def highest() -> float:
    return HIGHEST


@pytest.mark.parametrize(("attempt", "ceiling"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10, 900)])
def test_the_longest_wait_doubles_with_each_attempt_up_to_the_cap(attempt: int, ceiling: int) -> None:
    assert Backoff(base=5, cap=900).seconds(attempt, highest) == ceiling


@pytest.mark.parametrize("attempt", [1, 5, 40])
def test_the_shortest_wait_is_one_second(attempt: int) -> None:
    assert Backoff(base=5, cap=900).seconds(attempt, lowest) == 1


@pytest.mark.parametrize("attempt", [32, 33, 1_000, 10**9])
def test_a_huge_attempt_number_waits_for_the_cap(attempt: int) -> None:
    assert Backoff(base=0.5, cap=900).seconds(attempt, highest) == 900


def test_jitter_is_full_so_waits_spread_over_the_whole_range() -> None:
    source = random.Random(1)
    waits = {Backoff(base=20, cap=20).seconds(1, source.random) for _ in range(2_000)}
    assert waits == set(range(1, 21))


@pytest.mark.parametrize(
    ("base", "cap"),
    [(0, 10), (-1, 10), (11, 10), (5, MAX_RETRY_DELAY_SECONDS + 1), (float("nan"), 10), (5, float("inf"))],
)
def test_a_backoff_that_makes_no_sense_is_refused_with_its_numbers(base: float, cap: float) -> None:
    with pytest.raises(ConfigurationError, match=r"Backoff\(base=.*cap=.*0 < base <= cap"):
        Backoff(base=base, cap=cap)


class ServiceBusy(ConnectionError):
    pass


POLICY = RetryPolicy(max_attempts=5, retry_on=(ConnectionError, TimeoutError))


@pytest.mark.parametrize(
    ("error", "left", "expected"),
    [
        (ConnectionError("no route"), 4, RetryIn(20)),
        (ServiceBusy("a subclass"), 4, RetryIn(20)),
        (TimeLimitExceeded("a TimeoutError"), 4, RetryIn(20)),
        (ConnectionError("last"), 0, GiveUp("all 5 attempts are used")),
        (ValueError("other"), 4, GiveUp("ValueError is not in the task's retry_on")),
        (ValueError("other"), 0, GiveUp("ValueError is not in the task's retry_on")),
        (SystemExit(1), 4, GiveUp("SystemExit is not in the task's retry_on")),
        (Retry("whatever retry_on says"), 4, RetryIn(20)),
        (Retry("by hand", delay=7), 4, RetryIn(7)),
        (Retry("rounded up", delay=7.2), 4, RetryIn(8)),
        (Retry("at once", delay=0), 4, RetryIn(0)),
        (Retry("no attempts left", delay=7), 0, GiveUp("all 5 attempts are used")),
        (Reject("bad"), 4, GiveUp("the task rejected it")),
        (Reject("bad"), 0, GiveUp("the task rejected it")),
        (Reject("bad", discard=True), 4, GiveUp("the task rejected it", discard=True)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_decision_table(error: BaseException, left: int, expected: RetryIn | GiveUp) -> None:
    assert POLICY.decide(error, attempt=3, attempts_left=left, random=highest) == expected


def test_every_exception_is_retried_by_default() -> None:
    assert isinstance(RetryPolicy().decide(KeyError("x"), attempt=1, attempts_left=1, random=lowest), RetryIn)


def test_reject_is_never_retried_even_where_every_exception_is() -> None:
    assert isinstance(RetryPolicy().decide(Reject("x"), attempt=1, attempts_left=1, random=lowest), GiveUp)


@pytest.mark.parametrize("delay", [-1, MAX_RETRY_DELAY_SECONDS + 1, float("nan"), float("inf")])
def test_a_retry_delay_that_sqs_cannot_keep_is_refused(delay: float) -> None:
    with pytest.raises(InvalidOption, match="12 hours"):
        Retry("later", delay=delay)
