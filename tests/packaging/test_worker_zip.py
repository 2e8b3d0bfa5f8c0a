"""The workers' zip of a project that needs no wheels: what is in it, and what is refused."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import find_interpreter
from penstock.packaging.target import target_of
from penstock.packaging.worker_zip import QUEUES, Package, build, words
from tests.package.gate import cannot_run

SOURCES = {
    "lambdas/worker.py": "import shop.tasks\n",
    "lambdas/requirements.in": "",
    QUEUES.as_posix(): '{"queues": {"default": {}}}',
    "shop/__init__.py": "",
    "shop/tasks.py": "def run():\n    from shop import requirements, tests\n",
    "shop/requirements.py": "",
    "shop/tests/__init__.py": "",
    "shop/admin/tests/test_a.py": "",
}
Build = Callable[..., Package]


@pytest.fixture
def made(tmp_path: Path) -> Build:
    """Build the zip of SOURCES and some more."""
    try:
        python = find_interpreter()
    except PackagingError as error:
        cannot_run(str(error))

    def made(**more: str) -> Package:
        for path, text in {**SOURCES, **{f"shop/{name}.py": text for name, text in more.items()}}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        target = target_of("x86_64")
        return build(tmp_path, target, tmp_path / "build/worker.zip", python, environ={}, tried=("lambdas",))

    return made


def test_modules_called_requirements_and_tests_are_in_it_where_something_imports_them(made: Build) -> None:
    with zipfile.ZipFile(made().archive.path) as archive:
        names = {name for name in archive.namelist() if name.endswith(".py")}
    assert names == {path for path in SOURCES if path.endswith(".py")} - {"shop/admin/tests/test_a.py"}


def test_an_own_module_that_nobody_has_is_refused(made: Build) -> None:
    with pytest.raises(
        PackagingError, match=r"shop/more\.py: imports shop\.gone -- is imported and not in the package"
    ):
        made(more="def run():\n    from .gone import x\n")


def test_a_requirement_that_a_task_alone_imports_and_nobody_lists_is_told(made: Build) -> None:
    package = made(more="def run():\n    import nowhere_at_all\n")
    assert package.document()["absent"] == ["shop/more.py: imports nowhere_at_all"]
    assert any(
        line.endswith("add it to the requirements: shop/more.py: imports nowhere_at_all") for line in words(package)
    )
