"""Retrying or discarding many dead tasks: counted first, done in steps, resumable, with a record of who and how far.

An operation is a line in the ledger: what to do, a search that says to which DEAD tasks, and a cursor. Whoever watches it
(page, API client, command line) asks for its next step, so it needs no process of its own; what was interrupted or stopped
is resumed where its last written step ended. A step may be carried out twice, and harms nobody: a second retry of one death is
one run, and a second discard finds nothing to discard.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from penstock import dead_letters
from penstock.app import Penstock
from penstock.envelope import ID
from penstock.errors import (
    EnvelopeError,
    EnvelopeLost,
    EnvelopeTooLarge,
    InvalidSearch,
    NotDead,
    OperationNotFound,
    TaskNotFound,
    UnknownQueue,
    UnknownTask,
)
from penstock.failure import clean
from penstock.ports import Ledger, LedgerLine
from penstock.search import Search, find
from penstock.states import Status
from penstock.times import from_text, seconds, to_text

OPERATION_LIFETIME = timedelta(days=90)
MAX_CHOSEN = 100
MAX_COUNTED = 10_000
_PAGE = 25  # tasks between two writes of the progress
_COUNTED_AT_ONCE = 100
_LEDGER_PAGE = "operations"


class Kind(StrEnum):
    """What is done to each task."""

    RETRY = "retry"
    DISCARD = "discard"


class State(StrEnum):
    """RUNNING also where nobody asks for the next step. Both RUNNING and STOPPED can be resumed."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    STOPPED = "STOPPED"


class Operation(Struct, frozen=True):
    """How far an operation is.

    ``search`` is the filter that it works through, or ``chosen`` the task ids. ``total`` was counted at the start; there may be
    more where not ``counted_all``. ``done``
    tasks were retried or discarded; ``skipped`` were not DEAD any more; ``failed`` could not be (``note`` has the last reason).
    ``by`` began it, and ``driver`` is who resumed it last.
    """

    id: str
    kind: Kind
    by: str
    driver: str
    started_at: datetime
    updated_at: datetime
    state: State = State.RUNNING
    search: str = ""
    chosen: tuple[str, ...] = ()
    total: int = 0
    counted_all: bool = True
    done: int = 0
    skipped: int = 0
    failed: int = 0
    note: str = ""
    cursor: str = ""
    version: int = 0

    @property
    def seen(self) -> int:
        """Tasks that it has been through."""
        return self.done + self.skipped + self.failed

    def is_driven_by(self, who: str) -> bool:
        """True where it goes on as ``who`` drives it, False where that takes a ``resume``. True also where it is DONE."""
        return self.state is State.DONE or (self.state is State.RUNNING and self.driver == who)


def of_group(fingerprint: str, queue: str = "") -> Search:
    """The DEAD tasks of one error group."""
    return Search(error=fingerprint, queue=queue, status=frozenset({Status.DEAD}))


def count(tasks: Penstock, search: Search, *, for_seconds: float = 5.0) -> tuple[int, bool]:
    """How many DEAD tasks ``search`` finds now, and whether that is all. Changes nothing.

    It stops counting at MAX_COUNTED, and after ``for_seconds``: someone waits for the answer.
    """
    ports = tasks.ports
    search, cursor, number = _only_dead(search), None, 0
    until = ports.clock() + seconds(for_seconds)
    while number < MAX_COUNTED and (now := ports.clock()) <= until:
        found = find(ports.results, ports.settings, search, limit=_COUNTED_AT_ONCE, now=now, cursor=cursor)
        number += len(found.rows)
        cursor = found.cursor
        if cursor is None:
            return number, True
    return number, False


def start(
    tasks: Penstock,
    kind: Kind,
    *,
    by: str,
    search: Search | None = None,
    chosen: Sequence[str] = (),
    operation_id: str | None = None,
) -> Operation:
    """Begin to retry or discard the DEAD tasks that ``search`` finds, or the ``chosen`` ones (1 to 100 task ids).

    Only deaths before this moment are touched: what dies again while it goes on is left. With an ``operation_id`` of the
    caller's that is known already, nothing is begun: that operation, as it stands. InvalidSearch where it is not clear which
    tasks are meant.
    """
    now = tasks.ports.clock()
    if (search is None) == (not chosen):
        raise InvalidSearch("say which dead tasks: a search, or 1 to 100 task ids")
    operation = Operation(operation_id or tasks.ports.random.token(), kind, by, by, now, now)
    if operation_id is not None and tasks.ports.ledger.read(_LEDGER_PAGE, operation_id) is not None:
        return get(tasks, operation_id)
    if search is None:
        ids = list(dict.fromkeys(chosen))
        wrong = [task_id for task_id in ids if not ID.fullmatch(task_id)]
        if wrong or len(ids) > MAX_CHOSEN:
            what = f"{wrong[0]!r:.80} is no task id" if wrong else f"{len(ids)} task ids at once"
            raise InvalidSearch(f"{what}: choose 1 to {MAX_CHOSEN} tasks, or search for more")
        operation = replace(operation, chosen=tuple(ids), total=len(ids))
    else:
        search = replace(_only_dead(search), until=min(search.until or now, now))
        total, counted_all = count(tasks, search)
        operation = replace(operation, search=search.to_text(), total=total, counted_all=counted_all)
    version = _write(tasks.ports.ledger, operation)
    return get(tasks, operation.id) if version is None else replace(operation, version=version)


def get(tasks: Penstock, operation_id: str) -> Operation:
    """An operation as it stands; OperationNotFound."""
    line = tasks.ports.ledger.read(_LEDGER_PAGE, operation_id)
    if line is None:
        raise OperationNotFound(f"no operation {operation_id!r:.80} is known: never started, or over 90 days ago")
    return _operation(line)


def recent(tasks: Penstock, *, limit: int = 50) -> list[Operation]:
    """Operations, those that were started last first."""
    lines = tasks.ports.ledger.lines(_STARTED_PAGE, limit=limit)
    found = [tasks.ports.ledger.read(_LEDGER_PAGE, line.key[_STAMP:]) for line in lines]
    return [_operation(line) for line in found if line is not None]


def stop(tasks: Penstock, operation_id: str) -> Operation:
    """End an operation where it is: what it has done stays done."""
    while True:
        operation = get(tasks, operation_id)
        if operation.state is not State.RUNNING:
            return operation
        stopped = replace(operation, state=State.STOPPED, updated_at=tasks.ports.clock())
        if (version := _write(tasks.ports.ledger, stopped)) is not None:
            return replace(stopped, version=version)


def resume(tasks: Penstock, operation_id: str, *, by: str) -> Operation:
    """Make ``by`` the driver of an operation, and let a stopped one go on where it is. Nothing where it is DONE."""
    while True:
        operation = get(tasks, operation_id)
        if operation.is_driven_by(by):
            return operation
        resumed = replace(operation, state=State.RUNNING, driver=by, updated_at=tasks.ports.clock())
        if (version := _write(tasks.ports.ledger, resumed)) is not None:
            return replace(resumed, version=version)


def step(tasks: Penstock, operation_id: str, *, for_seconds: float = 3.0) -> Operation:
    """Go on with an operation for some seconds; how it stands then. Nothing where it is over.

    Raises Unavailable or AccessRefused where AWS does not let it go on: the operation stays as it was written last.
    """
    operation = get(tasks, operation_id)
    until = tasks.ports.clock() + seconds(for_seconds)
    while operation.state is State.RUNNING:
        after = _page(tasks, operation)
        version = _write(tasks.ports.ledger, after)
        if version is None:  # someone else goes on with it, or has stopped it
            return get(tasks, operation_id)
        operation = replace(after, version=version)
        if tasks.ports.clock() >= until:
            break
    return operation


def _page(tasks: Penstock, operation: Operation) -> Operation:
    ports, now = tasks.ports, tasks.ports.clock()
    if operation.chosen:
        start = int(operation.cursor or 0)
        ids = list(operation.chosen[start : start + _PAGE])
        cursor = str(start + len(ids)) if start + len(ids) < len(operation.chosen) else ""
    else:
        search = Search.parse(operation.search, now=now)
        found = find(ports.results, ports.settings, search, limit=_PAGE, now=now, cursor=operation.cursor or None)
        ids, cursor = [row.task_id for row in found.rows], found.cursor or ""
    for task_id in ids:
        operation = _do(tasks, operation, task_id)
    state = State.RUNNING if cursor else State.DONE
    return replace(operation, cursor=cursor, state=state, updated_at=ports.clock())


def _do(tasks: Penstock, operation: Operation, task_id: str) -> Operation:
    try:
        if operation.kind is Kind.RETRY:
            dead_letters.retry(tasks, task_id, before=operation.started_at)
        elif not dead_letters.discard(tasks, task_id, before=operation.started_at):
            return replace(operation, skipped=operation.skipped + 1)
    except (NotDead, TaskNotFound):
        return replace(operation, skipped=operation.skipped + 1)
    except (EnvelopeError, EnvelopeLost, EnvelopeTooLarge, UnknownQueue, UnknownTask) as error:  # of this task alone
        return replace(operation, failed=operation.failed + 1, note=clean(f"{task_id}: {error}"))
    return replace(operation, done=operation.done + 1)


def _only_dead(search: Search) -> Search:
    if search.status and search.status != {Status.DEAD}:
        raise InvalidSearch(f"only DEAD tasks can be retried or discarded, not {', '.join(sorted(search.status))}")
    return replace(search, status=frozenset({Status.DEAD}))


_STARTED_PAGE = "operations by start"
_STAMP = 25  # characters of "2026-11-21T04:36:38.123Z "


def _write(ledger: Ledger, operation: Operation) -> int | None:
    expires_at = operation.started_at + OPERATION_LIFETIME
    if operation.version == 0:
        key = f"{to_text(operation.started_at)} {operation.id}"
        ledger.write(_STARTED_PAGE, key, {"kind": operation.kind.value}, replaces=0, expires_at=expires_at)
    return ledger.write(
        _LEDGER_PAGE, operation.id, _fields(operation), replaces=operation.version, expires_at=expires_at
    )


def _fields(operation: Operation) -> Mapping[str, str | int]:
    return {
        "kind": operation.kind.value,
        "by": operation.by,
        "driver": operation.driver,
        "started_at": to_text(operation.started_at),
        "updated_at": to_text(operation.updated_at),
        "state": operation.state.value,
        "search": operation.search,
        "chosen": json.dumps(operation.chosen),
        "total": operation.total,
        "counted_all": int(operation.counted_all),
        "done": operation.done,
        "skipped": operation.skipped,
        "failed": operation.failed,
        "note": operation.note,
        "cursor": operation.cursor,
    }


def _operation(line: LedgerLine) -> Operation:
    fields = line.fields
    return Operation(
        id=line.key,
        kind=Kind(str(fields["kind"])),
        by=str(fields["by"]),
        driver=str(fields["driver"]),
        started_at=from_text(str(fields["started_at"])),
        updated_at=from_text(str(fields["updated_at"])),
        state=State(str(fields["state"])),
        search=str(fields["search"]),
        chosen=tuple(json.loads(str(fields["chosen"]))),
        total=int(fields["total"]),
        counted_all=bool(fields["counted_all"]),
        done=int(fields["done"]),
        skipped=int(fields["skipped"]),
        failed=int(fields["failed"]),
        note=str(fields["note"]),
        cursor=str(fields["cursor"]),
        version=line.version,
    )
