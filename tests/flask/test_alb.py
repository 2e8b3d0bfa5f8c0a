"""An Application Load Balancer's signed claims: what is checked before they are believed."""

import base64
import json
import sys

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from penstock.errors import ConfigurationError, Unavailable
from penstock.flask import mount
from penstock.flask.access import AlbClaims
from tests.flask.people import PREFIX, signed_in_as

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/0123456789abcdef"
OTHER_ARN = "arn:aws:elasticloadbalancing:eu-central-1:666666666666:loadbalancer/app/web/0123456789abcdef"
KEY_ID = "12345678-abcd-4ef0-9876-0123456789ab"
CLAIMS = {"sub": "u1", "email": "ada@example.com", "groups": "ops"}

PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
FOREIGN_KEY = ec.generate_private_key(ec.SECP256R1())


def public(key):
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode()


class KeyServer:
    """The region's public keys; remembers what was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, url):
        self.asked.append(url)
        return public(PRIVATE_KEY) if url.endswith(f"/{KEY_ID}") else ""


@pytest.fixture
def keys():
    return KeyServer()


@pytest.fixture
def make_client(tasks, clock, keys):
    def make(arn=ARN, **options):
        app = Flask("shop")
        options = {"role_claim": "groups", "roles": {"ops": "operator"}, "fetch": keys, "clock": clock} | options
        mount(app, sign_in=AlbClaims(arn, **options), tasks=tasks)
        return app.test_client()

    return make


@pytest.fixture
def header(clock):
    """The JOSE header that the load balancer writes."""
    return {
        "typ": "JWT",
        "kid": KEY_ID,
        "alg": "ES256",
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/pool",
        "client": "client-1",
        "signer": ARN,
        "exp": int(clock().timestamp()) + 120,
    }


def token(header, claims=CLAIMS, key=PRIVATE_KEY):
    return jwt.encode(claims, key, algorithm="ES256", headers=header)


def home(client, token):
    return client.get(f"{PREFIX}/", headers={"x-amzn-oidc-data": token})


def test_a_user_whom_the_load_balancer_has_signed_in_is_let_in(make_client, header):
    assert signed_in_as(home(make_client(), token(header))) == "ada@example.com, operator, by load balancer"


def test_the_padding_that_load_balancers_write_is_taken(make_client, header):
    jws = jwt.PyJWS()
    padded = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, CLAIMS))
    assert "=" in padded
    algorithm = jws.get_algorithm_by_name("ES256")
    signature = base64.urlsafe_b64encode(algorithm.sign(padded.encode(), PRIVATE_KEY)).decode()
    assert home(make_client(), f"{padded}.{signature}").status_code == 200


def test_the_public_key_is_asked_of_the_load_balancer_s_region_once(make_client, header, keys):
    client = make_client()
    for _ in range(2):
        home(client, token(header))
    assert keys.asked == [f"https://public-keys.auth.elb.eu-central-1.amazonaws.com/{KEY_ID}"]


def test_another_signature_is_refused(make_client, header):
    assert home(make_client(), token(header, key=FOREIGN_KEY)).status_code == 401


@pytest.mark.parametrize("changed", [{"signer": OTHER_ARN}, {"signer": None}, {"signer": [ARN]}])
def test_another_load_balancer_s_claims_are_refused_without_asking_for_its_key(make_client, header, keys, changed):
    assert (home(make_client(), token(header | changed)).status_code, keys.asked) == (401, [])


@pytest.mark.parametrize(
    "key_id", ["", "../" + KEY_ID, f"{KEY_ID}/x", f"{KEY_ID}\n", "x" * 36, KEY_ID.upper(), f"{KEY_ID}?x=1"]
)
def test_what_is_no_key_id_is_not_asked_for(make_client, header, keys, key_id):
    assert (home(make_client(), token(header | {"kid": key_id})).status_code, keys.asked) == (401, [])


def test_an_unknown_key_id_is_refused(make_client, header):
    unknown = token(header | {"kid": KEY_ID.replace("1", "2")})
    assert home(make_client(), unknown).status_code == 401


@pytest.mark.parametrize("expires_in", [0, -1, -3600])
def test_claims_whose_time_is_over_are_refused(make_client, header, clock, expires_in):
    over = token(header | {"exp": int(clock().timestamp()) + expires_in})
    assert home(make_client(), over).status_code == 401


@pytest.mark.parametrize("expires_at", [None, "2099", True])
def test_claims_without_a_time_are_refused(make_client, header, expires_at):
    assert home(make_client(), token(header | {"exp": expires_at})).status_code == 401


def test_the_claims_own_time_counts_too(make_client, header, clock):
    over = token(header, CLAIMS | {"exp": int(clock().timestamp()) - 1})
    assert home(make_client(), over).status_code == 401


def test_claims_run_out(make_client, header, clock):
    client, signed = make_client(), token(header)
    clock.sleep(120)
    assert home(client, signed).status_code == 401


def test_an_algorithm_of_the_client_s_choice_is_refused(make_client, header):
    secret = public(PRIVATE_KEY)
    parts = ({**header, "alg": "HS256"}, CLAIMS)
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    mac = jwt.PyJWS().get_algorithm_by_name("HS256").sign(signed.encode(), secret.encode())
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    assert home(make_client(), forged).status_code == 401


def test_no_signature_at_all_is_refused(make_client, header):
    parts = ({**header, "alg": "none"}, CLAIMS)
    unsigned = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    assert home(make_client(), f"{unsigned}.").status_code == 401


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é", "..", "." * 5000])
def test_what_is_no_token_is_refused(make_client, text):
    assert home(make_client(), text).status_code == 401


def test_a_user_without_a_role_is_refused(make_client, header):
    assert home(make_client(), token(header, CLAIMS | {"groups": "guests"})).status_code == 401


def test_an_unreachable_key_server_is_unavailable(make_client, header):
    def fail(url):
        raise Unavailable("no answer")

    assert home(make_client(fetch=fail), token(header)).status_code == 503


@pytest.mark.parametrize(
    "arn", ["", "web", ARN.replace("/app/", "/net/"), ARN.replace(":aws:", ":aws-cn:"), f"{ARN}\n"]
)
def test_what_is_no_arn_of_a_load_balancer_is_refused_at_the_mount(make_client, arn):
    with pytest.raises(ConfigurationError, match="write the ARN of your Application Load Balancer"):
        make_client(arn)


def test_without_pyjwt_the_mount_names_the_extra(make_client, monkeypatch):
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'penstock\[alb\]'"):
        make_client()
