"""``python -m local demo``, the whole of it, in somebody's shell that points at production."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def run_demo(*arguments: str, program: Sequence[str] = ("-m", "local")) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON document on stdout, and what was on stderr."""
    environ = {**os.environ, "AWS_PROFILE": "prod", "ALLOWED_HOSTS": "app.example.com"}
    done = subprocess.run(
        [sys.executable, *program, "demo", "--json", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_every_task_of_the_demo_ends_as_it_should() -> None:
    exit_code, document, told = run_demo()
    ends = {task["label"]: (task["status"], task["attempts"]) for task in document["tasks"]}
    assert (exit_code, document["ok"], ends) == (
        0,
        True,
        {
            "rotated.jpg": ("SUCCEEDED", 1),
            "print.jpg": ("SUCCEEDED", 1),
            "logo.png": ("SUCCEEDED", 1),
            "huge.jpg": ("SUCCEEDED", 1),
            "truncated.jpg": ("FAILED", 1),
            "webhook": ("SUCCEEDED", 3),
            "missing.jpg": ("SUCCEEDED", 2),
        },
    ), told


def test_a_task_that_ends_otherwise_makes_the_demo_fail_and_is_named() -> None:
    at_once = (
        "import os, sys, local.demo, local.receiver; from local.__main__ import main; "
        "local.receiver.ANSWERS = (200,); sys.exit(main(sys.argv[1:], os.environ))"
    )
    exit_code, document, told = run_demo(program=("-c", at_once))
    wrong = [(task["label"], task["problems"]) for task in document["tasks"] if not task["ok"]]
    assert (exit_code, document["ok"], [label for label, _ in wrong]) == (1, False, ["webhook"]), told
    assert "NOT as it should be: webhook" in told


def test_the_users_own_photos_take_the_place_of_the_demos(tmp_path: Path) -> None:
    photo, text = tmp_path / 'my "holiday" [1].png', tmp_path / "notes.jpg"
    Image.new("RGB", (500, 300), "teal").save(photo)
    text.write_text("no photo at all")
    _, document, told = run_demo("--files", str(photo), str(text))
    ends = [(task["label"], task["status"], task["ok"]) for task in document["tasks"][:2]]
    assert ends == [(photo.name, "SUCCEEDED", True), (text.name, "FAILED", True)], told


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "is empty (0 bytes)"), (None, "cannot be read: No such file or directory")]
)
def test_a_file_that_cannot_be_uploaded_is_refused_before_anything_starts(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "cat.jpg"
    if content is not None:
        file.write_bytes(content)
    exit_code, document, _ = run_demo("--files", str(file))
    assert (exit_code, document["ok"], f"{file} {why}" in document["error"]) == (2, False, True)
