"""The one list of queues, infra/terraform/queues.auto.tfvars.json, and what follows from it.

Terraform loads the file by its own convention; the local stack reads it here. Only what a person decides is written
there: the function timeout and the visibility timeout are derived from it, here and in Terraform by the same rule.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from penstock.errors import ConfigurationError, UnknownQueue
from penstock.heartbeat import visibility_for
from penstock.poller import LEASE_SECONDS, MAX_TIME_LIMIT_SECONDS
from penstock.settings import DEAD_LETTER_SUFFIX
from penstock.text import closest

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_FUNCTION_TIMEOUT_SECONDS = 900
# What an invocation needs beside user code: the claims, the settles and the answer of a full batch.
FUNCTION_TIMEOUT_MARGIN_SECONDS = 10
MAX_TIME_LIMIT_OF_FUNCTIONS = MAX_FUNCTION_TIMEOUT_SECONDS - FUNCTION_TIMEOUT_MARGIN_SECONDS
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function timeout
VISIBILITY_FACTOR = 6
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
MAX_BATCH_SIZE = 10_000
MAX_BATCH_SIZE_WITHOUT_WINDOW = 10
MAX_BATCH_WINDOW_SECONDS = 300
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1_000
# At least 5, so that throttles alone do not bury a message (services-sqs-configure.html); SQS itself takes up to 1,000.
MIN_RECEIVE_COUNT, MAX_RECEIVE_COUNT = 5, 1_000
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
MAX_PHYSICAL_NAME_LENGTH = 80
LAMBDA, CONTAINER = "lambda", "container"
_FIFO_SUFFIX = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One queue as the file describes it; ``time_limit`` and ``batch_window`` are seconds.

    Without ``batch_size`` it is 10, as at AWS, and 1 for a FIFO queue. ``worker`` says who works on it: a Lambda function, or
    `flask penstock worker` in containers, one message at a time, of which ``max_concurrency`` are there at most.
    """

    name: str
    fifo: bool = False
    time_limit: int = 60
    batch_size: int = 10
    batch_window: int = 0
    max_receive_count: int = 10
    max_concurrency: int = 10
    worker: str = LAMBDA

    @property
    def has_function(self) -> bool:
        """True where a Lambda function works on it."""
        return self.worker == LAMBDA

    @property
    def function_timeout(self) -> int:
        """Seconds an invocation may last: a full batch of the longest tasks, and the margin."""
        return self.batch_size * self.time_limit + FUNCTION_TIMEOUT_MARGIN_SECONDS

    @property
    def visibility_timeout(self) -> int:
        """Seconds for which a received message stays hidden; in a container the heartbeat goes on from there."""
        if not self.has_function:
            return visibility_for(LEASE_SECONDS)
        return VISIBILITY_FACTOR * self.function_timeout + self.batch_window

    def physical_name(self, prefix: str) -> str:
        """The queue's name at AWS, ``<prefix>-<name>``, with ``.fifo`` where it is one."""
        return self._physical(f"{prefix}-{self.name}")

    def dead_letter_name(self, prefix: str) -> str:
        """The name at AWS of its dead-letter queue."""
        return self._physical(f"{prefix}-{self.name}{DEAD_LETTER_SUFFIX}")

    def _physical(self, base: str) -> str:
        name = base + (_FIFO_SUFFIX if self.fifo else "")
        if len(name) > MAX_PHYSICAL_NAME_LENGTH:
            raise ConfigurationError(
                f"the queue {self.name!r} would be called {name!r} at AWS, which is {len(name)} characters: "
                f"SQS allows {MAX_PHYSICAL_NAME_LENGTH}. Shorten the name or the prefix"
            )
        return name


_SETTINGS = tuple(field.name for field in fields(QueueEntry) if field.name != "name")
_RANGES: Mapping[str, tuple[int, int]] = {
    "time_limit": (1, MAX_TIME_LIMIT_OF_FUNCTIONS),
    "batch_size": (1, MAX_BATCH_SIZE),
    "batch_window": (0, MAX_BATCH_WINDOW_SECONDS),
    "max_receive_count": (MIN_RECEIVE_COUNT, MAX_RECEIVE_COUNT),
    "max_concurrency": (MIN_CONCURRENCY, MAX_CONCURRENCY),
}
# AWS knows no mapping below 2, but one container is a fleet.
_RANGES_OF_CONTAINERS = {
    "time_limit": (1, MAX_TIME_LIMIT_SECONDS),
    "max_receive_count": _RANGES["max_receive_count"],
    "max_concurrency": (1, MAX_CONCURRENCY),
}


@dataclass(frozen=True, slots=True)
class QueueList:
    """The queues of a project by name, in the file's order."""

    queues: Mapping[str, QueueEntry]

    @classmethod
    def read(cls, path: Path) -> "QueueList":
        """Read the file; ConfigurationError names the file, the queue, the value and the fix."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the list of queues {path} cannot be read: {error}") from None
        return cls.from_text(text, source=str(path))

    @classmethod
    def from_text(cls, text: str, *, source: str) -> "QueueList":
        """The queues in ``text`` (JSON); ``source`` is what errors call it."""
        try:
            document = json.loads(text, object_pairs_hook=_without_repetition)
        except ValueError as error:
            raise ConfigurationError(f"{source} is not valid JSON: {error}") from None
        _refuse_unknown(document, known=("queues",), where=source)
        entries = document.get("queues")
        if not isinstance(entries, dict) or not entries:
            raise ConfigurationError(
                f'{source} names no queue: it needs {{"queues": {{"default": {{}}}}}}, one key a queue; got {entries!r}'
            )
        return cls(MappingProxyType({name: _entry(name, entries[name], source) for name in entries}))

    def queue(self, name: str) -> QueueEntry:
        """The queue called ``name``; UnknownQueue where there is none."""
        try:
            return self.queues[name]
        except KeyError:
            raise UnknownQueue(name, list(self.queues)) from None

    def to_environment(self, url: Callable[[QueueEntry], str]) -> str:
        """The value of PENSTOCK_QUEUES, given the URL of each queue."""
        return json.dumps(
            {
                entry.name: {
                    "url": url(entry),
                    "time_limit": entry.time_limit,
                    "max_receive_count": entry.max_receive_count,
                    "visibility_timeout": entry.visibility_timeout,
                }
                for entry in self.queues.values()
            }
        )


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # json keeps the last of two equal keys: a queue written twice would lose its first settings without a word.
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{sorted({key for key in keys if keys.count(key) > 1})} is there twice; keep one")
    return found


def _entry(name: str, settings: object, source: str) -> QueueEntry:
    where = f"{source}, queue {name!r}"
    if not _NAME.fullmatch(name) or name.endswith(DEAD_LETTER_SUFFIX):
        raise ConfigurationError(
            f"{where}: a queue's name is made of letters, digits, '-' and '_' and does not end in "
            f"{DEAD_LETTER_SUFFIX!r}, which is kept for its dead-letter queue; '.fifo' is added where fifo is true"
        )
    _refuse_unknown(settings, known=_SETTINGS, where=where)
    assert isinstance(settings, dict)  # noqa: S101 - _refuse_unknown has seen to it; this tells mypy
    fifo = settings.get("fifo", False)
    if not isinstance(fifo, bool):
        raise ConfigurationError(f"{where}: fifo is {fifo!r}; it must be true or false")
    worker = settings.get("worker", LAMBDA)
    if worker not in (LAMBDA, CONTAINER):
        raise ConfigurationError(f'{where}: worker is {worker!r}; it must be "{LAMBDA}" or "{CONTAINER}"')
    ranges = _RANGES if worker == LAMBDA else _RANGES_OF_CONTAINERS
    for key in (_RANGES.keys() - ranges.keys()) & settings.keys():
        raise ConfigurationError(
            f"{where}: {key} is of Lambda's batches, and a worker in a container takes one message at a time: leave it out"
        )
    numbers = {key: _number(settings[key], key, ranges[key], worker, where) for key in ranges if key in settings}
    if fifo or worker == CONTAINER:
        numbers.setdefault("batch_size", 1)
    entry = QueueEntry(name, fifo=fifo, worker=worker, **numbers)
    _check_together(entry, where)
    return entry


def _refuse_unknown(found: object, *, known: Iterable[str], where: str) -> None:
    if not isinstance(found, dict):
        raise ConfigurationError(f"{where}: expected an object with the keys {', '.join(known)}; got {found!r}")
    for key in found.keys() - set(known):
        meant = closest(key, known)
        hint = f"did you mean {meant!r}?" if meant else f"known keys: {', '.join(known)}"
        raise ConfigurationError(f"{where}: unknown key {key!r}; {hint}")


def _number(value: object, key: str, allowed: tuple[int, int], worker: str, where: str) -> int:
    low, high = allowed
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        longer = f'. With "worker": "{CONTAINER}" it may be {MAX_TIME_LIMIT_SECONDS:,}, see docs/worker.md'
        more = longer if (key, worker) == ("time_limit", LAMBDA) and isinstance(value, int) and value > high else ""
        raise ConfigurationError(f"{where}: {key} is {value!r}; it must be a whole number from {low} to {high:,}{more}")
    return value


def _check_together(entry: QueueEntry, where: str) -> None:
    if entry.fifo and entry.batch_size != 1:
        raise ConfigurationError(
            f"{where}: batch_size is {entry.batch_size}; a FIFO queue takes batch_size 1, because handing back the rest "
            "of a message group after a failure costs each of its messages a receive"
        )
    if entry.fifo and entry.batch_window != 0:
        raise ConfigurationError(
            f"{where}: batch_window is {entry.batch_window}; AWS has no batch window for FIFO queues: set it to 0"
        )
    if entry.has_function and entry.function_timeout > MAX_FUNCTION_TIMEOUT_SECONDS:
        fits = MAX_TIME_LIMIT_OF_FUNCTIONS // entry.time_limit
        raise ConfigurationError(
            f"{where}: batch_size {entry.batch_size} x time_limit {entry.time_limit} s + "
            f"{FUNCTION_TIMEOUT_MARGIN_SECONDS} s is a function timeout of {entry.function_timeout} s; "
            f"Lambda allows {MAX_FUNCTION_TIMEOUT_SECONDS} s. The largest batch_size that fits is {fits}"
        )
    if entry.batch_size > MAX_BATCH_SIZE_WITHOUT_WINDOW and entry.batch_window == 0:
        raise ConfigurationError(
            f"{where}: batch_size is {entry.batch_size} and batch_window 0; above {MAX_BATCH_SIZE_WITHOUT_WINDOW} "
            "messages AWS asks for a batch_window of 1 to 300 s"
        )
