"""Settings: what they derive, and what they refuse."""

import json

import pytest

from penstock.errors import ConfigurationError, UnknownQueue
from penstock.settings import QueueSettings, Settings, dead_letter_queue

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/penstock-images"


def environ(queues: object = None, **other: str) -> dict[str, str]:
    queues = {"images": {"url": URL}} if queues is None else queues
    text = queues if isinstance(queues, str) else json.dumps(queues)
    return {"PENSTOCK_QUEUES": text, "PENSTOCK_TABLE": "penstock-results", **other}


def test_queues_are_read_with_their_limits() -> None:
    settings = Settings.from_environ(environ({"images": {"url": URL, "time_limit": 45, "max_receive_count": 12}}))
    assert settings.queue("images") == QueueSettings("images", URL, time_limit=45, max_receive_count=12)


def test_the_payload_bucket_may_be_missing() -> None:
    assert Settings.from_environ(environ()).payload_bucket == ""


@pytest.mark.parametrize("name", ["PENSTOCK_QUEUES", "PENSTOCK_TABLE"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    variables = {key: text for key, text in environ().items() if key != name}
    with pytest.raises(ConfigurationError, match=f"{name} is not set"):
        Settings.from_environ(variables if value is None else {**variables, name: value})


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"images"', '{"images": "url"}', '{"images": null}'])
def test_queues_that_are_no_map_of_maps_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="PENSTOCK_QUEUES"):
        Settings.from_environ(environ(text))


@pytest.mark.parametrize("fields", [{}, {"url": None}, {"url": 7}, {"url": URL, "visibility": 30}])
def test_a_queue_without_url_or_with_unknown_keys_is_refused_by_name(fields: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"PENSTOCK_QUEUES\['images'\] needs 'url'"):
        Settings.from_environ(environ({"images": fields}))


@pytest.mark.parametrize("key", ["time_limit", "max_receive_count", "visibility_timeout"])
@pytest.mark.parametrize("value", [0, -1, 1.5, 30.0, "30", True, None, []])
def test_a_limit_that_is_no_positive_whole_number_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"PENSTOCK_QUEUES\['images'\]\['{key}'\] is .* whole number from 1"):
        Settings.from_environ(environ({"images": {"url": URL, key: value}}))


def test_the_visibility_timeout_is_not_known_where_it_is_not_told() -> None:
    told = Settings.from_environ(environ({"images": {"url": URL, "visibility_timeout": 90}, "mail": {"url": URL}}))
    assert [queue.visibility_timeout for queue in told.queues.values()] == [90, None]


def test_an_unknown_queue_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownQueue, match=r"no queue 'image'; known queues: images"):
        Settings.from_environ(environ()).queue("image")


def test_the_dead_letter_queue_is_named_after_its_queue() -> None:
    assert Settings.from_environ(environ()).url(dead_letter_queue("images")) == URL + "-dlq"


def test_a_fifo_dead_letter_queue_keeps_the_suffix() -> None:
    assert QueueSettings("images", URL + ".fifo").dead_letter_url == URL + "-dlq.fifo"


def test_the_dead_letter_queue_of_no_queue_is_refused() -> None:
    with pytest.raises(UnknownQueue, match="'nope'"):
        Settings.from_environ(environ()).url("nope-dlq")


@pytest.mark.parametrize(("url", "fifo"), [(URL, False), (URL + ".fifo", True)])
def test_the_name_tells_a_fifo_queue(url: str, fifo: bool) -> None:
    assert QueueSettings("images", url).fifo is fifo


def test_an_event_source_arn_leads_to_its_queue() -> None:
    arn = "arn:aws:sqs:eu-central-1:123456789012:penstock-images"
    assert Settings.from_environ(environ()).queue_of_arn(arn) == "images"


def test_the_arn_of_a_foreign_queue_is_refused() -> None:
    with pytest.raises(UnknownQueue, match="'somebody-elses'"):
        Settings.from_environ(environ()).queue_of_arn("arn:aws:sqs:eu-central-1:123456789012:somebody-elses")


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("PENSTOCK_TABEL", "PENSTOCK_TABLE"), ("PENSTOCK_QUEUE", "PENSTOCK_QUEUES")]
)
def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(misspelt: str, meant: str) -> None:
    environ = {"PENSTOCK_QUEUES": "{}", "PENSTOCK_TABLE": "tasks", misspelt: "x"}
    with pytest.raises(ConfigurationError, match=f"{misspelt}.*did you mean {meant}"):
        Settings.from_environ(environ)


def test_a_variable_of_the_projects_own_is_left_alone() -> None:
    environ = {"PENSTOCK_QUEUES": "{}", "PENSTOCK_TABLE": "tasks", "PENSTOCK_WEB_TOKEN_SHA256": "x"}
    assert Settings.from_environ(environ).table == "tasks"


def test_the_page_of_a_task_is_below_the_dashboard() -> None:
    settings = Settings.from_environ(environ(PENSTOCK_DASHBOARD_URL="https://shop.example/penstock/"))
    assert settings.task_page("import-7") == "https://shop.example/penstock/tasks/import-7"


def test_without_a_dashboard_a_task_has_no_page() -> None:
    assert Settings.from_environ(environ()).task_page("import-7") == ""


@pytest.mark.parametrize(
    "url",
    [
        "shop.example/penstock",
        "javascript:alert(1)",
        "https://",
        "https://me:secret@shop.example/",
        "https://shop.example/?page=",
        "https://shop.example/#tasks",
        "https://shop.example/a b",
        "https://shop.example//x",
        "https://shop.example/" + "x" * 1_000,
    ],
)
def test_a_dashboard_url_that_makes_no_links_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PENSTOCK_DASHBOARD_URL is .* such as https://shop.example/penstock"):
        Settings.from_environ(environ(PENSTOCK_DASHBOARD_URL=url))


@pytest.mark.parametrize(("written", "on"), [("1", True), ("0", False), ("", False)])
def test_metrics_by_task_are_switched_on(written: str, on: bool) -> None:
    assert Settings.from_environ(environ(PENSTOCK_TASK_METRICS=written)).task_metrics is on


def test_by_default_there_are_no_metrics_by_task() -> None:
    assert not Settings.from_environ(environ()).task_metrics


@pytest.mark.parametrize("written", ["true", "yes", "2", " 1"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"PENSTOCK_TASK_METRICS is .* write 1 to switch it on, or 0"):
        Settings.from_environ(environ(PENSTOCK_TASK_METRICS=written))
