"""What a worker's function answers and writes: seen from outside, as CloudWatch sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock import __version__

SCRIPT = Path(__file__).with_name("handled_batch.py")
ROOT = SCRIPT.parents[2]


@pytest.fixture(scope="module")
def written() -> list[dict[str, Any]]:
    """Every line of one invocation with a good task, a hopeless one and a message that is not ours."""
    return lines_of()


def lines_of(*milliseconds: str) -> list[dict[str, Any]]:
    """Every line of an invocation that has so long to live."""
    run = subprocess.run(
        [sys.executable, SCRIPT, *milliseconds],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_REGION": "eu-central-1"},
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def end(written: list[dict[str, Any]]) -> dict[str, Any]:
    return written[-1]


@pytest.fixture(scope="module")
def logs(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in written if "level" in line]


def test_the_answer_names_the_failed_messages_only(end: dict[str, Any]) -> None:
    assert len(end["failed"]) == 2
    assert "not ours" in end["failed"]


def test_a_message_that_is_not_ours_leaves_its_neighbours_alone(end: dict[str, Any]) -> None:
    assert end["statuses"] == ["SUCCEEDED", "DEAD"]


def test_a_line_of_a_foreign_logger_carries_the_task_id_and_the_attempt(
    logs: list[dict[str, Any]], end: dict[str, Any]
) -> None:
    (line,) = [line for line in logs if line["message"] == "greeting Ada"]
    assert (line["task_id"], line["attempt"]) == (end["ids"]["greeted"], 1)


def test_every_log_line_carries_the_request_id(logs: list[dict[str, Any]]) -> None:
    assert {line["function_request_id"] for line in logs} == {"request-1"}


def test_every_delivery_has_one_line_with_its_outcome(logs: list[dict[str, Any]]) -> None:
    assert sorted(line["outcome"] for line in logs if "outcome" in line) == ["DEAD", "MALFORMED", "SUCCEEDED"]


def test_what_a_task_says_cannot_break_a_line(logs: list[dict[str, Any]]) -> None:
    (line,) = [line for line in logs if line.get("outcome") == "DEAD"]
    assert "\n" not in line["message"]
    assert "\x1b" not in line["message"]


def test_a_batch_writes_one_metrics_document(written: list[dict[str, Any]]) -> None:
    assert len([line for line in written if "_aws" in line]) == 1


def test_the_metrics_count_the_outcomes_of_a_queue(written: list[dict[str, Any]]) -> None:
    (document,) = [line for line in written if "_aws" in line]
    assert (document["queue"], document["Succeeded"], document["Dead"], document["Malformed"]) == (
        "default",
        [1.0],
        [1.0],
        [1.0],
    )


def test_a_worker_says_once_which_version_it_runs(end: dict[str, Any]) -> None:
    assert end["workers"] == [["default", "function", __version__]]


def test_an_invocation_that_is_about_to_end_leaves_that_to_the_next() -> None:
    assert lines_of("8000")[-1]["workers"] == []
