"""The one list of queues and what follows from it."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import ConfigurationError, UnknownQueue
from penstock.heartbeat import visibility_for
from penstock.poller import LEASE_SECONDS, MAX_TIME_LIMIT_SECONDS
from penstock.queue_list import QueueEntry, QueueList
from penstock.settings import Settings

PROJECT_FILE = Path(__file__).parents[2] / "infra" / "terraform" / "queues.auto.tfvars.json"


def one(**settings: Any) -> QueueEntry:
    """The queue that a file with these settings describes."""
    text = json.dumps({"queues": {"mail": settings}})
    return QueueList.from_text(text, source="queues.json").queues["mail"]


def refused(**settings: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        one(**settings)
    return str(caught.value)


# -- derived -----------------------------------------------------------------------------------------------------------


def test_the_function_timeout_fits_a_full_batch_and_a_margin() -> None:
    assert one(batch_size=10, time_limit=30).function_timeout == 310


def test_the_visibility_timeout_is_six_times_the_function_timeout_and_the_window() -> None:
    assert one(batch_size=10, time_limit=30, batch_window=20).visibility_timeout == 6 * 310 + 20


def test_missing_keys_have_defaults() -> None:
    assert one() == QueueEntry("mail", False, 60, 10, 0, 10, 10)


def test_a_fifo_queue_has_batch_size_one_by_default() -> None:
    assert one(fifo=True).batch_size == 1


def test_a_queue_is_called_after_its_stack() -> None:
    assert one().physical_name("penstock-local") == "penstock-local-mail"


def test_a_fifo_queue_and_its_dead_letter_queue_end_in_fifo() -> None:
    queue = one(fifo=True)
    assert (queue.physical_name("p"), queue.dead_letter_name("p")) == ("p-mail.fifo", "p-mail-dlq.fifo")


def test_a_name_over_eighty_characters_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SQS allows 80"):
        one().dead_letter_name("p" * 73)


def test_the_environment_is_what_the_settings_read() -> None:
    queues = QueueList.from_text('{"queues": {"mail": {"time_limit": 20, "max_receive_count": 8}}}', source="q.json")
    text = queues.to_environment(lambda queue: f"http://127.0.0.1:4566/123456789012/{queue.physical_name('p')}")
    mail = Settings.from_environ({"PENSTOCK_QUEUES": text, "PENSTOCK_TABLE": "t"}).queue("mail")
    assert (mail.physical_name, mail.time_limit, mail.max_receive_count) == ("p-mail", 20, 8)
    assert mail.visibility_timeout == queues.queue("mail").visibility_timeout


def test_the_dead_letter_queue_is_called_as_the_settings_derive_it() -> None:
    queues = QueueList.from_text('{"queues": {"mail": {"fifo": true}}}', source="q.json")
    text = queues.to_environment(lambda queue: f"http://127.0.0.1:4566/123456789012/{queue.physical_name('p')}")
    mail = Settings.from_environ({"PENSTOCK_QUEUES": text, "PENSTOCK_TABLE": "t"}).queue("mail")
    assert mail.dead_letter_url.rsplit("/", 1)[-1] == queues.queue("mail").dead_letter_name("p")


# -- refused -----------------------------------------------------------------------------------------------------------


def test_a_batch_too_long_for_lambda_is_refused_with_the_largest_that_fits() -> None:
    message = refused(batch_size=10, time_limit=100)
    assert message == (
        "queues.json, queue 'mail': batch_size 10 x time_limit 100 s + 10 s is a function timeout of 1010 s; "
        "Lambda allows 900 s. The largest batch_size that fits is 8"
    )


def test_the_largest_batch_that_fits_is_taken() -> None:
    assert one(batch_size=8, time_limit=100).function_timeout == 810


def test_a_fifo_queue_with_a_larger_batch_is_refused() -> None:
    assert "a FIFO queue takes batch_size 1" in refused(fifo=True, batch_size=2)


def test_a_fifo_queue_with_a_window_is_refused() -> None:
    assert "no batch window for FIFO queues" in refused(fifo=True, batch_window=1)


def test_a_batch_above_ten_without_a_window_is_refused() -> None:
    assert "AWS asks for a batch_window of 1 to 300 s" in refused(batch_size=11, time_limit=1)


def test_a_batch_above_ten_with_a_window_is_taken() -> None:
    assert one(batch_size=11, time_limit=1, batch_window=1).batch_size == 11


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("time_limit", 1, 890),
        ("batch_size", 1, 10_000),
        ("batch_window", 0, 300),
        ("max_receive_count", 5, 1_000),
        ("max_concurrency", 2, 1_000),
    ],
)
@pytest.mark.parametrize("beyond", ["below", "above"])
def test_a_number_out_of_range_is_refused_with_the_range(key: str, low: int, high: int, beyond: str) -> None:
    value = low - 1 if beyond == "below" else high + 1
    assert f"{key} is {value}; it must be a whole number from {low} to {high:,}" in refused(**{key: value})


@pytest.mark.parametrize(
    ("key", "low", "high"), [("batch_window", 0, 300), ("max_receive_count", 5, 1_000), ("max_concurrency", 2, 1_000)]
)
def test_both_ends_of_a_range_are_taken(key: str, low: int, high: int) -> None:
    assert [getattr(one(**{key: value}), key) for value in (low, high)] == [low, high]


@pytest.mark.parametrize("value", [True, "10", 1.5, None])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    assert f"batch_size is {value!r}; it must be a whole number" in refused(batch_size=value)


def test_fifo_that_is_no_boolean_is_refused() -> None:
    assert refused(fifo="yes") == "queues.json, queue 'mail': fifo is 'yes'; it must be true or false"


def test_a_misspelt_key_is_refused_with_the_right_one() -> None:
    assert refused(timelimit=30) == "queues.json, queue 'mail': unknown key 'timelimit'; did you mean 'time_limit'?"


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    assert "unknown key 'colour'; known keys: fifo, time_limit" in refused(colour="red")


@pytest.mark.parametrize("name", ["mail.fifo", "", "my mail", "mail-dlq"])
def test_a_name_that_cannot_be_a_queues_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="a queue's name is made of"):
        QueueList.from_text(json.dumps({"queues": {name: {}}}), source="queues.json")


@pytest.mark.parametrize("text", ["{}", '{"queues": {}}', '{"queues": ["mail"]}'])
def test_a_file_without_queues_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"queues\.json names no queue"):
        QueueList.from_text(text, source="queues.json")


def test_an_unknown_variable_in_the_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown key 'queue'; did you mean 'queues'"):
        QueueList.from_text('{"queue": {}}', source="queues.json")


@pytest.mark.parametrize("text", ["[]", "7", '{"queues": {"mail": 7}}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected an object with the keys"):
        QueueList.from_text(text, source="queues.json")


def test_a_queue_written_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"\['mail'\] is there twice"):
        QueueList.from_text('{"queues": {"mail": {}, "mail": {}}}', source="queues.json")


def test_text_that_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(ConfigurationError, match=r"queues\.json is not valid JSON: .*line 1"):
        QueueList.from_text("{queues}", source="queues.json")


def test_a_file_that_is_not_there_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.json cannot be read"):
        QueueList.read(tmp_path / "missing.json")


def test_an_unknown_queue_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownQueue, match="known queues: mail"):
        QueueList.from_text('{"queues": {"mail": {}}}', source="queues.json").queue("post")


# -- a worker in a container -------------------------------------------------------------------------------------------


def test_a_container_s_message_is_hidden_for_as_long_as_a_lease_and_the_heartbeat_goes_on() -> None:
    assert one(worker="container", time_limit=3 * 3600).visibility_timeout == visibility_for(LEASE_SECONDS)


def test_a_container_has_one_message_at_a_time_and_no_function() -> None:
    queue = one(worker="container")
    assert (queue.batch_size, queue.has_function, one().has_function) == (1, False, True)


def test_a_task_may_take_as_long_in_a_container_as_its_message_can_be_hidden() -> None:
    assert one(worker="container", time_limit=MAX_TIME_LIMIT_SECONDS).time_limit == 43_080
    message = refused(worker="container", time_limit=MAX_TIME_LIMIT_SECONDS + 1)
    assert message.endswith("time_limit is 43081; it must be a whole number from 1 to 43,080")


def test_a_task_too_long_for_lambda_is_refused_with_the_worker_that_takes_it() -> None:
    assert refused(time_limit=3600).endswith('With "worker": "container" it may be 43,080, see docs/worker.md')


@pytest.mark.parametrize(("key", "value"), [("batch_size", 1), ("batch_window", 0)])
def test_what_is_of_lambda_s_batches_is_refused_for_a_container(key: str, value: int) -> None:
    assert f"{key} is of Lambda's batches" in refused(worker="container", **{key: value})


def test_a_fleet_may_be_of_one_container() -> None:
    assert one(worker="container", max_concurrency=1).max_concurrency == 1


def test_another_worker_is_refused() -> None:
    assert refused(worker="ec2").endswith('worker is \'ec2\'; it must be "lambda" or "container"')


# -- the file ----------------------------------------------------------------------------------------------------------


def test_the_projects_own_file_is_in_order() -> None:
    assert list(QueueList.read(PROJECT_FILE).queues) == ["default", "images", "reports"]


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        one().batch_size = 3  # type: ignore[misc]
