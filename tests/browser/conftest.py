"""The dashboard in a real Chromium: a shop of its own on a loopback port, and pages that note what goes wrong in them.

`make browser` runs these tests; without a Chromium they are skipped, and say so.
"""

import logging
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from penstock.flask.access import LocalOnly
from tests.flask.dashboard.shop import Shop

SWITCH = "PENSTOCK_BROWSER"
CHROMIUM = os.environ.get("PENSTOCK_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
SLOTS = 15  # two and a half hours of the shop: its partner goes away in there
_TIMEOUT_MS = 15_000
# How Chromium and htmx log an answer that is an error, or none.
_ANSWERS = ("Failed to load resource", "Response Status Error Code", "htmx:sendError", "htmx:afterRequest")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(SWITCH) == "1":
        return
    ours = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    return "" if os.environ.get(SWITCH) == "1" else "The tests in a browser are left out: `make browser` runs them."


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        words = "there is no Chromium here: apt-get install chromium, or name one in PENSTOCK_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(words)  # a gate that cannot run fails
        pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Site:
    """A shop and the address at which its dashboard is served."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server = make_server("127.0.0.1", 0, shop.app(LocalOnly()), threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}/penstock"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ids(self, status: str) -> list[str]:
        """The tasks that are stored so."""
        store = self.shop.stack.store._store
        return [task_id for task_id, row in store._tasks.items() if row["status"] == status]

    def row(self, task_id: str):
        """A task's row as it is."""
        return self.shop.ports.results.get(task_id)

    def fingerprint(self, kind: str) -> str:
        """The fingerprint of the dead tasks whose error is of a class."""
        rows = map(self.row, self.ids("DEAD"))
        return next(row.error.fingerprint for row in rows if row.error.type == kind)


@pytest.fixture(scope="session")
def quiet_site() -> Iterator[Site]:
    """For tests that only look."""
    site = Site(Shop(slots=SLOTS))
    yield site
    site.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """For tests that act."""
    site = Site(Shop(slots=SLOTS))
    yield site
    site.close()


class Look:
    """A tab, and everything that went wrong in it."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
        self.context.set_default_timeout(_TIMEOUT_MS)
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.may_fail = False
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: dialog.accept())
        self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) =>"
            " console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI));"
        )

    def _on_console(self, message):
        is_answer = message.text.startswith(_ANSWERS)
        if message.type in ("error", "warning") and not (self.may_fail and is_answer):
            self.trouble.append(f"{message.type}: {message.text}")


@pytest.fixture
def open_tab(chromium):
    """Open tabs; at the end none of them may have had an error in its console, a violation of the policy among them."""
    looks: list[Look] = []

    def open_one(**options) -> Look:
        looks.append(Look(chromium, **options))
        return looks[-1]

    yield open_one
    trouble = [line for look in looks for line in look.trouble]
    for look in looks:
        look.context.close()
    assert trouble == []


@pytest.fixture
def page(open_tab):
    return open_tab(viewport={"width": 1280, "height": 860}).page
