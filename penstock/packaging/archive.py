"""A folder as a zip that is the same, byte for byte, wherever and whenever it is made; and a look at what a zip holds."""

import hashlib
import os
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penstock.packaging.failure import PackagingError
from penstock.packaging.target import MAX_UNZIPPED_BYTES, MAX_ZIP_BYTES, PYTHON, PYTHON_NAME, Target

_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip can tell
_MODE: Final = 0o100644 << 16  # Lambda reads files as another user than it unzips them
_UNIX: Final = 3
_MB: Final = 1024 * 1024
_NATIVE = re.compile(r"\.(so|pyd|dylib)(\.[\d.]+)?$")
_PYTHON_OF = re.compile(r"\.cpython-(\d)(\d+)-")


@dataclass(frozen=True, slots=True)
class Archive:
    """A finished zip. Sizes in bytes; ``parts`` is the unzipped size of each top-level name, the largest first."""

    path: Path
    sha256: str
    size: int
    unzipped: int
    files: int
    parts: tuple[tuple[str, int], ...]


def write_zip(folder: Path, path: Path) -> Archive:
    """Zip ``folder``: names in order, no times, owners or modes of this machine. ``path`` appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name in names:
                entry = zipfile.ZipInfo(name, _TIME)
                entry.create_system, entry.external_attr = _UNIX, _MODE
                archive.writestr(entry, (folder / name).read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return look(path)


def look(path: Path) -> Archive:
    """What is known of the zip at ``path``."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    parts: Counter[str] = Counter()
    for entry in entries:
        parts[entry.filename.partition("/")[0]] += entry.file_size
    return Archive(
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size=path.stat().st_size,
        unzipped=sum(parts.values()),
        files=len(entries),
        parts=tuple(parts.most_common()),
    )


def check_size(archive: Archive, *, max_zip: int = MAX_ZIP_BYTES, max_unzipped: int = MAX_UNZIPPED_BYTES) -> None:
    """PackagingError where Lambda would refuse ``archive`` for its size, with the parts that make it large."""
    largest = ", ".join(f"{name} {size / _MB:.1f} MB" for name, size in archive.parts[:5])
    for what, size, limit in (("", archive.size, max_zip), (" unzipped", archive.unzipped, max_unzipped)):
        if size > limit:
            raise PackagingError(
                f"{archive.path} is {size / _MB:.1f} MB{what}, and Lambda takes {limit / _MB:.0f} MB. The largest parts are "
                f"{largest}: take out what the functions do not need, or give those tasks a project of their own"
            )


def check_platform(archive: Archive, target: Target) -> None:
    """PackagingError where a native file in ``archive`` is not for ``target``, or for another Python than Lambda's."""
    wrong = []
    with zipfile.ZipFile(archive.path) as opened:
        for entry in opened.infolist():
            if _NATIVE.search(entry.filename):
                with opened.open(entry) as file:
                    reason = _foreign(entry.filename, file.read(20), target)
                if reason:
                    wrong.append(f"{entry.filename} is {reason}")
    if wrong:
        raise PackagingError(
            f"{archive.path} is not for Lambda on {target.arch} with {PYTHON_NAME}:\n  "
            + "\n  ".join(wrong[:10])
            + f"\nBuild it for {target.arch}: packaging takes wheels for Lambda, whatever this machine is"
        )


def _foreign(name: str, head: bytes, target: Target) -> str:
    """What is wrong with a native file by its first 20 bytes; empty where it fits."""
    if head[:4] != b"\x7fELF":
        return "not a Linux library"
    machine = int.from_bytes(head[18:20], "little")
    if machine != target.elf:
        return f"for another processor (ELF machine {machine}, not {target.elf})"
    version = _PYTHON_OF.search(name)
    if version and (int(version[1]), int(version[2])) != PYTHON:
        return f"for Python {version[1]}.{version[2]}"
    return ""
