"""The library's sdist and wheel: what is in them, and that they are the same every time."""

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tools.dist import build, names_in
from tools.failure import ToolError
from tools.project import ROOT

COMMITTED = "2026-11-21T04:36:38+00:00"
IN_THE_BUILD = (
    "penstock",
    "infra/terraform",
    "*.md",
    "LICENSE",
    "pyproject.toml",
    ".gitignore",
    "tools/pypi_readme.py",
)

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no git checkout: nothing says what belongs to it")


def git(folder: Path, *arguments: str) -> str:
    """Its output; as nobody's settings have it."""
    name = {f"GIT_{role}_{what}": "test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environ = {**os.environ, **name, "GIT_COMMITTER_DATE": COMMITTED, "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=True
    ).stdout


def checkout(folder: Path, *, mode: int = 0o644, changed: int = 0) -> Path:
    """The library as it is now, committed at COMMITTED; its files have this mode and time."""
    for name in git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", *IN_THE_BUILD).split("\0"):
        if (ROOT / name).is_file():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, path)
            path.chmod(mode)
            os.utime(path, (changed, changed))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The library")
    return folder


def by_kind(made: list[Path]) -> Mapping[str, Path]:
    return {"wheel" if path.suffix == ".whl" else "sdist": path for path in made}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A ``wheel`` and an ``sdist``."""
    root = checkout(tmp_path_factory.mktemp("checkout"))
    return by_kind(build(tmp_path_factory.mktemp("dist"), root=root))


@pytest.fixture(scope="module")
def wheel(dist: Mapping[str, Path]) -> set[str]:
    """The names of the files in the wheel."""
    return names_in(dist["wheel"])


@pytest.fixture(scope="module")
def metadata(dist: Mapping[str, Path]) -> Message:
    with zipfile.ZipFile(dist["wheel"]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(wheel.read(name))


def test_the_same_commit_gives_the_same_bytes(
    dist: Mapping[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "elsewhere").mkdir()
    again = by_kind(build(tmp_path / "dist", root=checkout(tmp_path / "elsewhere", mode=0o600, changed=10**9)))
    assert {kind: path.read_bytes() for kind, path in again.items()} == {
        kind: path.read_bytes() for kind, path in dist.items()
    }


def test_a_wheel_and_an_sdist_are_made(dist: Mapping[str, Path]) -> None:
    assert dist.keys() == {"wheel", "sdist"}


@pytest.mark.parametrize(
    "name",
    [
        "penstock/py.typed",
        "penstock/flask/api/templates/penstock_api/docs.html",
        "penstock/flask/dashboard/templates/penstock/base.html",
        "penstock/flask/dashboard/static/htmx.min.js",
        "penstock/flask/dashboard/static/htmx.LICENSE.txt",
        "penstock/flask/dashboard/static/penstock.css",
        "penstock/testing/plugin.py",
    ],
)
def test_the_wheel_has_what_the_code_opens(wheel: set[str], name: str) -> None:
    assert name in wheel


def test_the_wheel_has_the_licence(wheel: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)


def test_the_wheel_has_one_package_and_its_metadata(wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {"penstock"}


@pytest.mark.parametrize("part", ["tests", "__pycache__", ".terraform", "flask_app", "lambdas", ".git"])
def test_neither_has_what_is_the_repository_s_alone(dist: Mapping[str, Path], part: str) -> None:
    assert [name for path in dist.values() for name in names_in(path) if part in name.split("/")] == []


def test_the_sdist_has_what_people_read(dist: Mapping[str, Path]) -> None:
    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= names_in(dist["sdist"])


def test_the_readme_is_the_page_on_pypi(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# Penstock\n")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page on PyPI of a project that names its repository."""
    root = checkout(tmp_path_factory.mktemp("released"))
    project = re.sub(
        r"^\[project.urls\]\n(?:.+\n)*", "", (root / "pyproject.toml").read_text(encoding="utf-8"), flags=re.M
    )
    urls = '[project.urls]\nSource = "https://github.com/ada/penstock"\n\n[project.optional-dependencies]'
    (root / "pyproject.toml").write_text(project.replace("[project.optional-dependencies]", urls), encoding="utf-8")
    with zipfile.ZipFile(by_kind(build(tmp_path_factory.mktemp("dist"), root=root))["wheel"]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return str(message_from_bytes(wheel.read(name)).get_payload(decode=True), "utf-8")


def test_a_link_of_the_page_on_pypi_leads_into_the_repository_of_that_version(released: str, metadata: Message) -> None:
    assert f"](https://github.com/ada/penstock/blob/v{metadata['Version']}/docs/cli.md)" in released


def test_an_image_of_the_page_on_pypi_is_that_of_the_repository(released: str, metadata: Message) -> None:
    assert f"](https://github.com/ada/penstock/raw/v{metadata['Version']}/docs/images/dashboard-error.png)" in released


def test_no_link_of_the_page_on_pypi_leads_to_a_neighbour(released: str) -> None:
    text = re.sub(r"^```.*?^```$", "", released, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"\]\((?!https://|#)[^)]*\)", text) == []


def test_the_metadata_can_be_searched(metadata: Message) -> None:
    assert {"flask", "sqs", "lambda", "task-queue"} <= set(metadata["Keywords"].split(","))


def test_a_file_that_nobody_has_committed_is_refused_by_name(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "penstock" / "scratch.py").write_text("")
    with pytest.raises(ToolError, match=r"too many \['penstock/scratch.py'\]"):
        build(tmp_path / "dist", root=root)


def test_a_file_that_is_gone_is_refused_by_name(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "penstock" / "py.typed").unlink()
    with pytest.raises(ToolError, match=r"missing \['penstock/py.typed'\]"):
        build(tmp_path / "dist", root=root)


def test_a_refused_build_leaves_the_older_one(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "penstock" / "py.typed").unlink()
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "penstock-0.0.9.tar.gz").write_text("")
    with pytest.raises(ToolError):
        build(tmp_path / "dist", root=root)
    assert [path.name for path in (tmp_path / "dist").iterdir()] == ["penstock-0.0.9.tar.gz"]


def test_without_git_the_time_of_the_commit_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ToolError, match="Build from a checkout of the project"):
        build(tmp_path / "dist", root=tmp_path)
