"""Tasks and hooks inside a Flask app's context: its config, its extensions, its database sessions."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import Any

from flask import Flask

from penstock.current import Run
from penstock.errors import ConfigurationError
from penstock.hooks import Middleware

AppFactory = Callable[[], Flask]


def in_app_context(factory: AppFactory | str) -> Middleware:
    """Middleware for ``tasks.middleware``: every run and every hook gets an app context of its own, torn down at its end.

    ``factory`` makes the app, or names what does as ``module:name`` (an app itself will do), so that the module of a Lambda
    function need not import the web. The app is made here and now, once: what fails, fails at start-up. A process has one
    app of a name, for many an app cannot be made twice.
    """
    return _InAppContext(_named(factory) if isinstance(factory, str) else _app(factory))


class _InAppContext:
    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, _run: Run, call_next: Callable[[], Any]) -> Any:
        with self._app.app_context():
            return call_next()

    def around_hook(self) -> AbstractContextManager[object]:
        return self._app.app_context()


@cache
def _named(path: str) -> Flask:
    return _app(path)


def _app(factory: AppFactory | str) -> Flask:
    made = _imported(factory) if isinstance(factory, str) else factory
    if not isinstance(made, Flask) and callable(made):
        made = made()
    if not isinstance(made, Flask):
        raise ConfigurationError(f"in_app_context({factory!r}) gives {made!r:.80}, which is no Flask app")
    return made


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    if not module or not name:
        raise ConfigurationError(f"in_app_context({path!r}): name the app factory as 'module:function'")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"in_app_context({path!r}) cannot be imported: {error}") from error
