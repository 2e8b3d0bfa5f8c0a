"""Listening sockets on loopback, opened by the supervisor and handed down to its children.

The supervisor owns them, so a port in use is found before anything starts, ``0`` (any free port) has no race, and a
browser that asks while the web reloads waits a moment instead of being refused.
"""

import errno
import socket
from collections.abc import Mapping

from penstock.errors import ConfigurationError

HOST = "127.0.0.1"
MAX_PORT = 65_535
_BACKLOG = 128


def listen(port: int, *, setting: str, what: str) -> socket.socket:
    """A listening socket on ``port`` of 127.0.0.1 (0: any free one).

    ConfigurationError names the port and the ``setting``, an environment variable or an option, that moves ``what`` to
    another one.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(_refusal(error, port, setting, what)) from None
    return listener


def port_from(environ: Mapping[str, str], variable: str, default: int) -> int:
    """The port that ``variable`` asks for (0: any free one), else ``default``."""
    text = environ.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_PORT):
        raise ConfigurationError(
            f"{variable} is {text!r}: it must be a port from 1 to {MAX_PORT}, or 0 for any free one"
        )
    return int(text)


def _refusal(error: OSError, port: int, setting: str, what: str) -> str:
    way_out = f"choose another one with {setting}=<port>, or {setting}=0 for any free port"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{what} cannot listen on port {port} of {HOST}: it is in use by another program, "
            f"perhaps another local stack. Stop that one, or {way_out}"
        )
    return f"{what} cannot listen on port {port} of {HOST} ({error.strerror}): {way_out}"
