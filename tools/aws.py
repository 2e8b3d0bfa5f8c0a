"""What the tools ask of AWS themselves, and boto3's errors in words."""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    WaiterError,
)

from tools.failure import ToolError


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are, and where."""

    number: str
    identity: str
    region: str


@contextmanager
def in_words() -> Iterator[None]:
    """boto3's errors as ToolError."""
    try:
        yield
    except ProfileNotFound as error:
        raise ToolError(f"{error}: AWS_PROFILE names a profile that ~/.aws/config does not have") from None
    except NoCredentialsError:
        raise ToolError(
            "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run "
            "`aws sso login`"
        ) from None
    except NoRegionError:
        raise ToolError(
            "there is no AWS region: set AWS_REGION, such as AWS_REGION=eu-central-1, or one in the profile"
        ) from None
    except ClientError as error:
        code, message = error.response["Error"].get("Code"), error.response["Error"].get("Message")
        raise ToolError(f"AWS refused {error.operation_name}: {code}: {message}") from error
    except WaiterError as error:
        raise ToolError(f"the function does not get ready: {error}") from error
    except BotoCoreError as error:
        raise ToolError(f"AWS cannot be reached: {error}") from error


def session() -> boto3.session.Session:
    """A session with a region; ToolError without one."""
    with in_words():
        opened = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
        if not opened.region_name:
            raise NoRegionError
        return opened


def account(opened: boto3.session.Session) -> Account:
    """Whose credentials these are; ToolError where there are none, or none that AWS takes."""
    with in_words():
        answer = opened.client("sts").get_caller_identity()
        return Account(answer["Account"], answer["Arn"], opened.region_name)


def function_environment(opened: boto3.session.Session, name: str) -> dict[str, str] | None:
    """The variables of the Lambda function ``name``; None where there is no such function."""
    client = opened.client("lambda")
    with in_words():
        try:
            found = client.get_function_configuration(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            return None
        return dict(found.get("Environment", {}).get("Variables", {}))


def api_url(opened: boto3.session.Session, name: str, stage: str) -> str:
    """The URL of the API that Zappa has put before the function ``name``: its CloudFormation stack knows it."""
    with in_words():
        made = opened.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId="Api")
    api = made["StackResourceDetail"]["PhysicalResourceId"]
    return f"https://{api}.execute-api.{opened.region_name}.amazonaws.com/{stage}/"


def is_protected(opened: boto3.session.Session, table: str) -> bool:
    """Whether the DynamoDB table is protected against deletion; False where there is no such table."""
    client = opened.client("dynamodb")
    with in_words():
        try:
            return bool(client.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"))
        except client.exceptions.ResourceNotFoundException:
            return False


def wait_for_function(opened: boto3.session.Session, name: str) -> None:
    """Return when the function ``name`` is ready to be asked; ToolError after two minutes."""
    client = opened.client("lambda")
    with in_words():
        for state in ("function_active_v2", "function_updated_v2"):
            client.get_waiter(state).wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def function_url(opened: boto3.session.Session, name: str) -> str:
    """The URL of the function ``name``."""
    with in_words():
        return str(opened.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"])


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; ``body`` at most 64 KiB of it."""

    status: int
    headers: Message
    body: bytes


def request(
    opened: boto3.session.Session,
    url: str,
    *,
    signed: bool,
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    timeout: float = 30,
) -> Answer:
    """Ask a function URL or an API of the web, signed (SigV4) where its authorizer is AWS_IAM. Redirects are answers.

    With AWS_ENDPOINT_URL, the emulator there is asked under the URL's host name: function URLs of emulators have no DNS.
    """
    prepared = AWSRequest(method=method, url=url, data=body or None, headers=headers or {})
    if signed:
        with in_words():
            credentials = opened.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            SigV4Auth(credentials.get_frozen_credentials(), "lambda", opened.region_name).add_auth(prepared)
    parts = urlsplit(url)
    sent: dict[str, Any] = dict(prepared.headers.items()) | {"Host": parts.netloc}
    if emulator := os.environ.get("AWS_ENDPOINT_URL"):
        url = emulator.rstrip("/") + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    handlers: list[Any] = [_Stay, urllib.request.ProxyHandler({})] if emulator else [_Stay]
    asked = urllib.request.Request(url, data=body or None, headers=sent, method=method)  # noqa: S310 - AWS's own URLs
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read(65536))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read(65536))
    except OSError as error:
        raise ToolError(f"{url} does not answer: {error}") from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """None: the redirect itself is the answer."""
