"""Which of a project's sources its workers get: what lambdas/ leads to, and no more."""

from pathlib import Path

import pytest

from penstock.packaging.failure import PackagingError
from penstock.packaging.sources import sources_of

ROOT = Path(__file__).resolve().parents[2]


def project(folder: Path, **files: str) -> Path:
    """A project in ``folder``: paths, with ``__`` for a slash and without .py, and what is in the files."""
    for name, text in {"lambdas__worker": "", **files}.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_this_project_s_workers_need_no_flask() -> None:
    found = sources_of(ROOT)
    assert (found.names, found.with_flask) == (("lambdas", "penstock", "tasks"), False)


def test_what_is_imported_is_followed_and_nothing_else_comes(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        lambdas__worker="from shop.tasks import tasks",
        shop__tasks="def run():\n    import prices.rules",
        prices__rules="import json, sqlalchemy",
        admin__pages="",
    )
    assert sources_of(root).names == ("lambdas", "prices", "shop")


def test_neither_a_package_s_own_tests_nor_what_they_import_comes(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import shop", shop__tests__test_a="import helpers", helpers="")
    found = sources_of(root)
    assert (found.names, found.tests) == (("lambdas", "shop"), ("shop/tests",))


@pytest.mark.parametrize(
    "source",
    [
        "import shop.tests.blood",
        "from shop.tests import blood",
        "from shop import tests",
        "from . import tests",
        "def run():\n    from .tests.blood import sample",
    ],
)
def test_a_part_of_the_domain_that_is_called_tests_comes_where_it_is_imported(tmp_path: Path, source: str) -> None:
    root = project(
        tmp_path,
        lambdas__worker="import shop.tasks",
        shop__tasks=source,
        shop__tests__blood="import helpers",
        shop__admin__tests__test_a="import admin_helpers",
        helpers="",
        admin_helpers="",
    )
    found = sources_of(root)
    assert (found.names, found.tests) == (("helpers", "lambdas", "shop"), ("shop/admin/tests",))


def test_a_folder_called_tests_without_modules_comes(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import shop", shop__main="")
    (root / "shop" / "templates" / "tests").mkdir(parents=True)
    assert sources_of(root).tests == ()


def test_a_module_at_the_root_comes_with_the_templates_that_flask_finds_there(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import app", app="from shelf import x", shelf="")
    (root / "templates").mkdir()
    assert [path.name for path in sources_of(root).paths] == ["app.py", "lambdas", "shelf.py", "templates"]


def test_sources_may_be_in_src(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import shop", src__shop__main="")
    assert sources_of(root).paths == (root / "lambdas", root / "src" / "shop")


def test_a_folder_that_has_the_name_of_a_standard_module_is_not_meant(tmp_path: Path) -> None:
    assert sources_of(project(tmp_path, lambdas__worker="import email", email__notes="")).names == ("lambdas",)


def test_a_folder_without_an_init_is_not_meant_where_a_package_of_its_name_is_installed(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import sqlalchemy", sqlalchemy__env="")
    assert sources_of(root).names == ("lambdas",)


def test_a_package_of_the_project_s_own_goes_before_an_installed_one(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import sqlalchemy", sqlalchemy__model="")
    (root / "sqlalchemy" / "__init__.py").touch()
    assert sources_of(root).names == ("lambdas", "sqlalchemy")


def test_a_module_goes_before_a_folder_without_an_init(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import shop", shop="", shop__notes="")
    assert sources_of(root).paths == (root / "lambdas", root / "shop.py")


@pytest.mark.parametrize(
    ("source", "comes"),
    [
        ('tasks.middleware(in_app_context("shop.factory:create_app"))', True),
        ('x = penstock.flask.in_app_context("shop:app")', True),
        ("in_app_context(factory)", False),
        ('# in_app_context("shop:create_app")', False),
    ],
)
def test_an_app_factory_is_found_by_its_path(tmp_path: Path, source: str, comes: bool) -> None:
    found = sources_of(project(tmp_path, lambdas__worker=source, shop__factory=""))
    assert ("shop" in found.names) == comes


@pytest.mark.parametrize(
    ("module", "needed"), [("penstock.flask", True), ("penstock.flask.access", True), ("penstock.aws", False)]
)
def test_penstock_s_flask_part_comes_where_it_is_imported(tmp_path: Path, module: str, needed: bool) -> None:
    root = project(tmp_path, lambdas__worker="import shop", shop__factory=f"from {module} import something")
    assert sources_of(root).with_flask == needed


def test_without_a_worker_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"there is no .*lambdas/worker\.py.*`flask penstock init` writes it"):
        sources_of(tmp_path)


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, lambdas__worker="import shop", shop__old="print 'hello'")
    with pytest.raises(PackagingError, match=r"shop/old\.py is no Python: .*line 1"):
        sources_of(root)
