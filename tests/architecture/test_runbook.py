"""docs/runbook.md: what it tells somebody at three at night to type, press and open is there."""

import logging
import re
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from penstock import Penstock, memory
from penstock.execution.claim import RunLost
from penstock.failure import describe
from penstock.flask.cli import commands
from penstock.flask.dashboard import NAVIGATION
from penstock.local.command import penstock
from penstock.search import Search
from penstock.telemetry import RunEvent, emit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
TEMPLATES = ROOT / "penstock" / "flask" / "dashboard" / "templates"
DASHBOARD_TF = (ROOT / "infra" / "terraform" / "modules" / "observability" / "dashboard.tf").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", PAGE)
COMMANDS = sorted({code for code in CODE if code.startswith("flask penstock")})
FILTERS = sorted({code for code in CODE if re.match(r"(status|error|queue|task):", code)})
# What stands in bold to begin a paragraph, and is no button.
WORDS = {
    "It means", "Do", "Over", "Where to look.", "More than one alarm?", "A queue that containers work on",
    "Not sure what is wrong?", "Another project's root.",
}  # fmt: skip


def slug(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.*)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def group() -> click.Group:
    tasks = Penstock()
    tasks.connect(memory.ports())
    return click.Group("penstock", commands={**commands(tasks).commands, **penstock.commands})


def parse(command: click.Command, words: list[str]) -> click.Context:
    """The command line as click reads it; click's error says what is wrong with it."""
    while isinstance(command, click.Group) and words:
        name, words = words[0], words[1:]
        if name not in command.commands:
            raise click.UsageError(f"no command {name}")
        command = command.commands[name]
        if words and words[0].startswith("-"):
            break
    return command.make_context(command.name, words)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_one(group: click.Group, line: str) -> None:
    parse(group, line.replace("FINGERPRINT", "098c435f09786552").split()[2:])
    for text in re.findall(r"\w+:\S+", line):
        Search.parse(text, now=datetime.now(UTC))


@pytest.mark.parametrize(
    "line", ["flask penstock queue pause images", "flask penstock dlq redrive", "flask penstock stats -x"]
)
def test_a_command_that_is_none_would_be_noticed(group: click.Group, line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(group, line.split()[2:])


def test_the_page_has_commands_and_filters_to_check() -> None:
    assert len(COMMANDS) > 10
    assert FILTERS


@pytest.mark.parametrize("text", FILTERS)
def test_every_filter_of_the_page_is_one(text: str) -> None:
    assert Search.parse(text, now=datetime.now(UTC)) != Search()


def test_the_error_of_a_task_whose_process_died_is_searched_for_by_its_name() -> None:
    assert describe(RunLost("x"), "task").type == "RunLost"


def test_every_page_and_button_of_the_dashboard_that_it_names_is_there() -> None:
    named = set(re.findall(r"\*\*([^*]+)\*\*", PAGE)) - WORDS
    shown = " ".join(path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html"))
    pages = {words for _, words in NAVIGATION}

    assert {word for word in named - pages if f">{word}<" not in shown and f"}}}}{word}<" not in shown} == set()
    assert {"Pause", "Resume", "Retry all …", "Redrive all"} <= named


def test_every_heading_of_the_dashboard_that_it_names_is_there() -> None:
    shown = (TEMPLATES / "penstock" / "queue.html").read_text(encoding="utf-8")

    assert "*Not as it was set up*" in PAGE
    assert ">Not as it was set up<" in shown


def test_every_chart_that_it_names_is_on_cloudwatch_s_dashboard() -> None:
    titles = set(re.findall(r'title = "\$\{name\}: ([\w ]+?)(?: \(ms\))?"', DASHBOARD_TF))
    named = {words for words in re.findall(r"\*([^*\n]+)\*", PAGE) if words in titles}

    assert {"what became of tasks", "its worker", "how long"} <= named


def test_the_queries_ask_for_fields_that_a_log_line_has(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "penstock"):
        emit(RunEvent("UNAVAILABLE", "images", "m-1", 1, reason="AccessDenied"))
    (record,) = caplog.records

    assert 'filter outcome = "UNAVAILABLE" | stats count(*) as times by reason' in PAGE
    assert (vars(record)["outcome"], vars(record)["reason"]) == ("UNAVAILABLE", "AccessDenied")


def test_what_it_has_make_do_is_a_target() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert {"deploy"} <= set(re.findall(r"`make ([a-z0-9-]+)", PAGE)) <= targets


def test_every_file_that_it_names_is_there() -> None:
    files = {code for code in CODE if code.startswith("infra/")}

    assert {path for path in files if not (ROOT / path).exists()} == {
        "infra/terraform/prod.tfvars"
    }  # yours, see deploy.md


def test_every_link_leads_somewhere() -> None:
    for page, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)#?([\w-]*)\)", PAGE):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8") if page else PAGE
        assert anchor in {slug(title) for title in headings(text)} | {""}, (page, anchor)


def test_every_row_of_a_table_has_as_many_cells_as_its_heading() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", PAGE, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_every_chapter_of_an_alarm_says_what_it_means_what_to_do_and_when_it_is_over() -> None:
    chapters = dict(zip(headings(PAGE), re.split(r"^#+ .*$", PAGE, flags=re.MULTILINE)[1:], strict=True))
    linked = set(re.findall(r"^\| `-.*\]\(#([\w-]+)\) \|", PAGE, re.MULTILINE))

    assert len(linked) == 8
    for title, text in chapters.items():
        if slug(title) in linked:
            begin = re.findall(r"^\*\*(It means|Do|Over)\*\*: ", text, re.MULTILINE)
            assert begin == ["It means", "Do", "Over"], title
            assert "| where | look at, and press |" in text, title
