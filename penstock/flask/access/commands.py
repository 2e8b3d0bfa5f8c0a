"""``flask penstock keys``: make a key for a program or a person."""

import json

import click
from flask.cli import AppGroup

from penstock.flask.access.api_keys import SETTING, digest_of, new_key
from penstock.flask.access.identity import MAX_NAME_CHARACTERS, Role


def keys() -> AppGroup:
    """The command group ``keys``."""
    group = AppGroup("keys", help="API keys for the operations views.")

    @group.command("new")
    @click.argument("name")
    @click.option(
        "--role", type=click.Choice([role.word for role in Role]), default=Role.VIEWER.word, show_default=True
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    def new(name: str, role: str, as_json: bool) -> None:
        """Make a key called NAME. It is shown once and stored nowhere; the server is told its hash."""
        if not name.isprintable() or not 1 <= len(name) <= MAX_NAME_CHARACTERS:
            raise click.ClickException(f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters")
        key = new_key()
        entry = {name: {"sha256": digest_of(key), "role": role}}
        if as_json:
            click.echo(json.dumps({"key": key, SETTING: entry}))
            return
        click.echo(f"The key, shown this once:  {key}")
        click.echo(f"For {SETTING}:  {json.dumps(entry)}")

    return group
