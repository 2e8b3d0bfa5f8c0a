"""Zips that are the same every time, and what they may hold."""

import os
import struct
import zipfile
from pathlib import Path

import pytest

from penstock.packaging.archive import check_platform, check_size, look, write_zip
from penstock.packaging.failure import PackagingError
from penstock.packaging.target import TARGETS, target_of


def library(machine: int) -> bytes:
    """The head of an ELF file for that processor."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


def zip_of(folder: Path, **files: bytes) -> Path:
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_order_times_and_modes_of_the_folder_do_not_matter(tmp_path: Path) -> None:
    for folder, order in (("one", "ab"), ("another", "ba")):
        (tmp_path / folder).mkdir()
        for name in order:
            (tmp_path / folder / name).write_text(name)
    os.utime(tmp_path / "one" / "a", (10**9, 10**9))
    (tmp_path / "one" / "b").chmod(0o700)

    first, second = (write_zip(tmp_path / name, tmp_path / f"{name}.zip") for name in ("one", "another"))

    assert first.sha256 == second.sha256


def test_a_zip_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out.zip").mkdir()  # what cannot be replaced by a file

    with pytest.raises(OSError, match="out"):
        write_zip(tmp_path / "in", tmp_path / "out.zip")

    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_a_zip_over_the_limit_is_refused_with_its_largest_parts(tmp_path: Path) -> None:
    archive = look(zip_of(tmp_path, **{"big/a": bytes(3 * 1024 * 1024), "small/b": b"x"}))
    with pytest.raises(PackagingError, match=r"is 3\.0 MB unzipped, and Lambda takes 2 MB.*big 3\.0 MB, small 0\.0 MB"):
        check_size(archive, max_unzipped=2 * 1024 * 1024)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a/b.so", library(183), r"a/b\.so is for another processor \(ELF machine 183, not 62\)"),
        ("a/b.so.3.1", library(183), "another processor"),
        ("a/b.cpython-311-x86_64-linux-gnu.so", library(62), r"is for Python 3\.11"),
        ("a/b.cpython-313-darwin.so", b"\xcf\xfa\xed\xfe" + bytes(20), "is not a Linux library"),
        ("a/b.pyd", b"MZ" + bytes(20), "is not a Linux library"),
    ],
)
def test_a_file_for_another_platform_is_refused_by_name(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(PackagingError, match=reason):
        check_platform(look(zip_of(tmp_path, **{name: content})), TARGETS["x86_64"])


@pytest.mark.parametrize("name", ["a.so", "a.abi3.so", "a.cpython-313-x86_64-linux-gnu.so", "libz.so.1"])
def test_a_file_for_lambda_is_taken(tmp_path: Path, name: str) -> None:
    check_platform(look(zip_of(tmp_path, **{name: library(62)})), TARGETS["x86_64"])


def test_an_unknown_processor_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PackagingError, match="'m68k' is no processor of Lambda: take x86_64 or arm64"):
        target_of("m68k")


def test_wheels_for_the_oldest_glibc_are_the_last_choice() -> None:
    assert TARGETS["arm64"].platforms[0] == "manylinux_2_28_aarch64"
    assert TARGETS["arm64"].platforms[-2:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64")
