"""A throwaway copy of the project: Terraform's state, packages and settings are written beside its code, not beside yours."""

import shutil
import subprocess
from pathlib import Path

from tests.e2e.emulator import ROOT

# What is slow to make and does not change under way: the copy uses the project's own.
_SHARED = (".venv", ".venv-web", ".venv-e2e")


def copy_project(folder: Path) -> Path:
    """Everything that git has or would take, copied into ``folder``; ``folder`` itself."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():  # else it is deleted and not yet committed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in _SHARED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder
