"""The lock files hold together, as far as can be told without a network: `make lock` writes them."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.locks import lock_files

ROOT = Path(__file__).parents[2]

LOCKS = {str(lock): str(lock.with_suffix(".in")) for lock in lock_files()}
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")


def wanted(path: str) -> list[Requirement]:
    """The requirements of an .in file, with those of the files it includes."""
    found: list[Requirement] = []
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += wanted(text.removeprefix("-r ").strip())
        elif text:
            found.append(Requirement(text))
    return found


def pins(path: str) -> dict[str, set[str]]:
    """Name -> versions: more than one where platforms or Pythons differ."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        if match := _PIN.match(line):
            found.setdefault(canonicalize_name(match["name"]), set()).add(match["version"])
    return found


def test_every_lock_of_the_repository_is_known_to_the_audit() -> None:
    found = {
        path
        for path in ROOT.rglob("*requirements*.in")
        if not path.relative_to(ROOT).parts[0].startswith((".", "build"))
    }

    assert {str(path.relative_to(ROOT)) for path in found} == set(LOCKS.values())


@pytest.mark.parametrize("lock", LOCKS)
def test_make_lock_writes_every_lock(lock: str) -> None:
    assert f"--output-file {lock}\n" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_that_its_in_file_asks_for(lock: str) -> None:
    locked = pins(lock)

    unmet = [
        str(requirement)
        for requirement in wanted(LOCKS[lock])
        if not any(requirement.specifier.contains(v) for v in locked.get(canonicalize_name(requirement.name), ()))
    ]

    assert unmet == [], f"{lock} is out of date: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_a_hash(lock: str) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)

    unhashed = [block.partition(" ")[0] for block in blocks if _PIN.match(block) and "--hash=sha256:" not in block]

    assert unhashed == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-image.txt", "lambdas/requirements.txt"])
def test_what_is_deployed_is_what_was_tested(lock: str) -> None:
    tested = pins("requirements-dev.txt")

    different = {name: versions for name, versions in pins(lock).items() if not versions <= tested.get(name, set())}

    assert different == {}, "run `make lock`: it resolves requirements-dev.txt first and the others within it"


def test_the_web_carries_neither_pillow_nor_the_test_tools() -> None:
    assert pins("requirements.txt").keys() & {"pillow", "pytest", "moto", "mypy", "aws-lambda-powertools"} == set()


def test_the_worker_carries_neither_flask_nor_the_test_tools() -> None:
    assert pins("lambdas/requirements.txt").keys() & {"flask", "zappa", "pytest", "moto", "gunicorn"} == set()


def test_the_image_carries_neither_zappa_nor_what_builds_packages() -> None:
    assert pins("requirements-image.txt").keys() & {"zappa", "pip", "setuptools", "wheel", "pytest", "moto"} == set()
