"""The lock files of this project: whatever ``make lock`` writes from an ``.in`` file beside it."""

from pathlib import Path

from tools.project import ROOT

_FOLDERS = (".", "docs", "lambdas", "tools", "tests/e2e")


def lock_files(root: Path = ROOT) -> list[Path]:
    """Each of them, relative to ``root``."""
    sources = [path for folder in _FOLDERS for path in sorted((root / folder).glob("*requirements*.in"))]
    return [path.with_suffix(".txt").relative_to(root) for path in sources]
