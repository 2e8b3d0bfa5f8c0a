"""The first page, and the pages of queues."""

import pytest
from msgspec.structs import replace

from penstock.errors import NoMapping, Unavailable
from penstock.flask.dashboard import home
from penstock.memory import MemoryMappings
from penstock.operations import Kind
from penstock.operations import start as start_operation
from penstock.states import Status
from penstock.versions import PROCESS, Announcement
from tests.flask.dashboard.conftest import Away, words


def test_without_trouble_nothing_needs_anybody(viewer):
    assert "Nothing: no dead letters, no new kinds of errors" in words(viewer.get("/"))


def test_dead_letters_and_new_errors_need_somebody(viewer, dead):
    dead("milk")
    page = words(viewer.get("/"))
    assert "1 dead letter in default" in page
    assert "New in the last hour: Reject in hopeless, 1 failed attempt" in page


def test_dead_letters_that_cannot_be_read_are_not_nothing(viewer, tasks):
    away = Away(tasks.ports.transport, Unavailable("SQS does not answer"), "depth")
    tasks.connect(replace(tasks.ports, transport=away))
    page = words(viewer.get("/"))
    assert "Dead letters of default cannot be read: SQS does not answer" in page
    assert "Nothing: no dead letters" not in page


def test_a_queue_whose_mapping_cannot_be_read_is_not_nothing(viewer, tasks):
    away = Away(tasks.ports.mappings, Unavailable("Lambda does not answer"), "get")
    tasks.connect(replace(tasks.ports, mappings=away))
    page = words(viewer.get("/"))
    assert "default cannot be read: Lambda does not answer" in page
    assert "Nothing: no dead letters" not in page


def test_more_new_kinds_of_errors_than_shown_are_counted(viewer, dead, monkeypatch):
    monkeypatch.setattr(home, "MAX_NEW", 1)
    dead("milk", "bread", "salt")
    page = viewer.page("/")
    assert "2 more new kinds of errors in the last hour" in page
    assert 'href="/penstock/errors?window=1h"' in page


def test_kinds_of_errors_that_could_not_all_be_read_are_told(viewer, dead, monkeypatch):
    monkeypatch.setattr("penstock.error_groups.MAX_GROUPS", 1)
    dead("milk")
    page = words(viewer.get("/"))
    assert "there may be new ones that are not named here" in page


def test_an_error_that_came_before_is_not_new(viewer, dead, clock):
    dead("milk")
    clock.advance(2 * 3_600)
    dead("milk")
    assert "New in the last hour" not in words(viewer.get("/"))


def test_a_paused_queue_needs_somebody(viewer, tasks):
    tasks.ports.mappings.set_enabled("default", False)
    tasks.registry["double"].enqueue(1)
    assert "default is paused: 1 message waits" in words(viewer.get("/"))


def test_an_operation_that_is_not_finished_is_told(viewer, dead, tasks):
    start_operation(tasks, Kind.RETRY, by="otto", chosen=dead("milk"))
    assert "A retry of many by otto is not finished: 0 of 1" in words(viewer.get("/"))


def test_the_counts_of_a_queue_are_shown(viewer, tasks):
    tasks.registry["double"].using(delay=60).enqueue(1)
    tasks.registry["double"].enqueue(2)
    tasks.registry["double"].enqueue(3)
    tasks.ports.transport.receive("default", max_messages=1)
    assert "default POLLED 1 1 1 0" in words(viewer.get("/"))


def test_the_last_hour_is_drawn_and_says_where_it_comes_from(viewer, tasks, clock):
    tasks.ports.stats.record("default", "SUCCEEDED", clock(), duration_ms=1_400, queued_ms=20)
    clock.advance(30)
    tasks.ports.stats.record("default", "DEAD", clock(), duration_ms=600, queued_ms=20)
    page = words(viewer.get("/"))
    assert "01 Jan 00:00 UTC: 1 run" in page
    assert "1.0 s 20 ms" in page
    assert "From this process&#39;s memory, at once" in page


@pytest.mark.parametrize("path", ["/counts", "/hour"])
def test_the_live_parts_are_empty_where_nothing_changed(viewer, path):
    url = viewer.page("/").split(f'hx-get="/penstock{path}?seen=')[1].split('"')[0]
    assert viewer.get(f"{path}?seen={url}").status_code == 204


def test_new_counts_come_with_the_live_part(viewer, tasks):
    seen = viewer.page("/").split("/counts?seen=")[1].split('"')[0]
    tasks.registry["double"].enqueue(1)
    assert "default POLLED 1 0 0 0" in words(viewer.get(f"/counts?seen={seen}"))


@pytest.mark.parametrize(
    ("port", "method", "said"),
    [
        ("transport", "depth", "not all readable"),
        ("mappings", "get", "not all readable"),
        ("stats", "series", "CloudWatch"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_shown(viewer, tasks, port, method, said):
    away = Away(getattr(tasks.ports, port), Unavailable("CloudWatch and the like are away"), method)
    tasks.connect(replace(tasks.ports, **{port: away}))
    page = words(viewer.get("/"))
    assert said in page
    assert "images" in page


def test_a_queue_shows_its_settings_and_its_mapping(viewer):
    page = words(viewer.get("/queues/default"))
    assert "Message retention 4 d 4 d" in page
    assert "Lambda function memory-worker-default" in page


def test_a_setting_that_is_not_as_it_was_set_up_is_told(viewer, tasks):
    queues = dict(tasks.ports.settings.queues)
    queues["default"] = replace(queues["default"], retention=3_600)
    tasks.connect(replace(tasks.ports, settings=replace(tasks.ports.settings, queues=queues)))
    assert "its retention is 345600, and 3600 was set up" in words(viewer.get("/queues/default"))
    assert "1 difference" in words(viewer.get("/queues"))


def test_a_queue_that_there_is_not_is_404(viewer):
    assert viewer.get("/queues/nowhere").status_code == 404


def test_a_queue_is_paused_and_resumed(operator, tasks):
    assert operator.act("/queues/default/pauses").headers["HX-Redirect"] == "/penstock/queues/default?done=paused"
    assert tasks.ports.mappings.get("default").enabled is False
    assert "PAUSED" in operator.page("/queues/default")
    operator.act("/queues/default/pauses", "DELETE")
    assert tasks.ports.mappings.get("default").enabled is True


def test_a_queue_of_worker_processes_is_paused_and_resumed(operator, tasks):
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    Announcement(tasks.ports, kind=PROCESS, version="0.1.0").make(["default"])
    assert "default POLLED 0 0 0 0 worker processes" in words(operator.get("/queues"))
    operator.act("/queues/default/pauses")
    assert ">PAUSED<" in operator.page("/queues/default")
    assert "default is paused: 0 messages wait" in words(operator.get("/"))
    operator.act("/queues/default/pauses", "DELETE")
    assert ">POLLED<" in operator.page("/queues/default")


def test_there_is_no_button_for_a_queue_that_nothing_is_known_to_work_on(operator, tasks):
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    page = operator.page("/queues/default")
    assert ("no worker is known" in page, 'hx-post="/penstock/queues/default/pauses"' in page) == (True, False)


def test_a_queue_that_nothing_polls_cannot_be_paused(operator, tasks):
    away = Away(tasks.ports.mappings, NoMapping("default", "at AWS"), "set_enabled")
    tasks.connect(replace(tasks.ports, mappings=away))
    assert operator.act("/queues/default/pauses").status_code == 409


def test_a_purge_says_what_would_go_first(admin, dead):
    dead("milk", "bread")
    assert "There are about 2 dead letters" in words(admin.get("/queues/default/purges/new"))


def test_a_purge_needs_the_queues_name(admin, dead, tasks):
    [task_id] = dead("milk")
    response = admin.act("/queues/default/purges", confirm="images")
    assert (response.status_code, tasks.result(task_id).row.status) == (422, Status.DEAD)


def test_a_purge_discards_the_dead_tasks(admin, dead, tasks):
    [task_id] = dead("milk")
    assert admin.act("/queues/default/purges", confirm=" default ").headers["HX-Redirect"].endswith("?done=purged")
    assert tasks.result(task_id).row.status is Status.CANCELLED
