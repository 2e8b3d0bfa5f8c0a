"""A project's Flask app, found and loaded as the ``flask`` command does it: by FLASK_APP, else in wsgi.py or app.py."""

import os
import traceback

from flask import Flask
from flask.cli import NoAppException, ScriptInfo

from penstock.app import Penstock
from penstock.errors import ConfigurationError, PenstockError
from penstock.flask.extension import EXTENSION


def load(path: str | None = None) -> Flask:
    """The app at ``path``, else of this process's environment, with its own errors where it cannot be loaded."""
    return ScriptInfo(path or os.environ.get("FLASK_APP")).load_app()


def explained(info: ScriptInfo) -> Flask:
    """The app of ``info``; ConfigurationError says in one line why it cannot be loaded, and where that happened."""
    try:
        return info.load_app()
    except NoAppException as error:  # Flask puts a whole traceback behind a failed import
        lines = error.message.strip().splitlines()
        raise ConfigurationError(lines[0] if len(lines) == 1 else f"{lines[0]} {lines[-1]}") from error
    except PenstockError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise ConfigurationError(
            f"the Flask app cannot be loaded: {type(error).__name__}: {error} ({last.filename}, line {last.lineno})"
        ) from error


def tasks_of(app: Flask) -> Penstock:
    """The tasks that ``init_app`` gave to ``app``; ConfigurationError where it was not called."""
    tasks = app.extensions.get(EXTENSION)
    if not isinstance(tasks, Penstock):
        raise ConfigurationError(
            f"the Flask app {app.name!r} has no tasks: call penstock.flask.init_app(app, tasks) where the app is made"
        )
    return tasks
