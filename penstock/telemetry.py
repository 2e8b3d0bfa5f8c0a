"""The ONE place for what a run leaves behind for people and machines: its log line, and its numbers as a value.

The edge that knows the platform (penstock.aws) turns ``RunEvent`` into metrics; here nothing is written but the log.
"""

import logging
from typing import Any

from msgspec import Struct

from penstock.current import running

logger: logging.Logger = logging.getLogger("penstock")


class RunEvent(Struct, frozen=True):
    """What became of one delivery.

    ``outcome`` is the status that was settled, or what was done without a run: ACKNOWLEDGED, BURNED, BUSY, LEFT,
    HANDED_BACK, UNAVAILABLE, MALFORMED, UNKNOWN. Times are milliseconds; ``queued_ms`` is from SentTimestamp to the start.
    """

    outcome: str
    queue: str
    message_id: str
    receive_count: int
    reason: str = ""
    task: str = ""
    task_id: str = ""
    attempt: int = 0
    duration_ms: int = 0
    queued_ms: int = 0


_PROBLEMS = frozenset({"DEAD", "FAILED", "MALFORMED", "UNKNOWN", "UNAVAILABLE", "LEFT"})


def emit(event: RunEvent) -> None:
    """Write the one log line of a delivery."""
    level = logging.WARNING if event.outcome in _PROBLEMS else logging.INFO
    fields: dict[str, Any] = {name: getattr(event, name) for name in event.__struct_fields__ if name != "task"}
    # %r where a sender or a task chose the text: one event stays one line, whatever is in it.
    logger.log(
        level,
        "%s %s %r attempt %d, %d ms%s",
        event.outcome,
        event.task or "message",
        event.task_id or event.message_id,
        event.attempt,
        event.duration_ms,
        f": {event.reason!r}" if event.reason else "",
        extra={"task_name": event.task, **{name: value for name, value in fields.items() if value != ""}},
    )


class CurrentTaskFilter(logging.Filter):
    """Adds ``task_id``, ``task_name`` and ``attempt`` to every record written inside a run, the user's own included."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: it only adds."""
        run = running.get()
        if run is not None:
            record.task_id, record.task_name, record.attempt = run.id, run.name, run.attempt
        return True
