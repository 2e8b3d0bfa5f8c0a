"""What is in the zips that would ship, and that they are the same wherever they are made."""

import hashlib
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from penstock.packaging.archive import check_platform, check_size, look
from penstock.packaging.failure import PackagingError
from penstock.packaging.interpreter import Interpreter
from penstock.packaging.target import TARGETS
from tools.package import build
from tools.project import ROOT, pinned

UNCHECKED_HASH = 0b01
LAPTOP_ONLY = [f"penstock/{part}" for part in ("local", "packaging", "scaffold", "testing")]


@pytest.fixture(params=["worker_zip", "web_zip"])
def package(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_same_sources_in_another_folder_make_the_same_worker_zip(
    python: Interpreter, worker_zip: Path, sources: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "a folder of another name and length"
    shutil.copytree(sources, elsewhere)

    again = build(TARGETS["x86_64"], tmp_path / "again.zip", python, root=elsewhere)

    assert again.archive.sha256 == hashlib.sha256(worker_zip.read_bytes()).hexdigest()


def test_every_source_has_a_compiled_form_that_lambda_takes_unchecked(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        files = set(archive.namelist())
        sources = [name for name in files if name.endswith(".py")]
        compiled = {name: re.sub(r"([^/]+)\.py$", r"__pycache__/\1.cpython-313.pyc", name) for name in sources}
        flags = {name: archive.read(pyc)[4:8] for name, pyc in compiled.items() if pyc in files}

    assert len(sources) > 300
    assert [name for name in sources if name not in flags] == []
    assert set(flags.values()) == {UNCHECKED_HASH.to_bytes(4, "little")}


def test_compiled_code_names_the_place_where_it_will_be(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        code = archive.read("penstock/__pycache__/app.cpython-313.pyc")

    assert b"/var/task/penstock/app.py" in code
    assert str(ROOT).encode() not in code


def test_nothing_tells_when_and_by_whom_a_zip_was_made(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        entries = archive.infolist()

    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert "package_info.json" not in {entry.filename for entry in entries}


@pytest.mark.parametrize(
    "part",
    [
        "flask",
        "flask_app",
        "werkzeug",
        "penstock/flask",
        *LAPTOP_ONLY,
        "tests",
        "moto",
    ],
)
def test_the_workers_do_without(worker_zip: Path, part: str) -> None:
    assert [name for name in names(worker_zip) if name.startswith(f"{part}/")] == []


@pytest.mark.parametrize(
    "part",
    [
        "PIL",
        *LAPTOP_ONLY,
        "lambdas",
        "tests",
        "tools",
        "pip",
        "troposphere",
        "moto",
    ],
)
def test_the_web_does_without(web_zip: Path, part: str) -> None:
    assert [name for name in names(web_zip) if name.startswith(f"{part}/")] == []


def test_the_workers_have_what_their_lock_file_pins(worker_zip: Path) -> None:
    installed = {name.partition("/")[0] for name in names(worker_zip) if ".dist-info/" in name}
    shipped = {name.partition("-")[0].lower().replace("_", "-") for name in installed}

    assert shipped == set(pinned(ROOT / "lambdas" / "requirements.txt"))


def test_licences_of_what_is_shipped_are_in_the_zip(worker_zip: Path) -> None:
    assert any(re.search(r"boto3-[\d.]+\.dist-info/(licenses/)?LICENSE", name) for name in names(worker_zip))


def test_both_are_within_lambdas_limits_and_for_its_platform(package: Path) -> None:
    check_size(look(package))
    check_platform(look(package), TARGETS["x86_64"])


def test_a_zip_for_the_other_processor_is_refused(python: Interpreter, worker_zip: Path, tmp_path: Path) -> None:
    other = build(TARGETS["arm64"], tmp_path / "arm64.zip", python)

    check_platform(other.archive, TARGETS["arm64"])
    with pytest.raises(
        PackagingError, match=r"not for Lambda on arm64.*\n.*another processor \(ELF machine 62, not 183\)"
    ):
        check_platform(look(worker_zip), TARGETS["arm64"])


def test_a_dependency_that_the_lock_file_forgot_is_named(python: Interpreter, sources: Path, tmp_path: Path) -> None:
    shutil.copytree(sources, tmp_path, dirs_exist_ok=True)
    lock = tmp_path / "lambdas" / "requirements.txt"
    lock.write_text("".join(entry for name, entry in pinned(lock).items() if name != "pillow"), encoding="utf-8")

    with pytest.raises(PackagingError, match=r"tasks/pictures.py: imports PIL -- is imported and not in the package"):
        build(TARGETS["x86_64"], tmp_path / "broken.zip", python, root=tmp_path)

    assert not (tmp_path / "broken.zip").exists()
