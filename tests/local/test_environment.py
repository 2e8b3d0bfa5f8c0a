"""Whatever the shell says about AWS, a process of the local stack meets fake keys and a loopback endpoint."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.errors import ConfigurationError
from penstock.local.environment import clean, local_environment, require_loopback

ENDPOINT = "http://127.0.0.1:4566"
WHO_AM_I = """
import boto3, json
session = boto3.Session()
credentials = session.get_credentials()
client = session.client("sqs")
print(json.dumps({
    "key": credentials.access_key, "token": credentials.token, "method": credentials.method,
    "profile": session.profile_name, "region": session.region_name, "endpoint": client.meta.endpoint_url,
}))
"""


@pytest.fixture
def production_shell(tmp_path: Path) -> dict[str, str]:
    """The environment of someone who works on production: files, variables and roles all at once."""
    aws = tmp_path / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text(
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n"
        "[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = s\naws_session_token = t\n"
    )
    (aws / "config").write_text(
        "[profile prod]\nregion = eu-central-1\nservices = prod\n[services prod]\nsqs =\n  endpoint_url = https://sqs.example.com\n"
    )
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "AWS_PROFILE": "prod",
        "AWS_DEFAULT_PROFILE": "prod",
        "AWS_CONFIG_FILE": str(aws / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(aws / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIASHELL",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/prod",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(aws / "token"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
        "AWS_ENDPOINT_URL_SQS": "https://sqs.eu-central-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_REGION": "eu-central-1",
        "PENSTOCK_TABLE": "prod-tasks",
        "HTTP_PROXY": "http://proxy.example.com:3128",
        "NO_PROXY": "intranet.example.com",
    }


def test_a_process_ignores_the_profile_of_the_shell(production_shell: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHO_AM_I],
        env=local_environment(production_shell, ENDPOINT),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {
        "key": "penstock-local",
        "token": None,
        "method": "env",
        "profile": "default",
        "region": "us-east-1",
        "endpoint": ENDPOINT,
    }


def test_the_supervisors_own_clients_ignore_the_profile_of_the_shell(production_shell: dict[str, str]) -> None:
    code = (
        "from penstock.local.provision import LocalClients\n"
        f"client = LocalClients({ENDPOINT!r}).sqs()\n"
        "print(client._get_credentials().access_key, client.meta.endpoint_url, client.meta.region_name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=production_shell, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["penstock-local", ENDPOINT, "us-east-1"], "")


def test_no_variable_of_the_shell_names_something_at_aws(production_shell: dict[str, str]) -> None:
    kept = [name for name in clean(production_shell) if name.startswith(("AWS_", "PENSTOCK_"))]
    assert kept == []


def test_what_is_not_about_aws_is_kept(production_shell: dict[str, str]) -> None:
    assert clean(production_shell)["PATH"] == production_shell["PATH"]


def test_local_calls_do_not_go_to_a_proxy(production_shell: dict[str, str]) -> None:
    assert clean(production_shell)["NO_PROXY"] == "intranet.example.com,127.0.0.1,localhost,::1"


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:4566"])
def test_a_loopback_endpoint_is_taken(endpoint: str) -> None:
    assert require_loopback(endpoint) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://sqs.us-east-1.amazonaws.com",
        "http://10.0.0.7:4566",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://[::1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_any_other_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="never touches real AWS"):
        local_environment({}, endpoint)
