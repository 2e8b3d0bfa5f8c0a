"""What changes by itself on an open page, and what rests."""

from penstock.operations import Kind, get, start
from penstock.record import Progress
from penstock.search import Search
from penstock.states import Status
from penstock.transitions import progress, succeed

DEAD = Search(status=frozenset({Status.DEAD}))


def test_progress_comes_by_itself(page, site):
    task_id = site.ids("RUNNING")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    site.shop.ports.results.apply(task_id, progress("worker-1", Progress(99, 120, "photo 99.jpg")))
    page.get_by_text("photo 99.jpg").wait_for()


def test_the_end_of_a_task_comes_by_itself_and_then_the_page_rests(page, site):
    task_id = site.ids("RUNNING")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    site.shop.ports.results.apply(task_id, succeed("worker-1", {"result": '"thumbnails/1.jpg"'}, now=site.shop.clock()))
    page.get_by_text("SUCCEEDED", exact=True).first.wait_for()
    page.get_by_text("thumbnails/1.jpg").wait_for()
    assert page.locator("[data-poll]").count() == 0


def test_letters_come_by_themselves(page, site):
    page.goto(site.url + "/dead-letters")
    before = page.locator("#letters tr", has_text="webhooks").locator("td.num").inner_text()
    site.shop.ports.transport.redrive("webhooks")
    page.wait_for_function(
        "(before) => !document.querySelector('#letters').innerText.includes(before)", arg=f"webhooks\t{before}"
    )


def test_a_hidden_tab_asks_for_nothing_and_asks_again_when_it_is_seen(page, site):
    page.goto(site.url + "/dead-letters")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
    page.evaluate(hide % "true")
    page.wait_for_timeout(6_000)
    assert asked == []
    page.evaluate(hide % "false" + "document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)
    assert len(asked) == 1


def test_an_open_form_is_not_taken_away_by_new_numbers(page, site):
    page.goto(site.url + "/dead-letters")
    line = page.locator("#letters tr", has_text="webhooks")
    line.get_by_text("Redrive …").click()
    line.get_by_label("Messages a second").fill("50")
    site.shop.ports.transport.redrive("mail")
    page.wait_for_timeout(6_000)
    assert line.get_by_label("Messages a second").input_value() == "50"


def test_an_operation_goes_on_while_its_page_is_open_and_ends(page, site):
    operation = start(site.shop.tasks, Kind.RETRY, by="ada", search=DEAD)
    page.goto(f"{site.url}/operations/{operation.id}")
    page.get_by_role("button", name="Go on with it").click()
    page.get_by_text("DONE", exact=True).wait_for()
    assert get(site.shop.tasks, operation.id).done == operation.total
    assert page.locator("[hx-trigger]").count() == 0


def test_an_operation_waits_until_somebody_goes_on_with_it(page, site):
    operation = start(site.shop.tasks, Kind.RETRY, by="ada", search=DEAD)
    page.goto(f"{site.url}/operations/{operation.id}")
    page.wait_for_timeout(3_500)
    assert get(site.shop.tasks, operation.id).seen == 0
    page.get_by_role("button", name="Go on with it").click()
    page.get_by_text("DONE", exact=True).wait_for()


def test_times_go_by(page, site):
    page.goto(site.url + "/audit")
    assert page.locator("tbody time .ago").first.inner_text() in ("now", "1 s ago")
    page.wait_for_function("() => document.querySelector('tbody time .ago').textContent.includes('s ago')")


def test_a_server_that_is_gone_is_said_and_the_page_stays(open_tab, site):
    look = open_tab()
    look.may_fail = True
    look.page.goto(site.url + "/dead-letters")
    look.page.route("**/dead-letters/queues*", lambda route: route.abort())
    look.page.get_by_role("alert").get_by_text("cannot be reached").wait_for()
    look.page.unroute("**/dead-letters/queues*")
    look.page.wait_for_function("() => document.querySelector('#complaint').textContent === ''")
    assert look.page.locator("#letters tr").count() > 1
