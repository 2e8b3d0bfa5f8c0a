"""``flask penstock retry``, ``edit``, ``cancel``, ``discard`` and ``forget``."""

import json

import pytest

from penstock.flask.cli.base import who
from penstock.redaction import REDACTED


def test_retry_sends_a_dead_task_again(answer, tasks, dead):
    document = answer("retry", "import-7")
    assert ([task["id"] for task in document["tasks"]], document["failed"]) == (["import-7"], [])
    assert tasks.ports.transport.depth("default").visible == 1


def test_what_cannot_be_retried_does_not_keep_the_others(run, tasks, die):
    die(2)
    result = run("retry", "t-0", "nowhere", "t-1", "--json")
    document = json.loads(result.stdout)
    assert [task["id"] for task in document["tasks"]] == ["t-0", "t-1"]
    assert document["failed"] == [{"id": "nowhere", "error": "no task 'nowhere' is recorded"}]
    assert result.exit_code == 1


def test_an_action_names_its_actor_in_the_audit(run, answer, dead):
    run("retry", "import-7")
    line = answer("audit")["lines"][0]
    assert (line["who"], line["action"], line["subject"]) == (who(), "retry", "task:import-7")


def test_edit_runs_the_work_with_other_arguments(answer, tasks, dead):
    document = answer("edit", "import-7", "--patch", '{"kwargs": {"what": "bread"}}')
    assert tasks.result(document["id"]).row.origin == "import-7"
    assert tasks.result("import-7").status == "CANCELLED"


@pytest.mark.parametrize("patch", ["{", "[]", '{"kwargs": {"what": 7}}', f'{{"kwargs": {{"what": "{REDACTED}"}}}}'])
def test_a_patch_that_makes_no_call_is_exit_code_2(run, tasks, dead, patch):
    result = run("edit", "import-7", "--patch", patch)
    assert (result.exit_code, result.stderr.count("\n"), tasks.result("import-7").status) == (2, 1, "DEAD")


@pytest.mark.parametrize("action", ["cancel", "discard", "forget"])
def test_without_yes_nothing_is_done_and_the_exit_code_is_1(run, tasks, dead, action):
    result = run(action, "import-7")
    assert (result.exit_code, result.stderr) == (1, f"Error: this would {action} task import-7: add --yes to do it\n")
    assert tasks.result("import-7").status == "DEAD"


def test_a_dry_run_as_json_has_the_tasks(run, dead):
    result = run("discard", "import-7", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["tasks"][0]["status"]) == (1, "DEAD")


def test_a_dry_run_of_an_unknown_task_says_so(run, dead):
    assert "no task 'nowhere' is recorded" in run("discard", "nowhere").stderr


def test_discard_gives_a_dead_task_up(run, tasks, dead):
    assert run("discard", "import-7", "--yes").exit_code == 0
    assert tasks.result("import-7").status == "CANCELLED"


def test_dlq_discard_is_the_same_command(run, tasks, dead):
    assert run("dlq", "discard", "import-7", "--yes").exit_code == 0
    assert tasks.result("import-7").status == "CANCELLED"


def test_what_is_not_dead_is_not_discarded(run, tasks):
    tasks.registry["double"].using(task_id="d-1").enqueue(1)
    result = run("discard", "d-1", "--yes")
    assert (result.exit_code, "only a DEAD task can be discarded" in result.stderr) == (1, True)


def test_cancel_stops_a_task_that_waits(run, tasks):
    tasks.registry["double"].using(task_id="d-1").enqueue(1)
    assert run("cancel", "d-1", "--yes").output == "d-1: CANCELLED\n"


def test_what_is_over_is_not_cancelled(run, tasks, worker):
    tasks.registry["double"].using(task_id="d-1").enqueue(1)
    worker.work()
    result = run("cancel", "d-1", "--yes")
    assert (result.exit_code, result.stderr) == (1, "Error: task d-1 is over: SUCCEEDED\n")


def test_forget_deletes_the_result_and_keeps_the_outcome(run, answer, tasks, worker):
    tasks.registry["double"].using(task_id="d-1").enqueue(21)
    worker.work()
    assert run("forget", "d-1", "--yes").exit_code == 0
    assert (answer("show", "d-1")["status"], tasks.result("d-1").row.result) == ("SUCCEEDED", None)


def test_more_than_a_hundred_ids_are_refused(run):
    assert run("retry", *(f"t-{number}" for number in range(101))).exit_code == 2
