"""A log outlives whoever is killed while writing to it."""

from pathlib import Path

from tests.kills import logs


def test_half_a_line_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log"
    logs.Log(path).note("first")
    with path.open("a") as torn:
        torn.write('\n{"kind": "seco')
    logs.Log(path).note("third")
    assert [fact["kind"] for fact in logs.read(path)] == ["first", "third"]


def test_a_log_that_nobody_has_begun_is_empty(tmp_path: Path) -> None:
    assert logs.read(tmp_path / "log") == []
