"""Whether a tag may be released: ``python -m tools.release --tag v0.1.0 --repository OWNER/NAME``; the workflow asks first.

The tag says the version of pyproject.toml, CHANGELOG.md has a dated section for it, and ``[project.urls]`` names the
repository that releases it: a package on PyPI says where it comes from, and a fork cannot release under our name by mistake.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.failure import ToolError, exit_code
from tools.project import ROOT


def check(tag: str, repository: str, *, root: Path = ROOT) -> str:
    """The section of CHANGELOG.md for ``tag``; ToolError with the first thing that is not ready."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    if tag != f"v{version}":
        raise ToolError(f"the tag is {tag} and pyproject.toml says {version}: tag v{version}, or change the version")
    source = f"https://github.com/{repository}"
    if project.get("urls", {}).get("Source") != source:
        raise ToolError(
            f"pyproject.toml does not say that the library comes from {source}: "
            f'put Source = "{source}" under [project.urls]'
        )
    return changes(version, (root / "CHANGELOG.md").read_text(encoding="utf-8"))


def changes(version: str, changelog: str) -> str:
    """What ``changelog`` says of ``version``; ToolError where it has no dated section for it, or an empty one."""
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"
    section = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ToolError(f"CHANGELOG.md says nothing of {version}: give it a section '## [{version}] - YYYY-MM-DD'")
    return section[1].strip()


def main(arguments: Sequence[str]) -> int:
    """Check, and print what has changed."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description="Check that a tag may be released.")
    parser.add_argument("--tag", required=True, help="such as v0.1.0")
    parser.add_argument("--repository", required=True, help="OWNER/NAME on GitHub")
    options = parser.parse_args(arguments)
    print(check(options.tag, options.repository))
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
