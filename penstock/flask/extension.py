"""The extension: one call that connects a Penstock object and gives it to a Flask app."""

import os
from collections import ChainMap
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import Flask

from penstock.app import Penstock
from penstock.errors import ConfigurationError
from penstock.flask.cli import commands

EXTENSION = "penstock"
_connecting = ContextVar("connecting", default=True)


def init_app(app: Flask, tasks: Penstock, *, connect: bool = True) -> None:
    """Give ``tasks`` to ``app``, as ``app.extensions["penstock"]`` and under ``flask penstock``.

    Connects it to AWS unless it is connected already or ``connect`` is False. The settings are read now, not at import:
    ``app.config``'s keys ``PENSTOCK_*`` first, then the environment (penstock/settings.py lists them). Every app of a
    process can have a Penstock object of its own. ConfigurationError names what is missing.
    """
    if EXTENSION in app.extensions:
        raise ConfigurationError(f"init_app was called twice for the Flask app {app.name!r}: call it once")
    if connect and _connecting.get() and not tasks.is_connected:
        _connect(app, tasks)
    app.extensions[EXTENSION] = tasks
    app.cli.add_command(commands(tasks))


@contextmanager
def unconnected() -> Iterator[None]:
    """Inside, ``init_app`` connects nothing: to look at an app and its tasks before there are queues."""
    before = _connecting.set(False)
    try:
        yield
    finally:
        _connecting.reset(before)


def _connect(app: Flask, tasks: Penstock) -> None:
    try:
        from penstock import aws  # here, for boto3 is an extra: an app with other ports does without it
    except ImportError as error:
        raise ConfigurationError(
            f"connecting to AWS needs boto3 ({error}): pip install 'penstock[aws]', or connect other ports before init_app"
        ) from error
    own = {key: str(value) for key, value in app.config.items() if key.startswith("PENSTOCK_")}
    aws.connect(tasks, environ=ChainMap(own, os.environ))
