"""Try an unzipped package on Lambda's Python, with nothing else on its path.

Runs on its own: ``python3.13 -I -S check_tree.py FOLDER [--static] [--entry MODULE] [--all PACKAGE] [--own PACKAGE]``,
in the environment of a function. Of ``--all`` packages every module is tried, of ``--own`` ones what these import. Prints
one JSON object:

| key | |
|---|---|
| stale | sources without a .pyc that this Python takes unchecked |
| missing | "module: imports x" where x is neither in the folder nor in the standard library, imports inside functions included |
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
from pathlib import Path

UNCHECKED_HASH = 0b01  # the flags of PEP 552: hash-based, not checked against the source


def is_taken_unchecked(source: Path) -> bool:
    """Whether ``source`` has a .pyc of this Python that is used without a look at the source."""
    pyc = Path(importlib.util.cache_from_source(str(source)))
    if not pyc.is_file():
        return False
    head = pyc.read_bytes()[:8]
    return head[:4] == importlib.util.MAGIC_NUMBER and int.from_bytes(head[4:], "little") == UNCHECKED_HASH


def names_of_imports(tree: ast.AST) -> set[str]:
    """The absolute modules that a source imports anywhere, but for what only the type checker sees or what is tried."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            found |= {name for branch in node.orelse for name in names_of_imports(branch)}
        elif isinstance(node, ast.Try):
            continue  # whoever tries has another way
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module)
        else:
            found |= names_of_imports(node)
    return found


def is_there(name: str) -> bool:
    """Whether the top of ``name`` can be found; it is not imported for that."""
    top = name.partition(".")[0]
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def missing_imports(folder: Path, packages: list[str], own: set[str]) -> list[str]:
    """``module: imports x`` for every import of the sources of ``packages`` that leads nowhere.

    Of ``own`` packages the very module must be there, of others the package: some make their modules at run time.
    """
    found = []
    for package in packages:
        for source in sorted((folder / package).rglob("*.py")):
            for name in sorted(names_of_imports(ast.parse(source.read_bytes()))):
                ours = name.partition(".")[0] in own
                path = folder.joinpath(*name.split("."))
                there = path.is_dir() or path.with_suffix(".py").is_file() if ours else is_there(name)
                if not there:
                    found.append(f"{source.relative_to(folder).as_posix()}: imports {name}")
    return found


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
    parser.add_argument("--static", action="store_true")
    options = parser.parse_args()
    folder = options.folder.resolve()
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    found: dict[str, object] = {} if options.static else import_all(options.entry, options.packages, folder)
    found["stale"] = [
        source.relative_to(folder).as_posix()
        for source in sorted(folder.rglob("*.py"))
        if not is_taken_unchecked(source)
    ]
    found["missing"] = missing_imports(folder, options.packages, {*options.packages, *options.own})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
