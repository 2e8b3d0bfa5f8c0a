"""What the commands have in common: their Penstock object, ``--json``, errors as one line, ``--yes``, the audit."""

import functools
import getpass
import json
import os
import socket
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

import click
from flask.cli import with_appcontext

from penstock import audit
from penstock.app import Penstock
from penstock.envelope import JSON
from penstock.errors import InvalidArguments, InvalidOption, InvalidSearch, PenstockError
from penstock.flask.cli.output import one_line, print_json

Function = TypeVar("Function", bound=Callable[..., Any])


class Decorator(Protocol):
    """What adds an option or an argument to a command."""

    def __call__(self, function: Function, /) -> Function:
        """The same command, with it."""
        ...


_MAX_ERROR_CHARACTERS = 2_000
_WRONGLY_ASKED = (InvalidArguments, InvalidOption, InvalidSearch)

yes_option: Decorator = click.option("--yes", is_flag=True, help="Really do it. Without it: say what would be done.")


class Refused(click.ClickException):
    """Something could not be done: one line on stderr, exit code 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message, _MAX_ERROR_CHARACTERS))


class Misused(Refused):
    """The command line is wrong: one line on stderr, exit code 2."""

    exit_code = 2


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command. It is called with the app's Penstock object, ``as_json``, and its own parameters by name."""

    def make(function: Callable[..., None]) -> click.Command:
        with_tasks = click.make_pass_decorator(Penstock)(explaining(function))
        option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
        return click.command(name)(option(with_appcontext(with_tasks)))

    return make


def explaining(function: Function) -> Function:
    """Penstock's errors say what to do: show them as one line, not as a traceback."""

    @functools.wraps(function)
    def explained(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except PenstockError as error:
            refusal = Misused if isinstance(error, _WRONGLY_ASKED) else Refused
            raise refusal(str(error)) from error

    return explained  # type: ignore[return-value]


def not_without_yes(would: str, document: JSON, as_json: bool, options: str = "--yes") -> NoReturn:
    """End a command that was not told ``--yes``: the document of what it would do, one line, exit code 1."""
    if as_json:
        print_json(document)
    raise Refused(f"this would {would}: add {options} to do it")


def acted(tasks: Penstock, action: str, subject: str, **details: JSON) -> None:
    """Write the audit line of what is about to be done; where it cannot be written, nothing is done."""
    audit.write(tasks.ports, who=who(), action=action, subject=subject, details=details)


def who() -> str:
    """Whoever runs this process, as the audit names them: ``cli:<user of the operating system>@<host>``."""
    return f"cli:{_user()}@{socket.gethostname()}"


def _user() -> str:
    try:
        import pwd  # not on Windows
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name  # getpass would believe $LOGNAME
    except KeyError:  # a container's user without a name
        return f"uid {os.getuid()}"


def json_value(text: str, what: str) -> JSON:
    """``text`` as JSON; ``what`` names it in the error for what is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        hint = f""": text goes into double quotes, as in '"{text}"'""" if text.isalnum() else f" ({error})"
        raise Misused(f"{what} {text!r:.100} is not JSON{hint}") from None


def json_object(text: str, what: str) -> dict[str, JSON]:
    """``text`` as a JSON object."""
    value = json_value(text, what)
    if not isinstance(value, dict):
        raise Misused(f"{what} {text!r:.100} is not a JSON object, such as '{{\"name\": 1}}'")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
