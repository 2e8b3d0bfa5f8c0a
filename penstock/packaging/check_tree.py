"""Try an unzipped package on Lambda's Python, with nothing else on its path.

Runs on its own: ``python3.13 -I -S check_tree.py FOLDER [--static] [--entry MODULE] [--all PACKAGE] [--own PACKAGE]
[--read PACKAGE]``, in the environment of a function. Of ``--all`` packages every module is tried, of ``--own`` ones what these
import; of ``--read`` ones the sources are read. Prints one JSON object:

| key | |
|---|---|
| stale | sources without a .pyc that this Python takes unchecked |
| missing | "module: imports x" where x is neither in the folder nor in the standard library, imports inside functions included |
| absent | the same for ``--read`` packages, where x is not one of ``--own``: it may be nothing that a function ever calls |
| foreign | modules that were loaded from somewhere else than the folder and the standard library |
| compiled | sources that Python had to compile while importing |
| failed | "module: error" of imports that failed |
| imported | how many modules were loaded from the folder |
| seconds | what importing the first entry took |

``--static`` imports nothing: for a package whose processor is not this machine's.
"""

import argparse
import ast
import importlib
import importlib.machinery
import importlib.util
import json
import pkgutil
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

UNCHECKED_HASH = 0b01  # the flags of PEP 552: hash-based, not checked against the source


def is_taken_unchecked(source: Path) -> bool:
    """Whether ``source`` has a .pyc of this Python that is used without a look at the source."""
    pyc = Path(importlib.util.cache_from_source(str(source)))
    if not pyc.is_file():
        return False
    head = pyc.read_bytes()[:8]
    return head[:4] == importlib.util.MAGIC_NUMBER and int.from_bytes(head[4:], "little") == UNCHECKED_HASH


def names_of_imports(tree: ast.AST, package: Sequence[str] = ()) -> set[str]:
    """The modules, in full, that a source of ``package`` imports, but for what only the type checker sees or what is tried."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            found |= {name for branch in node.orelse for name in names_of_imports(branch, package)}
        elif isinstance(node, ast.Try):
            continue  # whoever tries has another way
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            above = package[: len(package) - node.level + 1] if node.level else ()
            found.add(".".join([*above, node.module]))
        else:
            found |= names_of_imports(node, package)
    return found


def is_there(name: str) -> bool:
    """Whether the top of ``name`` can be found; it is not imported for that."""
    top = name.partition(".")[0]
    try:
        return top in sys.stdlib_module_names or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def missing_imports(folder: Path, packages: Iterable[str], own: set[str]) -> Iterator[tuple[str, bool]]:
    """``module: imports x``, and whether x is of ``own``, for every import of the sources of ``packages`` that leads nowhere.

    Of ``own`` packages the very module must be there, of others the package: some make their modules at run time.
    """
    for package in packages:
        module = folder / f"{package}.py"
        for source in [module] if module.is_file() else sorted((folder / package).rglob("*.py")):
            try:
                tree = ast.parse(source.read_bytes())
            except (SyntaxError, ValueError):
                continue  # no Python of this version, which has no compiled form either, and is told for that
            for name in sorted(names_of_imports(tree, source.relative_to(folder).parts[:-1])):
                ours = name.partition(".")[0] in own
                if not (is_module(folder.joinpath(*name.split("."))) if ours else is_there(name)):
                    yield f"{source.relative_to(folder).as_posix()}: imports {name}", ours


def is_module(path: Path) -> bool:
    """Whether there is a package, a source, or a native module ``path``."""
    return path.is_dir() or path.with_suffix(".py").is_file() or any(path.parent.glob(f"{path.name}.*so"))


def modules_of(package: str, folder: Path) -> list[str]:
    """The package and every module below it."""
    below = pkgutil.walk_packages([str(folder / package)], f"{package}.", onerror=lambda _: None)
    return [package, *(module.name for module in below)]


def import_all(entries: list[str], packages: list[str], folder: Path) -> dict[str, object]:
    """Import the entries, then all modules of the packages, and watch what Python does meanwhile."""
    compiled: list[str] = []
    real = importlib.machinery.SourceFileLoader.source_to_code

    def watched(self: importlib.machinery.SourceFileLoader, data: object, path: str, **options: int) -> object:
        compiled.append(str(path))
        return real(self, data, path, **options)  # type: ignore[arg-type]

    importlib.machinery.SourceFileLoader.source_to_code = watched  # type: ignore[assignment,method-assign]
    failed, seconds = [], 0.0
    for number, name in enumerate(
        dict.fromkeys([*entries, *(name for package in packages for name in modules_of(package, folder))])
    ):
        started = time.perf_counter()
        try:
            importlib.import_module(name)
        except BaseException as error:  # whatever a module raises at import is what Lambda would see
            failed.append(f"{name}: {type(error).__name__}: {error}")
        if number == 0:
            seconds = time.perf_counter() - started
    standard = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib")]
    files = {name: Path(file).resolve() for name, module in sys.modules.items() if (file := file_of(module))}
    ours = [name for name, file in files.items() if file.is_relative_to(folder)]
    foreign = [
        f"{name}: {file}"
        for name, file in files.items()
        if name not in ours and file != Path(__file__).resolve() and not is_standard(file, standard)
    ]
    return {"failed": failed, "compiled": compiled, "foreign": foreign, "imported": len(ours), "seconds": seconds}


def is_standard(file: Path, standard: list[Path]) -> bool:
    """Whether ``file`` is of the standard library; what is installed beside it is not."""
    return "site-packages" not in file.parts and any(file.is_relative_to(root) for root in standard)


def file_of(module: object) -> str:
    """Where a module was loaded from; empty for built-in ones."""
    file = getattr(module, "__file__", None)
    return file if isinstance(file, str) else ""


def main() -> None:
    """Look, import, and say what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--entry", action="append", default=[])
    parser.add_argument("--all", action="append", default=[], dest="packages")
    parser.add_argument("--own", action="append", default=[])
    parser.add_argument("--read", action="append", default=[])
    parser.add_argument("--static", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    found: dict[str, Any] = {} if options.static else import_all(options.entry, options.packages, folder)
    found["stale"] = [
        source.relative_to(folder).as_posix()
        for source in sorted(folder.rglob("*.py"))
        if not is_taken_unchecked(source)
    ]
    own = {*options.packages, *options.own}
    read = [*missing_imports(folder, [name for name in options.read if name not in options.packages], own)]
    found["missing"] = [line for line, _ in missing_imports(folder, options.packages, own)]
    found["missing"] += [line for line, ours in read if ours]
    found["absent"] = [line for line, ours in read if not ours]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
