"""docs/add-to-your-app.md is what tests/package/test_foreign_app.py does: its lines, its commands, the outputs that it names."""

import re
import shlex
from pathlib import Path

import click
import pytest

from penstock import Penstock
from penstock.flask.cli import commands
from penstock.local.command import penstock

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "add-to-your-app.md").read_text(encoding="utf-8")
PATCH = (ROOT / "tests" / "package" / "foreign_app" / "penstock.patch").read_text(encoding="utf-8")
TEMPLATES = ROOT / "penstock" / "scaffold" / "templates"
COMMANDS = sorted({*re.findall(r"`(flask [^`]+)`", PAGE), *re.findall(r"^(flask .+)$", PAGE, re.MULTILINE)})


def changed(text: str) -> list[str]:
    """The lines that a diff adds and removes."""
    return [line for line in text.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]


def test_the_lines_to_add_are_those_of_the_test() -> None:
    shown = "\n".join(re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL))
    assert sorted(changed(shown)) == sorted(changed(PATCH))


def test_they_are_twelve() -> None:
    assert len([line for line in changed(PATCH) if line[0] == "+"]) == 12


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)
    words = words[words.index("penstock") + 1 :]
    command = penstock.commands.get(words[0]) or commands(Penstock()).commands[words[0]]
    with click.Context(command) as context:
        command.make_parser(context).parse_args(words[1:])


def test_every_output_that_is_named_is_there() -> None:
    named = set(re.findall(r"terraform -chdir=infra/terraform output -\w+ (\w+)", PAGE))
    there = set(re.findall(r'^output "(\w+)"', (TEMPLATES / "outputs.tf").read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {"enqueue_environment", "web_policy"}
    assert named <= there


def test_every_link_leads_to_a_file() -> None:
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", PAGE) if not (ROOT / "docs" / link).exists()] == []
