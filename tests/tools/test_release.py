"""Which tags may be released."""

from pathlib import Path

import pytest

from tools.failure import ToolError
from tools.release import check

PROJECT = '[project]\nversion = "1.2.0"\n[project.urls]\nSource = "https://github.com/ada/penstock"\n'
CHANGES = "# Changelog\n\n## [Unreleased]\n\n- Later\n\n## [1.2.0] - 2026-11-21\n\n- New\n\n## [1.1.0] - 2026-01-01\n\n- Old\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    return tmp_path


def test_a_release_says_what_its_section_says(root: Path) -> None:
    assert check("v1.2.0", "ada/penstock", root=root) == "- New"


@pytest.mark.parametrize("tag", ["v1.2.1", "1.2.0", "v1.2.0rc1", ""])
def test_a_tag_of_another_version_is_refused(root: Path, tag: str) -> None:
    with pytest.raises(ToolError, match=r"pyproject.toml says 1\.2\.0: tag v1\.2\.0"):
        check(tag, "ada/penstock", root=root)


@pytest.mark.parametrize(
    "heading", ["## [Unreleased] 1.2.0", "## [1.2.0]", "## [1.20] - 2026-11-21", "## 1.2.0 - soon"]
)
def test_a_version_without_a_dated_section_is_refused(root: Path, heading: str) -> None:
    (root / "CHANGELOG.md").write_text(CHANGES.replace("## [1.2.0] - 2026-11-21", heading))
    with pytest.raises(ToolError, match=r"CHANGELOG.md says nothing of 1\.2\.0"):
        check("v1.2.0", "ada/penstock", root=root)


def test_an_empty_section_is_refused(root: Path) -> None:
    (root / "CHANGELOG.md").write_text(CHANGES.replace("- New\n", ""))
    with pytest.raises(ToolError, match=r"CHANGELOG.md says nothing of 1\.2\.0"):
        check("v1.2.0", "ada/penstock", root=root)


def test_a_fork_is_refused(root: Path) -> None:
    with pytest.raises(ToolError, match=r"does not say that the library comes from https://github.com/eve/penstock"):
        check("v1.2.0", "eve/penstock", root=root)


def test_a_project_that_names_no_repository_is_refused(root: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    with pytest.raises(ToolError, match=r'put Source = "https://github.com/ada/penstock" under \[project.urls\]'):
        check("v1.2.0", "ada/penstock", root=root)
