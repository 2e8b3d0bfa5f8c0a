"""What the command line prints: safe for a terminal, as wide as it, and the same whoever asks."""

import io
import os

import pytest
from rich.console import Console

from penstock.flask.cli.base import who
from penstock.flask.cli.output import Bar, age, one_line, spark, visible


def test_control_characters_and_marks_of_direction_are_escapes():
    assert visible("a\x1b[31m\x9b\x07\u202eb") == "a\\x1b[31m\\x9b\\x07\\u202eb"


def test_a_cell_has_one_line():
    assert one_line("a\nb\tc") == "a\\nb\\tc"


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, "0 s"), (119, "119 s"), (180, "3 min"), (8_000, "2 h"), (200_000, "2 d")]
)
def test_an_age_is_told_in_its_unit(seconds, words):
    assert age(seconds) == words


def test_counts_are_small_bars():
    assert spark([0, 1, 8]) == "·▁█"


def test_the_actor_is_the_user_of_the_operating_system_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("LOGNAME", "somebody-else")
    assert who().startswith("cli:")
    assert "somebody-else" not in who()


def test_a_bar_on_a_terminal_shows_words_and_numbers_without_markup():
    terminal = Console(file=io.StringIO(), force_terminal=True, width=100, _environ={})
    with Bar(target=terminal) as bar:
        bar.update("[red]note\x1b[2J", 3, 7)
    output = terminal.file.getvalue()
    assert "[red]note\\x1b[2J" in output
    assert "3/7" in output


def test_a_bar_is_not_drawn_where_stderr_is_no_terminal(capsys):
    with Bar() as bar:
        bar.update("words", 1, 2)
    assert capsys.readouterr().err == ""


def test_the_audit_is_a_table(run, dead):
    run("retry", "import-7")
    output = run("audit").output
    assert all(word in output for word in ("retry", "task:import-7", f"@{os.uname().nodename}"))


def test_an_empty_audit_says_so(run):
    assert "Nothing in" in run("audit").output


def test_a_cursor_of_the_audit_that_is_none_is_exit_code_2(run):
    assert run("audit", "--cursor", "nonsense").exit_code == 2


def test_help_names_every_command(run):
    names = "enqueue wait list show retry edit cancel discard forget stats errors operations queues dlq audit keys"
    output = run("--help").output
    assert [name for name in names.split() if f"  {name} " not in output] == []
