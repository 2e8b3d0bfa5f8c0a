"""The keyboard: every key, and the same without keys."""


def focused_row(page):
    return page.evaluate(
        "Array.from(document.querySelectorAll('[data-list] [data-row]')).findIndex((row) => row.contains(document.activeElement))"
    )


def test_a_slash_goes_to_the_filter(page, quiet_site):
    page.goto(quiet_site.url + "/tasks")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("a/b?jk")
    assert page.get_by_role("searchbox").input_value() == "a/b?jk"


def test_escape_leaves_the_filter(page, quiet_site):
    page.goto(quiet_site.url + "/tasks")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert focused_row(page) == 0


def test_j_and_k_move_in_the_list(page, quiet_site):
    page.goto(quiet_site.url + "/tasks")
    rows = []
    for key in ("j", "j", "k", "k", "k"):
        page.keyboard.press(key)
        rows.append(focused_row(page))
    assert rows == [0, 1, 0, 0, 0]


def test_x_chooses_the_line(page, quiet_site):
    page.goto(quiet_site.url + "/tasks?q=status:DEAD")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.get_by_text("1 chosen").is_visible()
    page.keyboard.press("x")
    assert page.get_by_text("None chosen").is_visible()


def test_enter_opens_the_line(page, quiet_site):
    page.goto(quiet_site.url + "/tasks?q=status:DEAD")
    task_id = page.locator("tbody input[name=id]").first.input_value()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tasks/{task_id}")


def test_a_question_mark_shows_the_help_and_escape_closes_it(page, quiet_site):
    page.goto(quiet_site.url + "/")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_the_help_has_a_button_too(page, quiet_site):
    page.goto(quiet_site.url + "/")
    page.get_by_role("button", name="Keyboard help").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert not page.get_by_role("dialog").is_visible()


def test_the_first_tab_stop_skips_to_the_content(page, quiet_site):
    page.goto(quiet_site.url + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_keys_with_a_modifier_are_the_browsers_own(page, quiet_site):
    page.goto(quiet_site.url + "/tasks")
    page.keyboard.press("Control+j")
    assert focused_row(page) == -1


def test_what_has_the_focus_is_seen(page, quiet_site):
    page.goto(quiet_site.url + "/tasks")
    page.keyboard.press("j")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
