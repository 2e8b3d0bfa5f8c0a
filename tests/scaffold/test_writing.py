"""Files put into somebody else's project: all or none, and never over what is theirs."""

import json
import os
from pathlib import Path

import pytest

from penstock.scaffold import writing
from penstock.scaffold.failure import ScaffoldError
from penstock.scaffold.record import digest, gone, record
from penstock.scaffold.render import MODULES, File
from penstock.scaffold.writing import State, difference, states, write

FILES = [File("lambdas/worker.py", "worker\n"), File("infra/terraform/main.tf", "main\n")]
OLD = File(f"{MODULES}/queue/main.tf", "old\n", ours=True)
NEW = File(f"{MODULES}/queue/main.tf", "new\n", ours=True)


def tree(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


def with_record(*files: File) -> list[File]:
    return [*files, record(files)]


def test_what_is_missing_is_written(tmp_path: Path) -> None:
    assert set(write(tmp_path, FILES).values()) == {State.WRITTEN}
    assert tree(tmp_path) == {file.path: file.text for file in FILES}


def test_what_is_the_same_is_kept(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert set(write(tmp_path, FILES).values()) == {State.KEPT}


def test_what_is_different_stays_as_it_is_and_the_rest_is_written(tmp_path: Path) -> None:
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "lambdas" / "worker.py").write_text("mine\n")

    assert write(tmp_path, FILES) == {"lambdas/worker.py": State.DIFFERENT, "infra/terraform/main.tf": State.WRITTEN}
    assert tree(tmp_path)["lambdas/worker.py"] == "mine\n"


def test_a_difference_goes_from_what_is_there_to_what_would_be_written(tmp_path: Path) -> None:
    write(tmp_path, [File("lambdas/worker.py", "mine\n")])
    assert [*difference(tmp_path, FILES[0])][-2:] == ["-mine", "+worker"]


def test_looking_writes_nothing(tmp_path: Path) -> None:
    states(tmp_path, FILES)
    assert tree(tmp_path) == {}


def test_files_have_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path, FILES)
    finally:
        os.umask(before)
    assert (tmp_path / FILES[0].path).stat().st_mode & 0o777 == 0o640


def test_a_file_where_a_folder_is_needed_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "infra").write_text("notes")
    with pytest.raises(ScaffoldError, match=r"infra is a file where a folder is needed: move it"):
        write(tmp_path, FILES)
    assert tree(tmp_path) == {"infra": "notes"}


def test_a_folder_where_a_file_is_to_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "lambdas" / "worker.py").mkdir(parents=True)
    with pytest.raises(ScaffoldError, match=r"worker\.py is a folder"):
        write(tmp_path, FILES)


def test_a_link_that_leads_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "lambdas").symlink_to(outside)
    with pytest.raises(ScaffoldError, match=r"leads out of the project, to .*outside/worker\.py"):
        write(root, FILES)
    assert tree(tmp_path) == {}


def test_a_link_within_the_project_is_followed(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "lambdas").symlink_to("functions")
    write(tmp_path, FILES)
    assert (tmp_path / "functions" / "worker.py").read_text() == "worker\n"


@pytest.mark.parametrize("target", ["nowhere.py", "worker.py"])
def test_a_link_to_nothing_or_to_itself_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "lambdas").mkdir()
    (tmp_path / "lambdas" / "worker.py").symlink_to(target)
    with pytest.raises(ScaffoldError, match="Nothing was written"):
        write(tmp_path, FILES)
    assert not (tmp_path / "infra").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    (tmp_path / "lambdas").mkdir(mode=0o500)
    with pytest.raises(ScaffoldError, match="lambdas cannot be written to: change its permissions"):
        write(tmp_path, FILES)


def test_a_disk_that_is_full_half_way_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, with_record(OLD))
    before = tree(tmp_path)
    put = writing._put

    def full(path: Path, text: str) -> None:
        if path.name == "written.json":
            raise OSError(28, "No space left on device", str(path))
        put(path, text)

    monkeypatch.setattr(writing, "_put", full)
    with pytest.raises(ScaffoldError, match=r"written\.json cannot be written: No space left.*Everything is as it was"):
        write(tmp_path, [*FILES, *with_record(NEW)], upgrade=True)
    assert tree(tmp_path) == before
    assert not (tmp_path / "lambdas").exists()


def test_another_process_s_file_that_appears_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = writing._put

    def late(path: Path, text: str) -> None:
        if path.name == "main.tf":
            path.write_text("theirs")
        put(path, text)

    monkeypatch.setattr(writing, "_put", late)
    with pytest.raises(ScaffoldError, match=r"File exists"):
        write(tmp_path, FILES)
    assert tree(tmp_path) == {"infra/terraform/main.tf": "theirs"}


def test_an_earlier_version_s_modules_stay_until_an_upgrade_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, with_record(OLD))
    added = File(f"{MODULES}/queue/outputs.tf", "added\n", ours=True)

    assert set(write(tmp_path, with_record(NEW, added)).values()) == {State.OUTDATED}
    assert tree(tmp_path)[OLD.path] == "old\n"
    assert set(write(tmp_path, with_record(NEW, added), upgrade=True).values()) == {State.UPDATED}
    assert tree(tmp_path)[NEW.path] == "new\n"
    assert tree(tmp_path)[added.path] == "added\n"


def test_a_module_that_somebody_has_changed_is_not_upgraded(tmp_path: Path) -> None:
    write(tmp_path, with_record(OLD))
    (tmp_path / OLD.path).write_text("mine\n")

    assert write(tmp_path, with_record(NEW), upgrade=True)[NEW.path] is State.DIFFERENT
    assert tree(tmp_path)[NEW.path] == "mine\n"


def test_an_upgrade_removes_what_this_version_has_no_more(tmp_path: Path) -> None:
    old = File(f"{MODULES}/queue/removed.tf", "gone\n", ours=True)
    write(tmp_path, with_record(OLD, old))
    files = [*with_record(NEW)]

    write(tmp_path, [*files, *gone(tmp_path, files)], upgrade=True)

    assert sorted(tree(tmp_path)) == [f"{MODULES}/queue/main.tf", f"{MODULES}/written.json"]


LEADING_OUT = json.dumps(
    {"sha256": {f"{MODULES}/../main.tf": digest("main\n"), "lambdas/worker.py": digest("worker\n")}}
)


@pytest.mark.parametrize("text", ["", "[]", '{"sha256": 3}', LEADING_OUT])
def test_a_record_that_cannot_be_read_or_leads_elsewhere_means_that_nothing_is_known(tmp_path: Path, text: str) -> None:
    write(tmp_path, [File(f"{MODULES}/written.json", text), OLD, *FILES])
    assert gone(tmp_path, []) == []
    assert states(tmp_path, [NEW])[NEW.path] is State.DIFFERENT
