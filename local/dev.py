"""``python -m local dev`` and ``env``: the stack for a day's work."""

import secrets
from collections.abc import Mapping
from dataclasses import replace

from local.project import PROJECT
from penstock.local.dev import exports, keep_up, terminal_log
from penstock.local.project import DEFAULT_MOTO_PORT
from penstock.local.sockets import HOST, port_from
from penstock.local.stack import Stack


def dev(environ: Mapping[str, str]) -> int:
    """Keep the stack up until Ctrl-C or SIGTERM; 0 then. StackError where a process ends by itself."""
    log = terminal_log()
    # One key for all reloads: with a new one each, an upload that began before a reload could not end after it.
    project = replace(PROJECT, environ={**PROJECT.environ, "FLASK_SECRET_KEY": secrets.token_hex(32)})
    stack = Stack.on_usual_ports(project, environ, log)
    keep_up(
        stack, log, [f'in another terminal: eval "$({_env_command(stack)})" && flask --app flask_app.wsgi penstock']
    )
    return 0


def print_environment(environ: Mapping[str, str]) -> int:
    """Shell commands that make a terminal part of the running stack; ConfigurationError where none runs."""
    port = port_from(environ, "MOTO_PORT", DEFAULT_MOTO_PORT)
    for line in exports(PROJECT, environ, f"http://{HOST}:{port}"):
        print(line)
    return 0


def _env_command(stack: Stack) -> str:
    port = stack.endpoint.rsplit(":", 1)[-1]
    moved = "" if port == str(DEFAULT_MOTO_PORT) else f"MOTO_PORT={port} "
    return f"{moved}python -m local env"
