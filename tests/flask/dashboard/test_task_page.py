"""The page of one task, by its status."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from penstock import current_task
from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.errors import Unavailable
from penstock.record import Progress
from penstock.settings import QueueSettings
from penstock.transitions import Lease, claim, progress
from tests.flask.dashboard.conftest import Away, words


def start(tasks, result, clock):
    """Bring a queued task into the middle of its run."""
    [message] = tasks.ports.transport.receive(result.queue, max_messages=1)
    delivery = Delivery(result.queue, message.message_id, message.receipt_handle, message.body, message.sent_at, 1)
    lease = Lease("worker-1", clock() + timedelta(minutes=1))
    transition = claim(Envelope.from_json(message.body), delivery, lease, max_attempts=5, now=clock())
    tasks.ports.results.apply(result.id, transition)
    return lambda value: tasks.ports.results.apply(result.id, progress(lease.owner, value))


def test_a_dead_task_shows_its_error_its_traceback_and_its_arguments(viewer, dead):
    page = words(viewer.get(f"/tasks/{dead('milk')[0]}"))
    assert "DEAD" in page
    assert "Reject no milk [bold]today[/bold]" in page
    assert "Traceback (most recent call last):" in page
    assert "kwargs 1 member what milk" in page


def test_the_request_of_an_attempt_is_named(viewer, dead):
    assert "Lambda request request-1" in words(viewer.get(f"/tasks/{dead('milk')[0]}"))


def test_at_aws_an_attempt_leads_to_its_log_lines(viewer, dead, tasks):
    [task_id] = dead("milk")
    tasks.connect(replace(tasks.ports, settings=replace(tasks.ports.settings, region="eu-central-1")))
    page = viewer.page(f"/tasks/{task_id}")
    assert (
        "log-group/$252Faws$252Flambda$252Fmemory-worker-default/log-events$3FfilterPattern$3D$2522request-1$2522"
        in page
    )


def test_a_mapping_that_cannot_be_read_costs_the_link_only(viewer, dead, tasks):
    [task_id] = dead("milk")
    away = Away(tasks.ports.mappings, Unavailable("Lambda does not answer"), "get")
    tasks.connect(replace(tasks.ports, mappings=away, settings=replace(tasks.ports.settings, region="eu-central-1")))
    assert "CloudWatch logs" not in viewer.page(f"/tasks/{task_id}")


def test_attempts_are_a_chart_with_words(viewer, dead):
    page = viewer.page(f"/tasks/{dead('milk')[0]}")
    assert 'aria-label="Time line of 1 attempt in 0 s"' in page
    assert "<title>attempt 1: 00:00:00 UTC, ran 0 ms, then DEAD</title>" in page


def test_secrets_in_arguments_are_redacted(viewer, tasks, worker):
    @tasks.task(max_attempts=1)
    def log_in(user: str, password: str) -> None:
        raise ValueError("refused")

    task_id = log_in.enqueue(user="ada", password="hunter2").id
    worker.work()
    page = viewer.page(f"/tasks/{task_id}")
    assert "hunter2" not in page
    assert "password ‹redacted›" in words(viewer.get(f"/tasks/{task_id}"))


def test_secrets_in_a_result_are_redacted(viewer, tasks, worker):
    @tasks.task
    def open_account() -> dict[str, str]:
        return {"user": "ada", "api_key": "hunter2"}

    task_id = open_account.enqueue().id
    worker.work()
    page = words(viewer.get(f"/tasks/{task_id}"))
    assert ("user ada" in page, "hunter2" in page) == (True, False)


def test_a_task_that_succeeded_shows_its_result(viewer, tasks, worker):
    task_id = tasks.registry["double"].enqueue(21).id
    worker.work()
    assert "Result 42" in words(viewer.get(f"/tasks/{task_id}"))


def test_a_result_that_was_not_kept_says_why(viewer, tasks, worker):
    @tasks.task
    def strange() -> object:
        return object()

    task_id = strange.enqueue().id
    worker.work()
    assert "It succeeded, but its value is not shown:" in words(viewer.get(f"/tasks/{task_id}"))


def test_a_waiting_task_says_where_its_arguments_are(viewer, tasks):
    task_id = tasks.registry["double"].enqueue(21).id
    assert "They are in the message only" in words(viewer.get(f"/tasks/{task_id}"))


def test_a_running_task_shows_its_progress(viewer, tasks, clock):
    result = tasks.registry["double"].enqueue(21)
    start(tasks, result, clock)(Progress(42, 120, "page 42"))
    page = viewer.page(f"/tasks/{result.id}")
    assert '<progress value="42" max="120"' in page
    assert "42 of 120 page 42" in words(viewer.get(f"/tasks/{result.id}"))


def live_url(page):
    return page.split('hx-get="/penstock')[1].split('"')[0].replace("&amp;", "&")


def test_new_progress_comes_with_the_live_part(viewer, tasks, clock):
    result = tasks.registry["double"].enqueue(21)
    report = start(tasks, result, clock)
    url = live_url(viewer.page(f"/tasks/{result.id}"))
    report(Progress(7, 9))
    assert "7 of 9" in words(viewer.get(url))


def test_the_live_part_is_empty_where_nothing_changed(viewer, tasks):
    url = live_url(viewer.page(f"/tasks/{tasks.registry['double'].enqueue(21).id}"))
    assert viewer.get(url).status_code == 204


def test_a_change_of_status_has_the_page_loaded_anew(viewer, tasks, worker):
    url = live_url(viewer.page(f"/tasks/{tasks.registry['double'].enqueue(21).id}"))
    worker.work()
    assert viewer.get(url).headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("name", ["double", "hopeless"])
def test_a_task_in_a_final_status_is_not_asked_for_again(viewer, tasks, worker, name):
    task_id = tasks.registry[name].enqueue(21 if name == "double" else "milk").id
    worker.work()
    assert "hx-trigger" not in viewer.page(f"/tasks/{task_id}")


def test_an_edited_copy_leads_to_its_origin(operator, dead):
    [task_id] = dead("milk")
    arguments = json.dumps({"args": ["bread"], "kwargs": {}})
    copy = operator.act(f"/tasks/{task_id}/edits", arguments=arguments).headers["HX-Redirect"]
    assert f'Edited copy of</dt><dd><a href="/penstock/tasks/{task_id}"' in operator.client.get(copy).text


def test_tags_lead_to_all_tasks_that_have_them(viewer, tasks):
    task_id = tasks.registry["double"].using(tags=("order:7",)).enqueue(1).id
    assert "/penstock/tasks?q=tag:%22order:7%22" in viewer.page(f"/tasks/{task_id}")


def test_commands_for_a_shell_name_the_task(viewer, dead):
    [task_id] = dead("milk")
    page = words(viewer.get(f"/tasks/{task_id}"))
    assert f"flask penstock retry {task_id}" in page
    assert f"http://localhost/penstock/api/v1/tasks/{task_id}/retries" in page


def test_a_task_leads_to_its_json(viewer, dead):
    [task_id] = dead("milk")
    assert viewer.client.get(f"/penstock/api/v1/tasks/{task_id}").json["status"] == "DEAD"
    assert f'href="/penstock/api/v1/tasks/{task_id}"' in viewer.page(f"/tasks/{task_id}")


@pytest.mark.parametrize("task_id", ["nowhere", "no id", "%3Cscript%3E", "x" * 129])
def test_a_task_that_there_is_not_is_404(viewer, task_id):
    assert viewer.get(f"/tasks/{task_id}").status_code == 404


def test_only_the_newest_attempts_are_shown_in_full(viewer, tasks, worker, clock, monkeypatch):
    monkeypatch.setattr("penstock.flask.dashboard.task.MAX_ATTEMPTS_SHOWN", 2)

    @tasks.task(max_attempts=4)
    def shaky() -> None:
        raise ValueError(f"attempt {current_task.attempt}")

    task_id = shaky.enqueue().id
    for _ in range(20):
        worker.work()
        clock.advance(400)
    page = words(viewer.get(f"/tasks/{task_id}"))
    assert "2 earlier attempts not shown." in page
    assert page.index("Attempt 4") < page.index("Attempt 3")


def test_a_task_of_a_queue_that_is_gone_is_shown(viewer, dead, tasks):
    [task_id] = dead("milk")
    other = {"images": QueueSettings("images", "memory://images")}
    tasks.ports.results.get(task_id)
    tasks._ports = replace(tasks.ports, settings=replace(tasks.ports.settings, queues=other))
    assert "DEAD" in viewer.page(f"/tasks/{task_id}")
