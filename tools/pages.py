"""The pages of this project and the links between them, which must work in the repository and on the site (tools/site.py)."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tools.project import ROOT

DOCS: Final = "docs"
FILES: Final = "files"  # where the site has copies of files that are no pages
# A file of the repository's root -> its page on the site.
OF_THE_ROOT: Final = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}

_LINK = re.compile(r"(?P<before>\]\()(?P<target>[^)\s#]*)(?P<anchor>#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z]+:|/")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: the file of the repository it leads to, and the anchor there (empty: the whole file)."""

    path: str
    anchor: str


def sources() -> list[str]:
    """Every page, as a path in the repository."""
    return [*OF_THE_ROOT, *sorted(f"{DOCS}/{path.name}" for path in (ROOT / DOCS).glob("*.md"))]


def text_of(source: str) -> str:
    """The text of a page."""
    return (ROOT / source).read_text(encoding="utf-8")


def place_of(path: str) -> str:
    """Where the site has a file of the repository."""
    if path in OF_THE_ROOT:
        return OF_THE_ROOT[path]
    return path.removeprefix(f"{DOCS}/") if path.startswith(f"{DOCS}/") else f"{FILES}/{path}"


def links(source: str) -> Iterator[Link]:
    """The links of a page within the repository, whether they lead somewhere or not."""
    for match in _LINK.finditer(_FENCE.sub("", text_of(source))):
        if not _ELSEWHERE.match(match["target"]):
            yield Link(_path(match["target"], source), (match["anchor"] or "").removeprefix("#"))


def rewritten(text: str, source: str) -> str:
    """``text`` of the page ``source`` with its links as the site needs them; code blocks, and what leads nowhere, as they are."""

    def link(match: re.Match[str]) -> str:
        path = _path(match["target"], source)
        if not match["target"] or _ELSEWHERE.match(match["target"]) or not (ROOT / path).is_file():
            return match[0]
        here = posixpath.dirname(place_of(source)) or "."
        return f"{match['before']}{posixpath.relpath(place_of(path), here)}{match['anchor'] or ''}"

    return "".join(part if part.startswith("```") else _LINK.sub(link, part) for part in _FENCE.split(text))


def anchors(source: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = set()
    for title in re.findall(r"^#+ (.+?)\s*$", _FENCE.sub("", text_of(source)), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found


def _path(target: str, source: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) if target else source
