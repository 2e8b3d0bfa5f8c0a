"""The reconciler's function, from outside: what it answers, and what it does to a task that SQS has buried."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("reconciled.py")
ROOT = SCRIPT.parents[2]


@pytest.fixture(scope="module")
def end() -> dict[str, Any]:
    """The last line that one call of the reconciler's function and its world print."""
    run = subprocess.run(
        [sys.executable, SCRIPT],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_REGION": "eu-central-1"},
    )
    document: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return document


def test_it_looks_at_the_dead_letters_of_every_queue(end: dict[str, Any]) -> None:
    assert [looked["queue"] for looked in end["answer"]["queues"]] == ["default", "images"]


def test_it_closes_the_book_on_a_task_that_sqs_has_buried(end: dict[str, Any]) -> None:
    assert end["status"] == "DEAD"


def test_it_says_how_many_it_has_closed(end: dict[str, Any]) -> None:
    assert [looked["closed"] for looked in end["answer"]["queues"]] == [1, 0]
