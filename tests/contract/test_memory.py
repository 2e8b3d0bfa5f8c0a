"""What the in-memory ports do beyond the contract: where moto differs from AWS, or AWS leaves a choice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from penstock.conditions import Absent
from penstock.errors import AccessRefused
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import Applied, OutgoingMessage, Ports
from penstock.record import MAX_RETENTION
from penstock.settings import QueueSettings
from penstock.transitions import Transition

FIFO = QueueSettings("orders", "memory://orders.fifo", max_receive_count=1)
QUEUES = {"default": QueueSettings("default", "memory://default", max_receive_count=1), "orders": FIFO}


@pytest.fixture
def memory(clock: ManualClock) -> Ports:
    return ports(QUEUES, clock=clock, random=SeededRandom(1))


def bury(memory: Ports, queue: str) -> None:
    memory.transport.receive(queue, max_messages=10, visibility_timeout=0)
    assert memory.transport.receive(queue, max_messages=10) == []


class TestTransport:
    def test_a_stale_handle_does_not_delete(self, memory: Ports) -> None:
        memory.transport.send(OutgoingMessage("orders", "x", group="a", deduplication_id="1"))
        (first,) = memory.transport.receive("orders", max_messages=1, visibility_timeout=0)
        bury(memory, "orders")
        memory.transport.receive("orders-dlq", max_messages=1, visibility_timeout=0)
        memory.transport.delete("orders-dlq", [first.receipt_handle])
        assert memory.transport.depth("orders-dlq").visible == 1

    def test_a_stale_handle_does_not_change_visibility(self, memory: Ports, clock: ManualClock) -> None:
        memory.transport.send(OutgoingMessage("default", "x"))
        (first,) = memory.transport.receive("default", max_messages=1, visibility_timeout=5)
        clock.advance(5)
        memory.transport.change_visibility("default", {first.receipt_handle: 60})
        assert memory.transport.depth("default").visible == 1

    def test_the_handle_of_a_message_that_is_visible_again_still_deletes_it(self, memory: Ports) -> None:
        memory.transport.send(OutgoingMessage("default", "x"))
        (message,) = memory.transport.receive("default", max_messages=1, visibility_timeout=0)
        memory.transport.delete("default", [message.receipt_handle])
        assert memory.transport.depth("default").visible == 0

    def test_a_redriven_message_is_newer_even_where_the_clock_stands_still(
        self, memory: Ports, clock: ManualClock
    ) -> None:
        memory.transport.send(OutgoingMessage("default", "x"))
        bury(memory, "default")
        memory.transport.redrive("default")
        (message,) = memory.transport.receive("default", max_messages=1)
        assert message.sent_at > clock()

    def test_a_fifo_dead_letter_starts_its_age_anew(self, memory: Ports, clock: ManualClock) -> None:
        message_id = memory.transport.send(OutgoingMessage("orders", "x", group="a", deduplication_id="1"))
        clock.advance(10)
        bury(memory, "orders")
        (letter,) = memory.transport.receive("orders-dlq", max_messages=1)
        assert (letter.sent_at, letter.deduplication_id) == (clock(), message_id)

    def test_a_repeated_fifo_send_answers_with_the_first_message_id(self, memory: Ports) -> None:
        message = OutgoingMessage("orders", "x", group="a", deduplication_id="1")
        assert memory.transport.send(message) == memory.transport.send(message)

    def test_a_message_past_the_retention_of_its_queue_is_gone(self, memory: Ports, clock: ManualClock) -> None:
        memory.transport.send(OutgoingMessage("default", "x"))
        clock.advance(memory.settings.queue("default").retention + 1)
        assert memory.transport.receive("default", max_messages=1) == []

    def test_a_dead_letter_is_kept_for_two_weeks(self, memory: Ports, clock: ManualClock) -> None:
        memory.transport.send(OutgoingMessage("default-dlq", "x"))
        clock.advance(MAX_RETENTION.total_seconds())
        kept = memory.transport.depth("default-dlq").visible
        clock.advance(1)
        assert (kept, memory.transport.depth("default-dlq").visible) == (1, 0)

    def test_attributes_count_towards_the_size(self, memory: Ports) -> None:
        with pytest.raises(AccessRefused, match=r"1048576"):
            memory.transport.send(OutgoingMessage("default", "x" * 1_048_576, attributes={"a": "b"}))

    def test_an_entry_that_is_refused_keeps_nothing_from_the_rest_of_its_batch(self, memory: Ports) -> None:
        late, good = OutgoingMessage("default", "late", delay=901), OutgoingMessage("default", "good")
        answers = memory.transport.send_many([late, good])
        assert [type(answer) for answer in answers] == [AccessRefused, str]
        assert [m.body for m in memory.transport.receive("default", max_messages=10)] == ["good"]

    def test_an_empty_batch_is_refused(self, memory: Ports) -> None:
        with pytest.raises(AccessRefused, match="a batch of 0 messages"):
            memory.transport.send_many([])

    @pytest.mark.parametrize("rate", [0, 501])
    def test_a_rate_that_sqs_would_refuse_is_refused(self, memory: Ports, rate: int) -> None:
        with pytest.raises(AccessRefused, match=f"rate={rate}"):
            memory.transport.redrive("default", rate=rate)

    def test_threads_never_receive_the_same_message_twice(self, memory: Ports) -> None:
        for number in range(200):
            memory.transport.send(OutgoingMessage("default", str(number)))
        with ThreadPoolExecutor(8) as pool:
            receives = [pool.submit(memory.transport.receive, "default", max_messages=5) for _ in range(60)]
        received = [message.body for future in receives for message in future.result()]
        assert sorted(received, key=int) == [str(number) for number in range(200)]


class TestResults:
    def test_of_many_threads_one_is_granted(self, memory: Ports) -> None:
        row = {"status": "QUEUED", "task": "t", "queue": "default", "created_at": "2026-01-01T12:00:00.000Z"}
        first = Transition("first", when=Absent("status"), set=row)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: memory.results.apply("t", first), range(50)))
        assert sum(isinstance(answer, Applied) for answer in answers) == 1

    def test_a_refused_write_leaves_the_row(self, memory: Ports) -> None:
        row = {"status": "QUEUED", "task": "t", "queue": "default", "created_at": "2026-01-01T12:00:00.000Z"}
        before = memory.results.apply("t", Transition("first", when=Absent("status"), set=row)).row
        with pytest.raises(AccessRefused, match=r"409600"):
            memory.results.apply("t", Transition("large", when=Absent("result"), set={"result": "x" * 410_000}))
        assert memory.results.get("t") == before


class TestPorts:
    def test_without_arguments_there_are_two_queues_and_real_time(self) -> None:
        memory = ports()
        assert set(memory.settings.queues) == {"default", "images"}
        assert abs(memory.clock() - datetime.now(UTC)) < timedelta(minutes=1)

    def test_queues_may_be_named(self) -> None:
        assert set(ports(["mail"]).settings.queues) == {"mail"}

    def test_sleeping_moves_the_manual_clock(self, memory: Ports, clock: ManualClock) -> None:
        before = clock()
        memory.sleep(90)
        assert clock() - before == timedelta(seconds=90)

    def test_one_seed_gives_the_same_tokens_every_time(self) -> None:
        assert SeededRandom(7).token() == SeededRandom(7).token()

    def test_a_token_has_32_hexadecimal_digits(self) -> None:
        token = SeededRandom().token()
        assert len(token) == 32
        assert int(token, 16) >= 0

    def test_the_manual_clock_never_steps_back(self, clock: ManualClock) -> None:
        with pytest.raises(ValueError, match=r"forward only"):
            clock.advance(-1)

    def test_the_manual_clock_needs_an_aware_time(self) -> None:
        with pytest.raises(ValueError, match=r"aware"):
            ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001
