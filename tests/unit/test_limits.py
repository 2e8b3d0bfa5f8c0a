"""The time limit around user code. Real time, so short: the alarm is the operating system's."""

import contextlib
import signal
import threading
import time

import pytest

from penstock import limits
from penstock.errors import ConfigurationError, TimeLimitExceeded
from penstock.limits import time_limit

SHORT = 0.02


def busy() -> None:
    while True:
        pass


def stubborn() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(60)


def test_a_busy_loop_is_interrupted() -> None:
    with pytest.raises(TimeLimitExceeded), time_limit(SHORT):
        busy()


def test_a_sleep_is_interrupted() -> None:
    with pytest.raises(TimeLimitExceeded, match=r"its time limit of 0\.02 s"), time_limit(SHORT):
        time.sleep(60)


def test_it_is_a_timeout_error_so_that_retry_on_timeouts_covers_it() -> None:
    with pytest.raises(TimeoutError), time_limit(SHORT):
        time.sleep(60)


def test_except_exception_does_not_swallow_it() -> None:
    with pytest.raises(TimeLimitExceeded), time_limit(SHORT):
        stubborn()


def test_clean_up_code_runs() -> None:
    cleaned: list[bool] = []

    def slow() -> None:
        try:
            time.sleep(60)
        finally:
            cleaned.append(True)

    with pytest.raises(TimeLimitExceeded), time_limit(SHORT):
        slow()
    assert cleaned == [True]


def test_the_traceback_shows_where_the_time_went() -> None:
    def slow_function() -> None:
        time.sleep(60)

    with pytest.raises(TimeLimitExceeded) as caught, time_limit(SHORT):
        slow_function()
    assert "slow_function" in [entry.name for entry in caught.traceback]


def test_a_block_that_is_fast_enough_is_left_alone() -> None:
    with time_limit(60):
        value = 7
    assert value == 7


def test_no_alarm_rings_after_the_block() -> None:
    of_the_test_runner = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        with time_limit(SHORT):
            pass
        left = signal.getitimer(signal.ITIMER_REAL)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *of_the_test_runner)
    assert left == (0.0, 0.0)


def test_whoever_swallows_the_alarm_hears_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GRACE_SECONDS", SHORT)

    def swallow() -> None:
        with contextlib.suppress(BaseException):
            time.sleep(60)
        time.sleep(60)

    with pytest.raises(TimeLimitExceeded), time_limit(SHORT):
        swallow()


@pytest.mark.parametrize("error", [ValueError, StopIteration, SystemExit, KeyboardInterrupt])
def test_an_error_of_the_block_passes_through(error: type[BaseException]) -> None:
    with pytest.raises(error), time_limit(60):
        raise error


@pytest.mark.parametrize("seconds", [60, SHORT], ids=["in time", "too late"])
def test_the_signal_handler_from_before_comes_back(seconds: float) -> None:
    def mine(_signum: int, _frame: object) -> None: ...

    before = signal.signal(signal.SIGALRM, mine)
    try:
        try:
            with time_limit(seconds):
                time.sleep(0 if seconds > 1 else 60)
        except TimeLimitExceeded:
            pass
        assert signal.getsignal(signal.SIGALRM) is mine
    finally:
        signal.signal(signal.SIGALRM, before)


def test_another_thread_is_refused() -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with time_limit(60):
                errors.append(AssertionError("it ran"))
        except ConfigurationError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


def test_a_timer_that_was_running_goes_on_afterwards() -> None:
    before = signal.setitimer(signal.ITIMER_REAL, 3600)
    try:
        with time_limit(5):
            pass
        left, _ = signal.getitimer(signal.ITIMER_REAL)
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
    assert 3590 < left <= 3600
