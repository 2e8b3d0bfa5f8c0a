"""A stage of this project on AWS, up and down: ``python -m tools.deploy up|down|settings --stage NAME``.

Up: package the workers, apply Terraform, give Zappa the settings that Terraform's outputs make, deploy or update the web, ask
it for /health, print its URL. Every step can be repeated: after an interruption, run the same command again.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.target import target_of
from penstock.packaging.worker_zip import words
from tools import aws, package, web
from tools.failure import ToolError, exit_code
from tools.project import ROOT
from tools.stage import Stage, find_stage
from tools.web_environment import folder_of


def up(stage: Stage, *, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Bring the stage up to the sources; its URL, and the token if a new one was made."""
    took: dict[str, float] = {}
    account = stage.account
    say(f"Stage {stage.name} in account {account.number}, {account.region}, as {account.identity}")
    with _measured("package", took, say):
        print(*words(package.build(target_of(stage.arch), stage.zip, stage.python)), sep="\n")
    with _measured("terraform", took, say):
        stage.terraform.init()
        stage.terraform.apply()
    with _measured("zappa", took, say):
        token = web.deploy(stage, stage.terraform.outputs())
    with _measured("smoke test", took, say):
        url = web.url_of(stage)
        web.smoke(stage, url)
    say(f"\nThe web answers: {url}")
    if token:
        say(f"Its token, shown this once (only its hash is kept): {token}")
    return {"stage": stage.name, "url": url, "token": token, "seconds": {name: round(s, 1) for name, s in took.items()}}


def down(stage: Stage, *, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Take the web down, then all that Terraform made."""
    took: dict[str, float] = {}
    stage.terraform.init()
    refuse_protected(stage)
    refuse_full_queues(stage)
    if aws.function_environment(stage.session, stage.function) is None:
        say(f"{stage.function} is not there: nothing for Zappa to do")
    else:
        with _measured("zappa", took, say):
            web.undeploy(stage)
    with _measured("terraform", took, say):
        if not stage.zip.is_file():  # Terraform reads it even to take things down
            package.build(target_of(stage.arch), stage.zip, stage.python)
        stage.terraform.destroy()
    return {"stage": stage.name, "seconds": {name: round(s, 1) for name, s in took.items()}}


def refuse_protected(stage: Stage) -> None:
    """ToolError where the table is protected: before anything is touched, for Terraform would find out half way."""
    try:
        table = stage.terraform.outputs()["table"]
    except (ToolError, KeyError):
        return  # nothing applied, or not to the end: Terraform knows what there is
    if aws.is_protected(stage.session, table):
        file = stage.terraform.folder / f"{stage.name}.tfvars"
        raise ToolError(
            f"stage {stage.name!r} is protected against deletion, and nothing was touched. If its results and photos may "
            f"go: write `deletion_protection = false` into {file}, run `make deploy STAGE={stage.name}`, then this again"
        )


def refuse_full_queues(stage: Stage) -> None:
    """ToolError where a queue holds messages. Terraform's own guard asks, only earlier: the web still runs."""
    try:
        queues = stage.terraform.outputs()["queues"].values()
    except (ToolError, KeyError):
        return
    for queue in queues:
        asked = {"region": stage.account.region, "url": queue["url"], "dead_letter_url": queue["dead_letter_url"]}
        command: list[str | Path] = [sys.executable, stage.terraform.folder / "modules" / "stack" / "queue_guard.py"]
        environ = {**os.environ, "QUEUE_GUARD": json.dumps(asked)}
        answer = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False)
        if answer.returncode:
            raise ToolError(f"nothing was touched. {answer.stdout.strip()}")


class _measured:  # noqa: N801 - reads as a statement
    """Announce a step, and note how long it took (seconds)."""

    def __init__(self, name: str, took: dict[str, float], say: Callable[[str], None]) -> None:
        self._name, self._took, self._say = name, took, say

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._say(f"\n== {self._name}")
        sys.stdout.flush()  # what the step's own programs write comes after it

    def __exit__(self, *_: object) -> None:
        self._took[self._name] = time.monotonic() - self._started
        self._say(f"== {self._name}: {self._took[self._name]:.1f} s")


def confirm(stage: str) -> None:
    """ToolError unless someone at a terminal types the stage's name."""
    if not sys.stdin.isatty():
        raise ToolError(
            f"this deletes stage {stage!r} with its queues, results and photos: add --yes to say that it is meant"
        )
    if input(f"This deletes stage {stage!r} with its queues, results and photos. Type its name to go on: ") != stage:
        raise ToolError("not confirmed; nothing was touched")


def main(arguments: Sequence[str]) -> int:
    """Parse, find out, do."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.deploy", description="A stage of this project on AWS, up and down."
    )
    parser.add_argument("action", choices=["up", "down", "settings"])
    parser.add_argument("--stage", required=True, help="a stage of zappa_settings.json")
    parser.add_argument("--terraform", type=Path, default=ROOT / "infra" / "terraform", help="the root module")
    parser.add_argument("--yes", action="store_true", help="down: do not ask")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args(arguments)
    stage = find_stage(options.stage, options.terraform)
    if options.action == "up":
        document = up(stage)
    elif options.action == "down":
        if not options.yes:
            confirm(stage.name)
        document = down(stage)
    else:
        stage.terraform.init()
        document = web.settings_of(stage, stage.terraform.outputs())
        print(folder_of(stage.name) / "zappa_settings.json")
    if options.json:
        print(json.dumps(document))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
