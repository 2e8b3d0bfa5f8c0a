"""Files put into somebody else's project: all that are missing or none, and never over what is theirs."""

import contextlib
import difflib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.record import RECORD, is_as_written, recorded
from penstock.scaffold.render import File


class State(StrEnum):
    """What becomes of a file."""

    WRITTEN = "written"
    KEPT = "kept"  # it is there, and the same
    DIFFERENT = "different"  # it is there, is another, and stays
    OUTDATED = "outdated"  # Penstock's own, as an earlier version wrote it: it stays, unless an upgrade is asked for
    UPDATED = "updated"


def states(root: Path, files: Sequence[File], *, upgrade: bool = False) -> dict[str, State]:
    """Path -> what ``write`` would do; ScaffoldError where one cannot be written. Nothing is changed."""
    try:
        known = recorded(root)
        found = {file.path: _state(root, file, known.get(file.path, "")) for file in files}
    except (OSError, RuntimeError) as error:  # the latter from a link that leads to itself
        raise ScaffoldError(f"{root} cannot be looked at: {error}. Nothing was written") from None
    if State.OUTDATED not in found.values():
        return found
    # Modules of two versions do not fit together: what this version adds comes with the upgrade too.
    new = {file.path for file in files if file.ours and found[file.path] is State.WRITTEN}
    outdated = State.UPDATED if upgrade else State.OUTDATED
    return {path: outdated if path in new or state is State.OUTDATED else state for path, state in found.items()}


def write(root: Path, files: Sequence[File], *, upgrade: bool = False) -> dict[str, State]:
    """Write those that are missing; ScaffoldError, with everything as it was, where one cannot be.

    An ``upgrade`` also replaces those of Penstock's own that an earlier version wrote and nobody has changed.
    """
    found = states(root, files, upgrade=upgrade)
    undo: list[Callable[[], object]] = []
    try:
        for file in files:
            path = root / file.path
            if found[file.path] is State.UPDATED and path.exists():
                before = path.read_bytes()
                path.unlink()
                undo.append(lambda path=path, before=before: path.write_bytes(before))  # type: ignore[misc]
            if found[file.path] in (State.WRITTEN, State.UPDATED) and not file.gone:
                for folder in reversed([parent for parent in path.parents if not parent.exists()]):
                    folder.mkdir()
                    undo.append(folder.rmdir)
                _put(path, file.text)
                undo.append(path.unlink)
    except BaseException as error:
        for step in reversed(undo):
            with contextlib.suppress(OSError):
                step()
        if isinstance(error, OSError):
            raise ScaffoldError(
                f"{error.filename or root} cannot be written: {error.strerror}. Everything is as it was"
            ) from None
        raise
    return found


def difference(root: Path, file: File) -> Iterator[str]:
    """Lines of a unified diff, from the file that is there to what Penstock would have written."""
    there = _read(root / file.path).splitlines(keepends=True)
    for line in difflib.unified_diff(there, file.text.splitlines(keepends=True), file.path, f"{file.path} (penstock)"):
        yield line.rstrip("\n")


def _state(root: Path, file: File, known: str) -> State:
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
    if not path.exists():
        _check_folder(next(folder for folder in path.parents if folder.exists()))
        return State.WRITTEN
    if _read(path) == file.text and not file.gone:
        return State.KEPT
    return State.OUTDATED if file.path == RECORD or is_as_written(path, known) else State.DIFFERENT


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ScaffoldError(f"{folder} is a file where a folder is needed: move it. Nothing was written")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ScaffoldError(f"{folder} cannot be written to: change its permissions. Nothing was written")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _put(path: Path, text: str) -> None:
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


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
