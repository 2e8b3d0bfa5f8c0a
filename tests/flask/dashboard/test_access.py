"""Who may do what on the pages: hidden where one may not, and refused all the same."""

import re

import pytest
from flask import Flask

from penstock.flask import mount
from penstock.flask.access import ApiKeys
from penstock.flask.access.guard import _MARK
from tests.flask.dashboard.conftest import Visitor, words
from tests.flask.people import OWN_FORM, PREFIX, SECRET_KEY, TABLE

FOR_OPERATORS = (
    ("POST", "/tasks/t/retries"),
    ("POST", "/tasks/t/discards"),
    ("POST", "/tasks/t/edits"),
    ("GET", "/tasks/t/edits/new"),
    ("POST", "/tasks/t/cancellations"),
    ("POST", "/queues/default/redrives"),
    ("DELETE", "/queues/default/redrives"),
    ("POST", "/queues/default/pauses"),
    ("DELETE", "/queues/default/pauses"),
    ("GET", "/operations/new?kind=retry&q="),
    ("POST", "/operations"),
    ("POST", "/operations/o/steps"),
    ("POST", "/operations/o/resumes"),
    ("POST", "/operations/o/stops"),
)
FOR_ADMINS = (
    ("POST", "/tasks/t/forgettings"),
    ("POST", "/queues/default/purges"),
    ("GET", "/queues/default/purges/new"),
)


def pages(dead, tasks):
    [task_id] = dead("milk")
    fingerprint = tasks.result(task_id).row.error.fingerprint
    return (
        "/", "/tasks", "/tasks?q=status:DEAD", "/dead-letters", "/errors", f"/errors/{fingerprint}", f"/tasks/{task_id}",
        "/queues", "/queues/default", "/operations", "/audit",
    )  # fmt: skip


@pytest.mark.parametrize(("method", "path"), FOR_OPERATORS + FOR_ADMINS)
def test_a_viewer_is_refused(viewer, method, path):
    assert viewer.act(path, method).status_code == 403


@pytest.mark.parametrize(("method", "path"), FOR_ADMINS)
def test_an_operator_is_refused_what_admins_do(operator, method, path):
    assert operator.act(path, method).status_code == 403


@pytest.mark.parametrize(("method", "path"), FOR_OPERATORS + FOR_ADMINS)
def test_a_read_only_mount_refuses_everybody_with_words(tasks, method, path):
    app = Flask("other")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, read_only=True)
    response = Visitor(app, "ada").act(path, method)
    assert (response.status_code, "read-only" in words(response)) == (403, True)


@pytest.mark.parametrize(("method", "path"), [one for one in FOR_OPERATORS + FOR_ADMINS if one[0] != "GET"])
def test_an_action_without_the_pages_header_is_refused(admin, method, path):
    response = admin.client.open(PREFIX + path, method=method, headers=OWN_FORM)
    assert (response.status_code, "X-Penstock" in words(response)) == (403, True)


def test_no_form_that_writes_falls_back_to_a_url_with_what_was_typed(admin, dead):
    [task_id] = dead("milk")
    forms = []
    for path in (
        f"/tasks/{task_id}/edits/new",
        "/queues/default/purges/new",
        "/operations/new?kind=retry&q=",
        "/dead-letters",
    ):
        forms += re.findall("<form [^>]*hx-post[^>]*>", admin.page(path))
    assert len(forms) == 4
    assert all('method="post" action="/penstock/' in form for form in forms)


@pytest.mark.parametrize(
    "path", [path for method, path in FOR_OPERATORS + FOR_ADMINS if method == "POST" and "redrives" not in path]
)
def test_an_action_is_no_page(admin, path):
    assert admin.get(path).status_code in (405, 200 if path == "/operations" else 405)


def test_a_viewer_sees_no_button_that_he_cannot_use(viewer, dead, tasks):
    for path in pages(dead, tasks):
        page = viewer.page(path)
        assert "hx-post" not in page, path
        assert "hx-delete" not in page, path
        assert "/operations/new" not in page, path
        assert 'type="checkbox"' not in page, path


def test_an_operator_sees_no_button_of_admins(operator, dead, tasks):
    for path in pages(dead, tasks):
        page = operator.page(path)
        assert "forgettings" not in page, path
        assert "purges" not in page, path


def test_every_view_says_who_may_see_it(app):
    views = {name: view for name, view in app.view_functions.items() if name.startswith("penstock_dashboard.")}
    assert [name for name, view in views.items() if not hasattr(view, _MARK) and not name.endswith(".static")] == []
