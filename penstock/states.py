"""The statuses of a task and every allowed change of status: everything that affects the state machine lives here.

::

              enqueue                claim                 succeed
    (no row) ────────► QUEUED ────────────────► RUNNING ────────────► SUCCEEDED
        │                │  ▲                    │ │ │ ▲
        │                │  │   claim, redrive    │ │ │ └──────────┐ claim
        │ claim          │  │                    │ │ └► RETRYING ─┘   (SQS shows the message again)
        └──────────────► │  │                    │ └──► FAILED       (given up, discarded by choice)
                         │  │                    └────► DEAD ◄────── (buried by SQS itself)
                         ▼  │                            │
                     CANCELLED ◄─────────────────────────┘           DEAD ── redrive, retry ──► RUNNING

SCHEDULED and EXPIRED are never written: they are how a QUEUED row reads at a given time (see ``record.status_of``).
"""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """Where a task stands."""

    SCHEDULED = "SCHEDULED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    RETRYING = "RETRYING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    DEAD = "DEAD"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @property
    def is_final(self) -> bool:
        """True where a waiting caller should stop waiting. A redrive can still bring DEAD back."""
        return self in _FINAL

    @property
    def may_be_acknowledged(self) -> bool:
        """True where the task's message may be deleted. A DEAD task's message must stay: SQS moves it."""
        return self in _ACKNOWLEDGEABLE


_ACKNOWLEDGEABLE = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
_FINAL = _ACKNOWLEDGEABLE | {Status.DEAD, Status.EXPIRED}

# What may follow what in the stored row. None is "no row". The conditions are in transitions.py; a test holds every
# transition there against this table.
ALLOWED: Mapping[Status | None, frozenset[Status]] = {
    None: frozenset({Status.QUEUED, Status.RUNNING, Status.CANCELLED, Status.DEAD}),
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED, Status.DEAD}),
    Status.RUNNING: frozenset(
        {Status.RUNNING, Status.SUCCEEDED, Status.RETRYING, Status.FAILED, Status.DEAD, Status.CANCELLED}
    ),
    Status.RETRYING: frozenset({Status.RUNNING, Status.CANCELLED, Status.DEAD}),
    Status.DEAD: frozenset({Status.DEAD, Status.RUNNING, Status.CANCELLED}),  # DEAD to DEAD: a note for people
    Status.SUCCEEDED: frozenset({Status.SUCCEEDED}),  # what it holds may be forgotten
    Status.FAILED: frozenset({Status.FAILED}),  # what it holds may be forgotten
    Status.CANCELLED: frozenset({Status.CANCELLED}),  # what it holds may be forgotten
}
