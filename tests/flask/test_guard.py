"""The door of the operations views: who gets in, for what, and from which page."""

import logging

import pytest
from flask import Flask

from penstock.errors import PenstockError, Unavailable
from penstock.flask import api, mount
from penstock.flask.access import ApiKeys, Role, acted, identity, requires
from tests.flask.people import API, OWN_PAGE, PREFIX, SECRET_KEY, TABLE, bearer, sign_in

ENQUEUE = {"task": "double", "args": [21]}


def enqueue(client, **options):
    return client.post(f"{API}/tasks", json=ENQUEUE, **options)


# Strangers


def test_the_api_refuses_a_stranger_with_a_problem_document(stranger):
    response = enqueue(stranger)
    assert (response.status_code, response.content_type, response.headers["WWW-Authenticate"]) == (
        401,
        "application/problem+json",
        "Bearer",
    )


def test_the_dashboard_leads_a_stranger_to_the_sign_in_page(stranger):
    response = stranger.get(f"{PREFIX}/?queue=images")
    assert (response.status_code, response.location) == (
        303,
        f"{PREFIX}/sign-in?next=/penstock/?queue%3Dimages",
    )


def test_a_stranger_s_write_to_the_dashboard_is_not_led_anywhere(stranger):
    assert stranger.post(f"{PREFIX}/").status_code == 401


@pytest.mark.parametrize(
    ("page", "next_path"),
    [
        (f"http://localhost{PREFIX}/tasks?queue=a", f"{PREFIX}/tasks?queue%3Da"),
        ("https://evil.example/", f"{PREFIX}/"),
        ("http://[", f"{PREFIX}/"),
        ("", f"{PREFIX}/"),
    ],
)
def test_htmx_is_told_to_open_the_sign_in_page_and_to_come_back_to_its_page(stranger, page, next_path):
    response = stranger.get(f"{PREFIX}/rows", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert (response.status_code, response.headers["HX-Redirect"]) == (401, f"{PREFIX}/sign-in?next={next_path}")


@pytest.mark.parametrize("path", ["tasks/no-such-id", "nowhere", "nowhere/at/all", "tasks"])
def test_a_stranger_cannot_tell_which_paths_of_the_api_exist(stranger, path):
    assert stranger.get(f"{API}/{path}").status_code == 401


def test_the_style_of_the_sign_in_page_is_open_to_strangers(stranger):
    with stranger.get(f"{PREFIX}/static/penstock.css") as response:
        assert response.status_code == 200


# Keys in the header


def test_a_known_key_is_let_in(stranger):
    assert enqueue(stranger, headers=bearer("otto")).status_code == 202


@pytest.mark.parametrize(
    "value",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        "Basic b3R0bzpvb28=",
        "Basic \xff",
        "Bearer schlüssel",
        "Bearer ключ".encode().decode("latin-1"),
        "Bearer a=b, c=d",
        "\xa0",
        f"Bearer {TABLE['otto']['sha256']}",
    ],
)
def test_any_other_credential_is_unauthorised(stranger, value):
    assert enqueue(stranger, headers={"Authorization": value}).status_code == 401


def test_an_unknown_credential_is_logged_with_where_it_came_from(stranger, caplog):
    enqueue(stranger, headers={"Authorization": "Bearer wrong"}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert ("203.0.113.7" in caplog.text, "wrong" in caplog.text) == (True, False)


# Roles


@pytest.mark.parametrize(("name", "status"), [("vera", 403), ("otto", 202), ("ada", 202)])
def test_enqueueing_takes_an_operator(stranger, name, status):
    assert enqueue(stranger, headers=bearer(name)).status_code == status


def test_a_viewer_reads(stranger, tasks):
    result = tasks.registry["double"].enqueue(21)
    assert stranger.get(f"{API}/tasks/{result.id}", headers=bearer("vera")).status_code == 200


def test_a_low_role_is_told_which_role_it_takes(stranger):
    detail = enqueue(stranger, headers=bearer("vera")).json["detail"]
    assert detail == "this needs the role operator, and 'vera' is viewer"


@pytest.fixture
def read_only(tasks):
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks, read_only=True, allow_enqueue=("double",))
    return app.test_client()


def test_a_read_only_mount_refuses_even_an_admin_s_action_and_says_why(read_only):
    response = enqueue(read_only, headers=bearer("ada"))
    assert (response.status_code, "read_only=True" in response.json["detail"]) == (403, True)


def test_a_read_only_mount_can_be_read(read_only, tasks):
    result = tasks.registry["double"].enqueue(21)
    assert read_only.get(f"{API}/tasks/{result.id}", headers=bearer("vera")).status_code == 200


@pytest.fixture
def views(tasks, monkeypatch):
    """A mount with two views more: one without a mark, one that acts."""

    def add_views(blueprint, _mount):
        blueprint.get("/unmarked")(lambda: "secret")

        @blueprint.post("/actions")
        @requires(Role.OPERATOR)
        def act():
            acted("redrive", "images", moved=7, note="two\nlines")
            return {"name": identity().name, "role": identity().role.word, "by": identity().by}

    monkeypatch.setattr(api, "RESOURCES", (add_views,))
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    mount(app, sign_in=ApiKeys(TABLE), tasks=tasks)
    return app.test_client()


def test_a_view_without_a_mark_lets_nobody_in(views):
    response = views.get(f"{API}/unmarked", headers=bearer("ada"))
    assert (response.status_code, "secret" in response.text) == (500, False)


def test_the_log_names_the_view_without_a_mark(views, caplog):
    views.get(f"{API}/unmarked")
    assert "'penstock_api.<lambda>' has no @requires" in caplog.text


def test_a_view_knows_who_asks(views):
    assert views.post(f"{API}/actions", headers=bearer("otto")).json == {
        "name": "otto",
        "role": "operator",
        "by": "api key",
    }


def test_an_action_is_one_line_of_the_audit(views, caplog):
    with caplog.at_level(logging.INFO, "penstock"):
        views.post(f"{API}/actions", headers=bearer("otto"))
    assert caplog.messages == [r"""AUDIT 'otto (api key)': redrive 'images' {"moved": 7, "note": "two\nlines"}"""]


def test_nobody_is_signed_in_outside_a_guarded_view(app):
    with app.test_request_context(), pytest.raises(RuntimeError, match="nobody is signed in"):
        identity()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_an_action_takes_no_other_method_than_post(views, method):
    response = views.open(f"{API}/actions", method=method, headers=bearer("otto"))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


def test_a_method_that_is_not_allowed_is_a_problem_document(views):
    assert views.get(f"{API}/actions", headers=bearer("otto")).content_type == "application/problem+json"


# Other sites


@pytest.fixture
def browser(stranger):
    """A browser in which an operator has signed in."""
    sign_in(stranger, "otto")
    return stranger


@pytest.mark.parametrize(
    "headers",
    [
        OWN_PAGE,
        {"Origin": "http://localhost", "X-Penstock": "1"},
        {"Origin": "http://localhost:80", "X-Penstock": "1"},
        {"Origin": "https://localhost", "X-Penstock": "1"},  # TLS ends at a proxy
    ],
)
def test_a_write_by_our_own_page_is_taken(browser, headers):
    assert enqueue(browser, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Penstock": "1"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "X-Penstock": "1"},
        {"Sec-Fetch-Site": "same-site", "X-Penstock": "1"},
        {"Sec-Fetch-Site": "cross-site", "X-Penstock": "1"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost", "X-Penstock": "1"},
        {"Origin": "https://evil.example", "X-Penstock": "1"},
        {"Origin": "http://localhost:8000", "X-Penstock": "1"},
        {"Origin": "http://localhost.evil.example", "X-Penstock": "1"},
        {"Origin": "http://localhost@evil.example", "X-Penstock": "1"},
        {"Origin": "http://localhost:port", "X-Penstock": "1"},
        {"Origin": "//localhost", "X-Penstock": "1"},
        {"Origin": "null", "X-Penstock": "1"},
    ],
)
def test_any_other_write_by_a_browser_is_refused(browser, headers):
    assert enqueue(browser, headers=headers).status_code == 403


def test_a_refused_program_is_told_what_to_send(browser):
    assert "'Authorization: Bearer <key>'" in enqueue(browser).json["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_every_unsafe_method_is_guarded(browser, method):
    headers = {"Sec-Fetch-Site": "cross-site", "X-Penstock": "1"}
    assert browser.open(f"{API}/tasks", method=method, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_key_does_not_make_a_foreign_page_s_write_ours(client, headers):
    assert enqueue(client, headers=headers).status_code == 403


def test_a_page_of_another_site_may_link_to_ours(browser):
    assert browser.get(f"{PREFIX}/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


# Headers


PAGES = [f"{PREFIX}/", f"{PREFIX}/sign-in", f"{PREFIX}/nowhere", f"{API}/tasks/nowhere", f"{API}/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_of_ours_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"], headers["Cross-Origin-Opener-Policy"]) == (
        "nosniff",
        "no-referrer",
        "same-origin",
    )


@pytest.mark.parametrize("path", PAGES)
def test_no_cache_keeps_an_answer_of_ours(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"


def test_a_stranger_s_redirect_has_the_security_headers_too(stranger):
    assert "default-src 'none'" in stranger.get(f"{PREFIX}/").headers["Content-Security-Policy"]


def test_the_static_files_may_be_cached(stranger):
    with stranger.get(f"{PREFIX}/static/penstock.css") as response:
        pass
    assert ("no-store" in response.headers["Cache-Control"], "ETag" in response.headers) == (False, True)


# Errors on pages


def test_what_is_not_there_is_a_page_of_the_dashboard(client):
    response = client.get(f"{PREFIX}/nowhere")
    assert (response.status_code, "<h1>Not Found</h1>" in response.text) == (404, True)


def test_what_is_wrong_with_the_set_up_is_for_the_log(app, client, monkeypatch, caplog):
    @requires(Role.VIEWER)
    def fail():
        raise PenstockError("secret")

    monkeypatch.setitem(app.view_functions, "penstock_dashboard.home", fail)
    response = client.get(f"{PREFIX}/")
    assert (response.status_code, "secret" in response.text, "secret" in caplog.text) == (500, False, True)


def test_an_unreachable_table_is_a_page_that_says_when_to_come_back(app, client, monkeypatch):
    @requires(Role.VIEWER)
    def fail():
        raise Unavailable("no answer")

    monkeypatch.setitem(app.view_functions, "penstock_dashboard.home", fail)
    response = client.get(f"{PREFIX}/")
    assert (response.status_code, response.headers["Retry-After"], response.mimetype) == (503, "5", "text/html")
