"""What a page loads, and what the Content-Security-Policy lets it."""

import gzip
import re
from pathlib import Path

import penstock.flask.dashboard as dashboard
from tests.flask.dashboard.test_access import pages

STATIC = Path(dashboard.__file__).parent / "static"
MAX_COMPRESSED_BYTES = 60_000
MAX_CSS_BYTES = 15_000


def test_all_assets_together_are_60_kb_compressed_at_most():
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir()}
    assert sum(sizes.values()) < MAX_COMPRESSED_BYTES, sizes


def test_the_style_is_15_kb_at_most():
    assert len((STATIC / "penstock.css").read_bytes()) < MAX_CSS_BYTES


def test_what_others_wrote_is_htmx_alone_with_its_version_and_licence():
    assert {path.name for path in STATIC.iterdir()} == {
        "dashboard.js", "htmx.LICENSE.txt", "htmx.min.js", "icon.svg", "penstock.css"
    }  # fmt: skip
    licence = (STATIC / "htmx.LICENSE.txt").read_text()
    version = re.search(r'version:"([0-9.]+)"', (STATIC / "htmx.min.js").read_text())[1]
    assert f"htmx {version}" in licence
    assert "Zero-Clause BSD" in licence


def test_no_page_has_a_script_or_a_style_of_its_own(admin, dead, tasks):
    for path in pages(dead, tasks):
        page = admin.page(path)
        assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|hx-on|js:", page), path


def test_every_asset_of_a_page_is_our_own(admin, dead, tasks):
    for path in pages(dead, tasks):
        for url in re.findall(r'(?:src|rel="stylesheet" href)="([^"]*)"', admin.page(path)):
            assert url.startswith("/penstock/static/"), (path, url)
            with admin.client.get(url) as response:
                assert response.status_code == 200


def test_no_page_is_kept_by_a_cache(admin, dead, tasks):
    for path in pages(dead, tasks):
        assert admin.get(path).headers["Cache-Control"] == "no-store", path


def test_a_page_can_be_read_without_javascript(viewer, dead):
    [task_id] = dead("milk")
    page = viewer.page(f"/tasks/{task_id}")
    assert "Traceback (most recent call last):" in page
    assert "Without JavaScript these pages can be read, but not act" in page
