"""What a CycloneDX document must list."""

from typing import Any

import pytest

from tools.sbom import missing

LOCK = """# written by make lock
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:00
    # via click
flask==3.1.0 \\
    --hash=sha256:11
"""


@pytest.mark.parametrize(
    ("components", "left_out"),
    [
        ([("colorama", "0.4.6"), ("flask", "3.1.0")], set()),
        ([("flask", "3.1.0")], {"colorama==0.4.6"}),
        ([("colorama", "0.4.6"), ("flask", "3.0.0")], {"flask==3.1.0"}),
        ([], {"colorama==0.4.6", "flask==3.1.0"}),
    ],
)
def test_every_pin_of_the_lock_is_there_in_its_version(components: list[tuple[str, str]], left_out: set[str]) -> None:
    document: dict[str, Any] = {"components": [{"name": name, "version": version} for name, version in components]}
    assert missing(LOCK, document) == left_out


def test_a_document_without_components_lists_nothing() -> None:
    assert missing(LOCK, {"bomFormat": "CycloneDX"}) == {"colorama==0.4.6", "flask==3.1.0"}
