"""What `flask penstock init` writes, as text."""

import ast
import json
import re
from pathlib import Path

import pytest

from penstock.scaffold.names import Names
from penstock.scaffold.render import MODULES, files, lines_to_add
from penstock.scaffold.requirements import requirements

ROOT = Path(__file__).resolve().parents[2]
NAMES = Names("shop", "shop.web:create_app", "shop.tasks:queue")
FILES = {file.path: file for file in files(NAMES, queues='{"queues": {"default": {}}}', requirements="penstock\n")}


def test_no_place_is_left_unfilled() -> None:
    assert [path for path, file in FILES.items() if "@@" in file.text] == []


@pytest.mark.parametrize("name", ["worker", "reconciler"])
def test_the_entry_points_are_python_and_name_the_tasks(name: str) -> None:
    text = FILES[f"lambdas/{name}.py"].text
    ast.parse(text)
    assert "from shop.tasks import queue\n" in text
    assert len(text.splitlines()) <= 20


def test_the_list_of_queues_is_the_one_that_was_given() -> None:
    assert json.loads(FILES["infra/terraform/queues.auto.tfvars.json"].text) == {"queues": {"default": {}}}


def test_all_modules_that_the_root_needs_come_along_and_no_other_file() -> None:
    ours = {path.removeprefix(f"{MODULES}/") for path in FILES if path.startswith(f"{MODULES}/")} - {"README.md"}
    there = {
        path.relative_to(ROOT / "infra/terraform/modules").as_posix()
        for path in (ROOT / "infra/terraform/modules").rglob("*")
        if path.suffix in (".tf", ".py") and ".terraform" not in path.parts
    }
    assert ours == there
    assert "stack/queue_guard.py" in ours


def test_the_modules_use_none_that_stays_behind() -> None:
    sources = {
        source for path, file in FILES.items() for source in re.findall(r'source\s*= "(\.[^"]+)"', file.text) if path
    }
    assert {source.rpartition("/")[2] for source in sources} <= {
        path.split("/")[3] for path in FILES if path.count("/") > 3
    }


def test_the_lines_to_add_are_twelve_or_fewer_and_python() -> None:
    lines = [line.strip() for line in lines_to_add(NAMES).splitlines() if line.startswith("      ") and line.strip()]
    assert len(lines) <= 12
    assert "@queue.task" in lines
    assert any(line.startswith("from shop.tasks import queue") for line in lines)


def test_the_requirements_are_what_the_sources_import_in_the_versions_that_are_here(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "web.py").write_text("import json, sqlalchemy, shop.prices\nfrom flask import Flask\n")
    (tmp_path / "shop" / "prices.py").write_text("import nothing_of_this_name\n")

    lines = [line for line in requirements(tmp_path, ["shop.web"]).splitlines() if not line.startswith("#")]

    assert [re.sub(r"==\S+$", "", line) for line in lines] == ["penstock[aws,flask]", "flask", "sqlalchemy"]


def test_a_folder_of_migrations_does_not_hide_the_installed_package_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "sqlalchemy").mkdir()
    (tmp_path / "sqlalchemy" / "env.py").write_text("import json\n")
    (tmp_path / "shop.py").write_text("import sqlalchemy\n")

    assert "\nsqlalchemy==" in requirements(tmp_path, ["shop"])
