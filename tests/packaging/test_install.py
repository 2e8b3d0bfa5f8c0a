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
