"""Terraform, run offline on a copy of the root, and its plans as values."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2] / "infra" / "terraform"
LEFT_OUT = shutil.ignore_patterns(
    ".terraform*", "*.tfstate*", "*.tfplan", "*.zip", "*.tfvars", "__pycache__", "terraform.d"
)
SECONDS = 180


class CannotRun(Exception):
    """Terraform or its provider is missing here; the message says which."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of ``terraform test``, planned: the values that each resource would have, and the outputs."""

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]

    @classmethod
    def from_json(cls, plan: Mapping[str, Any]) -> "Plan":
        """Read Terraform's JSON form of a plan."""
        return cls(
            {change["address"]: change["change"]["after"] for change in plan["resource_changes"]},
            {name: change.get("after") for name, change in plan.get("output_changes", {}).items()},
        )

    def of_type(self, kind: str, *, module: str = "") -> dict[str, Mapping[str, Any]]:
        """Address -> values of every resource of that type below ``module``."""
        found = {
            address: values
            for address, values in self.resources.items()
            if f".{kind}." in f".{address}" and address.startswith(module)
        }
        assert found, f"the plan has no {kind} in {module or 'any module'}"
        return found

    def policies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every policy, with the address of its resource."""
        for address, values in self.resources.items():
            # Queues and buckets have a computed attribute ``policy`` as well, which mocks fill with noise.
            policies = [values.get("assume_role_policy"), values.get("policy") if "_policy." in address else None]
            for policy in filter(None, policies):
                yield from ((address, statement) for statement in json.loads(policy)["Statement"])


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in ``folder``."""

    folder: Path

    @classmethod
    def prepare(cls, folder: Path) -> "Terraform":
        """Copy the root to ``folder`` and initialise it there; CannotRun where that is not possible."""
        if shutil.which("terraform") is None:
            raise CannotRun("terraform is not on the PATH: install 1.11 or newer")
        shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
        plugins = os.environ.get("PENSTOCK_TF_PLUGIN_DIR", "")
        where = [f"-plugin-dir={plugins}"] if plugins else []
        done = cls(folder).run("init", "-no-color", "-backend=false", "-input=false", *where)
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise CannotRun(
                "terraform init found no AWS provider: reach registry.terraform.io, or name a folder that "
                f"`terraform providers mirror` filled in PENSTOCK_TF_PLUGIN_DIR. It said: {said[:120]} ..."
            )
        return cls(folder)

    def run(self, *arguments: str, variables: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command with nothing of this shell's AWS or Terraform settings: no credentials, so no request is answered."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "PENSTOCK_"))}
        offline = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
        return subprocess.run(
            ["terraform", *arguments, *(f"-var={variable}" for variable in variables)],
            cwd=self.folder,
            env={**kept, **offline, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def test(self, *arguments: str) -> list[dict[str, Any]]:
        """What ``terraform test`` says, without the schema of the whole provider that it puts into every plan."""
        messages = self.messages("test", "-json", *arguments)
        for message in messages:
            message.get("test_plan", {}).pop("provider_schemas", None)
        return messages

    def messages(self, *arguments: str, variables: Sequence[str] = ()) -> list[dict[str, Any]]:
        """What a command with ``-json`` prints, a message a line."""
        done = self.run(*arguments, variables=variables)
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
