"""The ``penstock`` of the ``flask`` command, found by Flask through this package's entry point before any app is loaded.

``dev``, ``init`` and ``package`` are its own: they are there before the app can load. Every other command is one of the app's,
which ``init_app`` put there. Every ``flask`` command imports this module: it imports no more than Flask has imported already.
"""

import os
from pathlib import Path

import click
from flask import current_app
from flask.cli import ScriptInfo, pass_script_info

from penstock.errors import PenstockError
from penstock.local.deploying import init, package
from penstock.local.project import DEFAULT_MOTO_PORT, DEFAULT_WEB_PORT
from penstock.local.sockets import MAX_PORT

_NAME = "penstock"
_ASK_DEV = "`flask penstock dev` has all that a project needs on this machine; `flask penstock dev --env` gives it to a terminal"
_PORT = click.IntRange(0, MAX_PORT)


class Commands(click.Group):
    """Its own commands, and those of the app that the ``flask`` command was told."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names; only its own where the app cannot be loaded."""
        own = super().list_commands(ctx)
        try:
            return sorted({*own, *_of_the_app(ctx).list_commands(ctx)})
        except click.ClickException as error:
            ctx.meta[_NAME] = error.format_message()
            return own

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; a ClickException of one line where the app it is asked of cannot be loaded."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        try:
            return _of_the_app(ctx).get_command(ctx, cmd_name)
        except click.ClickException:
            if ctx.resilient_parsing:  # a tab was pressed: an error would garble the line that is being typed
                return None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of the commands, and why it is short."""
        super().format_commands(ctx, formatter)
        if reason := ctx.meta.get(_NAME):
            with formatter.section("The other commands come from your app"):
                formatter.write_text(reason)


def _of_the_app(ctx: click.Context) -> click.Group:
    from penstock.local.flask_app import explained, tasks_of  # here, for it imports all of penstock.flask

    try:
        app = explained(ctx.ensure_object(ScriptInfo))
        tasks = tasks_of(app)
    except PenstockError as error:
        raise click.ClickException(f"{str(error).rstrip('.')}. {_ASK_DEV}") from error
    # As Flask does for an app's own commands; and they find the Penstock object where init_app's own group has it.
    if not current_app:
        ctx.with_resource(app.app_context())
    ctx.obj = tasks
    group = app.cli.get_command(ctx, _NAME)
    if not isinstance(group, click.Group):
        raise click.ClickException(f"the Flask app {app.name!r} has put another command in place of {_NAME!r}")
    return group


@click.group(_NAME, cls=Commands)
def penstock() -> None:
    """Run everything on this machine (dev), bring it to AWS (init, package); look at tasks, queues, dead letters, and act.

    Commands take --json. Exit codes: 0 answered or done, 1 could not (or --yes is missing), 2 the command line is wrong.
    """


@penstock.command("dev")
@click.option(
    "--handler", default="", metavar="MODULE:NAME", help="Default: lambdas/worker.py's, else one made for your tasks."
)
@click.option(
    "--queues",
    type=click.Path(path_type=Path),
    help="The list of queues. Default: infra/terraform/queues.auto.tfvars.json, or else what your tasks need.",
)
@click.option("--port", type=_PORT, default=DEFAULT_WEB_PORT, show_default=True, help="Of the web; 0: any free one.")
@click.option("--moto-port", type=_PORT, default=DEFAULT_MOTO_PORT, show_default=True, help="Of moto, which plays AWS.")
@click.option("--env", is_flag=True, help='Print what makes another terminal part of the stack, for eval "$(...)".')
@pass_script_info
def dev(info: ScriptInfo, handler: str, queues: Path | None, port: int, moto_port: int, env: bool) -> None:
    """Run your app, its workers and a stand-in for AWS, with reload, until Ctrl-C.

    The app gets PENSTOCK_LOCAL=1, queues, a table and a bucket, and nothing of your AWS account. What is stored goes when it
    stops.
    """
    if info.create_app is not None:
        raise click.ClickException(
            "this command makes its app itself: name it, as in `flask --app module:name penstock dev`"
        )
    try:
        from penstock.local.flask_dev import Asked, dev, environment  # here, for moto is an extra
        from penstock.local.stack import stop_signals
    except ImportError as error:
        raise click.ClickException(f"the local stack needs more ({error}): pip install 'penstock[local]'") from error
    asked = Asked(Path.cwd(), info.app_import_path or "", handler, queues, port, moto_port)
    try:
        if env:
            for line in environment(asked, os.environ):
                click.echo(line)
        else:
            with stop_signals():
                dev(asked, os.environ)
    except PenstockError as error:
        raise click.ClickException(str(error)) from error


penstock.add_command(init)
penstock.add_command(package)
