"""A stage, and all that can be found out before anything is touched."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from penstock.packaging.interpreter import Interpreter, find_interpreter
from penstock.packaging.target import PYTHON_NAME, target_of
from tools import aws
from tools.failure import ToolError
from tools.project import BUILD
from tools.terraform import Terraform
from tools.zappa_settings import function_name, stage_settings


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, and all that has been found out before anything is touched."""

    name: str
    settings: Mapping[str, Any]
    python: Interpreter
    session: boto3.session.Session
    account: aws.Account
    terraform: Terraform

    @property
    def arch(self) -> str:
        """The processor of the web and the workers."""
        return str(self.settings.get("architecture", "x86_64"))

    @property
    def function(self) -> str:
        """The web's function."""
        return function_name(self.name, self.settings)

    @property
    def zip(self) -> Path:
        """The workers' zip."""
        return BUILD / f"worker-{self.arch}.zip"


def find_stage(name: str, terraform: Path) -> Stage:
    """Check stage, Python, Terraform and credentials, in this order; ToolError names what is wrong."""
    settings = stage_settings(name)
    target_of(settings.get("architecture", "x86_64"))
    if settings.get("runtime", PYTHON_NAME) != PYTHON_NAME:
        raise ToolError(f"stage {name!r} has runtime {settings['runtime']!r}: the packages are made for {PYTHON_NAME}")
    python = find_interpreter()
    if not (terraform / "main.tf").is_file():
        raise ToolError(
            f"{terraform} holds no Terraform configuration: run this from the project's root, or name it with --terraform"
        )
    session = aws.session()
    variables = {
        "stage": name,
        "region": session.region_name,
        "worker_package": str(BUILD / f"worker-{settings.get('architecture', 'x86_64')}.zip"),
        "architecture": str(settings.get("architecture", "x86_64")),
    }
    found = Terraform(terraform.absolute(), name, variables)
    found.require()
    return Stage(name, settings, python, session, aws.account(session), found)
