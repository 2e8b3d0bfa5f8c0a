"""The web of a stage, by Zappa: deploy it, find its URL, see whether it is well, take it down."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.interpreter import Interpreter
from penstock.packaging.target import target_of
from tools import aws
from tools.failure import ToolError
from tools.processes import run_to_its_end
from tools.project import ROOT
from tools.stage import Stage
from tools.web_environment import WebEnvironment, folder_of, prepare
from tools.zappa_settings import check_environment, from_outputs, secrets_for, write_settings

SMOKE_SECONDS = 60.0  # a new function URL and its policy take some seconds to be known everywhere


def deploy(stage: Stage, outputs: Mapping[str, Any]) -> str | None:
    """``zappa deploy`` or, where the function is there, ``zappa update``; the token, where a new one was made."""
    settings = settings_of(stage, outputs)
    there = aws.function_environment(stage.session, stage.function)
    secrets = secrets_for(there or {})
    environment = settings["aws_environment_variables"] | secrets.environment
    check_environment((there or {}) | environment)
    web = prepare(target_of(stage.arch), stage.python, folder_of(stage.name) / "web")
    command = "deploy" if there is None else "update"
    # The secrets are written for Zappa's eyes, and gone when it has ended.
    with tempfile.TemporaryDirectory() as private:
        path = write_settings(stage.name, settings | {"aws_environment_variables": environment}, Path(private))
        zappa(web, [command, stage.name, "--settings_file", str(path), "--disable_progress"], stage.python)
    return secrets.new_token


def settings_of(stage: Stage, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Zappa's settings without the secrets; also written to ``build/<stage>/zappa_settings.json``, for `zappa tail`."""
    settings = from_outputs(stage.settings, outputs)
    write_settings(stage.name, settings, folder_of(stage.name))
    return settings


def zappa(web: WebEnvironment, arguments: Sequence[str], python: Interpreter) -> None:
    """Run Zappa on ``web``; ToolError where it fails, after its own words."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PIP_TARGET")}
    environ |= {"VIRTUAL_ENV": str(web.shown), "PYTHONPATH": str(ROOT), "PYTHON_LAMBDA": str(python.path)}
    command: list[str | Path] = [web.python, "-m", "zappa.cli", *arguments]
    if run_to_its_end(command, environ, cwd=web.project):
        raise ToolError(
            f"`zappa {arguments[0]}` failed: see its message above. Run the same command again when that is repaired"
        )


def url_of(stage: Stage) -> str:
    """Where the web answers: its function URL, or the API before it."""
    aws.wait_for_function(stage.session, stage.function)
    if stage.settings.get("apigateway_enabled", True):  # Zappa's own default
        return aws.api_url(stage.session, stage.function, stage.name)
    return aws.function_url(stage.session, stage.function)


def is_signed(stage: Stage) -> bool:
    """Whether requests must be signed: a function URL with IAM."""
    config = stage.settings.get("function_url_config", {})
    return not stage.settings.get("apigateway_enabled", True) and config.get("authorizer") == "AWS_IAM"


def smoke(
    stage: Stage, url: str, *, seconds: float = SMOKE_SECONDS, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Ask the web how it is, until it is well; ToolError with its last answer after ``seconds``."""
    # ministack answers /health itself, whatever the host; so there the sign-in page has to do.
    path, sign = ("/sign-in", b"<form") if os.environ.get("AWS_ENDPOINT_URL") else ("/health", b'"ok"')
    end = time.monotonic() + seconds
    while True:
        answer = aws.request(stage.session, url.rstrip("/") + path, signed=is_signed(stage))
        if answer.status == 200 and sign in answer.body:
            return
        if time.monotonic() > end:
            raise ToolError(
                f"{url} is deployed and not well: GET {path} answers {answer.status}: {answer.body[:300]!r}. "
                f"The log is in /aws/lambda/{stage.function}"
            )
        sleep(2)


def undeploy(stage: Stage) -> None:
    """``zappa undeploy``."""
    settings = dict(stage.settings) | {"aws_region": stage.account.region}
    environment = prepare(target_of(stage.arch), stage.python, folder_of(stage.name) / "web")
    path = write_settings(stage.name, settings, folder_of(stage.name))
    zappa(environment, ["undeploy", stage.name, "--yes", "--settings_file", str(path.absolute())], stage.python)
