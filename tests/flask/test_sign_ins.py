"""The other ways to sign in: the app's own login, API Gateway's authorizers, this machine."""

import pytest
from flask import Flask, abort, request

from penstock.errors import ConfigurationError
from penstock.flask import mount
from penstock.flask.access import ApiKeys, GatewayClaims, HostLogin, Identity, LocalOnly, Role
from tests.flask.people import API, OWN_PAGE, PREFIX, SECRET_KEY, TABLE, bearer, signed_in_as

ENQUEUE = {"task": "double", "args": [21]}


@pytest.fixture
def client_of(tasks):
    """A client of an app with these ways to sign in."""

    def make(*sign_in, **options):
        app = Flask("shop")
        app.config["SECRET_KEY"] = SECRET_KEY
        mount(app, sign_in=sign_in, tasks=tasks, allow_enqueue=("double",), **options)
        return app.test_client()

    return make


def home(client, **options):
    return client.get(f"{PREFIX}/", **options)


# HostLogin


@pytest.mark.parametrize(
    "found", [("ada", Role.ADMIN), ("ada", "admin"), Identity("ada", Role.ADMIN, "anything at all")]
)
def test_the_app_s_own_user_is_let_in_with_the_role_that_the_app_says(client_of, found):
    assert signed_in_as(home(client_of(HostLogin(lambda: found)))) == "ada, admin, by host"


def test_a_stranger_without_a_login_page_is_unauthorised(client_of):
    assert home(client_of(HostLogin(lambda: None))).status_code == 401


@pytest.mark.parametrize(
    ("login_url", "location"),
    [
        ("/login", "/login?next=/penstock/"),
        ("/login?lang=de", "/login?lang=de&next=/penstock/"),
        ("https://sso.example/", "https://sso.example/?next=/penstock/"),
        (lambda path: f"/enter{path}", "/enter/penstock/"),
    ],
)
def test_a_stranger_is_led_to_the_app_s_login_page(client_of, login_url, location):
    response = home(client_of(HostLogin(lambda: None, login_url=login_url)))
    assert (response.status_code, response.location) == (303, location)


def test_the_way_to_the_login_page_goes_through_the_app_s_prefix(client_of):
    client = client_of(HostLogin(lambda: None, login_url="/login"))
    response = client.get(f"{PREFIX}/", environ_overrides={"SCRIPT_NAME": "/shop"})
    assert response.location == "/shop/login?next=/shop/penstock/"


def test_the_app_refuses_a_user_who_may_not_enter(client_of):
    assert home(client_of(HostLogin(lambda: abort(403), login_url="/login"))).status_code == 403


@pytest.mark.parametrize("found", ["ada", ("ada",), ("ada", "root"), ("ada", True), 7])
def test_what_is_no_answer_of_a_callback_lets_nobody_in(client_of, found, caplog):
    assert home(client_of(HostLogin(lambda: found))).status_code == 500
    assert "HostLogin's callback returned" in caplog.text


def test_the_app_s_user_needs_the_proof_of_our_page_to_write(client_of):
    client = client_of(HostLogin(lambda: ("otto", "operator")))
    statuses = [client.post(f"{API}/tasks", json=ENQUEUE, headers=headers).status_code for headers in ({}, OWN_PAGE)]
    assert statuses == [403, 202]


def test_a_user_with_a_token_in_a_header_needs_no_proof(client_of):
    client = client_of(HostLogin(lambda: Identity("otto", Role.OPERATOR, "host", explicit=True)))
    assert client.post(f"{API}/tasks", json=ENQUEUE).status_code == 202


@pytest.mark.parametrize("arguments", [{"callback": None}, {"callback": print, "login_url": "login"}])
def test_a_host_login_that_cannot_work_is_refused_at_the_mount(client_of, arguments):
    with pytest.raises(ConfigurationError, match="HostLogin"):
        client_of(HostLogin(**arguments))


def test_there_is_no_sign_in_page_for_keys_where_no_key_counts(client_of):
    client = client_of(HostLogin(lambda: ("ada", "viewer")))
    assert client.get(f"{PREFIX}/sign-in").status_code == 404


def test_the_ways_are_asked_in_their_order(client_of):
    client = client_of(ApiKeys(TABLE), HostLogin(lambda: ("ada", "admin")))
    assert [signed_in_as(home(client, headers=headers)) for headers in ({}, bearer("vera"))] == [
        "ada, admin, by host",
        "vera, viewer, by api key",
    ]


def test_the_sign_in_page_leads_to_the_app_s_login_as_well(client_of):
    client = client_of(ApiKeys(TABLE), HostLogin(lambda: None, login_url="/login"))
    page = client.get(f"{PREFIX}/sign-in?next=/penstock/?queue=images").text
    assert 'href="/login?next=/penstock/%3Fqueue%3Dimages"' in page


# GatewayClaims


GROUPS = GatewayClaims(role_claim="cognito:groups", roles={"ops": "operator", "support": Role.VIEWER})


def through_gateway(client, authorizer, path="/", method="GET", **options):
    environ = {"API_GATEWAY_AUTHORIZER": authorizer}
    return client.open(PREFIX + path, method=method, environ_overrides=environ, **options)


@pytest.mark.parametrize(
    "authorizer",
    [
        {"claims": {"cognito:groups": "guests,ops", "email": "ada@example.com"}},  # a REST API's Cognito authorizer
        {"claims": {"cognito:groups": "ops", "email": "ada@example.com"}},
        {"jwt": {"claims": {"cognito:groups": "[guests ops]", "email": "ada@example.com"}, "scopes": None}},
        {"lambda": {"cognito:groups": "ops", "email": "ada@example.com"}},
        {"cognito:groups": "ops", "email": "ada@example.com", "principalId": "u1"},  # a REST API's Lambda authorizer
        {"lambda": {"cognito:groups": ["support", "ops"], "email": "ada@example.com"}},
    ],
)
def test_every_kind_of_authorizer_signs_in(client_of, authorizer):
    response = through_gateway(client_of(GROUPS), authorizer)
    assert signed_in_as(response) == "ada@example.com, operator, by api gateway"


def test_a_caller_whom_iam_knows_signs_in_by_arn(client_of):
    arn = "arn:aws:iam::123456789012:user/ada"
    client = client_of(GatewayClaims(role_claim="userArn", roles={arn: "admin"}))
    assert signed_in_as(through_gateway(client, {"iam": {"userArn": arn}})) == f"{arn}, admin, by api gateway"


def test_a_scope_gives_a_role(client_of):
    client = client_of(GatewayClaims(role_claim="scope", roles={"tasks/read": "viewer"}))
    response = through_gateway(client, {"jwt": {"claims": {"scope": "openid tasks/read", "sub": "u1"}}})
    assert signed_in_as(response) == "u1, viewer, by api gateway"


@pytest.mark.parametrize(
    "authorizer",
    [
        None,
        {},
        "ops",
        {"claims": {}},
        {"claims": {"cognito:groups": "guests", "email": "a@b"}},
        {"claims": {"cognito:groups": "ops"}},  # nobody to hold to it
        {"claims": {"cognito:groups": None, "email": "a@b"}},
        {"claims": {"cognito:groups": "not ops", "email": "a@b"}},
        {"claims": {"cognito:groups": {"ops": 1}, "email": "a@b"}},
        {"jwt": None, "email": "a@b"},
        {"lambda": None},
    ],
)
def test_claims_that_give_no_role_are_a_stranger_s(client_of, authorizer):
    assert through_gateway(client_of(GROUPS), authorizer).status_code == 401


@pytest.mark.parametrize(
    "name", ["API_GATEWAY_AUTHORIZER", "API-Gateway-Authorizer", "Cognito:Groups", "X-Amzn-Oidc-Data"]
)
def test_a_header_is_never_a_claim(client_of, name):
    headers = {name: '{"claims": {"cognito:groups": "ops", "email": "a@b"}}'}
    assert home(client_of(GROUPS), headers=headers).status_code == 401


def test_zappa_hands_the_claims_of_an_event_to_us(client_of):
    from zappa.wsgi import create_wsgi_request

    event = {
        "version": "2.0",
        "rawPath": "/prod/penstock/",
        "rawQueryString": "",
        "headers": {"host": "x.execute-api.eu-central-1.amazonaws.com", "x-forwarded-proto": "https"},
        "requestContext": {
            "stage": "prod",
            "http": {"method": "GET"},
            "authorizer": {"jwt": {"claims": {"cognito:groups": "[ops]", "email": "ada@example.com"}, "scopes": None}},
        },
        "isBase64Encoded": False,
    }
    environ = create_wsgi_request(event, script_name="/prod")
    response = client_of(GROUPS).open(environ_overrides=environ)
    assert signed_in_as(response) == "ada@example.com, operator, by api gateway"
    assert 'href="/prod/penstock/static/penstock.css"' in response.text


@pytest.mark.parametrize(
    "arguments",
    [
        {"role_claim": "", "roles": {"ops": "operator"}},
        {"role_claim": "groups", "roles": {}},
        {"role_claim": "groups", "roles": {"ops": "root"}},
    ],
)
def test_claims_that_could_let_nobody_in_are_refused_at_the_mount(client_of, arguments):
    with pytest.raises(ConfigurationError, match="GatewayClaims"):
        client_of(GatewayClaims(**arguments))


# LocalOnly


@pytest.fixture
def local(client_of):
    return client_of(LocalOnly())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "localhost:8000"])
def test_whoever_sits_at_this_machine_is_an_admin(local, address, host):
    response = home(local, base_url=f"http://{host}", environ_overrides={"REMOTE_ADDR": address})
    assert signed_in_as(response) == "local, admin, by local"


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.1", "", "localhost", "127.0.0.1, 203.0.113.7"])
def test_another_machine_is_a_stranger(local, address):
    assert home(local, environ_overrides={"REMOTE_ADDR": address}).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0"])
def test_a_foreign_name_that_leads_to_this_machine_is_a_stranger_s(local, host):
    assert home(local, base_url=f"http://{host}").status_code == 401


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
def test_what_came_through_a_proxy_is_a_stranger_s(local, name):
    assert home(local, headers={name: "127.0.0.1"}).status_code == 401


def test_on_lambda_nobody_is_local(local):
    assert home(local, environ_overrides={"lambda.event": {}}).status_code == 401


def test_a_page_of_another_site_cannot_write_on_this_machine(local):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert local.post(f"{API}/tasks", json=ENQUEUE, headers=headers).status_code == 403


def test_a_local_program_writes_with_the_proof_header(local):
    assert local.post(f"{API}/tasks", json=ENQUEUE, headers=OWN_PAGE).status_code == 202


# A way of one's own


def test_a_way_to_sign_in_of_one_s_own_is_a_subclass(client_of):
    from penstock.flask.access import SignIn

    class BadgeReader(SignIn):
        def identify(self):
            badge = request.environ.get("badge")
            return Identity(badge, Role.VIEWER, "badge") if badge else None

    client = client_of(BadgeReader())
    assert signed_in_as(home(client, environ_overrides={"badge": "ada"})) == "ada, viewer, by badge"
