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
from penstock.settings import DEAD_LETTER_SUFFIX
from penstock.text import closest

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_FUNCTION_TIMEOUT_SECONDS = 900
# What an invocation needs beside user code: the claims, the settles and the answer of a full batch.
FUNCTION_TIMEOUT_MARGIN_SECONDS = 10
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html: six times the function timeout
VISIBILITY_FACTOR = 6
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
MAX_VISIBILITY_SECONDS = 43_200
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
_FIFO_SUFFIX = ".fifo"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One queue as the file describes it; ``time_limit`` and ``batch_window`` are seconds.

    Without ``batch_size`` it is 10, as at AWS, and 1 for a FIFO queue.
    """

    name: str
    fifo: bool = False
    time_limit: int = 60
    batch_size: int = 10
    batch_window: int = 0
    max_receive_count: int = 10
    max_concurrency: int = 10

    @property
    def function_timeout(self) -> int:
        """Seconds an invocation may last: a full batch of the longest tasks, and the margin."""
        return self.batch_size * self.time_limit + FUNCTION_TIMEOUT_MARGIN_SECONDS

    @property
    def visibility_timeout(self) -> int:
        """Seconds for which a received message stays hidden.

        Only where tests have a function stand in for a worker of hours is it less than the rule: what SQS allows.
        """
        return min(VISIBILITY_FACTOR * self.function_timeout + self.batch_window, MAX_VISIBILITY_SECONDS)

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
    "time_limit": (1, MAX_FUNCTION_TIMEOUT_SECONDS - FUNCTION_TIMEOUT_MARGIN_SECONDS),
    "batch_size": (1, MAX_BATCH_SIZE),
    "batch_window": (0, MAX_BATCH_WINDOW_SECONDS),
    "max_receive_count": (MIN_RECEIVE_COUNT, MAX_RECEIVE_COUNT),
    "max_concurrency": (MIN_CONCURRENCY, MAX_CONCURRENCY),
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
    numbers = {key: _number(settings[key], key, where) for key in _RANGES if key in settings}
    if fifo:
        numbers.setdefault("batch_size", 1)
    entry = QueueEntry(name, fifo=fifo, **numbers)
    _check_together(entry, where)
    return entry


def _refuse_unknown(found: object, *, known: Iterable[str], where: str) -> None:
    if not isinstance(found, dict):
        raise ConfigurationError(f"{where}: expected an object with the keys {', '.join(known)}; got {found!r}")
    for key in found.keys() - set(known):
        meant = closest(key, known)
        hint = f"did you mean {meant!r}?" if meant else f"known keys: {', '.join(known)}"
        raise ConfigurationError(f"{where}: unknown key {key!r}; {hint}")


def _number(value: object, key: str, where: str) -> int:
    low, high = _RANGES[key]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigurationError(f"{where}: {key} is {value!r}; it must be a whole number from {low} to {high:,}")
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
    if entry.function_timeout > MAX_FUNCTION_TIMEOUT_SECONDS:
        fits = (MAX_FUNCTION_TIMEOUT_SECONDS - FUNCTION_TIMEOUT_MARGIN_SECONDS) // entry.time_limit
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
