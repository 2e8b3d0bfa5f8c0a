"""The event source mapping simulator, step by step on the in-memory queues."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from penstock.errors import PenstockError, Unavailable
from penstock.local.invocation import FunctionError, InvocationResult, Returned, Throttled, TimedOut
from penstock.local.mapping import EventSourceMapping, SettledBatch
from penstock.memory import ManualClock, MemoryTransport, SeededRandom
from penstock.ports import OutgoingMessage, QueueDepth
from penstock.queue_list import QueueEntry
from penstock.settings import QueueSettings, Settings

SUCCESS = Returned("null")
Answer = InvocationResult | Callable[[Mapping[str, Any]], InvocationResult]


class ScriptedFunction:
    """Answers as told, the last answer for ever, and keeps what it was given."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.events: list[Mapping[str, Any]] = []
        self.timeouts: list[float] = []

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        self.events.append(event)
        self.timeouts.append(timeout)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(event) if callable(answer) else answer

    @property
    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]


class Stage:
    """One queue, one function and a clock."""

    def __init__(self, *answers: Answer, report: bool = True, **settings: Any) -> None:
        self.queue = QueueEntry("default", **settings)
        url = "memory://default" + (".fifo" if self.queue.fifo else "")
        queues = {"default": QueueSettings("default", url, self.queue.time_limit, self.queue.max_receive_count)}
        self.clock = ManualClock()
        self.transport = MemoryTransport(Settings(queues=queues), clock=self.clock, random=SeededRandom(1))
        self.function = ScriptedFunction(*answers)
        self.mapping = EventSourceMapping(
            self.transport,
            self.function,
            self.queue,
            self.clock,
            source_arn="arn:aws:sqs:us-east-1:123456789012:penstock-local-default",
            report_batch_item_failures=report,
        )

    def send(self, *bodies: str, group: str | None = None) -> list[str]:
        return [
            self.transport.send(
                OutgoingMessage("default", body, group=group, deduplication_id=body if self.queue.fifo else None)
            )
            for body in bodies
        ]

    def poll(self) -> SettledBatch:
        settled = self.mapping.poll()
        assert settled is not None
        return settled

    @property
    def depth(self) -> QueueDepth:
        return self.transport.depth("default")

    @property
    def dead(self) -> QueueDepth:
        return self.transport.depth("default-dlq")


def failing(*bodies: str) -> Answer:
    """Reports the messages with these bodies as failed."""

    def answer(event: Mapping[str, Any]) -> InvocationResult:
        failed = [{"itemIdentifier": r["messageId"]} for r in event["Records"] if r["body"] in bodies]
        return Returned(json.dumps({"batchItemFailures": failed}))

    return answer


# -- the batch ---------------------------------------------------------------------------------------------------------


def test_an_empty_queue_invokes_nothing() -> None:
    stage = Stage(SUCCESS)
    assert stage.mapping.poll() is None
    assert stage.function.events == []


def test_one_poll_gives_what_is_there_at_once_where_there_is_no_window() -> None:
    stage = Stage(SUCCESS, batch_size=10)
    stage.send("a", "b", "c")
    stage.poll()
    assert stage.function.bodies == [["a", "b", "c"]]


def test_a_batch_has_at_most_batch_size_messages() -> None:
    stage = Stage(SUCCESS, batch_size=2)
    stage.send("a", "b", "c")
    stage.mapping.drain()
    assert stage.function.bodies == [["a", "b"], ["c"]]


def test_the_function_gets_the_timeout_that_follows_from_the_queue_list() -> None:
    stage = Stage(SUCCESS, batch_size=10, time_limit=30)
    stage.send("a")
    stage.poll()
    assert stage.function.timeouts == [310]


def test_a_received_message_stays_hidden_for_the_visibility_timeout_that_follows_from_the_queue_list() -> None:
    stage = Stage(TimedOut(70), batch_size=1, time_limit=60)
    stage.send("a")
    stage.poll()
    stage.clock.advance(6 * 70 - 1)
    hidden = stage.mapping.poll()
    stage.clock.advance(1)
    assert (hidden, stage.poll().messages[0].receive_count) == (None, 2)


# -- the window --------------------------------------------------------------------------------------------------------


def test_a_batch_that_is_not_full_waits_for_its_window() -> None:
    stage = Stage(SUCCESS, batch_window=5)
    stage.send("a")
    assert stage.mapping.poll() is None
    assert stage.mapping.held == 1


def test_a_batch_goes_out_when_its_window_is_over_with_what_came_meanwhile() -> None:
    stage = Stage(SUCCESS, batch_window=5)
    stage.send("a")
    stage.mapping.poll()
    stage.clock.advance(4)
    stage.send("b")
    stage.mapping.poll()
    stage.clock.advance(1)
    stage.poll()
    assert stage.function.bodies == [["a", "b"]]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    stage = Stage(SUCCESS, batch_size=2, batch_window=300)
    stage.send("a", "b")
    stage.poll()
    assert stage.function.bodies == [["a", "b"]]


def test_a_batch_of_more_than_ten_takes_several_receives() -> None:
    stage = Stage(SUCCESS, batch_size=25, time_limit=1, batch_window=1)
    stage.send(*map(str, range(30)))
    stage.poll()
    assert [len(bodies) for bodies in stage.function.bodies] == [25]


def test_a_window_begins_anew_for_the_next_batch() -> None:
    stage = Stage(SUCCESS, batch_window=5)
    stage.send("a")
    stage.mapping.poll()
    stage.clock.advance(5)
    stage.poll()
    stage.send("b")
    assert stage.mapping.poll() is None


def test_what_waits_for_its_window_can_be_given_back() -> None:
    stage = Stage(SUCCESS, batch_window=300)
    stage.send("a", "b")
    stage.mapping.poll()
    stage.mapping.give_back()
    assert (stage.mapping.held, stage.depth) == (0, QueueDepth(visible=2, in_flight=0, delayed=0))


# -- the payload -------------------------------------------------------------------------------------------------------


def test_an_event_never_exceeds_six_megabytes() -> None:
    stage = Stage(SUCCESS, batch_size=10)
    stage.send(*(letter * 1_000_000 for letter in "abcdefgh"))
    stage.mapping.drain()
    assert all(len(json.dumps(event).encode()) <= 6 * 1024 * 1024 for event in stage.function.events)


def test_what_does_not_fit_into_six_megabytes_is_the_next_batch() -> None:
    stage = Stage(SUCCESS, batch_size=10)
    stage.send(*(letter * 1_000_000 for letter in "abcdefgh"))
    stage.mapping.drain()
    assert [[body[0] for body in bodies] for bodies in stage.function.bodies] == [list("abcdef"), list("gh")]


def test_a_full_payload_does_not_wait_for_the_window() -> None:
    stage = Stage(SUCCESS, batch_size=10, batch_window=300)
    stage.send(*(letter * 1_000_000 for letter in "abcdefg"))
    assert len(stage.poll().messages) == 6


# -- the answer --------------------------------------------------------------------------------------------------------


def test_success_deletes_every_message() -> None:
    stage = Stage(SUCCESS)
    ids = stage.send("a", "b")
    assert stage.poll().deleted == tuple(ids)
    assert stage.depth == QueueDepth(0, 0, 0)


def test_reported_failures_stay_and_the_others_are_deleted() -> None:
    stage = Stage(failing("b"))
    a, b, c = stage.send("a", "b", "c")
    settled = stage.poll()
    assert (settled.deleted, settled.left) == ((a, c), (b,))


def test_a_failed_message_is_left_alone_until_its_visibility_timeout_is_over() -> None:
    stage = Stage(failing("a"))
    stage.send("a")
    stage.poll()
    assert stage.depth == QueueDepth(visible=0, in_flight=1, delayed=0)


def test_a_failed_message_comes_back_when_the_function_said_so() -> None:
    stage = Stage(SUCCESS)

    def fails_and_asks_for_twenty_seconds(event: Mapping[str, Any]) -> InvocationResult:
        record = event["Records"][0]
        stage.transport.change_visibility("default", {record["receiptHandle"]: 20})
        return Returned(json.dumps({"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}))

    stage.function.answers = [fails_and_asks_for_twenty_seconds, SUCCESS]
    stage.send("a")
    stage.poll()
    stage.clock.advance(19)
    early = stage.mapping.poll()
    stage.clock.advance(1)
    assert (early, len(stage.poll().deleted)) == (None, 1)


def test_a_malformed_answer_leaves_the_whole_batch() -> None:
    stage = Stage(Returned('{"batchItemFailures": [{"itemIdentifier": ""}]}'))
    ids = stage.send("a", "b")
    settled = stage.poll()
    assert (settled.deleted, settled.left) == ((), tuple(ids))


def test_an_exception_leaves_the_whole_batch() -> None:
    stage = Stage(FunctionError("ValueError", "no"))
    ids = stage.send("a", "b")
    assert stage.poll().left == tuple(ids)


def test_a_timeout_leaves_the_whole_batch() -> None:
    stage = Stage(TimedOut(310))
    ids = stage.send("a", "b")
    assert stage.poll().left == tuple(ids)


def test_an_error_is_the_reason_of_what_became_of_the_batch() -> None:
    stage = Stage(FunctionError("ValueError", "no"))
    stage.send("a")
    assert stage.poll().reason == "ValueError: no: complete failure"


def test_without_report_batch_item_failures_reported_failures_are_deleted_too() -> None:
    stage = Stage(failing("a"), report=False)
    ids = stage.send("a", "b")
    assert stage.poll().deleted == tuple(ids)


def test_without_report_batch_item_failures_a_malformed_answer_is_success() -> None:
    stage = Stage(Returned("not json"), report=False)
    ids = stage.send("a")
    assert stage.poll().deleted == tuple(ids)


def test_without_report_batch_item_failures_an_exception_still_leaves_the_batch() -> None:
    stage = Stage(FunctionError("ValueError", "no"), report=False)
    ids = stage.send("a")
    assert stage.poll().left == tuple(ids)


# -- receive counts and the dead-letter queue --------------------------------------------------------------------------


def test_every_receive_counts() -> None:
    stage = Stage(failing("a"))
    stage.send("a")
    for _ in range(3):
        stage.poll()
        stage.clock.advance(stage.queue.visibility_timeout)
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in stage.function.events]
    assert counts == ["1", "2", "3"]


def test_sqs_itself_moves_a_message_to_the_dead_letter_queue_after_max_receive_count() -> None:
    stage = Stage(failing("a"), max_receive_count=5)
    stage.send("a")
    for _ in range(6):
        stage.mapping.poll()
        stage.clock.advance(stage.queue.visibility_timeout)
    assert (len(stage.function.events), stage.dead.visible, stage.depth) == (5, 1, QueueDepth(0, 0, 0))


# -- throttles ---------------------------------------------------------------------------------------------------------


def test_a_throttled_batch_stays_in_flight() -> None:
    stage = Stage(Throttled(4))
    stage.send("a")
    stage.poll()
    assert stage.depth == QueueDepth(visible=0, in_flight=1, delayed=0)


def test_a_throttled_batch_is_invoked_again_without_another_receive() -> None:
    stage = Stage(Throttled(4), SUCCESS)
    stage.send("a")
    stage.poll()
    assert [message.receive_count for message in stage.poll().messages] == [1]


def test_a_throttled_batch_is_dropped_when_its_visibility_timeout_is_over_and_is_received_anew() -> None:
    stage = Stage(Throttled(4))
    stage.send("a")
    stage.poll()
    stage.clock.advance(stage.queue.visibility_timeout)
    assert [message.receive_count for message in stage.poll().messages] == [2]


def test_throttles_alone_can_bury_a_message() -> None:
    stage = Stage(Throttled(4), max_receive_count=5)
    stage.send("a")
    for _ in range(6):
        stage.mapping.poll()
        stage.clock.advance(stage.queue.visibility_timeout)
    assert stage.dead.visible == 1


# -- maximum concurrency -----------------------------------------------------------------------------------------------


def invokes_others(stage: Stage) -> Answer:
    def answer(event: Mapping[str, Any]) -> InvocationResult:
        stage.mapping.poll()
        return SUCCESS

    return answer


def test_there_are_never_more_invocations_at_once_than_max_concurrency() -> None:
    stage = Stage(SUCCESS, batch_size=1, max_concurrency=2)
    stage.function.answers = [invokes_others(stage)]
    stage.send("a", "b", "c")
    stage.poll()
    assert stage.function.bodies == [["a"], ["b"]]


def test_at_max_concurrency_nothing_is_received() -> None:
    stage = Stage(SUCCESS, batch_size=1, max_concurrency=2)
    stage.function.answers = [invokes_others(stage)]
    stage.send("a", "b", "c")
    stage.poll()
    assert stage.depth == QueueDepth(visible=1, in_flight=0, delayed=0)


def test_a_transport_that_fails_while_settling_gives_the_place_back() -> None:
    stage = Stage(SUCCESS, batch_size=1, max_concurrency=2)
    stage.send("a", "b", "c")
    works = stage.transport.delete

    def unavailable(queue: str, receipt_handles: object) -> None:
        raise Unavailable("moto is away")

    for _ in range(2):
        stage.transport.delete = unavailable  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            stage.mapping.poll()
    stage.transport.delete = works  # type: ignore[method-assign]
    assert len(stage.poll().deleted) == 1


# -- FIFO --------------------------------------------------------------------------------------------------------------


def test_a_group_of_a_fifo_queue_waits_while_its_first_message_is_hidden() -> None:
    stage = Stage(failing("a1"), fifo=True, batch_size=1)
    stage.send("a1", "a2", group="a")
    stage.poll()
    assert stage.mapping.poll() is None


def test_other_groups_of_a_fifo_queue_do_not_wait() -> None:
    stage = Stage(failing("a1"), fifo=True, batch_size=1)
    stage.send("a1", "a2", group="a")
    stage.send("b1", group="b")
    stage.mapping.drain()
    assert stage.function.bodies == [["a1"], ["b1"]]


def test_a_fifo_group_has_one_batch_in_flight_even_if_its_message_is_shown_again_early() -> None:
    stage = Stage(SUCCESS, fifo=True, batch_size=1)
    seen: list[object] = []

    def shows_it_again_while_it_runs(event: Mapping[str, Any]) -> InvocationResult:
        stage.transport.change_visibility("default", {event["Records"][0]["receiptHandle"]: 0})
        seen.append(stage.mapping.poll())
        return SUCCESS

    stage.function.answers = [shows_it_again_while_it_runs, SUCCESS]
    stage.send("a1", group="a")
    stage.poll()
    assert (seen, len(stage.function.events)) == ([None], 1)


def test_groups_on_a_standard_queue_share_batches() -> None:
    stage = Stage(SUCCESS)
    stage.send("a1", "a2", group="a")
    stage.send("b1", group="b")
    stage.poll()
    assert stage.function.bodies == [["a1", "a2", "b1"]]


# -- drain -------------------------------------------------------------------------------------------------------------


def test_drain_works_until_nothing_is_visible() -> None:
    stage = Stage(SUCCESS, batch_size=1)
    stage.send(*"abc")
    assert len(stage.mapping.drain()) == 3
    assert stage.depth == QueueDepth(0, 0, 0)


def test_drain_stops_at_a_throttle() -> None:
    stage = Stage(Throttled(1))
    stage.send("a")
    assert len(stage.mapping.drain()) == 1


def test_drain_that_never_ends_says_so() -> None:
    stage = Stage(SUCCESS, max_receive_count=1_000)

    def comes_back_at_once(event: Mapping[str, Any]) -> InvocationResult:
        stage.transport.change_visibility("default", {event["Records"][0]["receiptHandle"]: 0})
        return FunctionError("ValueError", "no")

    stage.function.answers = [comes_back_at_once]
    stage.send("a")
    with pytest.raises(PenstockError, match="'default' is not drained after 20 batches"):
        stage.mapping.drain(limit=20)
