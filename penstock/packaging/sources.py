"""Which of a project's own sources its workers need: lambdas/, what that imports, what those import, and so on."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from penstock.packaging.failure import PackagingError

LAMBDAS: Final = "lambdas"
OURS: Final = "penstock"  # among a project's own sources only in a checkout of Penstock itself
_TEMPLATES = "templates"  # where Flask looks for those of an app that is a module, not a package


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders and modules to ship. ``with_app``: the factory of a Flask app is named among them."""

    paths: tuple[Path, ...]
    with_app: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The top-level names by which Python imports them."""
        return tuple(path.stem for path in self.paths)


@dataclass(slots=True)
class _Read:
    """What one folder or module asks for, by top-level names: imports, and app factories that are named in text."""

    imports: set[str] = field(default_factory=set)
    factories: set[str] = field(default_factory=set)


def sources_of(root: Path) -> Sources:
    """The sources in ``root``, or in its src/, that ``root``/lambdas leads to; PackagingError where there is no worker."""
    if not (root / LAMBDAS / "worker.py").is_file():
        raise PackagingError(
            f"there is no {root / LAMBDAS / 'worker.py'}, the workers' entry point: `flask penstock init` writes it"
        )
    paths, with_app, waiting = {LAMBDAS: root / LAMBDAS}, False, [LAMBDAS]
    while waiting:
        read = _read(paths[waiting.pop()])
        with_app = with_app or bool(read.factories)
        for name in sorted((read.imports | read.factories) - paths.keys()):
            if place := _place(root, name):
                paths[name] = place
                waiting.append(name)
    if any(path.is_file() for path in paths.values()) and (root / _TEMPLATES).is_dir():
        paths[_TEMPLATES] = root / _TEMPLATES
    return Sources(tuple(paths[name] for name in sorted(paths)), with_app)


def _place(root: Path, name: str) -> Path | None:
    """The project's own folder or module of that name; None where it is somebody else's."""
    if name in sys.stdlib_module_names:
        return None
    for base in (root, root / "src"):
        if (base / name).is_dir() and next((base / name).rglob("*.py"), None):
            return base / name
        if (base / f"{name}.py").is_file():
            return base / f"{name}.py"
    return None


def _read(path: Path) -> _Read:
    read = _Read()
    if path.name == OURS:
        return read  # it imports nothing of a project
    for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
        try:
            tree = ast.parse(source.read_bytes())
        except (SyntaxError, ValueError) as error:
            raise PackagingError(f"{source} is no Python: {error}. Repair it, or move it out of the package") from None
        for node in ast.walk(tree):
            read.imports |= {name.partition(".")[0] for name in _imported(node)}
            read.factories |= {path.partition(":")[0].partition(".")[0] for path in _factories(node)}
    return read


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield node.module


def _factories(node: ast.AST) -> Iterator[str]:
    """``in_app_context("package.module:name")``."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "in_app_context":
        yield from (word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str))
