"""Keys: how they are made and told to the server, and the sessions that they open in a browser."""

import io
import json

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer

from penstock.errors import ConfigurationError
from penstock.flask import init_app, mount
from penstock.flask.access import ApiKeys
from penstock.flask.access.api_keys import SESSION_SECONDS, digest_of
from penstock.flask.access.sessions import COOKIE, Sessions
from tests.flask.people import KEYS, OWN_FORM, PREFIX, SECRET_KEY, TABLE, bearer, sign_in, signed_in_as


@pytest.fixture
def make_app(tasks, clock):
    """An app whose keys stand in its config."""

    def make(name="shop", keys=TABLE, *, tasks=tasks, **config):
        app = Flask(name)
        app.config.update(SECRET_KEY=SECRET_KEY, PENSTOCK_API_KEYS=keys, **config)
        mount(app, sign_in=ApiKeys(clock=clock), tasks=tasks)
        return app

    return make


def home(client):
    return client.get(f"{PREFIX}/")


# Where the keys come from


def test_the_keys_may_be_json_in_the_config(make_app):
    client = make_app(keys=json.dumps(TABLE)).test_client()
    assert client.get(f"{PREFIX}/", headers=bearer("vera")).status_code == 200


def test_the_keys_may_come_from_the_environment(make_app, monkeypatch):
    monkeypatch.setenv("PENSTOCK_API_KEYS", json.dumps(TABLE))
    client = make_app(keys=None).test_client()
    assert client.get(f"{PREFIX}/", headers=bearer("vera")).status_code == 200


def test_a_key_s_name_and_role_are_its_owner_s(make_app):
    client = make_app().test_client()
    assert signed_in_as(client.get(f"{PREFIX}/", headers=bearer("otto"))) == "otto, operator, by api key"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("{", "not JSON"),
        ("[]", "one object"),
        ({"": TABLE["otto"]}, "no name"),
        ({"a\nb": TABLE["otto"]}, "no name"),
        ({"ops": "secret"}, "sha256 and role"),
        ({"ops": {"sha256": "0" * 64}}, "sha256 and role"),
        ({"ops": {"sha256": "0" * 64, "role": "admin", "note": "x"}}, "sha256 and role"),
        ({"ops": {"sha256": "the key itself", "role": "admin"}}, "64 small hexadecimal digits"),
        ({"ops": {"sha256": 7, "role": "admin"}}, "64 small hexadecimal digits"),
        ({"ops": {"sha256": "0" * 64, "role": "root"}}, "'root' is no role: write viewer, operator, admin"),
        ({"ops": {"sha256": "0" * 64, "role": 3}}, "3 is no role"),
        ({"a": TABLE["otto"], "b": TABLE["otto"]}, "under two names"),
    ],
)
def test_a_malformed_table_of_keys_is_refused_at_the_mount(make_app, keys, words):
    with pytest.raises(ConfigurationError, match=words):
        make_app(keys=keys)


def test_a_refused_table_shows_no_key(make_app):
    with pytest.raises(ConfigurationError) as refused:
        make_app(keys={"ops": {"sha256": "the key itself", "role": "admin"}})
    assert "the key itself" not in str(refused.value)


def test_without_keys_the_app_starts_and_lets_nobody_in(make_app, caplog):
    client = make_app(keys=None).test_client()
    assert client.get(f"{PREFIX}/", headers=bearer("ada")).status_code == 303
    assert "PENSTOCK_API_KEYS has no keys yet" in caplog.text


def test_without_a_secret_key_the_mount_is_refused(tasks):
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        mount(Flask("shop"), sign_in=ApiKeys(TABLE), tasks=tasks)


# flask penstock keys new


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["penstock", "keys", "new", *words])


def test_a_new_key_opens_what_its_entry_is_told_to(run, make_app):
    made = json.loads(run("ci", "--role", "operator", "--json").output)
    client = make_app(keys=made["PENSTOCK_API_KEYS"]).test_client()
    response = client.get(f"{PREFIX}/", headers={"Authorization": f"Bearer {made['key']}"})
    assert signed_in_as(response) == "ci, operator, by api key"


def test_a_new_key_has_256_random_bits(run):
    keys = {json.loads(run("ci", "--json").output)["key"] for _ in range(2)}
    assert (len(keys), {len(key) for key in keys}) == (2, {len("penstock_") + 43})


def test_a_new_key_may_only_look_unless_told_otherwise(run):
    assert json.loads(run("ci", "--json").output)["PENSTOCK_API_KEYS"]["ci"]["role"] == "viewer"


def test_the_key_and_its_entry_are_printed(run):
    lines = run("ci").output.splitlines()
    key = lines[0].rpartition(" ")[2]
    assert (lines[0].startswith("The key, shown this once:"), digest_of(key) in lines[1]) == (True, True)


@pytest.mark.parametrize("words", [("ci", "--role", "root"), ("",), ("x" * 201,), ("a\nb",)])
def test_a_key_that_the_server_would_refuse_is_not_made(run, words):
    result = run(*words)
    assert (result.exit_code != 0, "Traceback" in result.output) == (True, False)


# The sign-in page


def test_a_key_opens_the_pages(stranger):
    assert sign_in(stranger, "otto").status_code == 303
    assert signed_in_as(home(stranger)) == "otto, operator, by api key"


@pytest.mark.parametrize("key", ["wrong", "", "schlüssel", "\udcff", "x" * 8_000])
def test_another_key_is_refused_in_words(stranger, key):
    body = f"key={key}".encode("utf-8", "surrogatepass")
    response = stranger.post(
        f"{PREFIX}/sign-in", data=body, headers=OWN_FORM, content_type="application/x-www-form-urlencoded"
    )
    assert (response.status_code, "no key of this server" in response.text, "Set-Cookie" in response.headers) == (
        403,
        True,
        False,
    )


def test_of_a_huge_sign_in_nothing_is_kept_and_the_answer_says_what_would_fit(stranger):
    data = {"key": "k" * 9_000}
    response = stranger.post(f"{PREFIX}/sign-in", data=data, headers=OWN_FORM)
    assert (response.status_code, "takes 8,192 bytes at most" in response.text) == (413, True)


def test_a_sign_in_that_does_not_say_how_long_it_is_is_read_to_the_limit_only(stranger):
    class Endless(io.RawIOBase):
        read_bytes = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.read_bytes += len(buffer)
            buffer[:] = b"k" * len(buffer)
            return len(buffer)

    body = Endless()
    response = stranger.post(
        f"{PREFIX}/sign-in",
        content_type="application/x-www-form-urlencoded",
        headers=OWN_FORM,
        environ_overrides={
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )
    assert (response.status_code, body.read_bytes) == (403, 8 * 1024)


def test_a_head_request_signs_nobody_in(stranger):
    response = stranger.head(f"{PREFIX}/sign-in", data={"key": KEYS["otto"][1]})
    assert (response.status_code, "Set-Cookie" in response.headers) == (200, False)


def test_a_refused_sign_in_is_logged_without_the_key(stranger, caplog):
    stranger.post(f"{PREFIX}/sign-in", data={"key": "psst"}, headers=OWN_FORM)
    assert ("sign-in refused" in caplog.text, "psst" in caplog.text) == (True, False)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "https://evil.example"}],
)
def test_no_other_site_can_sign_a_browser_in(stranger, headers):
    response = sign_in(stranger, "otto", headers=headers)
    assert (response.status_code, "Set-Cookie" in response.headers) == (403, False)


def test_a_browser_without_fetch_metadata_signs_in_by_its_origin(stranger):
    assert sign_in(stranger, "otto", headers={"Origin": "http://localhost"}).status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_within_our_paths(stranger):
    cookie = sign_in(stranger, "otto").headers["Set-Cookie"]
    assert cookie.partition("; ")[2] == "HttpOnly; Path=/penstock; SameSite=Lax"


def test_over_https_the_cookie_never_travels_without(stranger):
    assert "; Secure;" in sign_in(stranger, "otto", base_url="https://localhost").headers["Set-Cookie"]


def test_the_app_may_say_that_it_is_reached_over_https(make_app):
    client = make_app(SESSION_COOKIE_SECURE=True).test_client()
    assert "; Secure;" in sign_in(client, "otto").headers["Set-Cookie"]


def test_the_cookie_shows_neither_the_key_nor_its_hash(stranger):
    cookie = sign_in(stranger, "otto").headers["Set-Cookie"]
    said = URLSafeSerializer("").loads_unsafe(cookie.split("=", 1)[1].partition(";")[0])[1]
    assert (said[0], KEYS["otto"][1] in str(said), TABLE["otto"]["sha256"] in str(said)) == ("otto", False, False)


def test_after_signing_in_a_visitor_is_where_he_wanted_to_be(stranger):
    page = stranger.get(f"{PREFIX}/?queue=images").location
    response = stranger.post(page, data={"key": KEYS["vera"][1]}, headers=OWN_FORM)
    assert response.location == f"{PREFIX}/?queue=images"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/penstock/",
        "//evil.example/penstock/",
        "/\\evil.example",
        "/%09/evil.example",
        "/penstock/\\evil.example",
        "/penstock/%0d%0aSet-Cookie:x=y",
        "/penstockish",
        "/penstock/../logout",
        "/penstock/./../logout?a=1",
        "/penstock/..",
        "/penstock/%252e%252e/logout",
        "/penstock/.%252e%252flogout",
        "/penstock/..%255clogout",
        "/logout",
        "javascript:alert(1)",
        "",
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(stranger, path):
    response = stranger.post(f"{PREFIX}/sign-in?next={path}", data={"key": KEYS["vera"][1]}, headers=OWN_FORM)
    assert response.location == f"{PREFIX}/"


def test_signing_out_closes_the_pages(stranger):
    sign_in(stranger, "otto")
    assert stranger.post(f"{PREFIX}/sign-out", headers=OWN_FORM).status_code == 303
    assert home(stranger).status_code == 303


def test_no_other_site_can_sign_a_browser_out(stranger):
    sign_in(stranger, "otto")
    assert stranger.post(f"{PREFIX}/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_link_cannot_sign_a_browser_out(stranger):
    sign_in(stranger, "otto")
    assert stranger.get(f"{PREFIX}/sign-out").status_code == 405


# Sessions


def test_a_session_ends_after_twelve_hours(make_app, clock):
    client = make_app().test_client()
    sign_in(client, "otto")
    clock.sleep(SESSION_SECONDS - 1)
    assert home(client).status_code == 200
    clock.sleep(1)
    assert home(client).status_code == 303


def test_a_removed_key_signs_its_sessions_out(make_app):
    app = make_app()
    client = app.test_client()
    sign_in(client, "otto")
    app.config["PENSTOCK_API_KEYS"] = {"vera": TABLE["vera"]}
    assert home(client).status_code == 303


def test_a_changed_key_signs_its_sessions_out(make_app):
    app = make_app()
    client = app.test_client()
    sign_in(client, "otto")
    app.config["PENSTOCK_API_KEYS"] = {"otto": {"sha256": digest_of("another"), "role": "operator"}}
    assert home(client).status_code == 303


def test_a_changed_role_holds_for_open_sessions(make_app):
    app = make_app()
    client = app.test_client()
    sign_in(client, "otto")
    app.config["PENSTOCK_API_KEYS"] = {"otto": TABLE["otto"] | {"role": "viewer"}}
    assert signed_in_as(home(client)) == "otto, viewer, by api key"


def cookie_of(client):
    return client.get_cookie(COOKIE, path=PREFIX).value


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "é", "W10.AA", "." * 5000, "\x01"])
def test_a_cookie_that_is_none_of_ours_is_a_stranger_s(app, value):
    assert home_with(app, value).status_code == 303


def test_a_cookie_signed_with_another_secret_is_refused(make_app, tasks):
    theirs = make_app().test_client()
    sign_in(theirs, "otto")
    ours = make_app()
    ours.config["SECRET_KEY"] = "another"
    assert home_with(ours, cookie_of(theirs)).status_code == 303


def home_with(app, cookie):
    return app.test_client(use_cookies=False).get(f"{PREFIX}/", headers={"Cookie": f"{COOKIE}={cookie}"})


def test_a_changed_cookie_is_refused(make_app):
    app = make_app()
    client = app.test_client()
    sign_in(client, "vera")
    payload, _, signature = cookie_of(client).rpartition(".")
    forged = URLSafeSerializer("guess").dumps(["ada", "x", "2099-01-01T00:00:00.000Z"]).rpartition(".")[0]
    assert payload != forged
    assert home_with(app, f"{forged}.{signature}").status_code == 303


def test_another_app_s_cookie_is_refused_even_with_the_same_secret_and_keys(make_app):
    blog = make_app("blog").test_client()
    sign_in(blog, "ada")
    assert home_with(make_app("blog"), cookie_of(blog)).status_code == 200
    assert home_with(make_app("shop"), cookie_of(blog)).status_code == 303


def test_the_app_s_own_session_cookie_is_no_session_of_ours(make_app):
    app = make_app()
    own = app.session_interface.get_signing_serializer(app).dumps({"name": "ada"})
    assert home_with(app, own).status_code == 303


def test_who_knows_the_secret_key_alone_cannot_make_a_session(make_app):
    app = make_app()
    with app.test_request_context():
        forged = Sessions(SESSION_SECONDS, app.extensions["penstock"].ports.clock).write("ada", "\xe9")
    assert home_with(app, forged).status_code == 303


def test_a_former_secret_key_still_reads_sessions(make_app):
    app = make_app()
    client = app.test_client()
    sign_in(client, "otto")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[SECRET_KEY])
    assert home(client).status_code == 200


def test_the_tasks_of_init_app_are_mounted(tasks):
    app = Flask("shop")
    app.config["SECRET_KEY"] = SECRET_KEY
    init_app(app, tasks)
    mount(app, sign_in=ApiKeys(TABLE))
    assert app.extensions["penstock_mount"].tasks is tasks
