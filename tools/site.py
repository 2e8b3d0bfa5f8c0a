"""What mkdocs does for this project beyond its own: the root's pages are part of the site, and every link works in both places.

A page is written for the repository, where it links to its neighbours as files. On the site, README.md is the first page, the
other pages of the root stand beside those of docs/, and a link to any other file of the repository leads to a copy of it. A
link that leads nowhere is left to mkdocs, which says where it is.
"""

import re
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools import pages
from tools.project import ROOT

_ICON: Final = "penstock/flask/dashboard/static/icon.svg"
_FOREIGN = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the root, the icon, and copies of what the pages link to."""
    for source, page in pages.OF_THE_ROOT.items():
        files.append(File.generated(config, page, content=pages.text_of(source)))
    linked = {link.path for source in pages.sources() for link in pages.links(source) if (ROOT / link.path).is_file()}
    copies = {pages.place_of(path): path for path in linked} | {"images/icon.svg": _ICON}
    for place in sorted(copies):
        if files.get_file_from_path(place) is None:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / copies[place])))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Have the links of one page lead to pages and copies of the site."""
    uri = page.file.src_uri
    source = next((source for source, name in pages.OF_THE_ROOT.items() if name == uri), f"{pages.DOCS}/{uri}")
    return pages.rewritten(markdown, source)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Refuse a page that would have a reader's browser ask another server."""
    if foreign := _FOREIGN.search(output):
        raise PluginError(f"{page.file.src_uri} loads something from another server: {foreign[0]}")
    return output
