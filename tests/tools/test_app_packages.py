"""Whether the workers need the web app: only where lambdas/ names its factory."""

from pathlib import Path

import pytest

from tools.install import ROOT
from tools.package import app_packages


def test_this_project_s_workers_need_no_app() -> None:
    assert app_packages(ROOT / "lambdas") == []


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ('tasks.middleware(in_app_context("flask_app.factory:create_app"))', ["flask_app"]),
        ('x = penstock.flask.in_app_context("shop:app")', ["shop"]),
        ("in_app_context(factory)", []),
        ('in_app_context("tasks.web:create_app")', []),
        ('# in_app_context("flask_app.factory:create_app")', []),
    ],
)
def test_an_app_factory_is_found_by_its_path(tmp_path: Path, source: str, packages: list[str]) -> None:
    (tmp_path / "worker.py").write_text(source)
    assert app_packages(tmp_path) == packages
