"""current_task: what user code may ask and say."""

from collections.abc import Iterator

import pytest

from penstock.current import MAX_NOTE_CHARACTERS, Run, current_task, running
from penstock.errors import TaskCancelled
from penstock.memory import ManualClock
from penstock.record import Progress


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def written() -> list[Progress]:
    return []


@pytest.fixture
def run(clock: ManualClock, written: list[Progress]) -> Iterator[Run]:
    def write(progress: Progress) -> bool:
        written.append(progress)
        return False

    run = Run(id="t-1", name="resize", queue="images", attempt=2, clock=clock, write_progress=write, look=lambda: False)
    token = running.set(run)
    yield run
    running.reset(token)


def test_it_tells_which_task_runs(run: Run) -> None:
    task = current_task
    assert (task.id, task.name, task.queue, task.attempt) == ("t-1", "resize", "images", 2)


def test_the_first_progress_is_written_at_once(run: Run, written: list[Progress]) -> None:
    current_task.progress(1, total=3, note="decoded")
    assert written == [Progress(1, 3, "decoded")]


def test_progress_within_a_second_is_not_written(run: Run, clock: ManualClock, written: list[Progress]) -> None:
    for done in range(1, 5):
        current_task.progress(done)
        clock.advance(0.3)
    assert written == [Progress(1)]


def test_progress_after_a_second_is_written(run: Run, clock: ManualClock, written: list[Progress]) -> None:
    current_task.progress(1)
    clock.advance(1)
    current_task.progress(2)
    assert written == [Progress(1), Progress(2)]


def test_the_last_progress_is_kept_for_the_settle(run: Run) -> None:
    current_task.progress(1)
    current_task.progress(2)
    current_task.progress(3)
    assert run.unwritten == Progress(3)


def test_progress_that_was_written_is_not_kept_for_the_settle(run: Run) -> None:
    current_task.progress(1)
    assert run.unwritten is None


def test_progress_outside_a_run_does_nothing() -> None:
    current_task.progress(1, total=3)


@pytest.mark.parametrize("name", ["id", "name", "queue", "attempt"])
def test_asking_outside_a_run_is_an_error(name: str) -> None:
    with pytest.raises(RuntimeError, match="outside a run"):
        getattr(current_task, name)


@pytest.mark.parametrize(
    ("done", "total"), [(-1, None), (4, 3), (0, -1), (10**40, None), (1, 10**40), (1.5, None), (1, 2.5), ("1", None)]
)
def test_progress_that_makes_no_sense_is_refused_even_outside_a_run(done: int, total: int | None) -> None:
    with pytest.raises((ValueError, TypeError), match=r"needs 0 <= done <= total|as an integer"):
        current_task.progress(done, total)


def test_a_note_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="note of 201 characters"):
        current_task.progress(1, note="x" * (MAX_NOTE_CHARACTERS + 1))


def test_what_a_row_cannot_take_of_a_note_becomes_escapes(run: Run, written: list[Progress]) -> None:
    current_task.progress(1, note="caf\udce9.jpg \x1b")
    assert written[0].note == "caf\\udce9.jpg \\x1b"


def test_progress_that_the_table_did_not_take_is_kept_for_the_settle(run: Run) -> None:
    run.write_progress = lambda _progress: None
    current_task.progress(1)
    assert run.unwritten == Progress(1)


def test_progress_of_a_cancelled_task_raises(run: Run) -> None:
    run.write_progress = lambda _progress: True
    with pytest.raises(TaskCancelled, match="t-1"):
        current_task.progress(1)


def test_a_task_can_ask_whether_it_is_cancelled(run: Run) -> None:
    run.look = lambda: True
    assert current_task.cancelled


def test_asking_twice_within_a_second_reads_the_row_once(run: Run) -> None:
    looks: list[bool] = []
    run.look = lambda: bool(looks.append(True))
    assert (current_task.cancelled, current_task.cancelled, len(looks)) == (False, False, 1)


def test_a_plain_call_is_never_cancelled() -> None:
    assert not current_task.cancelled
