"""``flask penstock enqueue`` and ``wait``."""

import json

import pytest
from msgspec.structs import replace


def test_enqueue_puts_a_call_on_the_task_s_queue(answer, tasks, worker):
    document = answer("enqueue", "double", "21")
    worker.work()
    assert tasks.result(document["id"]).return_value == 42


def test_enqueue_takes_arguments_by_name(answer, tasks, worker):
    document = answer("enqueue", "double", "--kwargs", '{"number": 4}')
    worker.work()
    assert tasks.result(document["id"]).return_value == 8


def test_a_negative_number_stands_behind_two_dashes(run, tasks):
    assert run("enqueue", "double", "--task-id", "d-1", "--", "-5").exit_code == 0


def test_a_known_task_id_is_not_enqueued_twice(answer, tasks):
    first, again = (answer("enqueue", "double", "1", "--task-id", "d-1") for _ in range(2))
    assert (first["created"], again["created"], tasks.ports.transport.depth("default").visible) == (True, False, 1)


def test_enqueue_says_how_to_wait(run):
    assert "flask penstock wait d-1" in run("enqueue", "double", "1", "--task-id", "d-1").output


def test_a_delayed_task_is_scheduled(answer):
    assert answer("enqueue", "double", "1", "--delay", "60")["status"] == "SCHEDULED"


def test_tags_are_kept(answer):
    answer("enqueue", "double", "1", "--tag", "import", "--tag", "customer-7")
    assert answer("list", "tag:import")["tasks"][0]["tags"] == ["import", "customer-7"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("double", "Ada"), "the argument 'Ada' is not JSON: text goes into double quotes, as in '\"Ada\"'"),
        (("double", "NaN"), "is not JSON"),
        (("double", "[" * 100_000), "is not JSON"),
        (("double", "--kwargs", "[1]"), "--kwargs '[1]' is not a JSON object"),
        (("double",), "missing a required argument: 'number'"),
        (("double", "1", "--delay", "901"), "EventBridge Scheduler"),
        (("double", "1", "--task-id", "a b"), "a letter or digit"),
    ],
)
def test_what_is_typed_wrongly_is_one_line_and_exit_code_2(run, tasks, words, error):
    result = run("enqueue", *words)
    assert (result.exit_code, error in result.stderr, result.stderr.count("\n")) == (2, True, 1)
    assert tasks.ports.transport.depth("default").visible == 0


def test_an_unknown_task_is_refused_with_the_name_that_was_meant(run):
    result = run("enqueue", "duoble", "1")
    assert (result.exit_code, "did you mean 'double'" in result.stderr) == (1, True)


def test_wait_ends_with_0_where_the_task_succeeded(answer, tasks, worker):
    tasks.registry["double"].using(task_id="d-1").enqueue(21)
    worker.work()
    assert answer("wait", "d-1")["result"] == 42


def test_wait_ends_with_1_where_the_task_died(run, dead):
    result = run("wait", "import-7", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, "DEAD")


def test_wait_sees_a_task_end_while_it_waits(run, tasks, worker, clock):
    tasks.registry["double"].using(task_id="d-1", delay=30).enqueue(21)

    def work_meanwhile(seconds):
        clock.advance(seconds)
        worker.work()

    tasks.connect(replace(tasks.ports, sleep=work_meanwhile))
    assert run("wait", "d-1").exit_code == 0


def test_wait_gives_up_after_its_timeout_and_says_so(run, tasks):
    tasks.registry["double"].using(task_id="d-1").enqueue(21)
    result = run("wait", "d-1", "--timeout", "3")
    assert (result.exit_code, "is QUEUED after 3 s" in result.stderr) == (1, True)


def test_wait_on_an_unknown_task_is_an_error(run):
    assert run("wait", "nowhere").exit_code == 1
