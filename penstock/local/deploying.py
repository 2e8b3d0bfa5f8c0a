"""``flask penstock init`` and ``package``: from an app to what Terraform deploys. Neither asks AWS anything.

Every ``flask`` command imports this module: what it needs beside click is imported where it is used.
"""

import json
import os
from pathlib import Path

import click
from flask.cli import ScriptInfo, pass_script_info

from penstock.errors import PenstockError


@click.command("init")
@click.option(
    "--tasks", default="", metavar="MODULE:NAME", help="Your Penstock object. Default: the one that your app has."
)
@click.option(
    "--project", default="", metavar="NAME", help="What names at AWS begin with. Default: this folder's name."
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--diff", is_flag=True, help="Show how files that are there differ from Penstock's, and write nothing.")
@click.option(
    "--upgrade", is_flag=True, help="Replace Penstock's own modules by those of this version, where unchanged."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
@pass_script_info
def init(info: ScriptInfo, tasks: str, project: str, dry_run: bool, diff: bool, upgrade: bool, as_json: bool) -> None:
    """Write what AWS needs beside your app: lambdas/, the list of queues, and a Terraform root with its modules.

    What is there is never overwritten: a file that is the same is kept, another one is left and named, and the exit code is 1.
    """
    if info.create_app is not None:
        raise click.ClickException("name your app, as in `flask --app module:name penstock init`")
    from penstock.local.initialise import Asked, initialise  # here, see above

    asked = Asked(Path.cwd(), info.app_import_path or "", tasks, project, upgrade)
    try:
        outcome = initialise(asked, os.environ, write=not (dry_run or diff))
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({**outcome.document(), "dry_run": dry_run or diff}))
    else:
        for line in outcome.differences() if diff else outcome.words(dry_run=dry_run):
            click.echo(line)
    if outcome.left:
        raise click.exceptions.Exit(1)


@click.command("package")
@click.option("--arch", default="x86_64", show_default=True, help="The processor at Lambda: x86_64 or arm64.")
@click.option("--output", type=click.Path(path_type=Path), help="Where to. Default: build/worker-<arch>.zip.")
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="What your code reads when it is imported, to try it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def package(arch: str, output: Path | None, variables: tuple[str, ...], as_json: bool) -> None:
    """Make the workers' zip for Lambda, and try it: lambdas/, what it imports, and lambdas/requirements.txt.

    Needs Lambda's Python, 3.13, beside the one that you use: PYTHON_LAMBDA names it, else it is looked for.
    """
    from penstock.packaging.interpreter import find_interpreter  # here, see above
    from penstock.packaging.target import target_of
    from penstock.packaging.worker_zip import build, words, zip_path

    unset = [word for word in variables if "=" not in word]
    if unset:
        raise click.UsageError(f"--env takes NAME=VALUE, and {unset[0]!r} has no '='")
    try:
        target, root = target_of(arch), Path.cwd()
        where = (output or zip_path(root, target)).absolute()
        environ = dict(word.split("=", 1) for word in variables)
        made = build(root, target, where, find_interpreter(), environ=environ, tried=("lambdas",))
    except PenstockError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(made.document()))
        return
    for line in words(made):
        click.echo(line)
