"""README.md as PyPI shows it, made by hatchling at each build: a link to a neighbour becomes one into the repository.

The repository is ``Source`` under ``[project.urls]``; without it the text stays as it is (and tools/release.py releases nothing).
In the sdist as well, since the wheel is built from there: it stands alone, and imports nothing of the project.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?)(\[[^\]]*\]\()(?![a-z]+:|#)([^)]+)(?=\))")


class ReadmeHook(MetadataHookInterface):
    """Gives the project its readme."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme`` in the table ``project``."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        source = metadata.get("urls", {}).get("Source", "")
        if source:
            text = for_pypi(text, source, f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def for_pypi(text: str, source: str, tag: str) -> str:
    """``text`` with its links and images leading into the repository ``source``, as it is at ``tag``."""
    return _LINK.sub(
        lambda match: f"{match[1]}{match[2]}{source}/{'raw' if match[1] else 'blob'}/{tag}/{match[3]}", text
    )
