"""docs/cli.md names every command, and no other."""

import re
from pathlib import Path

import click

from penstock.flask.cli import commands
from penstock.local.command import penstock

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")


def leaves(command, *words):
    """Every command below ``command``, by its words; a group that answers by itself too."""
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield " ".join(words)
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, *words, name)


def named():
    """The commands of the page's table. `a x`, `y` of one row is a x and a y where a is a group."""
    for cell in re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE):
        group = ""
        for text in re.findall(r"`([a-z][^`]*)`", cell):
            words = re.match(r"[a-z]+( [a-z]+)?(?= [^a-z]|$)", text)[0]
            if " " in words:
                group = words.split()[0]
            yield words if " " in words or not group else f"{group} {words}"


def test_the_page_names_every_command_and_no_other(tasks):
    assert sorted(set(named())) == sorted([*leaves(penstock), *leaves(commands(tasks))])
