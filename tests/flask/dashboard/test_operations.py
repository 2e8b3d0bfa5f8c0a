"""Retrying and discarding many."""

import re

import pytest

from penstock.audit import recent
from penstock.operations import Kind, State, get, resume, start, stop
from penstock.search import Search
from penstock.states import Status
from tests.flask.dashboard.conftest import words

ALL = Search(status=frozenset({Status.DEAD}))


def hidden(page, name):
    return re.search(f'name="{name}" value="([^"]*)"', page)[1]


def started(response):
    """The id of the operation that a button has started."""
    return re.fullmatch(r"/penstock/operations/([0-9a-f]{32})\?go=1", response.headers["HX-Redirect"])[1]


def run(visitor, operation_id):
    return visitor.act(f"/operations/{operation_id}/steps")


def test_the_dry_run_counts_and_changes_nothing(operator, dead, tasks):
    ids = dead("milk", "bread")
    assert "Retry 2 dead tasks?" in words(operator.get("/operations/new?kind=retry&q=status:DEAD"))
    assert [tasks.result(task_id).row.retry_sent_at for task_id in ids] == [None, None]


def test_the_dry_run_shows_some_of_the_tasks(operator, dead):
    [task_id] = dead("milk")
    assert task_id in operator.page("/operations/new?kind=discard&q=status:DEAD")


def test_the_dry_run_pins_the_moment(operator, dead):
    dead("milk")
    assert hidden(operator.page("/operations/new?kind=retry&q="), "q") == "status:DEAD until:2026-01-01T00:00:00.000Z"


def test_the_dry_run_of_nothing_offers_nothing(operator):
    page = words(operator.get("/operations/new?kind=retry&q=status:DEAD"))
    assert "There is nothing to do." in page


@pytest.mark.parametrize("query", ["kind=purge&q=", "kind=retry&q=status:RUNNING", "kind=retry&q=statsu:DEAD", "q="])
def test_a_dry_run_that_makes_no_sense_is_400(operator, query):
    assert operator.get(f"/operations/new?{query}").status_code == 400


def test_a_search_is_retried_step_by_step(operator, dead, tasks):
    ids = dead("milk", "bread")
    page = operator.page("/operations/new?kind=retry&q=status:DEAD")
    operation_id = started(operator.act("/operations", kind="retry", q=hidden(page, "q")))
    assert "DONE 2 of 2 looked at" in words(run(operator, operation_id))
    assert all(tasks.result(task_id).row.retry_sent_at for task_id in ids)


def test_what_dies_after_the_dry_run_is_left_alone(operator, dead, tasks, clock):
    dead("milk")
    q = hidden(operator.page("/operations/new?kind=discard&q=status:DEAD"), "q")
    clock.advance(60)
    [later] = dead("bread")
    run(operator, started(operator.act("/operations", kind="discard", q=q)))
    assert tasks.result(later).row.status is Status.DEAD


def test_chosen_ones_are_discarded_and_no_others(operator, dead, tasks):
    milk, bread = dead("milk", "bread")
    run(operator, started(operator.act("/operations", kind="discard", id=[milk])))
    assert [tasks.result(task_id).row.status for task_id in (milk, bread)] == [Status.CANCELLED, Status.DEAD]


@pytest.mark.parametrize("data", [{}, {"id": "no id"}, {"id": [f"t{number}" for number in range(101)]}])
def test_a_choice_that_cannot_be_is_400(operator, data):
    assert operator.act("/operations", kind="retry", **data).status_code == 400


def test_an_operation_says_who_started_it(operator, viewer, dead):
    operation_id = started(operator.act("/operations", kind="retry", id=dead("milk")))
    assert "otto" in words(viewer.get(f"/operations/{operation_id}"))


def test_a_fresh_operation_takes_its_steps_by_itself(operator, dead):
    operation_id = started(operator.act("/operations", kind="retry", id=dead("milk")))
    assert f'hx-post="/penstock/operations/{operation_id}/steps"' in operator.page(f"/operations/{operation_id}?go=1")


def test_an_operation_that_is_looked_at_later_waits_to_be_gone_on_with(operator, dead, tasks, clock):
    operation = start(tasks, Kind.RETRY, by="ada", chosen=dead("milk"))
    clock.advance(300)
    page = operator.page(f"/operations/{operation.id}")
    assert takes_steps_by_itself(page) is False
    assert f'<button type="button" class="primary" hx-post="/penstock/operations/{operation.id}/resumes"' in page
    assert "nobody goes on with it since" in page


def test_a_link_does_not_go_on_with_somebody_else_s_operation(operator, dead, tasks):
    operation = start(tasks, Kind.DISCARD, by="ada", chosen=dead("milk"))
    page = operator.page(f"/operations/{operation.id}?go=1")
    assert (takes_steps_by_itself(page), "Go on with it" in page) == (False, True)


def test_a_click_resumes_somebody_else_s_operation_and_takes_the_next_steps_by_itself(operator, dead, tasks):
    operation = start(tasks, Kind.RETRY, by="ada", chosen=dead("milk"))
    assert takes_steps_by_itself(operator.act(f"/operations/{operation.id}/resumes").text)
    assert "DONE 1 of 1 looked at" in words(run(operator, operation.id))


def test_a_page_whose_operation_somebody_else_resumes_only_watches_from_then_on(operator, dead, tasks):
    operation_id = started(operator.act("/operations", kind="retry", id=dead("milk")))
    resume(tasks, operation_id, by="ada")
    page = run(operator, operation_id).text
    assert (takes_steps_by_itself(page), get(tasks, operation_id).seen) == (False, 0)


def test_a_stopped_operation_can_be_resumed(operator, dead, tasks):
    [task_id] = dead("milk")
    operation = stop(tasks, start(tasks, Kind.DISCARD, by="otto", chosen=[task_id]).id)
    assert "Go on with it" in words(operator.get(f"/operations/{operation.id}"))
    operator.act(f"/operations/{operation.id}/resumes")
    run(operator, operation.id)
    assert tasks.result(task_id).row.status is Status.CANCELLED


def test_whoever_resumes_somebody_else_s_operation_is_in_the_audit_once(operator, dead, tasks):
    operation = start(tasks, Kind.RETRY, by="ada", chosen=dead("milk"))
    operator.act(f"/operations/{operation.id}/resumes")
    run(operator, operation.id)
    [line] = recent(tasks.ports, limit=10).lines
    assert (line.action, line.subject, line.details) == (
        "resume operation",
        f"operation:{operation.id}",
        {"begun_by": "ada"},
    )


def test_steps_of_one_s_own_operation_are_not_in_the_audit_again(operator, dead, tasks):
    operation_id = started(operator.act("/operations", kind="retry", id=dead("milk")))
    operator.act(f"/operations/{operation_id}/steps")
    assert [line.action for line in recent(tasks.ports, limit=10).lines] == ["retry many"]


def takes_steps_by_itself(page):
    return '/steps" hx-trigger="load' in page


def test_a_viewer_watches_without_taking_steps(viewer, dead, tasks):
    operation = start(tasks, Kind.RETRY, by="ada", chosen=dead("milk"))
    page = viewer.page(f"/operations/{operation.id}?go=1")
    assert "/steps" not in page
    assert f'hx-get="/penstock/operations/{operation.id}?seen=' in page


def test_an_operation_that_is_over_asks_for_nothing_more(operator, dead):
    operation_id = started(operator.act("/operations", kind="retry", id=dead("milk")))
    assert "hx-trigger" not in run(operator, operation_id).text


def test_a_stopped_operation_does_nothing_more(operator, dead, tasks):
    [task_id] = dead("milk")
    operation_id = started(operator.act("/operations", kind="discard", id=[task_id]))
    assert operator.act(f"/operations/{operation_id}/stops").headers["HX-Redirect"].endswith("?done=stopped")
    assert "STOPPED" in words(run(operator, operation_id))
    assert tasks.result(task_id).row.status is Status.DEAD


def test_a_stopped_search_can_be_started_anew(operator, dead, tasks):
    dead("milk")
    operation = stop(tasks, start(tasks, Kind.RETRY, by="ada", search=ALL).id)
    assert operation.state is State.STOPPED
    assert "Start anew, with what has died since" in words(operator.get(f"/operations/{operation.id}"))


def test_what_could_not_be_done_is_counted_with_its_reason(operator, tasks, worker):
    @tasks.task(sensitive=True)
    def secret(what: str) -> None:
        raise ValueError(what)

    task_id = secret.enqueue("x").id
    for _ in range(10):
        worker.work()
        tasks.ports.sleep(1_000)
    operation_id = started(operator.act("/operations", kind="retry", id=[task_id]))
    assert "Not possible 1" in words(run(operator, operation_id))
    assert "the table does not keep the message" in words(operator.get(f"/operations/{operation_id}"))


def test_the_live_part_is_empty_where_nothing_changed(viewer, dead, tasks):
    operation = start(tasks, Kind.RETRY, by="ada", chosen=dead("milk"))
    seen = re.search("seen=([0-9a-f]+)", viewer.page(f"/operations/{operation.id}"))[1]
    assert viewer.get(f"/operations/{operation.id}?seen={seen}").status_code == 204


def test_operations_are_listed_newest_first(viewer, dead, tasks, clock):
    ids = []
    for what in ("milk", "bread"):
        ids.append(start(tasks, Kind.RETRY, by="ada", chosen=dead(what)).id)
        clock.advance(1)
    page = viewer.page("/operations")
    assert page.index(ids[1]) < page.index(ids[0])


def test_an_operation_that_there_is_not_is_404(viewer):
    assert viewer.get("/operations/nowhere").status_code == 404
