"""``flask penstock doctor``: its report, its document, its exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from penstock import Penstock, memory
from penstock.doctor import CHECKS
from penstock.flask import init_app
from tests.doctor.conftest import Doctor
from tests.doctor.stack import LIST, Stack

Run = Callable[..., Result]


@pytest.fixture
def run(doctor: Doctor) -> Run:
    app = Flask("shop")
    init_app(app, doctor.tasks)
    return lambda *words: app.test_cli_runner().invoke(args=["penstock", "doctor", *words])


def test_where_all_is_well_it_says_so_in_one_line(run: Run) -> None:
    result = run()
    assert (result.exit_code, result.output) == (0, f"{len(CHECKS)} checks on 2 queues: all is well.\n")


def test_a_finding_says_what_why_and_how_to_repair_it(stack: Stack, run: Run) -> None:
    stack.queue("default", VisibilityTimeout=60)
    result = run()
    assert result.exit_code == 1
    assert result.output == (
        "\n"
        "queues\n"
        "  error visibility-timeout\n"
        "    default: its visibility timeout is 60 s, and must be 1860 s at least: 6 x the function timeout + the batch window\n"
        "    a message shows again while its batch still runs, and each showing costs one of its receives\n"
        "    fix: terraform apply, or aws sqs set-queue-attributes --queue-url "
        "https://sqs.us-east-1.amazonaws.com/123456789012/shop-prod-default --attributes VisibilityTimeout=1860\n"
        "\n"
        f"{len(CHECKS)} checks on 2 queues: 1 error.\n"
    )


def test_the_subject_with_the_worst_finding_comes_first(stack: Stack, run: Run) -> None:
    stack.queue("default", DelaySeconds=5)
    stack.recovery(enabled=False)
    stack.mapping("default", FunctionResponseTypes=[])
    output = run().output
    places = [output.index(name) for name in ("report-batch-item-failures", "queue-delay", "point-in-time-recovery")]
    assert places == sorted(places)
    assert output.endswith("1 error, 2 warnings.\n")


def test_a_warning_fails_only_where_it_is_strict(stack: Stack, run: Run) -> None:
    stack.recovery(enabled=False)
    assert (run().exit_code, run("--strict").exit_code) == (0, 1)


def test_strict_fails_for_what_was_not_checked(run: Run) -> None:
    unseen = ("--web-role", "some-role-of-ours")
    assert (run(*unseen).exit_code, run(*unseen, "--strict").exit_code) == (0, 1)


def test_what_was_not_checked_is_said_with_what_it_takes(run: Run) -> None:
    output = run("--web-role", "some-role-of-ours").output
    assert "not checked\n  roles, what some-role-of-ours may do. there is no such role" in output
    assert output.endswith(f"{len(CHECKS)} checks on 2 queues: 1 thing not checked.\n")


def test_the_document_has_everything(stack: Stack, run: Run) -> None:
    stack.queue("orders", DelaySeconds=5)
    document = json.loads(run("--json").stdout)
    [finding] = document.pop("findings")
    assert document == {
        "well": True,
        "errors": 0,
        "warnings": 1,
        "not_checked": [],
        "not_here": [],
        "checks": len(CHECKS),
        "queues": 2,
    }
    assert finding == {
        "name": "queue-delay",
        "severity": "warning",
        "subject": "queues",
        "resource": "orders",
        "found": "the queue delays every message by 5 s, which nothing here asks for",
        "why": "every message waits before it can be worked on",
        "fix": "aws sqs set-queue-attributes --queue-url "
        "https://sqs.us-east-1.amazonaws.com/123456789012/shop-prod-orders.fifo --attributes DelaySeconds=0",
    }


def test_a_document_of_errors_fails_as_the_report_does(stack: Stack, run: Run) -> None:
    stack.mapping("default", FunctionResponseTypes=[])
    result = run("--json")
    assert (result.exit_code, json.loads(result.stdout)["well"]) == (1, False)


def test_a_list_of_queues_is_compared_where_one_is_named(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "queues.json"
    listed.write_text(json.dumps(LIST))
    assert run("--queues", str(listed)).output.endswith("all is well.\n")
    listed.write_text(json.dumps({"queues": {**LIST["queues"], "mails": {}}}))
    assert "queue-not-live" in run("--queues", str(listed)).output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not valid JSON"),
        ('{"queues": {"default": {"time_limt": 3}}}', "did you mean 'time_limit'?"),
    ],
)
def test_a_list_that_cannot_be_read_is_a_wrong_command_line(
    run: Run, tmp_path: Path, text: str | None, said: str
) -> None:
    listed = tmp_path / "queues.json"
    if text is not None:
        listed.write_text(text)
    result = run("--queues", str(listed))
    assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.mark.parametrize("words", [("--nothing",), ("extra",), ("--queues",)])
def test_a_wrong_command_line_is_exit_code_2(run: Run, words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_another_name_of_the_reconciler_is_taken(run: Run) -> None:
    output = run("--reconciler", "our-reconciler").output
    assert "reconciler-missing\n    our-reconciler: there is no such function" in output


def test_ports_that_reach_no_aws_have_nothing_to_examine() -> None:
    tasks, app = Penstock(), Flask("shop")
    tasks.connect(memory.ports())
    init_app(app, tasks)
    result = app.test_cli_runner().invoke(args=["penstock", "doctor"])
    assert (result.exit_code, "there is nothing to examine: these ports reach no AWS" in result.stderr) == (1, True)
