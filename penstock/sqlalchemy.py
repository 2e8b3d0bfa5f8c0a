"""Enqueue when a database transaction commits, and not at all when it rolls back."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction, scoped_session

from penstock.task import Call

_KEY = "penstock.after_commit"


class _Pending(Struct):
    """A call that waits, and the transactions (innermost first) whose rollback makes it void."""

    call: Call
    within: list[SessionTransaction]


def enqueue_after_commit(session: "Session | scoped_session[Session]", call: Call) -> str:
    """Enqueue ``call`` (made by ``task.call(...)``) once ``session`` has committed; the task id that it will have.

    The id is there before the task is, so it can be stored in the same transaction. A rollback, of a savepoint too, drops
    what was asked for within it. What enqueueing raises, ``commit()`` raises: the transaction is committed then, and
    the call can be enqueued again with its id. A process that dies between the commit and the send enqueues nothing: where
    that matters, keep an outbox table and enqueue from there by task id.
    """
    here = session() if isinstance(session, scoped_session) else session
    task_id = call.options.task_id or call.task.enqueuer.new_id()
    if not here.in_transaction():
        here.begin()
    transaction = here.get_nested_transaction() or here.get_transaction()
    call = replace(call, options=replace(call.options, task_id=task_id))
    _waiting(here).append(_Pending(call, list(_chain(transaction))))
    return task_id


def _chain(transaction: SessionTransaction | None) -> Iterator[SessionTransaction]:
    while transaction is not None:
        yield transaction
        transaction = transaction.parent


def _waiting(session: Session) -> list[_Pending]:
    if _KEY not in session.info:
        session.info[_KEY] = []
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_soft_rollback", _rolled_back)
    waiting: list[_Pending] = session.info[_KEY]
    return waiting


def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint: the transaction around it can still roll back
        return
    waiting, session.info[_KEY] = session.info[_KEY], []
    for index, pending in enumerate(waiting):
        try:
            pending.call.task.enqueuer.enqueue_call(pending.call)
        except BaseException as error:
            left = [other.call.options.task_id for other in waiting[index:]]
            error.add_note(
                f"the transaction is committed, but these tasks were not enqueued: {', '.join(map(str, left))}"
            )
            raise


def _rolled_back(session: Session, previous: SessionTransaction) -> None:
    session.info[_KEY] = [pending for pending in session.info[_KEY] if previous not in pending.within]
