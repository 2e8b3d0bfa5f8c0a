"""Enqueueing after a commit, against a real database (SQLite)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from penstock import Penstock
from penstock.errors import AccessRefused, TaskNotFound
from penstock.memory import ports
from penstock.ports import OutgoingMessage
from penstock.sqlalchemy import enqueue_after_commit

tasks = Penstock()


@tasks.task
def send_receipt(order: int) -> None: ...


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    tasks.connect(ports())
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY, task_id TEXT)"))
    with Session(engine) as session:
        yield session
    engine.dispose()


def enqueued() -> int:
    return tasks.ports.transport.depth("default").visible


def test_nothing_is_enqueued_before_the_commit(session: Session) -> None:
    enqueue_after_commit(session, send_receipt.call(1))
    assert enqueued() == 0


def test_the_commit_enqueues(session: Session) -> None:
    task_id = enqueue_after_commit(session, send_receipt.call(1))
    session.commit()
    assert tasks.result(task_id).task == "send_receipt"


def test_a_rollback_enqueues_nothing(session: Session) -> None:
    task_id = enqueue_after_commit(session, send_receipt.call(1))
    session.rollback()
    session.commit()
    with pytest.raises(TaskNotFound):
        tasks.result(task_id)


def test_the_task_id_can_be_stored_in_the_same_transaction(session: Session) -> None:
    task_id = enqueue_after_commit(session, send_receipt.call(1))
    session.execute(text("INSERT INTO orders VALUES (1, :task_id)"), {"task_id": task_id})
    session.commit()
    assert session.execute(text("SELECT task_id FROM orders")).scalar_one() == tasks.result(task_id).id


def test_a_released_savepoint_waits_for_the_outer_commit(session: Session) -> None:
    with session.begin_nested():
        enqueue_after_commit(session, send_receipt.call(1))
    before = enqueued()
    session.commit()
    assert (before, enqueued()) == (0, 1)


def test_a_rolled_back_savepoint_drops_only_what_was_asked_for_within_it(session: Session) -> None:
    kept = enqueue_after_commit(session, send_receipt.call(1))
    savepoint = session.begin_nested()
    enqueue_after_commit(session, send_receipt.call(2))
    savepoint.rollback()
    session.commit()
    assert (enqueued(), tasks.result(kept).id) == (1, kept)


def test_a_savepoint_within_one_that_is_rolled_back_is_dropped_with_it(session: Session) -> None:
    outer = session.begin_nested()
    with session.begin_nested():
        enqueue_after_commit(session, send_receipt.call(1))
    outer.rollback()
    session.commit()
    assert enqueued() == 0


def test_a_second_commit_enqueues_nothing_again(session: Session) -> None:
    enqueue_after_commit(session, send_receipt.call(1))
    session.commit()
    session.execute(text("SELECT 1"))
    session.commit()
    assert enqueued() == 1


def test_a_scoped_session_works_alike(session: Session) -> None:
    scoped = scoped_session(sessionmaker(session.get_bind()))
    enqueue_after_commit(scoped, send_receipt.call(1))
    scoped.commit()
    scoped.remove()
    assert enqueued() == 1


def test_an_enqueue_that_fails_says_which_tasks_are_missing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: OutgoingMessage) -> str:
        raise AccessRefused("no permission")

    first, second = (enqueue_after_commit(session, send_receipt.call(number)) for number in (1, 2))
    monkeypatch.setattr(tasks.ports.transport, "send", refuse)
    with pytest.raises(AccessRefused) as caught:
        session.commit()
    assert f"were not enqueued: {first}, {second}" in caught.value.__notes__[0]
