"""Answers of services that are billed or throttled by the request: given again for a while, as pages ask every few seconds."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TypeVar

from penstock.times import Clock, seconds

T = TypeVar("T")


class Reused:
    """Answers by their question, each for as long as ``lasting()`` (seconds) says; ``clock`` tells the time."""

    def __init__(self, clock: Clock, lasting: Callable[[], float]) -> None:
        self._clock = clock
        self._lasting = lasting
        self._lock = Lock()
        self._answers: dict[object, tuple[datetime, object]] = {}

    def answer(self, question: object, ask: Callable[[], T]) -> T:
        """What ``ask`` gave to the same question a while ago, or gives now."""
        now = self._clock()
        with self._lock:
            self._answers = {key: answer for key, answer in self._answers.items() if answer[0] > now}
            if question in self._answers:
                return self._answers[question][1]  # type: ignore[return-value] # what `ask` gave to the same question
        answer = ask()
        until = now + seconds(self._lasting())
        with self._lock:
            self._answers[question] = (until, answer)
        return answer

    def forget(self, question: object) -> None:
        """Ask anew the next time: what it was about has changed."""
        with self._lock:
            self._answers.pop(question, None)


def is_aws(host: str) -> bool:
    """True for a host of AWS's own, False for whoever plays AWS."""
    return ".amazonaws.com" in host or ".api.aws" in host
