"""What a Transport promises, whichever it is."""

from datetime import timedelta

import pytest

from penstock.errors import AccessRefused, UnknownQueue
from penstock.memory import ManualClock
from penstock.ports import OutgoingMessage, QueueAttributes, QueueDepth, ReceivedMessage, Transport

MAX_RECEIVE_COUNT = 3
VISIBILITY_SECONDS = 360


def send(transport: Transport, body: str = "hello", *, queue: str = "default", delay: int = 0) -> str:
    return transport.send(OutgoingMessage(queue, body, delay=delay))


def send_in_group(transport: Transport, body: str, group: str = "a", deduplication_id: str | None = None) -> str:
    return transport.send(OutgoingMessage("orders", body, group=group, deduplication_id=deduplication_id or body))


def receive(transport: Transport, queue: str = "default", visibility: int | None = None) -> list[ReceivedMessage]:
    return transport.receive(queue, max_messages=10, visibility_timeout=visibility)


def receive_one(transport: Transport, queue: str = "default", visibility: int | None = None) -> ReceivedMessage:
    (message,) = receive(transport, queue, visibility)
    return message


def bury(transport: Transport, queue: str = "default") -> None:
    """Use up every receive of what is in the queue, and let SQS move it on the next."""
    for _ in range(MAX_RECEIVE_COUNT):
        assert receive(transport, queue, visibility=0)
    assert receive(transport, queue, visibility=0) == []


def bodies(messages: list[ReceivedMessage]) -> list[str]:
    return [message.body for message in messages]


class TestSendAndReceive:
    def test_a_message_comes_as_it_went(self, transport: Transport, clock: ManualClock) -> None:
        sent = OutgoingMessage("default", '{"a": "ü\\n"}', group="tenant-1", attributes={"trace": "1-2-3"})
        message_id = transport.send(sent)
        message = receive_one(transport)
        assert (message.message_id, message.body, message.group) == (message_id, sent.body, "tenant-1")
        assert message.attributes == {"trace": "1-2-3"}

    def test_sent_at_is_when_it_was_sent(self, transport: Transport, clock: ManualClock) -> None:
        sent_at = clock()
        send(transport)
        clock.advance(5)
        assert receive_one(transport).sent_at == sent_at

    def test_first_received_at_stays_that_of_the_first_receive(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        first = clock.advance(5)
        receive(transport, visibility=0)
        clock.advance(5)
        assert receive_one(transport).first_received_at == first

    def test_an_empty_queue_gives_nothing(self, transport: Transport) -> None:
        assert receive(transport) == []

    def test_a_receive_gives_no_more_than_asked_for(self, transport: Transport) -> None:
        for _ in range(3):
            send(transport)
        assert len(transport.receive("default", max_messages=2)) == 2

    @pytest.mark.parametrize("max_messages", [0, 11])
    def test_a_receive_of_none_or_of_more_than_ten_is_refused(self, transport: Transport, max_messages: int) -> None:
        with pytest.raises(AccessRefused, match=r"between 1 and 10|1 to 10"):
            transport.receive("default", max_messages=max_messages)

    def test_a_receive_that_may_wait_gives_at_once_what_is_there(self, transport: Transport) -> None:
        send(transport)
        assert len(transport.receive("default", max_messages=10, wait=20)) == 1

    @pytest.mark.parametrize("wait", [-1, 21])
    def test_a_receive_that_waits_for_longer_than_twenty_seconds_is_refused(
        self, transport: Transport, wait: int
    ) -> None:
        with pytest.raises(AccessRefused, match=r"WaitTimeSeconds|SQS waits 0 to 20 seconds"):
            transport.receive("default", max_messages=10, wait=wait)

    def test_a_message_of_a_mebibyte_is_taken(self, transport: Transport) -> None:
        send(transport, "x" * 1_048_576)
        assert len(receive_one(transport).body) == 1_048_576

    def test_a_message_of_more_is_refused(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused, match=r"1048576"):
            send(transport, "x" * 1_048_577)

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, transport: Transport) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            send(transport, queue="nope")


class TestDelay:
    def test_a_delayed_message_is_not_seen_before_its_time(self, transport: Transport, clock: ManualClock) -> None:
        send(transport, delay=30)
        clock.advance(29)
        assert receive(transport) == []

    def test_a_delayed_message_is_seen_at_its_time(self, transport: Transport, clock: ManualClock) -> None:
        send(transport, delay=30)
        clock.advance(30)
        assert len(receive(transport)) == 1

    def test_the_longest_delay_is_fifteen_minutes(self, transport: Transport) -> None:
        send(transport, delay=900)
        with pytest.raises(AccessRefused, match=r"901"):
            send(transport, delay=901)


class TestVisibility:
    def test_a_received_message_is_hidden(self, transport: Transport) -> None:
        send(transport)
        receive(transport)
        assert receive(transport) == []

    def test_it_stays_hidden_for_the_queues_own_timeout(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        receive(transport)
        clock.advance(VISIBILITY_SECONDS - 1)
        assert receive(transport) == []
        clock.advance(1)
        assert len(receive(transport)) == 1

    def test_a_receive_may_ask_for_another_timeout(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        receive(transport, visibility=5)
        clock.advance(5)
        assert len(receive(transport)) == 1

    def test_each_receive_counts_and_has_its_own_handle(self, transport: Transport) -> None:
        send(transport)
        first, second = receive_one(transport, visibility=0), receive_one(transport, visibility=0)
        assert (first.receive_count, second.receive_count) == (1, 2)
        assert first.receipt_handle != second.receipt_handle

    def test_zero_shows_it_at_once(self, transport: Transport) -> None:
        send(transport)
        transport.change_visibility("default", {receive_one(transport).receipt_handle: 0})
        assert receive_one(transport).receive_count == 2

    def test_a_longer_time_hides_it_for_longer(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        transport.change_visibility("default", {receive_one(transport, visibility=5).receipt_handle: 60})
        clock.advance(59)
        assert receive(transport) == []
        clock.advance(1)
        assert len(receive(transport)) == 1

    def test_more_than_ten_messages_can_be_changed_in_one_call(self, transport: Transport) -> None:
        for _ in range(12):
            send(transport)
        handles = [m.receipt_handle for m in [*receive(transport), *receive(transport)]]
        transport.change_visibility("default", dict.fromkeys(handles, 0))
        assert transport.depth("default").visible == 12

    def test_the_handle_of_a_deleted_message_is_harmless(self, transport: Transport) -> None:
        send(transport)
        handle = receive_one(transport).receipt_handle
        transport.delete("default", [handle])
        transport.change_visibility("default", {handle: 0})
        assert transport.depth("default") == QueueDepth(0, 0, 0)

    def test_a_stale_handle_keeps_nothing_from_its_neighbours(self, transport: Transport) -> None:
        send(transport)
        handle = receive_one(transport).receipt_handle
        transport.change_visibility("default", {"stale": 0, handle: 0})
        assert transport.depth("default").visible == 1

    def test_more_than_twelve_hours_is_refused(self, transport: Transport) -> None:
        send(transport)
        with pytest.raises(AccessRefused, match=r"[Vv]isibility"):
            transport.change_visibility("default", {receive_one(transport).receipt_handle: 43_201})

    def test_twelve_hours_in_all_are_counted_from_the_receive(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        handle = receive_one(transport).receipt_handle
        clock.advance(100)
        with pytest.raises(AccessRefused, match=r"43200"):
            transport.change_visibility("default", {handle: 43_200})
        transport.change_visibility("default", {handle: 43_000})

    def test_changing_nothing_is_fine(self, transport: Transport) -> None:
        transport.change_visibility("default", {})


class TestDelete:
    def test_a_deleted_message_never_comes_back(self, transport: Transport, clock: ManualClock) -> None:
        send(transport)
        transport.delete("default", [receive_one(transport).receipt_handle])
        clock.advance(VISIBILITY_SECONDS + 1)
        assert receive(transport) == []

    def test_more_than_ten_messages_can_be_deleted_in_one_call(self, transport: Transport) -> None:
        for _ in range(12):
            send(transport)
        handles = [m.receipt_handle for m in [*receive(transport), *receive(transport)]]
        transport.delete("default", handles)
        assert transport.depth("default") == QueueDepth(0, 0, 0)

    def test_deleting_twice_is_harmless(self, transport: Transport) -> None:
        send(transport)
        handle = receive_one(transport).receipt_handle
        transport.delete("default", [handle])
        transport.delete("default", [handle])

    def test_a_handle_that_never_was_is_harmless(self, transport: Transport) -> None:
        transport.delete("default", ["nonsense"])


class TestDepth:
    def test_it_tells_waiting_worked_on_and_delayed_apart(self, transport: Transport) -> None:
        for _ in range(3):
            send(transport)
        receive_one_of_three = transport.receive("default", max_messages=1)
        assert len(receive_one_of_three) == 1
        assert transport.depth("default") == QueueDepth(visible=2, in_flight=1, delayed=0)

    def test_a_delayed_message_is_neither_waiting_nor_worked_on(self, transport: Transport) -> None:
        send(transport, delay=30)
        assert transport.depth("default") == QueueDepth(visible=0, in_flight=0, delayed=1)


class TestDeadLetters:
    def test_the_last_granted_receive_is_a_normal_one(self, transport: Transport) -> None:
        send(transport)
        counts = [receive_one(transport, visibility=0).receive_count for _ in range(MAX_RECEIVE_COUNT)]
        assert counts == [1, 2, 3]
        assert transport.depth("default-dlq").visible == 0

    def test_the_receive_after_it_moves_the_message(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        assert (transport.depth("default").visible, transport.depth("default-dlq").visible) == (0, 1)

    def test_a_dead_letter_keeps_its_message_id_and_its_sent_at(self, transport: Transport, clock: ManualClock) -> None:
        sent_at = clock()
        message_id = send(transport)
        clock.advance(10)
        bury(transport)
        letter = receive_one(transport, "default-dlq")
        assert (letter.message_id, letter.sent_at, letter.body) == (message_id, sent_at, "hello")

    def test_a_dead_letter_goes_on_counting_its_receives(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        assert receive_one(transport, "default-dlq").receive_count == MAX_RECEIVE_COUNT + 1

    def test_a_dead_letter_never_moves_on(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        for _ in range(MAX_RECEIVE_COUNT + 1):
            assert receive(transport, "default-dlq", visibility=0)

    def test_a_healthy_neighbour_stays(self, transport: Transport) -> None:
        send(transport, "old")
        for _ in range(MAX_RECEIVE_COUNT):
            receive(transport, visibility=0)
        send(transport, "new")
        assert bodies(receive(transport)) == ["new"]

    def test_a_dead_letter_can_be_deleted(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        transport.delete("default-dlq", [receive_one(transport, "default-dlq").receipt_handle])
        assert transport.depth("default-dlq") == QueueDepth(0, 0, 0)


class TestRedrive:
    def test_everything_goes_back_and_is_counted(self, transport: Transport) -> None:
        for number in range(12):
            send(transport, str(number))
        while transport.depth("default").visible:
            receive(transport, visibility=0)
        assert transport.redrive("default") == 12
        assert transport.depth("default-dlq") == QueueDepth(0, 0, 0)

    def test_an_empty_dead_letter_queue_gives_none_back(self, transport: Transport) -> None:
        assert transport.redrive("default") == 0

    def test_what_comes_back_is_the_same_text_as_a_new_message(self, transport: Transport, clock: ManualClock) -> None:
        sent = OutgoingMessage("default", "hello", group="tenant-1", attributes={"trace": "1-2-3"})
        old_id, sent_at = transport.send(sent), clock()
        bury(transport)
        clock.advance(1)
        transport.redrive("default")
        message = receive_one(transport)
        assert (message.body, message.group, message.attributes) == ("hello", "tenant-1", {"trace": "1-2-3"})
        assert message.message_id != old_id
        assert message.sent_at == sent_at + timedelta(seconds=1)
        assert message.receive_count == 1

    def test_a_dead_letter_that_someone_is_looking_at_stays(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        receive(transport, "default-dlq")
        assert transport.redrive("default") == 0
        assert transport.depth("default-dlq").in_flight == 1

    def test_a_redriven_message_can_die_again(self, transport: Transport) -> None:
        send(transport)
        bury(transport)
        transport.redrive("default")
        bury(transport)
        assert transport.depth("default-dlq").visible == 1

    def test_a_fifo_message_comes_back_in_its_group(self, transport: Transport) -> None:
        send_in_group(transport, "one", group="a")
        bury(transport, "orders")
        assert transport.redrive("orders") == 1
        assert receive_one(transport, "orders").group == "a"


class TestSendMany:
    def test_every_message_comes_as_it_went(self, transport: Transport) -> None:
        sent = [OutgoingMessage("default", f"b-{n}", group=f"g-{n}", attributes={"n": str(n)}) for n in range(10)]
        ids = transport.send_many(sent)
        received = {m.message_id: (m.body, m.group, m.attributes) for m in receive(transport)}
        assert received == {ids[n]: (f"b-{n}", f"g-{n}", {"n": str(n)}) for n in range(10)}

    def test_one_message_is_a_batch_too(self, transport: Transport) -> None:
        (message_id,) = transport.send_many([OutgoingMessage("default", "hello")])
        assert receive_one(transport).message_id == message_id

    def test_each_message_has_its_own_delay(self, transport: Transport, clock: ManualClock) -> None:
        transport.send_many([OutgoingMessage("default", "now"), OutgoingMessage("default", "later", delay=30)])
        first = bodies(receive(transport))
        clock.advance(30)
        assert (first, bodies(receive(transport))) == (["now"], ["later"])

    def test_a_mebibyte_together_is_taken(self, transport: Transport) -> None:
        answers = transport.send_many([OutgoingMessage("default", "x" * 524_288) for _ in range(2)])
        assert [type(answer) for answer in answers] == [str, str]

    def test_more_than_a_mebibyte_together_is_refused_and_none_is_sent(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused):
            transport.send_many([OutgoingMessage("default", "x" * 524_289) for _ in range(2)])
        assert transport.depth("default").visible == 0

    def test_more_than_ten_messages_are_refused_and_none_is_sent(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused):
            transport.send_many([OutgoingMessage("default", "hello")] * 11)
        assert transport.depth("default").visible == 0

    def test_fifo_messages_keep_their_order(self, transport: Transport) -> None:
        texts = [str(n) for n in range(5)]
        transport.send_many([OutgoingMessage("orders", t, group="a", deduplication_id=t) for t in texts])
        assert bodies(receive(transport, "orders")) == texts

    def test_a_repeated_deduplication_id_is_one_message(self, transport: Transport) -> None:
        twice = [OutgoingMessage("orders", "one", group="a", deduplication_id="d")] * 2
        transport.send_many(twice)
        assert bodies(receive(transport, "orders")) == ["one"]

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, transport: Transport) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            transport.send_many([OutgoingMessage("nope", "hello")])


class TestPurge:
    def test_nothing_is_left_whether_it_waits_is_worked_on_or_delayed(
        self, transport: Transport, clock: ManualClock
    ) -> None:
        for delay in (0, 0, 30):
            send(transport, delay=delay)
        transport.receive("default", max_messages=1)
        transport.purge("default")
        clock.advance(VISIBILITY_SECONDS + 1)
        assert (receive(transport), transport.depth("default")) == ([], QueueDepth(0, 0, 0))

    def test_other_queues_are_left_alone(self, transport: Transport) -> None:
        send(transport, "dead")
        bury(transport)
        send(transport, "alive")
        transport.purge("default-dlq")
        assert (bodies(receive(transport)), transport.depth("default-dlq").visible) == (["alive"], 0)

    def test_an_empty_queue_can_be_purged(self, transport: Transport) -> None:
        transport.purge("default")

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, transport: Transport) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            transport.purge("nope")


class TestRedriveStatus:
    """Neither memory nor moto moves anything in the background."""

    def test_where_nothing_moves_there_is_no_status(self, transport: Transport) -> None:
        assert transport.redrive_status("default") is None

    def test_where_nothing_moves_there_is_nothing_to_cancel(self, transport: Transport) -> None:
        assert transport.cancel_redrive("default") is False

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, transport: Transport) -> None:
        for ask in (transport.redrive_status, transport.cancel_redrive):
            with pytest.raises(UnknownQueue, match=r"'nope'"):
                ask("nope")


class TestFifo:
    def test_a_group_comes_in_the_order_of_sending(self, transport: Transport) -> None:
        for body in ("one", "two", "three"):
            send_in_group(transport, body)
        assert bodies(receive(transport, "orders")) == ["one", "two", "three"]

    def test_a_group_with_a_message_in_flight_is_blocked(self, transport: Transport) -> None:
        send_in_group(transport, "one")
        receive(transport, "orders")
        send_in_group(transport, "two")
        assert receive(transport, "orders") == []

    def test_other_groups_are_not(self, transport: Transport) -> None:
        send_in_group(transport, "one", group="a")
        receive(transport, "orders")
        send_in_group(transport, "two", group="b")
        assert bodies(receive(transport, "orders")) == ["two"]

    def test_deleting_the_message_frees_its_group(self, transport: Transport) -> None:
        send_in_group(transport, "one")
        transport.delete("orders", [receive_one(transport, "orders").receipt_handle])
        send_in_group(transport, "two")
        assert bodies(receive(transport, "orders")) == ["two"]

    def test_a_message_that_is_shown_again_comes_before_the_rest_of_its_group(self, transport: Transport) -> None:
        send_in_group(transport, "one")
        first = receive_one(transport, "orders")
        send_in_group(transport, "two")
        transport.change_visibility("orders", {first.receipt_handle: 0})
        assert bodies(transport.receive("orders", max_messages=1)) == ["one"]

    def test_a_repeated_deduplication_id_is_one_message(self, transport: Transport, clock: ManualClock) -> None:
        send_in_group(transport, "one", deduplication_id="same")
        clock.advance(299)
        send_in_group(transport, "two", deduplication_id="same")
        assert bodies(receive(transport, "orders")) == ["one"]

    def test_after_five_minutes_it_is_another(self, transport: Transport, clock: ManualClock) -> None:
        send_in_group(transport, "one", deduplication_id="same")
        clock.advance(300)
        send_in_group(transport, "two", deduplication_id="same")
        assert bodies(receive(transport, "orders")) == ["one", "two"]

    def test_a_delay_for_one_message_is_refused(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused, match=r"delay|DelaySeconds"):
            transport.send(OutgoingMessage("orders", "x", delay=5, group="a", deduplication_id="1"))

    def test_a_message_without_a_group_is_refused(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused, match=r"group|MessageGroupId"):
            transport.send(OutgoingMessage("orders", "x", deduplication_id="1"))

    def test_a_message_without_a_deduplication_id_is_refused(self, transport: Transport) -> None:
        with pytest.raises(AccessRefused, match=r"deduplication_id|MessageDeduplicationId"):
            transport.send(OutgoingMessage("orders", "x", group="a"))


class TestAttributes:
    def test_a_queue_says_how_it_is_set_up_and_how_much_is_in_it(self, transport: Transport) -> None:
        send(transport)
        assert transport.attributes("default") == QueueAttributes(
            visibility_timeout=VISIBILITY_SECONDS,
            retention=4 * 24 * 3600,
            delay=0,
            fifo=False,
            max_receive_count=MAX_RECEIVE_COUNT,
            dead_letter_queue="test-default-dlq",
            depth=QueueDepth(visible=1, in_flight=0, delayed=0),
        )

    def test_a_fifo_queue_says_so(self, transport: Transport) -> None:
        attributes = transport.attributes("orders")
        assert (attributes.fifo, attributes.dead_letter_queue) == (True, "test-orders-dlq.fifo")

    def test_a_dead_letter_queue_keeps_longer_and_buries_nothing(self, transport: Transport) -> None:
        attributes = transport.attributes("default-dlq")
        assert (attributes.retention, attributes.max_receive_count, attributes.dead_letter_queue) == (
            14 * 24 * 3600,
            None,
            None,
        )

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, transport: Transport) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            transport.attributes("nope")
