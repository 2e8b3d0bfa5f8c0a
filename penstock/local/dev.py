"""The stack for a day's work: kept up on a terminal, and another terminal made part of it."""

import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping

from penstock.local.environment import FOREIGN_PREFIXES, aws_variables, clean
from penstock.local.process import Log
from penstock.local.project import Project
from penstock.local.provision import describe
from penstock.local.stack import MOTO, POLLER, WEB, WORKERS, Stack
from penstock.local.supervisor import SUPERVISOR

_COLOURS = {MOTO: "33", WEB: "36", WORKERS: "32", POLLER: "34", SUPERVISOR: "35"}


def terminal_log() -> Log:
    """Prints each line behind the name of its process, in colour on a terminal."""
    colour = sys.stdout.isatty()

    def log(name: str, line: str) -> None:
        prefix = f"{name:8}|"
        print(f"\033[{_COLOURS[name.split()[0]]}m{prefix}\033[0m {line}" if colour else f"{prefix} {line}", flush=True)

    return log


def keep_up(stack: Stack, log: Log, words: Iterable[str]) -> None:
    """Keep ``stack`` up until Ctrl-C or SIGTERM; ``words`` are said once it is. StackError where a process ends by itself."""
    try:
        with stack:
            log(SUPERVISOR, f"the web is at {stack.web_url}, moto at {stack.endpoint}")
            for line in words:
                log(SUPERVISOR, line)
            log(SUPERVISOR, "a change of the code reloads the web and the workers; Ctrl-C stops everything")
            stack.run()
    except KeyboardInterrupt:
        log(SUPERVISOR, "everything is stopped")


def exports(project: Project, environ: Mapping[str, str], endpoint: str) -> Iterator[str]:
    """Shell commands that make a terminal with ``environ`` part of the stack at ``endpoint``.

    ConfigurationError where none runs.
    """
    direct = {name: value for name, value in clean(environ).items() if name in ("NO_PROXY", "no_proxy")}
    variables = {**aws_variables(endpoint), **describe(project, endpoint), **project.environ, **direct}
    for name in sorted(environ):
        if name.startswith(FOREIGN_PREFIXES) and name not in variables:
            yield f"unset {name}"
    for name, value in variables.items():
        yield f"export {name}={shlex.quote(value)}"
