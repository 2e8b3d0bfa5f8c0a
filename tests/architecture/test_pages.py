"""Every page: links lead somewhere, the site shows it, code can be read, commands exist. Some run, in tests of their own."""

import ast
import importlib
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from textwrap import dedent

import click
import pytest

from penstock import Penstock
from penstock.flask.cli import commands
from penstock.local.command import penstock
from tools.pages import anchors, links, place_of, rewritten, sources, text_of
from tools.project import ROOT

PAGES = sources()
every_page = pytest.mark.parametrize("page", PAGES)


def blocks(page: str, *languages: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each fenced block in one of these languages."""
    text = text_of(page)
    for fence in re.finditer(rf"^( *)```(?:{'|'.join(languages)})\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, fence.start(2)), dedent(fence[2])


def commands_on(page: str) -> Iterator[str]:
    """Each line of the shell blocks, and each piece of code within a sentence."""
    for _, block in blocks(page, "sh", "console"):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL))


# Links and navigation


@every_page
def test_every_link_leads_somewhere(page: str) -> None:
    lost = [link.path for link in links(page) if not (ROOT / link.path).exists()]
    assert lost == []


@every_page
def test_every_anchor_is_that_of_a_heading(page: str) -> None:
    lost = [
        f"{link.path}#{link.anchor}" for link in links(page) if link.anchor and link.anchor not in anchors(link.path)
    ]
    assert lost == []


@every_page
def test_the_site_leads_to_the_page(page: str) -> None:
    _, _, nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    assert re.findall(rf"^ +- .+: {re.escape(place_of(page))}$", nav, re.MULTILINE), (
        f"give {place_of(page)} a line in mkdocs.yml"
    )


def test_the_site_leads_to_nothing_else() -> None:
    _, _, nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    assert set(re.findall(r": (\S+\.md)$", nav, re.MULTILINE)) == {place_of(page) for page in PAGES}


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("README.md", "docs/cli.md#completion", "cli.md#completion"),
        ("README.md", "ARCHITECTURE.md", "architecture.md"),
        ("README.md", "LICENSE", "files/LICENSE"),
        ("docs/cli.md", "../CHANGELOG.md", "changelog.md"),
        ("docs/cli.md", "../infra/terraform/main.tf", "files/infra/terraform/main.tf"),
        ("docs/cli.md", "images/dashboard-task.png", "images/dashboard-task.png"),
        ("docs/cli.md", "#completion", "#completion"),
        ("docs/cli.md", "no-such-page.md", "no-such-page.md"),
        ("docs/cli.md", "https://example.org/x.md", "https://example.org/x.md"),
    ],
)
def test_on_the_site_a_link_leads_to_the_same(page: str, link: str, there: str) -> None:
    assert rewritten(f"see [it]({link}).", page) == f"see [it]({there})."


def test_on_the_site_code_stays_as_it_is() -> None:
    code = "```python\nrow[0](docs/cli.md)\n```"
    assert rewritten(code, "README.md") == code


# Tables and code


@every_page
def test_every_row_of_a_table_has_as_many_cells_as_its_heading(page: str) -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", text_of(page), re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line))) for line in table.splitlines()}
        assert len(cells) == 1, table


@every_page
def test_python_is_python(page: str) -> None:
    for line, block in blocks(page, "python", "py"):
        compile("\n" * line + block, page, "exec")


@every_page
def test_what_is_imported_from_penstock_is_there(page: str) -> None:
    for _, block in blocks(page, "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "penstock":
                module = importlib.import_module(node.module or "")
                assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == []
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    assert not alias.name.startswith("penstock") or importlib.import_module(alias.name)


@every_page
def test_json_is_json(page: str) -> None:
    for line, block in blocks(page, "json"):
        try:
            json.loads(
                f"{{{block}}}" if re.match(r'"\w+": ', block) else block
            )  # a member of an object, or a whole document
        except ValueError as error:
            pytest.fail(f"{page}, the block at line {line}: {error}")


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no Terraform on this machine")
@pytest.mark.parametrize("page", [page for page in PAGES if [*blocks(page, "hcl")]])
def test_terraform_reads_what_is_written_for_it(page: str) -> None:
    for _, block in blocks(page, "hcl"):
        done = subprocess.run(["terraform", "fmt", "-"], input=block, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, block), done.stderr


# Commands


@every_page
def test_every_make_command_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for line in commands_on(page) for target in re.findall(r"^(?:\$ )?make ([a-z0-9-]+)", line)}
    assert named <= targets


@every_page
def test_every_flask_penstock_command_exists_with_its_options(page: str) -> None:
    wrong = [line for line in commands_on(page) if (found := words_of(line)) is not None and complaint(found)]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "flask penstock lst",
        "flask --app shop penstock list --al",
        "flask penstock dlq show ID --force",
        "FLASK_APP=shop flask penstock dlq bury NAME",
    ],
)
def test_a_command_that_does_not_exist_is_seen(line: str) -> None:
    found = words_of(line)
    assert found is not None
    assert complaint(found)


def words_of(line: str) -> list[str] | None:
    """What stands behind ``flask penstock`` in a line; None where it says something else."""
    match = re.search(r"\bflask (?:--app \S+ )?penstock\b(.*)", line)
    if match is None:
        return None
    text = match[1].partition(')"')[0] if "$(" in line else match[1]
    try:
        words = shlex.split(text.replace("…", "..."), comments=True)
    except ValueError:  # an argument that goes on in the next line has its quotation mark there
        words = text.split()
    end = next((number for number, word in enumerate(words) if re.match(r"[|&>;]", word)), len(words))
    return words[:end]


def complaint(words: list[str]) -> str:
    """What is wrong with a command line; empty where nothing is."""
    command: click.Command = click.Group("penstock", commands={**commands(Penstock()).commands, **penstock.commands})
    options = {"--help"}
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                return f"{command.name} has no {word}"
        elif isinstance(command, click.Group) and word != "...":
            if word not in command.commands and not command.invoke_without_command:
                return f"{command.name} has no {word}"
            command = command.commands.get(word, command)
            options = {
                "--help",
                *(option for param in command.params for option in (*param.opts, *param.secondary_opts)),
            }
    return ""
