"""What is left to ask of Terraform beside `make deploy`: what another apply would change, and what it still has."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.stages import Ended, Shell


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that a plan would change: of which resource (its address), from what to what."""

    address: str
    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in ``root``, in the workspace of ``stage``; ``shell`` leads its provider to the emulator."""

    shell: Shell
    root: Path
    stage: str

    def changes(self) -> list[Change]:
        """What another apply would change, attribute by attribute; empty where nothing."""
        self._run("plan", "-input=false", "-no-color", f"-var-file={self.stage}.tfvars", "-out=second.tfplan").expect(0)
        plan = json.loads(self._run("show", "-json", "second.tfplan").expect(0).output)
        return [
            change
            for resource in plan["resource_changes"]
            if set(resource["change"]["actions"]) - {"no-op", "read"}
            for change in _differences(resource["address"], resource["change"])
        ]

    def resources(self) -> list[str]:
        """The addresses in the state, without those that are only read."""
        listed = self._run("state", "list").expect(0)
        return [line for line in listed.output.splitlines() if ".data." not in f".{line}"]

    def output(self, name: str) -> Any:
        """One of the root's outputs."""
        return json.loads(self._run("output", "-json", name).expect(0).output)

    def _run(self, *arguments: str) -> Ended:
        # The variables that `make deploy` passes.
        package = self.root.parents[1] / "build" / "worker-x86_64.zip"
        variables = {"TF_VAR_stage": self.stage, "TF_VAR_worker_package": str(package)}
        environ = {**self.shell.environ, **variables, "TF_WORKSPACE": self.stage}
        return Shell(self.root, environ, self.shell.journal).run("terraform", *arguments)


def _differences(address: str, change: Mapping[str, Any]) -> Iterator[Change]:
    before, after, unknown = change["before"] or {}, change["after"] or {}, change.get("after_unknown") or {}
    for name in sorted({*before, *after, *unknown}):
        if unknown.get(name) is True or before.get(name) != after.get(name):
            yield Change(address, name, before.get(name), "(known after apply)" if name in unknown else after.get(name))
