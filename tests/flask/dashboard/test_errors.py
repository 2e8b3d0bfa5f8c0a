"""Errors by kind, and the page of one kind."""

import pytest

from penstock.flask.dashboard import errors
from tests.flask.dashboard.conftest import words


def fingerprint(tasks, task_id):
    return tasks.result(task_id).row.error.fingerprint


def test_a_kind_of_error_is_listed_with_its_counts(viewer, dead):
    dead("milk", "milk")
    assert "Reject no milk [bold]today[/bold] hopeless on default at" in words(viewer.get("/errors"))
    assert "conftest.py:hopeless 2 2" in words(viewer.get("/errors"))


def test_a_kind_of_error_leads_to_its_page(viewer, dead, tasks):
    [task_id] = dead("milk")
    assert f"/penstock/errors/{fingerprint(tasks, task_id)}?window=24h" in viewer.page("/errors")


@pytest.mark.parametrize(("window", "is_there"), [("1h", False), ("24h", True), ("7d", True)])
def test_a_window_shows_what_came_in_it(viewer, dead, clock, window, is_there):
    dead("milk")
    clock.advance(2 * 3_600)
    assert ("no milk" in viewer.page(f"/errors?window={window}")) == is_there


def test_without_errors_the_page_says_so(viewer):
    assert "No attempt failed in the last 24 hours." in words(viewer.get("/errors"))


def test_more_kinds_than_fit_are_counted(viewer, dead, monkeypatch):
    monkeypatch.setattr(errors, "MAX_GROUPS", 1)
    dead("milk", "bread", "salt")
    assert "2 more kinds, less frequent ones, are not shown." in words(viewer.get("/errors"))


def test_the_page_of_a_kind_has_the_newest_traceback(viewer, dead, tasks):
    [task_id] = dead("milk")
    page = words(viewer.get(f"/errors/{fingerprint(tasks, task_id)}"))
    assert "Traceback (most recent call last):" in page
    assert "raise Reject" in page


def test_the_page_of_a_kind_lists_its_tasks_only(viewer, dead, tasks):
    milk, bread = dead("milk", "bread")
    page = viewer.page(f"/errors/{fingerprint(tasks, milk)}")
    assert (milk in page, bread in page) == (True, False)


def test_the_page_of_a_kind_leads_to_retrying_all_of_it(operator, dead, tasks):
    [task_id] = dead("milk")
    name = fingerprint(tasks, task_id)
    assert f"/penstock/operations/new?kind=retry&amp;q=status:DEAD+error:{name}" in operator.page(f"/errors/{name}")


def test_a_narrow_window_in_which_nothing_came_keeps_the_kind(viewer, dead, tasks, clock):
    [task_id] = dead("milk")
    name = fingerprint(tasks, task_id)
    tasks.ports.results.put_item(task_id, None)
    clock.advance(2 * 3_600)
    page = words(viewer.get(f"/errors/{name}?window=1h"))
    assert "Reject" in page
    assert "none in the last 1 hour" in page


def test_the_page_of_a_kind_outlives_its_counts(viewer, dead, tasks, clock):
    [task_id] = dead("milk")
    clock.advance(10 * 86_400)
    page = words(viewer.get(f"/errors/{fingerprint(tasks, task_id)}"))
    assert "none in the last 24 hours" in page
    assert "1 dead or failed" in page


@pytest.mark.parametrize("name", ["0123456789abcdef", "nonsense", "x" * 5_000])
def test_a_kind_that_there_is_not_is_404(viewer, name):
    assert viewer.get(f"/errors/{name}").status_code == 404
