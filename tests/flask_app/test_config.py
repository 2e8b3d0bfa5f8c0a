"""Start-up: what is missing or senseless is refused with the variable's name and the fix."""

import pytest

from flask_app.config import WebConfig
from penstock.errors import ConfigurationError

REMOTE = {
    "UPLOADS_BUCKET": "photos",
    "PENSTOCK_WEB_TOKEN_SHA256": "0" * 64,
    "FLASK_SECRET_KEY": "k" * 32,
}


@pytest.mark.parametrize("name", REMOTE)
def test_outside_local_mode_a_missing_setting_is_refused_by_name(name):
    with pytest.raises(ConfigurationError, match=name):
        WebConfig.from_environ({key: value for key, value in REMOTE.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLASK_SECRET_KEY", "short"),
        ("PENSTOCK_WEB_TOKEN_SHA256", "the token itself"),
        ("PENSTOCK_LOCAL", "yes"),
        ("UPLOAD_LIMIT_BYTES", "0"),
        ("UPLOAD_LIMIT_BYTES", "100 MB"),
        ("UPLOAD_LIMIT_BYTES", "9" * 5000),
        ("ALLOWED_HOSTS", "https://photos.example.com"),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_a_senseless_value_is_refused_by_name(name, value):
    with pytest.raises(ConfigurationError, match=name):
        WebConfig.from_environ(REMOTE | {name: value})


def test_the_hosts_are_loopback_by_default():
    assert WebConfig.from_environ(REMOTE).allowed_hosts == ("127.0.0.1", "localhost")


def test_local_mode_needs_no_secrets():
    config = WebConfig.from_environ({"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos"})
    assert (config.token_sha256, len(config.secret_key)) == ("", 64)


def test_a_local_app_is_not_signed_with_a_known_key():
    local = {"PENSTOCK_LOCAL": "1", "UPLOADS_BUCKET": "photos"}
    assert WebConfig.from_environ(local).secret_key != WebConfig.from_environ(local).secret_key
