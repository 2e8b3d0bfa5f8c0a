"""A child's lifeline: the read end of a pipe, as its standard input, whose other end only the supervisor holds.

When the supervisor goes, however it goes (SIGKILL too), the kernel closes its end, the child reads the end of its input
and takes its whole process group with it. It works the same on Linux and macOS, and needs no polling.
"""

import argparse
import os
import signal
import sys
import threading

_OPTION = "--lifeline"


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Teach ``parser`` the option that ``argument()`` gives."""
    parser.add_argument(
        _OPTION, action="store_true", help="stop when standard input ends: the supervisor holds its other end"
    )


def argument() -> str:
    """What the supervisor adds to a child's command line."""
    return _OPTION


def hold(options: argparse.Namespace) -> None:
    """Die with the supervisor, if this process was started by one. Call it first in ``main``."""
    if options.lifeline:
        threading.Thread(target=_wait_and_die, name="lifeline", daemon=True).start()


def _wait_and_die() -> None:
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 1024):
        pass
    # The supervisor made this process the leader of a group of its own: the group is this child and what it started.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
