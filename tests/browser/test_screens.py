"""Every screen as it is seen: wide and narrow, light and dark, for everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from penstock.operations import Kind, start

WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
SCREENS = (
    "overview", "tasks", "dead tasks", "wrong filter", "dead letters", "errors", "error", "dead task", "running task",
    "finished task", "edit", "queues", "queue", "purge", "operations", "dry run", "operation", "audit", "not found",
)  # fmt: skip


@pytest.fixture(scope="session")
def paths(quiet_site):
    dead = quiet_site.ids("DEAD")
    operation = start(quiet_site.shop.tasks, Kind.RETRY, by="ada", chosen=dead[:3])
    return {
        "overview": "/",
        "tasks": "/tasks",
        "dead tasks": "/tasks?q=status:DEAD",
        "wrong filter": "/tasks?q=statsu:DEAD",
        "dead letters": "/dead-letters",
        "errors": "/errors",
        "error": f"/errors/{quiet_site.fingerprint('PartnerUnavailable')}",
        "dead task": f"/tasks/{dead[0]}",
        "running task": f"/tasks/{quiet_site.ids('RUNNING')[0]}",
        "finished task": f"/tasks/{quiet_site.ids('SUCCEEDED')[0]}",
        "edit": f"/tasks/{dead[0]}/edits/new",
        "queues": "/queues",
        "queue": "/queues/webhooks",
        "purge": "/queues/webhooks/purges/new",
        "operations": "/operations",
        "dry run": "/operations/new?kind=retry&q=status:DEAD",
        "operation": f"/operations/{operation.id}",
        "audit": "/audit",
        "not found": "/tasks/nowhere",
    }


def opened(open_tab, quiet_site, path, **options):
    look = open_tab(**options)
    look.may_fail = True  # a 400 and a 404 are among the screens
    look.page.goto(quiet_site.url + path)
    return look.page


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_a_heading_a_place_for_its_content_and_the_pages(open_tab, quiet_site, paths, name):
    page = opened(open_tab, quiet_site, paths[name])
    assert page.locator("main h1").count() == 1
    assert page.get_by_role("navigation", name="Pages").get_by_role("link").count() == 7


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_fits_a_phone(open_tab, quiet_site, paths, name):
    page = opened(open_tab, quiet_site, paths[name], viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_has_no_serious_finding_of_axe(open_tab, quiet_site, paths, name, scheme):
    page = opened(open_tab, quiet_site, paths[name], viewport=WIDE, color_scheme=scheme, bypass_csp=True)
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", ["overview", "dead letters", "dead task"])
def test_a_screen_has_no_finding_of_axe_on_a_phone(open_tab, quiet_site, paths, name):
    page = opened(open_tab, quiet_site, paths[name], viewport=PHONE, bypass_csp=True)
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_dark_is_dark(open_tab, quiet_site):
    def brightness(scheme):
        page = opened(open_tab, quiet_site, "/", color_scheme=scheme)
        color = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))

    assert brightness("dark") < 150 < 600 < brightness("light")


def test_a_screen_can_be_read_without_javascript(open_tab, quiet_site, paths):
    page = opened(open_tab, quiet_site, paths["dead task"], java_script_enabled=False)
    assert page.get_by_text("Traceback (most recent call last)").first.is_visible()
    assert page.locator("noscript").inner_text().startswith("Without JavaScript these pages can be read")
