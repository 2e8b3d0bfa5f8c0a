"""Who gets in, from where, and under which host name."""

import pytest

TASKS = "/penstock/api/v1/tasks"
ENQUEUE = {"task": "make_thumbnails", "args": ["cat"], "kwargs": {"widths": [100]}}
TOKEN = "correct horse battery staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "X-Penstock": "1"}


def sign_in(stranger, token=TOKEN, path="/sign-in", **options):
    return stranger.open(path, "POST", data={"token": token}, **options)


def test_on_this_machine_local_mode_asks_for_no_token(client):
    assert client.post(TASKS, json=ENQUEUE, headers=OWN_PAGE).status_code == 202


def test_local_mode_lets_nobody_else_in(client):
    response = client.post(TASKS, json=ENQUEUE, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert response.status_code == 401


def test_local_mode_tells_others_what_it_is(client):
    response = client.get("/", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert (response.status_code, "answers this machine only" in response.text) == (403, True)


def test_outside_local_mode_loopback_needs_the_token_too(stranger):
    response = stranger.open(TASKS, "POST", json=ENQUEUE, environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
    assert response.status_code == 401


def test_a_foreign_host_is_refused_even_on_this_machine(client):
    response = client.post(TASKS, json=ENQUEUE, base_url="http://evil.example")
    assert (response.status_code, "ALLOWED_HOSTS" in response.text) == (400, True)


@pytest.mark.parametrize("path", ["/", "/tasks/x", "/static/style.css", "/nowhere"])
def test_a_foreign_host_is_refused_everywhere(client, path):
    assert client.get(path, base_url="http://127.0.0.1.evil.example").status_code == 400


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}]
)
def test_without_the_token_the_api_refuses(stranger, headers):
    response = stranger.open(TASKS, "POST", json=ENQUEUE, headers=headers)
    assert (response.status_code, response.headers["WWW-Authenticate"], response.content_type) == (
        401,
        "Bearer",
        "application/problem+json",
    )


def test_a_stranger_learns_no_task_names(stranger):
    assert "make_thumbnails" not in stranger.open(TASKS, "POST", json={"task": "x"}).text


def test_with_the_token_the_api_enqueues(stranger):
    assert stranger.open(TASKS, "POST", json=ENQUEUE, headers=BEARER).status_code == 202


def test_reading_a_task_needs_the_token_too(stranger):
    assert stranger.open(f"{TASKS}/upload-1").status_code == 401


@pytest.mark.parametrize("path", ["/", "/tasks/import-7", "/uploads/x.y"])
def test_a_stranger_is_led_to_the_sign_in_page(stranger, path):
    response = stranger.open(path)
    assert (response.status_code, response.location.startswith("/sign-in?next=")) == (302, True)


def test_signing_in_with_the_token_opens_the_pages(stranger):
    assert sign_in(stranger).status_code == 303
    assert stranger.open("/").status_code == 200


def test_a_wrong_token_is_refused_in_words(stranger):
    response = sign_in(stranger, "wrong")
    assert (response.status_code, "That is not the token" in response.text) == (403, True)


def test_the_cookie_is_kept_from_scripts_other_sites_and_plain_http(stranger):
    cookie = sign_in(stranger).headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Secure"))


def test_signing_out_closes_the_pages(stranger):
    sign_in(stranger)
    stranger.open("/sign-out", "POST")
    assert stranger.open("/").status_code == 302


def test_after_signing_in_the_visitor_is_where_he_wanted_to_be(stranger):
    assert sign_in(stranger, path="/sign-in?next=/tasks/import-7").location == "/tasks/import-7"


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "/%09/evil.example", ""])
def test_after_signing_in_nobody_is_led_elsewhere(stranger, path):
    assert sign_in(stranger, path=f"/sign-in?next={path}").location == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(client, headers):
    assert client.post("/sign-out", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}]
)
def test_a_form_from_our_own_page_is_taken(client, headers):
    assert client.post("/sign-out", headers=headers).status_code == 303


def test_who_has_signed_in_here_is_signed_in_to_the_operations_views(stranger):
    sign_in(stranger)
    assert "Signed in as visitor, admin, by host." in stranger.open("/penstock/").text


def test_a_stranger_can_sign_in_to_the_operations_views_here_too(stranger):
    assert 'href="/sign-in?next=/penstock/"' in stranger.open("/penstock/sign-in").text


def test_health_is_open_and_asks_nobody(stranger):
    assert stranger.open("/health").json == {"status": "ok"}


def test_health_is_answered_under_an_address_too_as_a_load_balancer_asks(stranger):
    assert stranger.open("/health", base_url="http://10.0.3.7:8000").json == {"status": "ok"}


def test_health_is_no_way_around_the_hosts(stranger):
    assert stranger.open("/health", "POST", base_url="http://10.0.3.7:8000").status_code == 400


def test_every_answer_has_the_security_headers(stranger):
    headers = stranger.open("/nowhere").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_local_mode_does_not_bind_the_browser_to_https(client):
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_what_is_not_there_is_a_problem_document_under_the_api(client):
    response = client.get("/penstock/api/v1/nowhere")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
