"""The web's zip, made by the real Zappa, under Lambda's own runtime client."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from penstock.packaging.bytecode import function_environment
from penstock.packaging.interpreter import Interpreter
from tests.package.runtime_api import execution_environment
from tools.project import CHECK_ENVIRONMENT, ROOT

HANDLER = "handler.lambda_handler"  # Zappa's own
QUEUES = ROOT / "infra" / "terraform" / "queues.auto.tfvars.json"
HOST = "abc123.lambda-url.eu-central-1.on.aws"


def get(path: str) -> dict[str, Any]:
    """The event of a function URL: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html"""
    http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "host": HOST,
            "x-forwarded-proto": "https",
            "x-forwarded-port": "443",
            "x-forwarded-for": "192.0.2.1",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc123",
            "domainName": HOST,
            "http": http,
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


def test_the_web_answers_and_the_time_to_get_ready_is_told(
    python: Interpreter, runtime_client: Path, web: Path, figure: Callable[[str], None]
) -> None:
    variables: Mapping[str, str] = function_environment(QUEUES) | CHECK_ENVIRONMENT | {"ALLOWED_HOSTS": ".on.aws"}
    with execution_environment(python.path, runtime_client, web, HANDLER, variables) as environment:
        seconds = environment.wait_until_ready()
        answer = environment.invoke(get("/health"), timeout=30)
        page = environment.invoke(get("/"), timeout=30)

    figure(f"web zip under awslambdaric: ready for its first request after {seconds:.2f} s")
    assert (answer.kind, answer.value["statusCode"], json.loads(answer.value["body"])) == (
        "response",
        200,
        {"status": "ok"},
    )
    assert (page.value["statusCode"], page.value["headers"]["Location"].partition("?")[0]) == (302, "/sign-in")
