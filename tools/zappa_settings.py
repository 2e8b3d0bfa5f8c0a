"""One stage's settings for Zappa: what zappa_settings.json says, and what Terraform made.

Of Terraform's outputs ``zappa_settings`` is read: settings by Zappa's own names. The secrets are in neither: they live in the
function's own environment, and Zappa leaves there what it finds there.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from penstock.packaging.target import MAX_ENVIRONMENT_BYTES
from tools.failure import ToolError
from tools.project import ROOT

SETTINGS_FILE: Final = ROOT / "zappa_settings.json"
TOKEN_HASH, SECRET_KEY = "PENSTOCK_WEB_TOKEN_SHA256", "FLASK_SECRET_KEY"
MIN_TOKEN_CHARACTERS: Final = 20
# It is part of names at AWS, S3 buckets among them.
_STAGE = re.compile(r"[a-z][a-z0-9]{0,15}")
_NEEDED = ("project_name", "aws_region", "s3_bucket", "role_arn", "aws_environment_variables")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the web is started with. ``new_token`` is what people sign in with, where it was made here and must be shown."""

    environment: Mapping[str, str]
    new_token: str | None


def stage_settings(stage: str, *, file: Path = SETTINGS_FILE) -> dict[str, Any]:
    """The stage's own settings, ``extends`` followed; ToolError names the stages there are."""
    if not _STAGE.fullmatch(stage):
        raise ToolError(
            f"STAGE={stage!r} is no stage name: small letters and digits, a letter first, 16 at most (it is part of bucket names)"
        )
    try:
        stages = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ToolError(f"{file} cannot be read: {error}. Repair it, or take it from version control") from None
    settings: dict[str, Any] = {}
    name, seen = stage, set[str]()
    while name:
        if name not in stages or name in seen:
            raise ToolError(
                f"there is no stage {name!r} in {file.name}; there are: {', '.join(stages)}. A stage of your own is one line: "
                f'"{stage}": {{"extends": "{next(iter(stages), "dev")}"}}'
            )
        seen.add(name)
        settings = stages[name] | settings
        name = settings.pop("extends", "")
    return settings


def function_name(stage: str, settings: Mapping[str, Any]) -> str:
    """What Zappa calls the web's function."""
    return f"{settings['project_name']}-{stage}"


def from_outputs(settings: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """``settings`` with the role, the bucket, the region and the environment that Terraform made."""
    made = outputs.get("zappa_settings")
    missing = [name for name in _NEEDED if not (isinstance(made, dict) and made.get(name))]
    if not isinstance(made, dict) or missing:
        raise ToolError(
            f"Terraform's output zappa_settings lacks {', '.join(missing)}: apply this version of infra/terraform "
            "first (`make deploy`)"
        )
    if made["project_name"] != settings["project_name"]:
        raise ToolError(
            f"zappa_settings.json has project_name {settings['project_name']!r} and Terraform has project "
            f"{made['project_name']!r}: role and log group go by that name, so write the same in both"
        )
    return {**settings, **made}


def secrets_for(known: Collection[str], environ: Mapping[str, str] = os.environ) -> Secrets:
    """The secrets to set: what the shell gives, and new ones for those that the function does not have (``known``: it has)."""
    given = environ.get("PENSTOCK_WEB_TOKEN", "")
    if given and len(given) < MIN_TOKEN_CHARACTERS:
        raise ToolError(
            f"PENSTOCK_WEB_TOKEN has {len(given)} characters: it lets people in, so take {MIN_TOKEN_CHARACTERS} or more, or "
            "leave it away to have one made"
        )
    made = "" if given or TOKEN_HASH in known else secrets.token_urlsafe(32)
    values = {SECRET_KEY: environ.get(SECRET_KEY, "") or ("" if SECRET_KEY in known else secrets.token_hex(32))}
    if token := given or made:
        values[TOKEN_HASH] = hashlib.sha256(token.encode()).hexdigest()
    return Secrets({name: value for name, value in values.items() if value}, made or None)


def check_environment(environment: Mapping[str, str]) -> None:
    """ToolError where the variables are more than Lambda takes."""
    size = sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())
    if size > MAX_ENVIRONMENT_BYTES:
        largest = max(environment, key=lambda name: len(environment[name]))
        raise ToolError(
            f"the web's environment is {size} bytes and Lambda takes {MAX_ENVIRONMENT_BYTES} in all; the largest is "
            f"{largest} with {len(environment[largest])}: fewer queues, shorter names, or two projects"
        )


def write_settings(stage: str, settings: Mapping[str, Any], folder: Path) -> Path:
    """``zappa_settings.json`` in ``folder``, for this user alone."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "zappa_settings.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({stage: settings}, file, indent=2)
    return path
