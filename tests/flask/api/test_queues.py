"""Queues over HTTP: how they stand, pauses, redrives, purges, and what they did."""

import pytest
from msgspec.structs import replace

from penstock.memory import MemoryMappings
from penstock.versions import PROCESS, Announcement
from tests.flask.people import API

pytestmark = pytest.mark.usefixtures("known")


def detail(response, status):
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    return response.json["detail"]


def test_the_queues_are_listed_with_their_depths(vera):
    queues = {queue["name"]: queue for queue in vera.get(f"{API}/queues").json["queues"]}
    assert list(queues) == ["default", "images", "orders"]
    assert queues["default"]["live"]["depth"] == {"visible": 1, "in_flight": 0, "delayed": 0}
    assert queues["default"]["dead_letters"]["depth"]["visible"] == 2


def test_the_list_says_where_its_numbers_come_from(vera):
    listed = vera.get(f"{API}/queues").json
    assert (listed["source"], listed["lag"], listed["period"]) == ("this process's memory, at once", 0, 60)


def test_a_queue_shows_what_polls_it(vera):
    shown = vera.get(f"{API}/queues/images").json
    assert (shown["paused"], shown["workers"]["mapping"]["batch_size"], len(shown["points"])) == (False, 10, 60)


@pytest.mark.parametrize("path", ["queues/nowhere", "queues/nowhere/redrives", "queues/default-dlq"])
def test_an_unknown_queue_is_not_found_among_the_known(vera, path):
    assert "there are default, images, orders" in detail(vera.get(f"{API}/{path}"), 404)


def test_a_paused_queue_can_be_resumed(otto):
    paused = otto.post(f"{API}/queues/images/pauses")
    assert (paused.status_code, paused.json["mapping"]["enabled"], paused.location) == (
        202,
        False,
        f"{API}/queues/images",
    )
    assert otto.get(paused.location).json["paused"]
    assert otto.delete(f"{API}/queues/images/pauses").json["mapping"]["enabled"]
    assert not otto.get(paused.location).json["paused"]


def test_a_queue_of_worker_processes_can_be_paused(otto, tasks):
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    Announcement(tasks.ports, kind=PROCESS, version="0.1.0").make(["images"])
    paused = otto.post(f"{API}/queues/images/pauses").json
    assert paused == {"paused": True, "mapping": None, "processes": {"running": True, "paused": True}}
    assert otto.get(f"{API}/queues/images").json["workers"] == paused


def test_a_queue_that_nothing_is_known_to_work_on_cannot_be_paused(otto, tasks):
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    assert "no event source mapping polls the queue 'images'" in detail(otto.post(f"{API}/queues/images/pauses"), 409)


def test_a_redrive_moves_the_dead_letters_back(otto, tasks):
    response = otto.post(f"{API}/queues/default/redrives", json={"rate": 10})
    assert (response.status_code, response.json["moved"], response.location) == (
        202,
        2,
        f"{API}/queues/default/redrives",
    )
    assert tasks.ports.transport.depth("default").visible == 3


def test_a_redrive_needs_no_body(otto):
    assert otto.post(f"{API}/queues/default/redrives").status_code == 202


@pytest.mark.parametrize("rate", [0, 501, "fast", True])
def test_a_rate_is_one_to_five_hundred(otto, rate):
    assert "$.rate" in detail(otto.post(f"{API}/queues/default/redrives", json={"rate": rate}), 400)


def test_a_queue_without_a_redrive_says_so(vera):
    assert vera.get(f"{API}/queues/default/redrives").json["state"] is None


def test_there_is_no_redrive_to_stop(otto):
    assert otto.delete(f"{API}/queues/default/redrives").json == {"queue": "default", "stopped": False}


def test_a_purge_needs_the_name_of_the_queue(ada, tasks):
    assert "say confirm='default'" in detail(ada.post(f"{API}/queues/default/purges", json={"confirm": "images"}), 422)
    assert "missing" in detail(ada.post(f"{API}/queues/default/purges"), 400)
    assert tasks.result("dead").status == "DEAD"


def test_a_confirmed_purge_discards_the_dead(ada, tasks):
    response = ada.post(f"{API}/queues/default/purges", json={"confirm": "default"})
    assert (response.json, tasks.result("dead").status) == ({"queue": "default", "discarded": 1}, "CANCELLED")


def test_an_operator_may_not_purge(otto):
    words = detail(otto.post(f"{API}/queues/default/purges", json={"confirm": "default"}), 403)
    assert "needs the role admin" in words


@pytest.mark.parametrize(("window", "points", "period"), [("1h", 60, 60), ("24h", 96, 900), ("7d", 84, 7200)])
def test_the_stats_have_a_point_for_each_period(vera, tasks, window, points, period):
    tasks.ports.stats.record("default", "SUCCEEDED", tasks.ports.clock())
    stats = vera.get(f"{API}/stats?window={window}").json
    assert (len(stats["queues"]["images"]), stats["period"]) == (points, period)
