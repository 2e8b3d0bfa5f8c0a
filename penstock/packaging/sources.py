"""Which of a project's own sources its workers need: lambdas/, what that imports, what those import, and so on."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from penstock.packaging.failure import PackagingError

LAMBDAS: Final = "lambdas"
OURS: Final = "penstock"  # among a project's own sources only in a checkout of Penstock itself
_TESTS = "tests"
_TEMPLATES = "templates"  # where Flask looks for those of an app that is a module, not a package


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders and modules to ship. ``with_flask``: they use penstock.flask, as whoever runs tasks in an app's context does.

    ``tests``: folders below them that stay behind, ``shop/tests``, for nothing of what is shipped imports them.
    """

    paths: tuple[Path, ...]
    with_flask: bool
    tests: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The top-level names by which Python imports them."""
        return tuple(path.stem for path in self.paths)


@dataclass(frozen=True, slots=True)
class Followed:
    """Where ``start`` leads: the project's own ``paths`` by name, and every module that these import, own or not."""

    paths: Mapping[str, Path]
    imports: frozenset[str]


def sources_of(root: Path) -> Sources:
    """The sources in ``root``, or in its src/, that ``root``/lambdas leads to; PackagingError where there is no worker."""
    if not (root / LAMBDAS / "worker.py").is_file():
        raise PackagingError(
            f"there is no {root / LAMBDAS / 'worker.py'}, the workers' entry point: `flask penstock init` writes it"
        )
    found = follow(root, [LAMBDAS])
    paths = dict(found.paths)
    if any(path.is_file() for path in paths.values()) and (root / _TEMPLATES).is_dir():
        paths[_TEMPLATES] = root / _TEMPLATES
    with_flask = any(f"{name}.".startswith("penstock.flask.") for name in found.imports)
    tests = [name for path in found.paths.values() for name in _tests(path, found.imports)]
    return Sources(tuple(paths[name] for name in sorted(paths)), with_flask, tuple(sorted(tests)))


def follow(root: Path, start: Iterable[str]) -> Followed:
    """What the project's own folders and modules called ``start`` import, and so on."""
    paths: dict[str, Path] = {}
    imports: set[str] = set()
    read: set[Path] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        place = paths.get(name) or _place(root, name)
        if place is not None:
            paths[name] = place
            unread = [source for source in _files(place, imports) if source not in read]
            read.update(unread)
            fresh = {module for source in unread for module in _modules(source, place.parent)} - imports
            imports |= fresh  # one of them may be a folder of tests in a place that was read: it is looked at again
            waiting += sorted({module.partition(".")[0] for module in fresh})
    return Followed(paths, frozenset(imports))


def _place(root: Path, name: str) -> Path | None:
    """The project's own folder or module of that name; None where it is somebody else's."""
    if name in sys.stdlib_module_names:
        return None
    bases = (root, root / "src")
    for base in bases:
        if (base / name / "__init__.py").is_file():
            return base / name
        if (base / f"{name}.py").is_file():
            return base / f"{name}.py"
    folder = next((base / name for base in bases if next((base / name).rglob("*.py"), None)), None)
    return None if name != LAMBDAS and _is_installed(name, bases) else folder


def _is_installed(name: str, bases: Iterable[Path]) -> bool:
    """Whether there is a package or module of that name elsewhere: Python takes it before any folder without __init__.py."""
    own = {base.resolve() for base in bases}
    spec = PathFinder.find_spec(name, [entry for entry in sys.path if Path(entry).resolve() not in own])
    return spec is not None and spec.origin is not None


def _files(place: Path, imports: Iterable[str]) -> list[Path]:
    """The sources of one folder or module that are shipped."""
    if place.is_file():
        return [place]
    if place.name == OURS:
        return []  # it imports nothing of a project
    behind = [place.parent / name for name in _tests(place, imports)]
    return [
        source
        for source in sorted(place.rglob("*.py"))
        if not any(part.startswith(".") for part in source.relative_to(place).parts)
        and not any(source.is_relative_to(folder) for folder in behind)
    ]


def _tests(place: Path, imports: Iterable[str]) -> Iterator[str]:
    """``shop/tests`` for each folder of that name with modules below ``place`` that is not among the ``imports``."""
    for folder in sorted(place.rglob(_TESTS)) if place.is_dir() else ():
        path = folder.relative_to(place.parent)
        imported = any(f"{name}.".startswith(f"{'.'.join(path.parts)}.") for name in imports)
        if not imported and next(folder.rglob("*.py"), None):
            yield path.as_posix()


def _modules(source: Path, base: Path) -> set[str]:
    """The modules that a source below ``base`` imports, and those of app factories that it names in text."""
    try:
        tree = ast.parse(source.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise PackagingError(f"{source} is no Python: {error}. Repair it, or move it out of the package") from None
    package = source.relative_to(base).parts[:-1]
    found = set()
    for node in ast.walk(tree):
        found |= {*_imported(node, package), *(factory.partition(":")[0] for factory in _factories(node))}
    return found


def _imported(node: ast.AST, package: Sequence[str]) -> Iterator[str]:
    """What is imported, ``from a import b`` as a and a.b, for b may be a module; names in full, in ``package`` too."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*above, *([node.module] if node.module else [])])
        if module:
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


def _factories(node: ast.AST) -> Iterator[str]:
    """``in_app_context("package.module:name")``."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "in_app_context":
        yield from (word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str))
