"""What GitHub runs for us: actions by their commit, with no more rights than they need."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
# A tag can be moved to other code; a commit cannot. The tag stays beside it, for people.
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def used(text: str) -> list[str]:
    """What each ``uses:`` names, with the comment behind it."""
    return re.findall(r"^[ -]*uses:\s*(.+?)\s*$", text, re.MULTILINE)


def unpinned(text: str) -> list[str]:
    return [action for action in used(text) if not _PINNED.fullmatch(action)]


def test_there_are_workflows() -> None:
    assert {path.name for path in WORKFLOWS} >= {"audit.yml", "ci.yml", "release.yml"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(used(text)) == len(re.findall(r"\buses\s*:", text))
    assert unpinned(text) == []


@pytest.mark.parametrize("action", ["actions/checkout@v5", "actions/checkout@08c6903", "./local", "docker://alpine:3"])
def test_an_action_that_is_not_is_seen(action: str) -> None:
    assert unpinned(f"    steps:\n      - uses: {action}\n") == [action]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_has_one_commit_in_all_workflows(path: Path) -> None:
    everywhere = {action for other in WORKFLOWS for action in used(other.read_text(encoding="utf-8"))}
    names = [action.partition("@")[0] for action in everywhere]
    assert [
        action for action in used(path.read_text(encoding="utf-8")) if names.count(action.partition("@")[0]) > 1
    ] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_the_sources_at_most(path: Path) -> None:
    assert re.search(r"^permissions:(?: \{\}|\n  contents: read\n\n)", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_only_the_job_that_runs_nothing_of_ours_may_write() -> None:
    rights = {
        path.name: re.findall(r"^ *([\w-]+): write\b", path.read_text("utf-8"), re.MULTILINE) for path in WORKFLOWS
    }
    assert {name: found for name, found in rights.items() if found} == {"release.yml": ["id-token", "attestations"]}
    _, _, publish = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8").partition("\n  publish:\n")
    assert "run:" not in publish
    assert "checkout" not in publish


def test_the_locks_are_audited_before_a_release_and_each_week() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
    assert "schedule:" in texts["audit.yml"]
    assert "make audit" in texts["audit.yml"]
    assert re.search(r"make .*\baudit\b", texts["release.yml"])
