"""The two things that only Lambda's own Python can do to a package: compile it, and try it."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import Interpreter
from penstock.packaging.target import PYTHON_NAME, TASK_ROOT, Target

_HERE = Path(__file__).resolve().parent


def function_environment(queues: Path) -> dict[str, str]:
    """A function's environment, as far as importing its code goes: the queues of the queue list, and nothing that is real."""
    try:
        names = json.loads(queues.read_text(encoding="utf-8"))["queues"]
        url = "https://sqs.eu-central-1.amazonaws.com/000000000000/penstock-check-"
        listed = {name: _queue(url + name, settings) for name, settings in names.items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise PackagingError(
            f"the queue list {queues} cannot be read: {error!r}. Repair it; where there is none, `flask penstock init` writes one"
        ) from None
    return {
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",  # opens nothing
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "penstock-check",
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LANG": "C.UTF-8",
        "PENSTOCK_QUEUES": json.dumps(listed),
        "PENSTOCK_TABLE": "penstock-check-tasks",
        "PENSTOCK_PAYLOAD_BUCKET": "penstock-check-payloads",
    }


def _queue(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    known = ("time_limit", "max_receive_count")
    return {"url": url + ".fifo" * bool(settings.get("fifo"))} | {
        key: settings[key] for key in known if key in settings
    }


def compile_folder(folder: Path, python: Interpreter) -> list[str]:
    """Give every source below ``folder`` a .pyc that Lambda takes unchecked; a line for each that is no Python of its version."""
    # A fixed hash seed: sets of constants are marshalled in the order of their hashes.
    command: list[str | Path] = [python.path, "-s", "-S", _HERE / "compile_tree.py", folder, TASK_ROOT]
    answer = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise PackagingError(f"{python.path} cannot compile {folder}:\n{answer.stderr.strip()[-2000:]}")
    return answer.stdout.splitlines()


def check_folder(
    folder: Path,
    target: Target,
    python: Interpreter,
    *,
    entries: Sequence[str],
    packages: Sequence[str],
    own: Sequence[str],
    environ: Mapping[str, str],
    not_compiled: Sequence[str] = (),
    read: Sequence[str] = (),
) -> dict[str, Any]:
    """Import ``entries`` and all of ``packages`` from ``folder`` alone; what check_tree.py found, or PackagingError.

    ``not_compiled`` are compile_folder's lines: those sources are known to have no compiled form. Of the packages ``read`` what
    the sources import is looked for: a module of ``own`` must be there, others are ``absent`` in the answer.
    Where this machine cannot run the target's code, only what can be seen without running it is checked, and ``seconds``
    is missing from the answer.
    """
    command: list[str | Path] = [python.path, "-I", "-S", _HERE / "check_tree.py", folder]
    for option, names in (("--entry", entries), ("--all", packages), ("--own", own), ("--read", read)):
        for name in names:
            command += [option, name]
    if not python.runs(target.machine):
        command.append("--static")
    answer = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise PackagingError(
            f"the package breaks {PYTHON_NAME} (exit {answer.returncode}):\n{answer.stderr[-2000:]}"
        ) from None
    known = {line.partition(":")[0] for line in not_compiled}
    complaints = [
        *_complaint(
            "has no compiled form that Lambda would take", [name for name in found["stale"] if name not in known]
        ),
        *_complaint(
            "is imported and not in the package: add it to the requirements, or repair the import", found["missing"]
        ),
        *_complaint("cannot be imported from the package alone", found.get("failed", ())),
        *_complaint("was loaded from outside the package", found.get("foreign", ())),
        *_complaint("had to be compiled while importing", found.get("compiled", ())),
    ]
    if complaints:
        raise PackagingError("the package would not work on Lambda:\n  " + "\n  ".join(complaints))
    return found


def _complaint(what: str, items: Sequence[str]) -> list[str]:
    return [f"{item} -- {what}" for item in items[:10]]
