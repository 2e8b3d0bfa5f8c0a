"""``python -m local dev`` and ``env``: the stack for a day's work."""

import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace

from local.project import PROJECT
from penstock.local.environment import FOREIGN_PREFIXES, aws_variables, clean
from penstock.local.project import DEFAULT_MOTO_PORT
from penstock.local.provision import describe
from penstock.local.sockets import HOST, port_from
from penstock.local.stack import Stack

_COLOURS = {"moto": "33", "web": "36", "workers": "32", "local": "35"}


def dev(environ: Mapping[str, str]) -> int:
    """Keep the stack up until Ctrl-C or SIGTERM; 0 then. StackError where a process ends by itself."""
    colour = sys.stdout.isatty()

    def log(name: str, line: str) -> None:
        prefix = f"{name:8}|"
        print(f"\033[{_COLOURS[name]}m{prefix}\033[0m {line}" if colour else f"{prefix} {line}", flush=True)

    # One key for all reloads: with a new one each, an upload that began before a reload could not end after it.
    project = replace(PROJECT, environ={**PROJECT.environ, "FLASK_SECRET_KEY": secrets.token_hex(32)})
    try:
        with Stack.on_usual_ports(project, environ, log) as stack:
            log("local", f"the web is at {stack.web_url}, moto at {stack.endpoint}")
            log("local", f'in another terminal: eval "$({_env_command(stack)})" && flask --app flask_app.wsgi penstock')
            log("local", "a change of the code reloads the web and the workers; Ctrl-C stops everything")
            stack.run()
    except KeyboardInterrupt:
        log("local", "everything is stopped")
    return 0


def print_environment(environ: Mapping[str, str]) -> int:
    """Shell commands that make a terminal part of the running stack; ConfigurationError where none runs."""
    port = port_from(environ, "MOTO_PORT", DEFAULT_MOTO_PORT)
    endpoint = f"http://{HOST}:{port}"
    direct = {name: value for name, value in clean(environ).items() if name in ("NO_PROXY", "no_proxy")}
    variables = {**aws_variables(endpoint), **describe(PROJECT, endpoint), **PROJECT.environ, **direct}
    for name in sorted(environ):
        if name.startswith(FOREIGN_PREFIXES) and name not in variables:
            print(f"unset {name}")
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _env_command(stack: Stack) -> str:
    port = stack.endpoint.rsplit(":", 1)[-1]
    moved = "" if port == str(DEFAULT_MOTO_PORT) else f"MOTO_PORT={port} "
    return f"{moved}python -m local env"
