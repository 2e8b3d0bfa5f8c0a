"""What the isolation check finds, on this Python: it is the same program that runs on Lambda's."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.packaging import check_tree, compile_tree

PARTS = (compile_tree.__file__, check_tree.__file__)


def check(folder: Path, *options: str, compiled: bool = True) -> dict[str, Any]:
    if compiled:
        subprocess.run([sys.executable, "-I", PARTS[0], folder, "/var/task"], check=True)
    command = [sys.executable, "-I", "-S", PARTS[1], folder, "--entry", "app.main", "--all", "app", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env={"LANG": "C.UTF-8"})
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("")
    (tmp_path / "app" / "main.py").write_text("import json\nfrom app import other\n")
    (tmp_path / "app" / "other.py").write_text("X = 1\n")
    return tmp_path


def test_a_whole_package_has_nothing_to_find(folder: Path) -> None:
    found = check(folder)
    assert {key: found[key] for key in ("stale", "missing", "foreign", "compiled", "failed", "imported")} == {
        **{key: [] for key in ("stale", "missing", "foreign", "compiled", "failed")},
        "imported": 3,
    }


def test_a_source_without_a_compiled_form_is_stale_and_seen_while_importing(folder: Path) -> None:
    found = check(folder, compiled=False)
    assert found["stale"] == ["app/__init__.py", "app/main.py", "app/other.py"]
    assert len(found["compiled"]) == 3


def test_a_compiled_form_with_a_time_stamp_is_stale(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)
    assert check(folder, compiled=False)["stale"] == ["app/__init__.py", "app/main.py", "app/other.py"]


def test_an_import_inside_a_function_that_leads_nowhere_is_named(folder: Path) -> None:
    (folder / "app" / "other.py").write_text("def f():\n    import nowhere_at_all\n")
    found = check(folder)
    assert (found["missing"], found["failed"]) == (["app/other.py: imports nowhere_at_all"], [])


def test_a_module_of_our_own_that_was_left_out_is_named(folder: Path) -> None:
    (folder / "app" / "other.py").write_text("def f():\n    from app.gone import x\n")
    assert check(folder)["missing"] == ["app/other.py: imports app.gone"]


def test_a_module_beside_it_that_was_left_out_is_named(folder: Path) -> None:
    (folder / "app" / "other.py").write_text("def f():\n    from .gone import x\n")
    assert check(folder)["missing"] == ["app/other.py: imports app.gone"]


@pytest.mark.parametrize("path", ["shop/tasks.py", "shop.py"])
def test_a_module_that_is_read_only_misses_what_is_our_own_and_tells_what_else_is_absent(
    folder: Path, path: str
) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_text(
        "def f():\n    import app.gone, nowhere_at_all, json, app.other\nraise SystemExit('ran')\n"
    )
    found = check(folder, "--own", "shop", "--read", "shop", "--read", "app")
    assert (found["missing"], found["absent"]) == ([f"{path}: imports app.gone"], [f"{path}: imports nowhere_at_all"])


def test_a_native_module_of_our_own_is_there(folder: Path) -> None:
    (folder / "app" / "fast.cpython-313-aarch64-linux-gnu.so").touch()
    (folder / "app" / "other.py").write_text("def f():\n    from app.fast import x\n")
    assert check(folder)["missing"] == []


def test_what_only_the_type_checker_imports_is_not_missed(folder: Path) -> None:
    (folder / "app" / "other.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere_at_all\n"
    )
    assert check(folder)["missing"] == []


def test_what_is_installed_beside_the_interpreter_is_not_seen(folder: Path) -> None:
    (folder / "app" / "other.py").write_text("import pytest\n")
    found = check(folder)
    assert found["missing"] == ["app/other.py: imports pytest"]
    assert found["failed"] == [
        "app.main: ModuleNotFoundError: No module named 'pytest'",
        "app.other: ModuleNotFoundError: No module named 'pytest'",
    ]


def test_a_package_for_another_processor_is_looked_at_without_running_it(folder: Path) -> None:
    (folder / "app" / "main.py").write_text("raise SystemExit('ran')\n")
    found = check(folder, "--static")
    assert "failed" not in found
    assert found["missing"] == []


def test_a_file_that_is_no_python_is_told_and_left_as_it_is(folder: Path) -> None:
    (folder / "app" / "template.py").write_text("class {{ name }}: pass\n")
    assert [line.partition(":")[0] for line in compile_tree.compile_tree(folder, "/var/task")] == ["app/template.py"]
    assert (folder / "app" / "template.py").read_text() == "class {{ name }}: pass\n"
