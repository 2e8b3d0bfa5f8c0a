"""What a person does, click by click, and what becomes of the tasks."""

import json
import re

from penstock.states import Status


def chosen_boxes(page):
    return page.locator("tbody input[name=id]")


def test_from_2000_letters_to_the_cause_in_three_clicks_and_the_right_tasks_retried_in_two_more(page, site):
    page.goto(site.url + "/")
    page.locator(".needs a", has_text="See why").first.click()
    page.get_by_role("link", name=re.compile("PartnerUnavailable")).first.click()
    assert page.get_by_label("Traceback").is_visible()  # the cause, in two
    page.get_by_role("link", name="Retry all").click()
    page.get_by_role("button", name=re.compile("Retry .* dead tasks")).click()
    page.get_by_text("DONE").wait_for()
    retried = {task_id for task_id in site.ids("DEAD") if site.row(task_id).retry_sent_at}
    meant = {task_id for task_id in site.ids("DEAD") if site.row(task_id).error.type == "PartnerUnavailable"}
    assert retried == meant


def test_chosen_letters_are_retried_and_no_others(page, site):
    page.goto(site.url + "/dead-letters")
    assert page.get_by_role("button", name="Retry chosen").is_disabled()
    for index in (0, 2):
        chosen_boxes(page).nth(index).check()
    ids = {chosen_boxes(page).nth(index).input_value() for index in (0, 2)}
    assert page.get_by_text("2 chosen").is_visible()
    page.get_by_role("button", name="Retry chosen").click()
    page.get_by_text("DONE").wait_for()
    assert {task_id for task_id in site.ids("DEAD") if site.row(task_id).retry_sent_at} == ids


def test_all_letters_of_a_page_are_chosen_at_once(page, site):
    page.goto(site.url + "/dead-letters")
    page.get_by_label("Choose all on this page").check()
    number = chosen_boxes(page).count()
    assert page.get_by_text(f"{number} chosen").is_visible()
    page.get_by_label("Choose all on this page").uncheck()
    assert page.get_by_text("None chosen").is_visible()


def test_chosen_letters_are_discarded_after_a_question(page, site):
    page.goto(site.url + "/dead-letters")
    task_id = chosen_boxes(page).first.input_value()
    chosen_boxes(page).first.check()
    page.get_by_role("button", name="Discard chosen").click()
    page.get_by_text("DONE").wait_for()
    assert site.row(task_id).status is Status.CANCELLED


def test_a_queue_is_redriven_from_its_line(page, site):
    page.goto(site.url + "/dead-letters")
    line = page.locator("#letters tr", has_text="webhooks")
    line.get_by_text("Redrive …").click()
    line.get_by_label("Messages a second").fill("50")
    line.get_by_role("button", name="Redrive all").click()
    page.get_by_text("on their way back to their queue").wait_for()
    assert site.shop.ports.transport.depth("webhooks-dlq").visible == 0


def test_a_wrong_rate_is_refused_on_the_open_page(open_tab, site):
    look = open_tab()
    look.may_fail = True
    page = look.page
    page.goto(site.url + "/dead-letters")
    line = page.locator("#letters tr", has_text="webhooks")
    line.get_by_text("Redrive …").click()
    line.get_by_label("Messages a second").fill("900")
    line.get_by_role("button", name="Redrive all").click()
    page.get_by_role("alert").get_by_text("SQS moves 1 to 500 messages a second").wait_for()
    page.get_by_role("alert").get_by_role("button", name="Close").click()
    assert page.get_by_role("alert").inner_text() == ""


def test_a_task_is_retried(page, site):
    task_id = site.ids("DEAD")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("The retry is sent.").wait_for()
    assert site.row(task_id).retry_sent_at


def test_a_task_is_edited_and_keeps_its_secrets(page, site):
    task_id = next(one for one in site.ids("DEAD") if site.row(one).task == "mail.receipt")
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("link", name="Edit and retry").click()
    field = page.get_by_label("Arguments")
    document = json.loads(field.input_value())
    assert document["kwargs"]["smtp_password"] == "‹redacted›"
    document["kwargs"]["to"] = "bo@example.org"
    field.fill(json.dumps(document))
    page.get_by_role("button", name="Enqueue the edited task").click()
    page.get_by_text("This is the new task").wait_for()
    message = site.shop.ports.transport.receive("mail", max_messages=10)[-1]
    kwargs = json.loads(message.body)["kwargs"]
    assert (kwargs["to"], kwargs["smtp_password"]) == ("bo@example.org", "hunter2")
    assert site.row(task_id).status is Status.CANCELLED


def test_an_edit_that_cannot_be_leaves_the_text_as_it_was(open_tab, site):
    look = open_tab()
    look.may_fail = True
    page = look.page
    page.goto(f"{site.url}/tasks/{site.ids('DEAD')[0]}/edits/new")
    page.get_by_label("Arguments").fill("{")
    page.get_by_role("button", name="Enqueue the edited task").click()
    page.get_by_role("alert").get_by_text("the arguments are not JSON").wait_for()
    assert page.get_by_label("Arguments").input_value() == "{"


def test_a_task_is_discarded_after_a_question(page, site):
    task_id = site.ids("DEAD")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("given up for good").wait_for()
    assert site.row(task_id).status is Status.CANCELLED


def test_a_question_that_is_denied_changes_nothing(open_tab, site):
    page = open_tab().context.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    task_id = site.ids("DEAD")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("button", name="Discard").click()
    assert site.row(task_id).status is Status.DEAD


def test_a_running_task_is_asked_to_stop(page, site):
    task_id = site.ids("RUNNING")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("was asked to stop").wait_for()
    assert site.row(task_id).cancel_requested


def test_a_finished_task_is_forgotten(page, site):
    task_id = site.ids("SUCCEEDED")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.get_by_role("button", name="Forget").click()
    page.get_by_text("are deleted").wait_for()
    assert site.row(task_id).result is None


def test_a_queue_is_paused_and_resumed(page, site):
    page.goto(site.url + "/queues/webhooks")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("PAUSED", exact=True).wait_for()
    assert not site.shop.ports.mappings.get("webhooks").enabled
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("POLLED", exact=True).wait_for()
    assert site.shop.ports.mappings.get("webhooks").enabled


def test_a_purge_wants_the_name_typed(open_tab, site):
    look = open_tab()
    look.may_fail = True
    page = look.page
    page.goto(site.url + "/queues/webhooks")
    page.get_by_role("link", name="Purge dead letters").click()
    page.get_by_label("Type the queue's name").fill("mail")
    page.get_by_role("button", name="Purge").click()
    page.get_by_role("alert").get_by_text("this would discard").wait_for()
    page.get_by_label("Type the queue's name").fill("webhooks")
    page.get_by_role("button", name="Purge").click()
    page.get_by_text("their tasks discarded").wait_for()
    assert site.shop.ports.transport.depth("webhooks-dlq").visible == 0


def test_a_filter_narrows_and_all_that_match_are_retried(page, site):
    page.goto(site.url + "/tasks")
    page.get_by_role("searchbox").fill("task:images.thumbnail error:Reject")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("navigation", name="Status").get_by_text("Dead").click()
    assert "status:DEAD" in page.get_by_role("searchbox").input_value()
    if page.get_by_role("link", name="Retry all dead ones").count():
        page.get_by_role("link", name="Retry all dead ones").click()
        assert page.locator("h1").inner_text().startswith("Retry")


def test_a_task_id_in_the_filter_opens_its_page(page, site):
    task_id = site.ids("SUCCEEDED")[0]
    page.goto(site.url + "/tasks")
    page.get_by_role("searchbox").fill(task_id)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url(f"**/tasks/{task_id}")


def test_a_command_is_copied(page, site):
    task_id = site.ids("DEAD")[0]
    page.goto(f"{site.url}/tasks/{task_id}")
    page.locator("[data-copy='#command-3']").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"flask penstock retry {task_id}"
