"""Hash-pinned requirements into a folder, as wheels for Lambda; and this project's own sources beside them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tools.failure import ToolError
from tools.interpreter import Interpreter
from tools.target import PYTHON, PYTHON_NAME, Target

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = ROOT / "build"

# What would lead pip out of the folder it is given.
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_PYTHON", "VIRTUAL_ENV")
# Notes of the installation, not of the package: they differ from machine to machine, and nothing at run time reads them.
_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_NOT_SHIPPED = ("__pycache__", "*.pyc", ".*", "*~", "requirements*", "tests")


def pip_environment() -> dict[str, str]:
    """This process's environment without what leads pip astray."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def install(requirements: Path, folder: Path, target: Target, python: Interpreter) -> None:
    """Unpack the wheels that ``requirements`` pins by hash into ``folder``, for ``target``, whatever this machine is.

    pip runs on Lambda's Python, because markers such as ``python_version < "3.13"`` are judged by the Python it runs on.
    """
    command: list[str | Path] = [sys.executable, "-m", "pip", "--python", python.path, "install", "--quiet"]
    command += ["--target", folder, "--requirement", requirements, "--require-hashes", "--no-deps", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", ".".join(map(str, PYTHON))]
    for platform in target.platforms:
        command += ["--platform", platform]
    answer = subprocess.run(command, env=pip_environment(), capture_output=True, text=True, check=False)
    if answer.returncode:
        lines = [line for line in answer.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise ToolError(
            f"{requirements} cannot be installed for {PYTHON_NAME} on {target.arch} (glibc 2.28):\n  "
            + "\n  ".join(lines[-8:])
            + "\nIs there a wheel of that version for this platform? Without a network, set PIP_INDEX_URL or PIP_FIND_LINKS"
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for info in folder.glob("*.dist-info"):
        for note in _NOTES:
            (info / note).unlink(missing_ok=True)


def copy_sources(packages: Iterable[str], folder: Path, *, root: Path = ROOT, leave_out: Iterable[str] = ()) -> None:
    """Copy the project's ``packages`` (folders of ``root``) into ``folder``, but for ``leave_out`` such as ``penstock/local``."""
    for package in packages:
        if not (root / package).is_dir():
            raise ToolError(f"{root / package} is not there: run this from a checkout of the project")
        shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns(*_NOT_SHIPPED))
    for path in leave_out:
        shutil.rmtree(folder / path, ignore_errors=True)


def pinned(requirements: Path) -> dict[str, str]:
    """Name -> its whole entry in a hash-pinned requirements file, in the file's order."""
    entries: dict[str, str] = {}
    name = ""
    for line in requirements.read_text(encoding="utf-8").splitlines(keepends=True):
        if line[0] not in " \t#\n" and "==" in line:
            name = line.partition("==")[0].strip().lower()
            entries[name] = ""
        if name and not line.lstrip().startswith("#"):
            entries[name] += line
    return entries
