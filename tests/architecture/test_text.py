"""What the files themselves say: no machine's paths, no target that does not exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A path of somebody's own machine. Lambda's /opt/python and the interpreters of a laptop's package manager are everybody's.
_MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:(?:work|root|Users/\w+|home/\w+)/|opt/(?!python|extensions|homebrew)\w)")


def files() -> list[Path]:
    """Every text file of the repository, those not yet committed included."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the repository cannot be told")
    listed = subprocess.run(
        [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """``path:line: text`` for each hit, for a failure that says where to look."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_somebody_s_machine() -> None:
    assert lines_matching(_MACHINE_PATH, files()) == []


# Put together here, so that this file is not the one that names them.
@pytest.mark.parametrize(
    "parts", [("work", "main"), ("root", ".cache"), ("home", "ann", "x"), ("Users", "ann", "x"), ("opt", "x")]
)
def test_a_machine_s_path_is_recognised(parts: tuple[str, ...]) -> None:
    assert _MACHINE_PATH.search(f"cd '/{'/'.join(parts)}'")


@pytest.mark.parametrize("text", ["/opt/python/lib", "https://example.org/work/x", "a/root/b", "/workers/1", "/tmp/x"])
def test_an_ordinary_path_is_let_through(text: str) -> None:
    assert not _MACHINE_PATH.search(text)


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert phony is not None
    assert set(re.findall(r"^([a-z0-9-]+):.*## .+\.$", makefile, re.MULTILINE)) == set(phony[1].split())
