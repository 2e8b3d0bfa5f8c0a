"""Which changes reload the local stack."""

from pathlib import Path

import pytest
from watchfiles import Change

from penstock.local.project import Project
from penstock.local.stack import _Watched


@pytest.mark.parametrize(
    ("path", "reloads"),
    [
        ("shop/tasks.py", True),
        ("builder/app.py", True),
        ("shop/notes.txt", False),
        ("build/worker-1/zip/boto3/session.py", False),  # `flask penstock package` unpacks thousands of these
    ],
)
def test_a_change_of_the_project_s_code_reloads_and_what_packaging_makes_does_not(
    tmp_path: Path, path: str, reloads: bool
) -> None:
    watched = _Watched(Project(tmp_path, app="shop:app", handler="shop:handler", endings=(".py",)))
    assert watched(Change.added, str(tmp_path / path)) == reloads
