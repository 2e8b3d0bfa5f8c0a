"""Operations: many dead tasks retried or discarded, exactly those, through every interruption."""

from typing import Any

import pytest

from penstock import Penstock, Reject, Status
from penstock.errors import InvalidSearch, OperationNotFound, Unavailable
from penstock.memory import MemoryLedger
from penstock.operations import Kind, State, count, get, of_group, recent, resume, start, step, stop
from penstock.ports import OutgoingMessage
from penstock.search import Search
from tests.lifecycle.world import World


@pytest.fixture
def broken() -> dict[str, bool]:
    """What is broken: the tasks die while it is."""
    return {"blue": True, "red": True}


@pytest.fixture
def dye(world: World, broken: dict[str, bool]) -> Any:
    @world.tasks.task
    def dye(colour: str, number: int) -> str:
        if broken[colour]:
            raise Reject(f"no {colour}")
        return f"{colour} {number}"

    return dye


def die(world: World, dye: Any, colour: str, number: int) -> list[Any]:
    results = world.tasks.enqueue_many([dye.call(colour, n) for n in range(number)])
    world.drain()
    assert {result.refresh().status for result in results} == {Status.DEAD}
    return results


def group_of(result: Any) -> Search:
    return of_group(result.refresh().error.fingerprint)


def finish(tasks: Penstock, operation_id: str) -> Any:
    operation = get(tasks, operation_id)
    while operation.state is State.RUNNING:
        operation = step(tasks, operation_id)
    return operation


def test_a_count_says_how_many_and_changes_nothing(world: World, dye: Any) -> None:
    results = die(world, dye, "blue", 30)
    assert count(world.tasks, group_of(results[0])) == (30, True)
    assert {result.refresh().status for result in results} == {Status.DEAD}


def test_the_tasks_of_a_group_are_retried_and_no_others(world: World, dye: Any, broken: dict[str, bool]) -> None:
    blue, red = die(world, dye, "blue", 60), die(world, dye, "red", 10)
    broken["blue"] = broken["red"] = False
    operation = start(world.tasks, Kind.RETRY, by="ann", search=group_of(blue[0]))
    finish(world.tasks, operation.id)
    world.drain()
    assert {result.refresh().status for result in blue} == {Status.SUCCEEDED}
    assert {result.refresh().status for result in red} == {Status.DEAD}


def test_a_finished_operation_says_what_it_did(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 60)
    operation = finish(world.tasks, start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0])).id)
    assert (operation.state, operation.by, operation.total, operation.done, operation.skipped, operation.failed) == (
        State.DONE,
        "ann",
        60,
        60,
        0,
        0,
    )


def test_discarded_tasks_are_cancelled(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 3)
    finish(world.tasks, start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0])).id)
    assert {result.refresh().status for result in blue} == {Status.CANCELLED}


def test_chosen_tasks_are_touched_and_no_others(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 5)
    chosen = [blue[1].id, blue[3].id]
    finish(world.tasks, start(world.tasks, Kind.DISCARD, by="ann", chosen=chosen).id)
    assert [r.id for r in blue if r.refresh().status is Status.CANCELLED] == chosen


def test_a_hundred_chosen_tasks_take_several_pages(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 100)
    operation = start(world.tasks, Kind.DISCARD, by="ann", chosen=[result.id for result in blue])
    assert finish(world.tasks, operation.id).done == 100


def test_what_dies_again_meanwhile_is_left(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 3)
    operation = start(world.tasks, Kind.RETRY, by="ann", search=group_of(blue[0]))
    world.clock.advance(1)
    finish(world.tasks, operation.id)
    world.drain()  # still broken: they are dead again, later
    assert finish(world.tasks, operation.id).done == 3
    assert {result.refresh().attempts for result in blue} == {2}


def test_a_chosen_task_that_died_again_since_is_left(world: World, dye: Any) -> None:
    (blue,) = die(world, dye, "blue", 1)
    operation = start(world.tasks, Kind.DISCARD, by="ann", chosen=[blue.id])
    world.clock.advance(1)
    finish(world.tasks, start(world.tasks, Kind.RETRY, by="bob", chosen=[blue.id]).id)
    world.drain()
    assert finish(world.tasks, operation.id).skipped == 1
    assert blue.refresh().status is Status.DEAD


def test_what_is_not_dead_any_more_is_skipped(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 2)
    operation = start(world.tasks, Kind.RETRY, by="ann", chosen=[result.id for result in blue])
    blue[0].cancel()
    assert (finish(world.tasks, operation.id).done, get(world.tasks, operation.id).skipped) == (1, 1)


def test_what_cannot_be_retried_is_counted_with_the_reason(world: World) -> None:
    @world.tasks.task(sensitive=True)
    def secret() -> None:
        raise Reject("no")

    result = secret.enqueue()
    world.drain()
    operation = finish(world.tasks, start(world.tasks, Kind.RETRY, by="ann", chosen=[result.id]).id)
    assert (operation.failed, operation.state) == (1, State.DONE)
    assert "it is sensitive" in operation.note


def test_a_task_whose_queue_is_gone_does_not_hold_the_others_up(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 3)
    rows: Any = world.ports.results
    rows.put_item(blue[1].id, {**rows._tasks[blue[1].id], "queue": "renamed"})
    operation = finish(world.tasks, start(world.tasks, Kind.RETRY, by="ann", chosen=[r.id for r in blue]).id)
    assert (operation.done, operation.failed, "renamed" in operation.note) == (2, 1, True)


def test_a_count_that_takes_too_long_says_that_there_may_be_more(world: World, dye: Any) -> None:
    die(world, dye, "blue", 3)
    assert count(world.tasks, Search(), for_seconds=-1) == (0, False)


class Flaky:
    """A transport whose send answers only so often."""

    def __init__(self, transport: Any, answers: int) -> None:
        self._transport, self.answers = transport, answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def send(self, message: OutgoingMessage) -> str:
        if self.answers == 0:
            raise Unavailable("SQS is away")
        self.answers -= 1
        return str(self._transport.send(message))


def test_an_outage_half_way_leaves_an_operation_that_can_be_resumed(
    world: World, dye: Any, broken: dict[str, bool]
) -> None:
    blue = die(world, dye, "blue", 60)
    broken["blue"] = False
    operation = start(world.tasks, Kind.RETRY, by="ann", search=group_of(blue[0]))
    flaky = world.another_process(transport=Flaky(world.ports.transport, 30))
    flaky.registry.add(dye)
    with pytest.raises(Exception, match="SQS is away"):
        finish(flaky, operation.id)
    assert get(world.tasks, operation.id).done == 25
    finish(world.tasks, operation.id)
    world.drain()
    assert {result.refresh().status for result in blue} == {Status.SUCCEEDED}


def test_a_task_that_was_retried_twice_on_the_way_ran_once(world: World, dye: Any, broken: dict[str, bool]) -> None:
    blue = die(world, dye, "blue", 3)
    broken["blue"] = False
    search = group_of(blue[0])
    for _ in range(2):
        finish(world.tasks, start(world.tasks, Kind.RETRY, by="ann", search=search).id)
    world.drain()
    assert {result.refresh().attempts for result in blue} == {2}


def test_a_stopped_operation_goes_no_further(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 60)
    operation = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0]))
    step(world.tasks, operation.id, for_seconds=0)
    stop(world.tasks, operation.id)
    assert (step(world.tasks, operation.id).done, get(world.tasks, operation.id).state) == (25, State.STOPPED)


def test_a_stopped_operation_that_is_resumed_does_the_rest(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 30)
    operation = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0]))
    step(world.tasks, operation.id, for_seconds=-1)
    stop(world.tasks, operation.id)
    resumed = resume(world.tasks, operation.id, by="bob")
    assert (resumed.state, resumed.done, resumed.by, resumed.driver) == (State.RUNNING, 25, "ann", "bob")
    assert finish(world.tasks, operation.id).done == 30


def test_a_finished_operation_is_not_resumed(world: World, dye: Any) -> None:
    [blue] = die(world, dye, "blue", 1)
    operation = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue))
    assert finish(world.tasks, operation.id) == resume(world.tasks, operation.id, by="bob")


def test_a_step_that_finds_the_operation_stopped_does_not_go_on(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 60)
    operation = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0]))

    class StoppedMeanwhile(MemoryLedger):
        def write(self, *args: Any, **kwargs: Any) -> int | None:
            return None

        def read(self, *args: Any) -> Any:
            return world.ports.ledger.read(*args)  # type: ignore[union-attr]

    other = world.another_process(ledger=StoppedMeanwhile(world.clock))
    assert step(other, operation.id).done == 0


def test_operations_are_listed_with_the_last_one_first(world: World, dye: Any) -> None:
    (blue,) = die(world, dye, "blue", 1)
    first = start(world.tasks, Kind.RETRY, by="ann", chosen=[blue.id])
    world.clock.advance(1)
    second = start(world.tasks, Kind.DISCARD, by="bob", chosen=[blue.id])
    assert [operation.id for operation in recent(world.tasks)] == [second.id, first.id]


def test_an_unknown_operation_is_refused(world: World) -> None:
    with pytest.raises(OperationNotFound, match="never started"):
        step(world.tasks, "nobody")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "say which dead tasks"),
        ({"search": Search(), "chosen": ["t-1"]}, "say which dead tasks"),
        ({"chosen": [f"t-{n}" for n in range(101)]}, "101 task ids at once"),
        ({"chosen": ["no id!"]}, "is no task id"),
        ({"search": Search(status=frozenset({Status.RUNNING}))}, "only DEAD tasks"),
    ],
)
def test_an_operation_on_what_is_not_clear_is_refused(world: World, arguments: Any, words: str) -> None:
    with pytest.raises(InvalidSearch, match=words):
        start(world.tasks, Kind.RETRY, by="ann", **arguments)


def test_a_search_without_a_group_takes_every_dead_task(world: World, dye: Any) -> None:
    die(world, dye, "blue", 2)
    die(world, dye, "red", 3)
    operation = start(world.tasks, Kind.DISCARD, by="ann", search=Search(task="dye"))
    assert (operation.total, finish(world.tasks, operation.id).done) == (5, 5)


def test_an_operation_of_a_known_id_is_not_begun_again(world: World, dye: Any) -> None:
    blue = die(world, dye, "blue", 2)
    one = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0]), operation_id="mine")
    other = start(world.tasks, Kind.DISCARD, by="ann", search=group_of(blue[0]), operation_id="mine")
    assert (other, recent(world.tasks)) == (one, [one])
