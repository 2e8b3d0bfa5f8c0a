"""``mount``: the operations views in any Flask app."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import NoReturn

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from penstock.app import Penstock
from penstock.errors import ConfigurationError
from penstock.flask import api, dashboard
from penstock.flask.access import MOUNT, Access, Mounted, Role, SignIn, requires
from penstock.flask.extension import EXTENSION, init_app

_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_OURS = (api.NAME, dashboard.NAME)


def mount(
    app: Flask,
    prefix: str = "/penstock",
    *,
    sign_in: SignIn | Sequence[SignIn] | None = None,
    tasks: Penstock | None = None,
    read_only: bool = False,
    allow_enqueue: Collection[str] = (),
) -> None:
    """Put the dashboard at ``prefix`` of ``app`` and the API below it at ``api/v1``, closed to whom ``sign_in`` does not know.

    ``sign_in`` is one of the ways in penstock.flask.access, or several, asked in their order. ``tasks`` calls ``init_app`` as
    well; without it ``init_app(app, tasks)`` comes first. ``read_only`` refuses every action, ``allow_enqueue`` names the
    tasks that the API may enqueue. ConfigurationError where something is missing or makes no sense, with the fix.
    """
    if MOUNT in app.extensions:
        raise ConfigurationError(f"mount was called twice for the Flask app {app.name!r}: call it once")
    access = Access(_sign_ins(sign_in))
    _check_prefix(app, prefix)
    tasks = _tasks(app, tasks)
    for way in access.sign_ins:
        way.check(app)
    mounted = Mounted(prefix, access, read_only, tasks, _allowed(tasks, allow_enqueue))
    app.extensions[MOUNT] = mounted
    app.register_blueprint(api.blueprint(mounted))
    app.register_blueprint(dashboard.blueprint(mounted))
    _close(app, prefix)


def _sign_ins(given: SignIn | Sequence[SignIn] | None) -> tuple[SignIn, ...]:
    ways = (given,) if isinstance(given, SignIn) else tuple(given or ())
    if not ways:
        raise ConfigurationError(
            "mount shows tasks and lets people redrive and purge, so it must be told who may sign in. Write "
            "mount(app, sign_in=ApiKeys()) for keys, sign_in=HostLogin(callback) for your app's own users, or another of "
            "penstock.flask.access; `flask penstock keys new NAME --role operator` makes a key"
        )
    for way in ways:
        if not isinstance(way, SignIn):
            raise ConfigurationError(
                f"sign_in has {way!r:.60}, which is no way to sign in: write an object such as ApiKeys(), or one of a subclass "
                "of penstock.flask.access.SignIn"
            )
    return ways


def _check_prefix(app: Flask, prefix: str) -> None:
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"mount(app, {prefix!r:.60}): write a path of its own, such as /penstock or /admin/tasks, without a slash at its end"
        )
    for rule in app.url_map.iter_rules():
        if rule.rule == prefix or rule.rule.startswith(f"{prefix}/"):
            raise ConfigurationError(
                f"mount(app, {prefix!r}): the app has {rule.rule!r} there already: choose another prefix"
            )


def _tasks(app: Flask, given: Penstock | None) -> Penstock:
    known = app.extensions.get(EXTENSION)
    if given is None and known is None:
        raise ConfigurationError(
            "mount needs your tasks: call init_app(app, tasks) before it, or write mount(app, tasks=tasks)"
        )
    if given is not None and known is not None and given is not known:
        raise ConfigurationError("mount got other tasks than init_app: leave tasks= away, or pass the same object")
    if given is not None and known is None:
        init_app(app, given)
    tasks = given or known
    assert isinstance(tasks, Penstock)  # noqa: S101 - for the type checker: only init_app writes the extension
    return tasks


def _allowed(tasks: Penstock, names: Collection[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise ConfigurationError(f"allow_enqueue={names!r} is one text: write ({names!r},)")
    for name in names:
        if name not in tasks.registry:
            raise ConfigurationError(f"allow_enqueue names {name!r}, but no such task is registered")
    return frozenset(names)


def _close(app: Flask, prefix: str) -> None:
    """Answer for every path under ``prefix`` and every method ourselves: with our headers, and to strangers all paths alike.

    What Flask's routing refuses reaches no blueprint, but only the app's own error pages.
    """
    methods: dict[tuple[str, str], set[str]] = {}
    for rule in app.url_map.iter_rules():
        owner = rule.endpoint.partition(".")[0]
        if owner in _OURS:
            methods.setdefault((owner, rule.rule), set()).update(rule.methods or ())
    for number, ((owner, path), known) in enumerate(methods.items()):
        if others := _METHODS - known:
            view = _not_allowed(sorted(known - {"OPTIONS"}))
            endpoint = f"{owner}.not_allowed_{number}"
            app.add_url_rule(path, endpoint, view, methods=others, provide_automatic_options=False)
    app.add_url_rule(f"{prefix}/api/v1/<path:rest>", f"{api.NAME}.nothing", _nothing, methods=_METHODS)
    app.add_url_rule(f"{prefix}/<path:rest>", f"{dashboard.NAME}.nothing", _nothing, methods=_METHODS)


def _not_allowed(methods: Sequence[str]) -> Callable[..., NoReturn]:
    @requires(Role.VIEWER)
    def not_allowed(**_: object) -> NoReturn:
        raise MethodNotAllowed(methods)

    return not_allowed


@requires(Role.VIEWER)
def _nothing(**_: object) -> NoReturn:
    raise NotFound("there is nothing here")
