"""What of a project's own sources lies beside the wheels in the end."""

from pathlib import Path

import pytest

from penstock.packaging.failure import PackagingError
from penstock.packaging.install import copy_sources


@pytest.mark.parametrize(("own", "installed"), [("shop/a.py", "shop/b.py"), ("shop.py", "shop.py")])
def test_what_has_the_name_of_an_installed_package_is_refused_with_both_named(
    tmp_path: Path, own: str, installed: str
) -> None:
    for path in (tmp_path / "project" / own, tmp_path / "zip" / installed):
        path.parent.mkdir(parents=True)
        path.write_text("", encoding="utf-8")
    name = own.partition("/")[0]
    with pytest.raises(PackagingError, match=f"project/{name} has the name of .*zip/{name}: rename yours"):
        copy_sources([tmp_path / "project" / name], tmp_path / "zip")


def test_a_module_of_requirements_is_copied_and_a_list_of_them_is_not(tmp_path: Path) -> None:
    for path in ("project/shop/requirements.py", "project/shop/requirements.txt", "project/shop/requirements-dev.in"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "zip").mkdir()
    copy_sources([tmp_path / "project" / "shop"], tmp_path / "zip")
    assert [path.name for path in (tmp_path / "zip" / "shop").iterdir()] == ["requirements.py"]


def test_a_folder_called_tests_is_copied_unless_it_is_named(tmp_path: Path) -> None:
    for name in ("tests", "admin/tests"):
        (tmp_path / "project" / "shop" / name).mkdir(parents=True)
    (tmp_path / "zip").mkdir()
    copy_sources([tmp_path / "project" / "shop"], tmp_path / "zip", leave_out=["shop/admin/tests"])
    assert sorted(path.name for path in (tmp_path / "zip" / "shop").rglob("*")) == ["admin", "tests"]
