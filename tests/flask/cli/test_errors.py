"""``flask penstock errors`` and ``operations``: kinds of failures, and what is done to all that died of one."""

import json

import pytest

from penstock.flask.cli.base import who


def test_errors_groups_failures_by_kind(answer, die):
    fingerprint = die(3)
    [group] = answer("errors")["errors"]
    assert (group["fingerprint"], group["attempts"], group["dead"]) == (fingerprint, 3, 3)


def test_errors_of_another_window_leaves_out_the_older(answer, die, clock):
    die(1)
    clock.advance(3 * 3600)
    assert [len(answer("errors", "--window", window)["errors"]) for window in ("1h", "24h", "7d")] == [0, 1, 1]


def test_errors_as_a_table_names_the_kind_and_its_course(run, die):
    fingerprint = die(3)
    output = run("errors").output
    assert all(word in output for word in (fingerprint, "hopeless", "Reject", "█"))


def test_errors_without_any_says_so(run):
    assert run("errors").output == "No failures in the last 24h.\n"


def test_errors_show_has_the_group_and_the_dead_tasks(answer, die):
    document = answer("errors", "show", die(2))
    assert document["failures"] == {"count": 2, "exact": True}
    assert {line["id"] for line in document["tasks"]} == {"t-0", "t-1"}


def test_errors_show_of_an_unknown_fingerprint_is_an_error(run):
    assert run("errors", "show", "0" * 16).exit_code == 1


@pytest.mark.parametrize("action", ["show", "retry", "discard"])
def test_a_class_name_is_no_fingerprint(run, action):
    result = run("errors", action, "Reject")
    assert (result.exit_code, "16 hexadecimal digits" in result.stderr) == (2, True)


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_without_yes_the_exact_count_is_said_and_nothing_done(run, answer, die, action):
    result = run("errors", action, die(3))
    assert (result.exit_code, result.stderr) == (1, f"Error: this would {action} 3 tasks: add --yes to do it\n")
    assert answer("operations", "list")["operations"] == []


def test_a_dry_run_as_json_has_the_count(run, die):
    assert json.loads(run("errors", "retry", die(2), "--json").stdout) == {"count": 2, "exact": True}


def test_a_group_of_which_nothing_is_dead_is_no_error(run, die):
    fingerprint = die(1)
    run("errors", "discard", fingerprint, "--yes")
    result = run("errors", "retry", fingerprint, "--yes"), run("errors", "retry", fingerprint)
    assert [one.exit_code for one in result] == [0, 0]


def test_retry_sends_every_task_of_the_group(run, tasks, die):
    fingerprint = die(30)
    before = tasks.ports.transport.depth("default").visible
    assert "Retried 30 tasks." in run("errors", "retry", fingerprint, "--yes").output
    assert tasks.ports.transport.depth("default").visible == before + 30


def test_discard_gives_every_task_of_the_group_up(answer, tasks, die):
    document = answer("errors", "discard", die(2), "--yes")
    assert (document["done"], document["state"], tasks.result("t-0").status) == (2, "DONE", "CANCELLED")


def test_one_queue_s_tasks_only(run, answer, die):
    result = run("errors", "discard", die(1), "--queue", "images", "--yes")
    assert "Discarded 0 tasks." in result.output


def test_an_operation_knows_who_started_it(run, answer, die):
    fingerprint = die(1)
    run("errors", "discard", fingerprint, "--yes")
    assert answer("operations", "list")["operations"][0]["by"] == who()
    assert answer("audit")["lines"][0]["subject"] == f"error:{fingerprint}"


def test_ctrl_c_says_how_to_go_on_and_the_operation_does(run, answer, tasks, die, interrupt_send):
    fingerprint = die(30)
    interrupt_send(28)
    result = run("errors", "retry", fingerprint, "--yes")
    [operation] = answer("operations", "list")["operations"]
    assert (result.exit_code, f"flask penstock operations resume {operation['id']}" in result.stderr) == (1, True)

    resumed = answer("operations", "resume", operation["id"])
    assert (resumed["state"], resumed["done"]) == ("DONE", 30)


def test_show_tells_how_to_go_on_with_what_is_not_done(run, answer, die, interrupt_send):
    fingerprint = die(1)
    interrupt_send(1)
    run("errors", "retry", fingerprint, "--yes")
    operation = answer("operations", "list")["operations"][0]["id"]
    assert f"operations resume {operation}" in run("operations", "show", operation).output


def test_a_stopped_operation_can_be_resumed(run, answer, die, interrupt_send):
    fingerprint = die(1)
    interrupt_send(1)
    run("errors", "retry", fingerprint, "--yes")
    operation = answer("operations", "list")["operations"][0]["id"]
    assert answer("operations", "stop", operation)["state"] == "STOPPED"
    resumed = answer("operations", "resume", operation)
    assert (resumed["state"], resumed["done"]) == ("DONE", 1)


@pytest.mark.parametrize("action", ["show", "resume", "stop"])
def test_an_unknown_operation_is_one_line(run, action):
    result = run("operations", action, "nowhere")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_the_operations_stand_in_a_table(run, die):
    run("errors", "discard", die(2), "--yes")
    assert all(word in run("operations", "list").output for word in ("discard", "DONE", "2 of 2"))


def test_errors_show_as_a_page_names_the_dead_tasks_and_the_way_out(run, die):
    fingerprint = die(2)
    output = run("errors", "show", fingerprint).output
    assert all(word in output for word in ("2 tasks DEAD or FAILED", "t-1", f"errors retry {fingerprint}"))
