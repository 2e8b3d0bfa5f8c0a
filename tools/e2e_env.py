"""Make what ``make e2e`` runs in, or bring it up to date: .venv-e2e with the emulator, and .venv-web with Zappa.

Both are on Lambda's Python: the functions run on the emulator's. ``--emulator``: .venv-e2e alone, for ``make kills``.
"""

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from penstock.packaging.interpreter import find_interpreter
from penstock.packaging.target import PYTHON
from tools.failure import ToolError, exit_code
from tools.web_environment import zappa_python

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-e2e"
LOCK = ROOT / "tests" / "e2e" / "requirements-emulator.txt"
# A copy of the lock, written last: an interrupted installation is not taken for a finished one.
_INSTALLED = FOLDER / "installed.txt"
# pip must not be led out of the environment by the settings of whoever runs this.
_MISLEADING = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX")


def main(arguments: Sequence[str]) -> int:
    """Do it; nothing where nothing changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emulator", action="store_true", help="the emulator alone")
    asked = parser.parse_args(arguments)
    found = find_interpreter()
    if not asked.emulator:
        zappa_python(found)
    python = FOLDER / "bin" / "python"
    if not _runs(python):
        print(f"Setting up {FOLDER.name} with {found.path}, Python {found.version} (once, about 20 seconds) ...")
        shutil.rmtree(FOLDER, ignore_errors=True)
        subprocess.run([found.path, "-m", "venv", FOLDER], check=True)
    elif _INSTALLED.exists() and filecmp.cmp(LOCK, _INSTALLED, shallow=False):
        return 0
    environ = {name: value for name, value in os.environ.items() if name not in _MISLEADING} | {"PIP_USER": "0"}
    options = ("--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK))
    if subprocess.run([python, "-m", "pip", "install", *options], env=environ, check=False).returncode != 0:
        raise ToolError(
            f"{FOLDER.name} could not be installed: see pip's message above. Without a network, set PIP_INDEX_URL or "
            "PIP_FIND_LINKS"
        )
    shutil.copyfile(LOCK, _INSTALLED)
    return 0


def _runs(python: Path) -> bool:
    ask = f"import sys; sys.exit(sys.version_info[:2] != {PYTHON})"
    try:
        return subprocess.run([python, "-c", ask], check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
