"""What the files of a project call things, where nobody has said."""

from pathlib import Path

import pytest

from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.names import checked_path, checked_project, path_of_app, project_name, usual_tasks


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("My Shop_2", "my-shop-2"),
        ("2nd-shop", "nd-shop"),
        ("a-name-that-is-much-too-long", "a-name-that-is-much"),
        ("Мир", "penstock"),
    ],
)
def test_the_folder_s_name_becomes_one_that_terraform_takes(folder: str, name: str) -> None:
    assert checked_project(project_name(Path(folder))) == name


@pytest.mark.parametrize("name", ["Shop", "shop_2", "a--b", "-a", "", "a" * 21])
def test_a_name_that_terraform_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(ScaffoldError, match="--project is"):
        checked_project(name)


@pytest.mark.parametrize("path", ["shop", "shop:", ":tasks", "shop/tasks.py:tasks", "shop:tasks()", 'x:y"\nimport os'])
def test_what_is_no_import_path_is_refused(path: str) -> None:
    with pytest.raises(ScaffoldError, match="write module:name"):
        checked_path(path, "--tasks")


@pytest.mark.parametrize(
    ("flask_app", "path"),
    [
        ("shop:create_app", "shop:create_app"),
        ("shop:create_app()", "shop:create_app"),
        ("shop", ""),
        ("shop:create_app('x')", ""),
    ],
)
def test_an_app_that_cannot_be_loaded_is_named_by_what_flask_was_told(flask_app: str, path: str) -> None:
    assert path_of_app(flask_app) == path


def test_the_tasks_of_a_package_are_looked_for_in_it_and_those_of_a_module_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    assert usual_tasks("shop.web:create_app", tmp_path) == "shop.tasks:tasks"
    assert usual_tasks("app:app", tmp_path) == "tasks:tasks"
