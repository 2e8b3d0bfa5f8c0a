"""Files put into somebody else's project: all that are missing or none, and never over what is there."""

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.render import File


class State(StrEnum):
    """What becomes of a file."""

    WRITTEN = "written"
    KEPT = "kept"  # it is there, and the same
    DIFFERENT = "different"  # it is there, is another, and stays


def states(root: Path, files: Sequence[File]) -> dict[str, State]:
    """Path -> what ``write`` would do; ScaffoldError where one cannot be written. Nothing is changed."""
    try:
        return {file.path: _state(root, file) for file in files}
    except (OSError, RuntimeError) as error:  # the latter from a link that leads to itself
        raise ScaffoldError(f"{root} cannot be looked at: {error}. Nothing was written") from None


def write(root: Path, files: Sequence[File]) -> dict[str, State]:
    """Write those that are missing; ScaffoldError, with nothing left behind, where one cannot be."""
    found = states(root, files)
    made: list[Path] = []
    try:
        for file in files:
            if found[file.path] is State.WRITTEN:
                _make_folders((root / file.path).parent, made)
                made.append(_write(root / file.path, file.text))
    except BaseException as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        if isinstance(error, OSError):
            raise ScaffoldError(f"{error.filename or root} cannot be written: {error.strerror}. Nothing was") from None
        raise
    return found


def difference(root: Path, file: File) -> Iterator[str]:
    """Lines of a unified diff, from the file that is there to what Penstock would have written."""
    there = _read(root / file.path).splitlines(keepends=True)
    for line in difflib.unified_diff(there, file.text.splitlines(keepends=True), file.path, f"{file.path} (penstock)"):
        yield line.rstrip("\n")


def _state(root: Path, file: File) -> State:
    path = root / file.path
    if path.is_symlink() and not path.exists():
        raise ScaffoldError(f"{path} is a link that leads nowhere: remove it, or repair it. Nothing was written")
    if not path.resolve().is_relative_to(root.resolve()):
        raise ScaffoldError(
            f"{path} leads out of the project, to {path.resolve()}: remove the link, or run this where the files are to be. "
            "Nothing was written"
        )
    if path.is_dir():
        raise ScaffoldError(
            f"{path} is a folder, and a file of that name is to be written: move it. Nothing was written"
        )
    if path.exists():
        return State.KEPT if _read(path) == file.text else State.DIFFERENT
    _check_folder(next(folder for folder in path.parents if folder.exists()))
    return State.WRITTEN


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ScaffoldError(f"{folder} is a file where a folder is needed: move it. Nothing was written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ScaffoldError(f"{folder} cannot be written to: change its permissions. Nothing was written")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir()
        made.append(parent)


def _write(path: Path, text: str) -> Path:
    """Complete or not at all, and only where there is nothing: a link to a finished file fails where the name is taken."""
    descriptor, name = tempfile.mkstemp(prefix=".penstock-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        try:
            os.link(name, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with path.open("x", encoding="utf-8", newline="\n") as whole:
                whole.write(text)
    finally:
        os.unlink(name)
    return path


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
