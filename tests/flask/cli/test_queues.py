"""``flask penstock queues`` and ``stats``."""

import json

import pytest
from msgspec.structs import replace

from penstock.memory import MemoryMappings
from penstock.versions import PROCESS, Announcement


@pytest.fixture
def busy(tasks, clock):
    """A queue in which two tasks wait, and of which two have ended."""
    for outcome in ("SUCCEEDED", "DEAD"):
        tasks.ports.stats.record("default", outcome, clock(), duration_ms=20, queued_ms=5)
    for number in range(2):
        tasks.registry["double"].enqueue(number)
    clock.advance(90)


def test_stats_tells_depth_age_and_what_has_ended(answer, busy):
    [queue] = [queue for queue in answer("stats")["queues"] if queue["name"] == "default"]
    assert (queue["live"]["depth"]["visible"], queue["oldest_age"]) == (2, 90)
    assert [sum(point[name] for point in queue["points"]) for name in ("succeeded", "dead")] == [1, 1]


def test_stats_as_a_table_has_a_line_for_each_queue(run, busy):
    output = run("stats").output
    assert all(word in output for word in ("default", "images", "90 s", "█", "this process's memory"))


def test_stats_of_a_day_have_a_point_for_each_quarter_of_an_hour(answer):
    assert len(answer("stats", "--window", "24h")["queues"][0]["points"]) in (96, 97)


def test_list_names_what_works_on_each_queue(run):
    assert all(word in run("queues", "list").output for word in ("default", "images", "memory-worker-images"))


def test_show_tells_all_of_one_queue(run, busy):
    output = run("queues", "show", "default").output
    assert all(word in output for word in ("2, 0 delayed, the oldest for 90 s", "memory-worker-default", "20 ms"))


def test_show_of_an_unknown_queue_names_the_known_ones(run):
    result = run("queues", "show", "nowhere")
    assert (result.exit_code, "known queues: default, images" in result.stderr) == (1, True)


def test_pause_and_resume_switch_the_mapping(answer):
    assert answer("queues", "pause", "images")["mapping"]["enabled"] is False
    assert answer("queues", "show", "images")["paused"] is True
    assert answer("queues", "resume", "images")["mapping"]["enabled"] is True


@pytest.fixture
def alone(tasks):
    """A worker process on `images`, and no Lambda function on any queue."""
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    Announcement(tasks.ports, kind=PROCESS, version="0.1.0").make(["images"])


def test_pause_tells_worker_processes_to_rest(run, answer, alone):
    assert "'images' is paused (its worker processes look every 10 s)" in run("queues", "pause", "images").output
    assert answer("queues", "show", "images")["paused"] is True
    assert "worker processes, paused" in run("queues", "show", "images").output


def test_list_tells_processes_from_nothing_that_is_known(run, alone):
    lines = run("queues", "list").output
    assert [word in lines for word in ("worker processes", "nothing that is known")] == [True, True]


def test_a_queue_that_nothing_is_known_to_work_on_cannot_be_paused(run, alone):
    result = run("queues", "pause", "default")
    assert (result.exit_code, "Nor has a worker process said" in result.stderr) == (1, True)


def test_pausing_is_in_the_audit(run, answer):
    run("queues", "pause", "images")
    line = answer("audit")["lines"][0]
    assert (line["action"], line["subject"]) == ("pause", "queue:images")


def test_an_unknown_queue_is_not_in_the_audit(run, answer):
    assert run("queues", "pause", "nowhere").exit_code == 1
    assert answer("audit")["lines"] == []


def test_purge_without_yes_says_what_would_go(run, tasks, dead):
    result = run("queues", "purge", "default")
    assert (result.exit_code, "about 1 message" in result.stderr) == (1, True)
    assert "--yes --confirm default" in result.stderr
    assert tasks.result("import-7").status == "DEAD"


@pytest.mark.parametrize("words", [(), ("--confirm", "images")])
def test_purge_needs_the_queue_s_name_beside_yes(run, tasks, dead, words):
    assert run("queues", "purge", "default", "--yes", *words).exit_code == 2
    assert tasks.result("import-7").status == "DEAD"


def test_purge_discards_the_dead_tasks_and_their_letters(answer, tasks, dead):
    document = answer("queues", "purge", "default", "--yes", "--confirm", "default")
    assert document == {"queue": "default", "discarded": 1}
    assert tasks.result("import-7").status == "CANCELLED"


def test_a_dry_run_of_a_purge_as_json_counts_the_letters(run, dead):
    assert json.loads(run("queues", "purge", "default", "--json").stdout) == {"queue": "default", "waiting": 1}
