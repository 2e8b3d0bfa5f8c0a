"""Which of Penstock's own files a project has as they were written: penstock/written.json, beside them.

It tells a file that is only old, and may be replaced, from one that somebody has changed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from penstock import __version__
from penstock.scaffold.render import MODULES, File

RECORD: Final = f"{MODULES}/written.json"


def record(files: Sequence[File]) -> File:
    """The record of those of ``files`` that are ours."""
    digests = {file.path: digest(file.text) for file in files if file.ours}
    text = json.dumps({"penstock": __version__, "sha256": digests}, indent=2)
    return File(RECORD, text + "\n", ours=True)


def recorded(root: Path) -> Mapping[str, str]:
    """Path -> digest of what an earlier ``init`` wrote; empty where there is no record that can be read."""
    try:
        found: Any = json.loads((root / RECORD).read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return (
        {path: known for path, known in found.items() if path.startswith(f"{MODULES}/")}
        if isinstance(found, dict)
        else {}
    )


def gone(root: Path, files: Sequence[File]) -> list[File]:
    """What an earlier version wrote, is as it wrote it, and is none of ``files``: in a module it would do harm."""
    now = {file.path for file in files}
    return [
        File(path, "", ours=True, gone=True)
        for path, known in recorded(root).items()
        if path not in now and ".." not in path.split("/") and is_as_written(root / path, known)
    ]


def is_as_written(path: Path, known: str) -> bool:
    """Whether the file at ``path`` is there and has the digest ``known``."""
    try:
        return digest(path.read_text(encoding="utf-8")) == known
    except (OSError, UnicodeDecodeError):
        return False


def digest(text: str) -> str:
    """SHA-256 of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()
