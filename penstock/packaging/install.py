"""Requirements into a folder, as wheels for Lambda; and a project's own sources beside them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import Interpreter
from penstock.packaging.target import PYTHON, PYTHON_NAME, Target

# What would lead pip out of the folder it is given.
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_PYTHON", "VIRTUAL_ENV")
# Notes of the installation, not of the package: they differ from machine to machine, and nothing at run time reads them.
_NOTES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_NOT_SHIPPED = ("__pycache__", "*.pyc", ".*", "*~", "requirements*.txt", "requirements*.in")


def pip_environment() -> dict[str, str]:
    """This process's environment without what leads pip astray."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def install(requirements: Path, folder: Path, target: Target, python: Interpreter) -> bool:
    """Unpack the wheels that ``requirements`` asks for into ``folder``, for ``target``, whatever this machine is.

    True: every one is pinned by hash, and nothing else was taken. False: pip chose versions, and what those need.
    pip runs on Lambda's Python, because markers such as ``python_version < "3.13"`` are judged by the Python it runs on.
    """
    try:
        pinned = "--hash=" in requirements.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackagingError(f"{requirements} cannot be read: {error}. It names what the workers need") from None
    command: list[str | Path] = [sys.executable, "-m", "pip", "--python", python.path, "install", "--quiet"]
    command += ["--target", folder, "--requirement", requirements, "--no-compile"]
    command += ["--require-hashes", "--no-deps"] if pinned else []
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", ".".join(map(str, PYTHON))]
    for platform in target.platforms:
        command += ["--platform", platform]
    answer = subprocess.run(command, env=pip_environment(), capture_output=True, text=True, check=False)
    if answer.returncode:
        lines = [line for line in answer.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
        if any(line.endswith("No module named pip") for line in lines):
            raise PackagingError(
                f"{sys.executable} has no pip, which gets the wheels: `python -m ensurepip` installs it"
            )
        raise PackagingError(
            f"{requirements} cannot be installed for {PYTHON_NAME} on {target.arch} (glibc 2.28):\n  "
            + "\n  ".join(lines[-8:])
            + "\nIs there a wheel of that version for this platform? Without a network, set PIP_INDEX_URL or PIP_FIND_LINKS"
        )
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for info in folder.glob("*.dist-info"):
        for note in _NOTES:
            (info / note).unlink(missing_ok=True)
    return pinned


def copy_sources(paths: Iterable[Path], folder: Path, *, leave_out: Iterable[str] = ()) -> None:
    """Copy folders and modules of a project into ``folder``, but for ``leave_out``, such as ``penstock/local``."""
    for path in paths:
        if (folder / path.name).exists():
            raise PackagingError(
                f"{path} has the name of what the requirements install as {folder / path.name}: rename yours, "
                "or take that requirement out"
            )
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=shutil.ignore_patterns(*_NOT_SHIPPED))
        elif path.is_file():
            shutil.copyfile(path, folder / path.name)
        else:
            raise PackagingError(f"{path} is not there: run this from the project's root")
    for part in leave_out:
        shutil.rmtree(folder / part, ignore_errors=True)
