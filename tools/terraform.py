"""Terraform for one stage: its own workspace, its own variables, its outputs."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.failure import ToolError
from tools.processes import run_to_its_end

# What the modules ask for (versions.tf); told here in words, before Terraform says it in its own.
MIN_VERSION: Final = (1, 11)
INSTALL = "https://developer.hashicorp.com/terraform/install"


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in ``folder`` for ``stage``. ``variables`` are passed as TF_VAR_*, so the order of flags is no matter."""

    folder: Path
    stage: str
    variables: Mapping[str, str]

    def require(self) -> None:
        """ToolError without Terraform, or with one that is too old."""
        require_version(_version())

    def init(self) -> None:
        """Providers and the stage's workspace; ToolError without the provider."""
        plugins = os.environ.get("PENSTOCK_TF_PLUGIN_DIR", "")
        if plugins and not Path(plugins).is_dir():
            raise ToolError(
                f"PENSTOCK_TF_PLUGIN_DIR={plugins!r} is no folder: name one with providers, or leave it away"
            )
        where = [f"-plugin-dir={plugins}"] if plugins else []
        self._run(
            ["init", "-input=false", *where],
            "Terraform cannot get its provider. Without a way to registry.terraform.io, name a folder with providers in "
            "PENSTOCK_TF_PLUGIN_DIR (`terraform providers mirror FOLDER` fills one)",
        )
        # One state a stage, in whatever backend there is: two stages in one state would take each other down.
        self._run(["workspace", "select", "-or-create=true", self.stage], "Terraform cannot open the stage's workspace")

    def apply(self) -> None:
        """Apply. What an interrupted apply has made is in the state: the next one goes on from there."""
        self._run(
            ["apply", "-input=false", "-auto-approve", *self._stage_file()],
            "Terraform could not apply: see its message above. What it has made is kept: run the same command again when "
            "that is repaired, and it goes on",
        )

    def destroy(self) -> None:
        """Take down everything of this stage."""
        self._run(
            ["destroy", "-input=false", "-auto-approve", *self._stage_file()],
            "Terraform could not take everything down; what it names above is still there. Run the same command again when that "
            "is repaired",
        )

    def outputs(self) -> dict[str, Any]:
        """Name -> value; ToolError where nothing is applied yet."""
        outputs = json.loads(self._read(["output", "-json"]))
        if not outputs:
            raise ToolError(
                f"stage {self.stage!r} has no outputs: nothing is applied. `make deploy STAGE={self.stage}` does that"
            )
        return {name: output["value"] for name, output in outputs.items()}

    def _stage_file(self) -> list[str]:
        """``<stage>.tfvars``, where there is one: what this stage has different from the defaults."""
        return [f"-var-file={self.stage}.tfvars"] if (self.folder / f"{self.stage}.tfvars").is_file() else []

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("TF_WORKSPACE", "TF_CLI_ARGS")}
        # PENSTOCK_PYTHON: Terraform's guard of full queues needs a Python with boto3.
        return (
            kept
            | {f"TF_VAR_{name}": value for name, value in self.variables.items()}
            | {"TF_IN_AUTOMATION": "1", "PENSTOCK_PYTHON": sys.executable}
        )

    def _run(self, arguments: Sequence[str], failure: str) -> None:
        command = ["terraform", f"-chdir={self.folder}", *arguments]
        if run_to_its_end(command, self._environment()):
            raise ToolError(failure)

    def _read(self, arguments: Sequence[str]) -> str:
        command = ["terraform", f"-chdir={self.folder}", *arguments]
        answer = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        if answer.returncode:
            raise ToolError(f"terraform {arguments[0]} failed:\n{answer.stderr.strip()}")
        return answer.stdout


def _version() -> str:
    if shutil.which("terraform") is None:
        raise ToolError(
            f"there is no terraform on the PATH: install {'.'.join(map(str, MIN_VERSION))} or newer, {INSTALL}"
        )
    answer = subprocess.run(["terraform", "version", "-json"], capture_output=True, text=True, check=False)
    found = re.search(r'"terraform_version":\s*"([^"]+)"', answer.stdout)
    return found[1] if found else "unknown"


def require_version(version: str) -> None:
    """ToolError where ``version``, such as ``1.11.4``, is too old."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < MIN_VERSION:
        raise ToolError(
            f"Terraform {version} is too old: {'.'.join(map(str, MIN_VERSION))} or newer is needed, {INSTALL}"
        )
