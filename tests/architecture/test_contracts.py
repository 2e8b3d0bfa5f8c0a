"""The import contracts are themselves complete: what they do not mention, they do not guard."""

import ast
import configparser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def test_every_package_of_the_repository_is_under_contract() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "tools"}

    assert packages <= set(contracts()["importlinter"]["root_packages"].split())


def test_a_new_module_of_penstock_must_find_its_layer() -> None:
    assert contracts().getboolean("importlinter:contract:layers", "exhaustive")


def test_the_contracts_see_boto3_and_flask() -> None:
    assert contracts().getboolean("importlinter", "include_external_packages")


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nobody_but_the_tests_imports_tests_or_penstock_testing() -> None:
    packages = contracts()["importlinter"]["root_packages"].split()
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]

    guilty = {
        str(path.relative_to(ROOT))
        for path in files
        for name in imported(path)
        if name.split(".")[0] == "tests" or name.split(".")[:2] == ["penstock", "testing"]
    }

    assert {name for name in guilty if not name.startswith("penstock/testing")} == set()
