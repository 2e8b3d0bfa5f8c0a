"""The one log line of a delivery."""

import logging

import pytest

from penstock.current import Run, running
from penstock.memory import ManualClock
from penstock.telemetry import CurrentTaskFilter, RunEvent, emit


def event(**fields: object) -> RunEvent:
    return RunEvent(**{"outcome": "SUCCEEDED", "queue": "default", "message_id": "m-1", "receive_count": 1, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "level"),
    [("SUCCEEDED", "INFO"), ("RETRYING", "INFO"), ("BUSY", "INFO"), ("DEAD", "WARNING"), ("MALFORMED", "WARNING")],
)
def test_what_someone_should_look_at_is_a_warning(caplog: pytest.LogCaptureFixture, outcome: str, level: str) -> None:
    with caplog.at_level(logging.INFO, "penstock"):
        emit(event(outcome=outcome))
    assert [record.levelname for record in caplog.records] == [level]


@pytest.mark.parametrize("field", ["task_id", "reason", "message_id"])
def test_one_event_is_one_line_whatever_a_sender_wrote(caplog: pytest.LogCaptureFixture, field: str) -> None:
    with caplog.at_level(logging.INFO, "penstock"):
        emit(event(**{field: "two\nlines\r\x1b[31m"}))
    (record,) = caplog.records
    assert record.getMessage().isprintable()


def test_a_line_carries_its_fields_for_machines(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "penstock"):
        emit(event(task="resize", task_id="t-1", attempt=2, duration_ms=12))
    fields = vars(caplog.records[0])
    assert [fields[name] for name in ("task_name", "task_id", "attempt", "duration_ms", "outcome", "queue")] == [
        "resize",
        "t-1",
        2,
        12,
        "SUCCEEDED",
        "default",
    ]


def line() -> logging.LogRecord:
    record = logging.LogRecord("app", logging.INFO, __file__, 1, "hello", None, None)
    assert CurrentTaskFilter().filter(record)
    return record


def test_a_line_of_user_code_carries_the_task_it_was_written_in() -> None:
    clock = ManualClock()
    token = running.set(Run("t-1", "resize", "default", 2, clock, lambda _progress: False, lambda: False))
    record = line()
    running.reset(token)
    assert [vars(record)[name] for name in ("task_id", "task_name", "attempt")] == ["t-1", "resize", 2]


def test_a_line_outside_a_run_is_left_as_it_is() -> None:
    assert "task_id" not in vars(line())
