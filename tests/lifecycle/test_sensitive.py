"""Sensitive tasks: nothing of arguments and error texts stays behind, in whatever way the task ends."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Penstock, Reject, Retry, Status, TaskResult, current_task
from penstock.dead_letters import edit, explain, purge, redrive, retry
from penstock.errors import EnvelopeLost
from penstock.reconcile import reconcile
from tests.lifecycle.world import AFTER_A_CRASH_SECONDS, FaultyStore, World, lets_die, throttle

SECRET = "tok_5ecret"


class Refused(Exception):
    """Says its secret in every text that Python makes of it."""

    def __repr__(self) -> str:
        return f"Refused({SECRET})"


def charge(tasks: Penstock, then: Callable[[], Any], **options: Any) -> TaskResult[Any]:
    """Enqueue a sensitive task with the secret in its arguments, positional and by keyword."""

    def charge(card: str, *, limits: dict[str, str]) -> Any:
        held = f"{card}{limits}"  # a local variable, as real code has them
        assert held
        return then()

    result: TaskResult[Any] = tasks.task(**{"sensitive": True, **options})(charge).enqueue(
        SECRET, limits={"of": SECRET, SECRET: "1"}
    )
    return result


def fails(error: Callable[[], BaseException]) -> Callable[[], Any]:
    """Raises while another error with the secret is its cause."""

    def then() -> None:
        try:
            raise Refused(f"card {SECRET} refused")
        except Refused as cause:
            raise error() from cause

    return then


def crashes() -> None:
    raise KeyboardInterrupt(f"killed with {SECRET}")


def doc(world: World) -> str:
    """Everything that the table and the payload store hold, as one text."""
    store, payloads = world.ports.results, world.ports.payloads
    rows = [store._tasks, store._attempts]  # type: ignore[attr-defined]
    return repr(rows) + repr(payloads._contents)  # type: ignore[union-attr]


def lines(caplog: pytest.LogCaptureFixture) -> str:
    """Every log record: its text, its traceback, its extra fields."""
    formatter = logging.Formatter()
    return "\n".join(formatter.format(record) + repr(vars(record)) for record in caplog.records)


def run(world: World) -> None:
    world.deliver()


def bury(world: World) -> None:
    throttle(world)
    reconcile(world.tasks, "default")


def crash(world: World) -> None:
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            world.deliver()
        world.clock.advance(AFTER_A_CRASH_SECONDS)
    lets_die(world)


def bury_during_its_retry(world: World) -> None:
    world.deliver()
    bury(world)


WAYS: dict[str, tuple[Callable[[], Any], Callable[[World], None], Status]] = {
    "retried": (fails(lambda: Retry(f"later, {SECRET}", delay=60)), run, Status.RETRYING),
    "failed by an error": (fails(lambda: Refused(SECRET)), run, Status.RETRYING),
    "dead": (fails(lambda: Reject(f"never, {SECRET}")), run, Status.DEAD),
    "given up": (fails(lambda: Reject(f"never, {SECRET}", discard=True)), run, Status.FAILED),
    "exited": (fails(lambda: SystemExit(SECRET)), run, Status.DEAD),
    "crashed": (crashes, crash, Status.DEAD),
    "buried": (lambda: None, bury, Status.DEAD),
    "buried during its retry": (fails(lambda: Retry(SECRET, delay=0)), bury_during_its_retry, Status.DEAD),
    "succeeded": (lambda: None, run, Status.SUCCEEDED),
    "succeeded unstorably": (lambda: float("nan"), run, Status.SUCCEEDED),
}


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_is_in_table_or_payload_store(world: World, way: str) -> None:
    then, go, status = WAYS[way]
    result = charge(world.tasks, then, max_attempts=2)
    go(world)
    assert (result.refresh().row.status, SECRET in doc(world)) == (status, False)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_is_in_the_log(world: World, way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    then, go, status = WAYS[way]
    result = charge(world.tasks, then, max_attempts=2)
    go(world)
    assert (result.refresh().row.status, bool(caplog.records), SECRET in lines(caplog)) == (status, True, False)


def test_an_ordinary_task_would_have_been_found(world: World, caplog: pytest.LogCaptureFixture) -> None:
    charge(world.tasks, fails(lambda: Reject(SECRET)), sensitive=False)
    world.deliver()
    assert (SECRET in doc(world), SECRET in lines(caplog)) == (True, True)


def test_no_digest_tells_whether_a_guess_is_right(world: World) -> None:
    result = charge(world.tasks, lambda: None)
    world.deliver()
    assert result.refresh().row.arguments_sha256 is None


def test_a_large_message_is_not_in_the_payload_store(world: World) -> None:
    result = world.tasks.task(name="load", sensitive=True)(lambda _rows: _raise(Reject("no"))).enqueue("x" * 300_000)
    world.deliver()
    assert (result.refresh().row.envelope_pointer, world.ports.payloads._contents) == (None, {})  # type: ignore[union-attr]


def test_arguments_that_no_longer_fit_are_not_in_table_or_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    result = charge(world.another_process(), lambda: None)
    world.tasks.task(name="charge", sensitive=True)(_of_today)
    world.deliver()
    assert (result.refresh().status, SECRET in doc(world), SECRET in lines(caplog)) == (Status.DEAD, False, False)


def _of_today(card: int, *, limits: dict[str, int]) -> None: ...


def test_a_deploy_that_forgets_to_say_so_keeps_what_was_enqueued_as_sensitive(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    charge(world.another_process(), lambda: None)
    world.tasks.task(name="charge")(lambda card, *, limits: _raise(Reject(SECRET)))
    world.deliver()
    assert (SECRET in doc(world), SECRET in lines(caplog)) == (False, False)


def test_a_table_that_is_away_brings_nothing_of_it_into_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    faults = FaultyStore(world.ports.results)
    process = world.deploy(world.another_process(results=faults))
    charge(process, fails(lambda: Reject(SECRET)))
    faults.away["dead"] = 3
    world.drain()
    assert ("could not be written" in caplog.text, SECRET in lines(caplog)) == (True, False)


def test_a_hook_that_fails_brings_nothing_of_it_into_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.tasks.on_dead(lambda _ended: 1 / 0)
    charge(world.tasks, fails(lambda: Reject(SECRET)))
    world.deliver()
    assert ("a hook failed" in caplog.text, SECRET in lines(caplog)) == (True, False)


def test_its_error_still_says_which_class_and_where(world: World) -> None:
    result = charge(world.tasks, fails(lambda: Refused(SECRET)))
    world.deliver()
    (attempt,) = result.errors
    assert (attempt.error_type, "test_sensitive.py:then" in attempt.traceback) == ("Refused", True)


def test_errors_of_one_place_share_a_fingerprint_whatever_they_say(world: World) -> None:
    results = [charge(world.tasks, fails(lambda text=text: Reject(text)), name=None) for text in ("one", "other")]
    world.deliver()
    errors = [result.refresh().error for result in results]
    assert len({error.fingerprint for error in errors if error}) == 1


def test_it_can_be_redriven(world: World) -> None:
    seen: list[str] = []

    @world.tasks.task(sensitive=True)
    def charge(card: str) -> str:
        seen.append(card)
        if current_task.attempt == 1:
            raise Reject("no")
        return "done"

    result = charge.enqueue(SECRET)
    world.drain()
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().return_value, seen) == (["SUCCEEDED"], "done", [SECRET] * 2)


@pytest.mark.parametrize("way", [retry, lambda tasks, task_id: edit(tasks, task_id, {})])
def test_it_cannot_be_retried_or_edited_by_hand_and_says_what_can(
    world: World, way: Callable[[Penstock, str], Any]
) -> None:
    result = charge(world.tasks, fails(lambda: Reject(SECRET)))
    world.drain()
    with pytest.raises(EnvelopeLost, match=r"sensitive.*redrive the queue 'default'") as caught:
        way(world.tasks, result.id)
    assert (SECRET in str(caught.value), world.dead_letters()) == (False, 1)


def test_its_explanation_says_nothing_of_it(world: World) -> None:
    result = charge(world.tasks, fails(lambda: Reject(SECRET)))
    world.drain()
    assert SECRET not in repr(explain(world.tasks, result.id))


def test_it_can_be_purged(world: World) -> None:
    result = charge(world.tasks, fails(lambda: Reject(SECRET)))
    world.drain()
    purge(world.tasks, "default", confirm="default")
    assert (result.refresh().status, world.dead_letters()) == (Status.CANCELLED, 0)


def test_a_task_id_of_other_work_cannot_be_told_from_the_same(world: World) -> None:
    task = world.tasks.task(name="charge", sensitive=True)(lambda _card: None)
    first, again = (task.using(task_id="order-7").enqueue(card) for card in (SECRET, "another"))
    assert (first.created, again.created, world.drain()) == (True, False, ["SUCCEEDED"])


def test_its_message_says_everything_for_the_worker_needs_it(world: World) -> None:
    charge(world.tasks, lambda: None)
    (message,) = world.ports.transport.receive("default", max_messages=1)
    body = json.loads(message.body)
    assert (body["kwargs"]["card"], body["sensitive"]) == (SECRET, True)


def _raise(error: BaseException) -> Any:
    raise error
