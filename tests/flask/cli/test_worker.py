"""`flask penstock worker` in this process: a task stops it, by the signal that ECS sends."""

import asyncio
import contextlib
import json
import logging
import os
import pty
import signal
import sys
import threading
import time

import click
import pytest
from flask import current_app, g

from penstock import Status
from penstock.alive import what_is_wrong
from penstock.flask.cli import commands


@pytest.fixture
def stop(tasks):
    """A task that has its worker asked to stop."""
    return tasks.task(name="stop")(lambda: signal.raise_signal(signal.SIGTERM))


def test_it_works_until_it_is_asked_to_stop(run, tasks, stop):
    results = [tasks.registry["double"].enqueue(21), stop.enqueue()]
    ended = run("worker", "--queue", "default")
    assert (ended.exit_code, ended.stdout) == (0, "Stopped. Deliveries: 2 SUCCEEDED.\n")
    assert [result.refresh().status for result in results] == [Status.SUCCEEDED] * 2


def test_json_says_how_many_deliveries_ended_how(answer, tasks, stop):
    tasks.registry["hopeless"].enqueue("milk")
    stop.enqueue()
    assert answer("worker", "--queue", "default")["deliveries"]["DEAD"] == 1


def test_each_delivery_is_one_line_of_the_log(run, tasks, stop, caplog):
    tasks.registry["double"].using(task_id="t-1").enqueue(21)
    stop.enqueue()
    with caplog.at_level(logging.INFO, "penstock"):
        run("worker", "--queue", "default")
    assert [line for line in caplog.messages if "t-1" in line] == ["SUCCEEDED double 't-1' attempt 1, 0 ms"]


def test_each_run_has_an_app_context_of_its_own(run, tasks, stop):
    seen = []

    @tasks.task
    def remember():
        seen.append((current_app.name, g.get("earlier")))
        g.earlier = "left behind"

    for _ in range(2):
        remember.enqueue()
    stop.enqueue()
    run("worker", "--queue", "default")
    assert seen == [("shop", None)] * 2


def test_a_task_that_waits_in_a_system_call_is_interrupted_after_the_grace(run, tasks):
    @tasks.task
    def nap():
        signal.raise_signal(signal.SIGINT)
        time.sleep(60)

    result = nap.enqueue()
    ended = run("worker", "--queue", "default", "--grace", "0")
    assert (ended.stdout, result.refresh().status) == ("Stopped. Deliveries: 1 HANDED_BACK.\n", Status.RETRYING)


def test_a_coroutine_is_interrupted_too(run, tasks):
    @tasks.task
    async def nap():
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(60)

    nap.enqueue()
    assert run("worker", "--queue", "default", "--grace", "0").stdout == "Stopped. Deliveries: 1 HANDED_BACK.\n"


def test_it_leaves_signals_threads_and_middleware_as_they_were(run, tasks, stop):
    stop.enqueue()
    before = signal.getsignal(signal.SIGTERM)
    run("worker", "--queue", "default")
    names = [thread.name for thread in threading.enumerate()]
    assert signal.getsignal(signal.SIGTERM) is before
    assert ("penstock-heartbeat" in names, tasks.hooks.middleware) == (False, [])


def test_it_touches_its_alive_file(run, tasks, stop, tmp_path):
    stop.enqueue()
    run("worker", "--queue", "default", "--alive-file", str(tmp_path / "alive"))
    assert what_is_wrong(tmp_path / "alive", max_age=60, now=time.time()) == ""


def test_an_alive_file_that_cannot_be_made_is_told(run, tmp_path):
    ended = run("worker", "--queue", "default", "--alive-file", str(tmp_path / "nowhere" / "alive"))
    assert (ended.exit_code, "cannot be written: No such file or directory" in ended.stderr) == (1, True)


def test_a_queue_that_does_not_exist_is_told_with_those_that_do(run):
    ended = run("worker", "--queue", "nope")
    assert (ended.exit_code, "known queues: default, images" in ended.stderr) == (1, True)


def test_a_worker_without_a_queue_is_a_wrong_command_line(run):
    assert run("worker").exit_code == 2


def test_a_negative_grace_is_a_wrong_command_line(run):
    assert run("worker", "--queue", "default", "--grace", "-1").exit_code == 2


def test_it_prints_no_metrics_unless_it_is_told_to(run, tasks, stop):
    stop.enqueue()
    assert "CloudWatchMetrics" not in run("worker", "--queue", "default").output


def test_with_metrics_each_delivery_is_a_document_of_its_queue(run, tasks, stop):
    tasks.registry["double"].enqueue(21)
    stop.enqueue()
    *documents, last = run("worker", "--queue", "default", "--metrics").stdout.splitlines()
    counted = [json.loads(line) for line in documents]
    assert [(line["queue"], line["service"], line["Succeeded"]) for line in counted] == [
        ("default", "penstock", [1])
    ] * 2
    assert last == "Stopped. Deliveries: 2 SUCCEEDED."


def test_metrics_and_json_would_be_mixed_up_and_are_refused(run):
    ended = run("worker", "--queue", "default", "--metrics", "--json")
    assert (ended.exit_code, "take one of them" in ended.stderr) == (2, True)


def test_no_metrics_are_written_to_a_terminal(app, tasks):
    ours, theirs = pty.openpty()
    with (
        open(theirs, "w") as terminal,
        contextlib.redirect_stdout(terminal),
        app.app_context(),
        pytest.raises(click.ClickException, match="which is a terminal here: leave it out"),
    ):
        commands(tasks).main(["worker", "--queue", "default", "--metrics"], standalone_mode=False)
    os.close(ours)


def test_without_powertools_it_says_what_to_install(run, monkeypatch):
    monkeypatch.delitem(sys.modules, "penstock.aws.emf", raising=False)
    monkeypatch.delattr("penstock.aws.emf", raising=False)
    monkeypatch.setitem(sys.modules, "aws_lambda_powertools.metrics", None)
    ended = run("worker", "--queue", "default", "--metrics")
    assert (ended.exit_code, "pip install 'penstock[aws]', or leave it out" in ended.stderr) == (1, True)
