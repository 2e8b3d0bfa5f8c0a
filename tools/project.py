"""This project: where it is, and what its requirements pin."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = ROOT / "build"

# What the reference app and its tasks read at import, beside what every function has; nothing that is real.
CHECK_ENVIRONMENT: Final = {
    "UPLOADS_BUCKET": "penstock-check-uploads",
    "ALLOWED_HOSTS": "check.example.com",
    "FLASK_SECRET_KEY": "0" * 32,
    "PENSTOCK_WEB_TOKEN_SHA256": "0" * 64,
}


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
