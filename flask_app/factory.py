"""create_app: everything wired, in one place."""

import os
from collections.abc import Mapping
from datetime import timedelta

from flask import Flask

import tasks as project
from flask_app.access import Access
from flask_app.config import API_TASKS, WebConfig
from flask_app.errors import register_error_pages
from flask_app.headers import register_headers
from flask_app.health import Health
from flask_app.pages import pages
from flask_app.tickets import Tickets
from flask_app.uploads import Uploads
from penstock import Penstock
from penstock.flask import init_app, mount
from penstock.flask.access import ApiKeys, HostLogin, LocalOnly, SignIn

SIGNED_IN_FOR = timedelta(hours=12)


def create_app(config: Mapping[str, str] | None = None, *, tasks: Penstock = project.tasks) -> Flask:
    """The web app, connected and ready to serve.

    ``config`` takes the place of the environment (flask_app/config.py lists its variables). ConfigurationError where
    something is missing or makes no sense: better no app than one that is open or loses work.
    """
    settings = WebConfig.from_environ(os.environ if config is None else config)
    app = Flask("flask_app")
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=list(settings.allowed_hosts),
        PERMANENT_SESSION_LIFETIME=SIGNED_IN_FOR,
        SESSION_COOKIE_NAME="penstock",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # not Strict: S3 sends the browser back to us after an upload
        SESSION_COOKIE_SECURE=not settings.local,
        MAX_CONTENT_LENGTH=64 * 1024,  # photos go to S3, not through here; the API has a limit of its own
    )
    app.config.update({name: value for name, value in (config or {}).items() if name.startswith("PENSTOCK_")})
    init_app(app, tasks)
    access = Access(settings)
    uploads = Uploads(settings.uploads_bucket, settings.upload_limit_bytes, settings.region)
    tickets = Tickets(settings.secret_key, lambda: tasks.ports.clock())
    register_headers(app, https=not settings.local)
    app.before_request(access.guard)
    register_error_pages(app)
    app.register_blueprint(pages(tasks, uploads, tickets, access))
    mount(app, sign_in=_sign_ins(settings, access), allow_enqueue=API_TASKS)
    app.wsgi_app = Health(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _sign_ins(settings: WebConfig, access: Access) -> list[SignIn]:
    """Into the operations views: programs by the token, people by the app's own sign-in page, on a laptop whoever sits at it."""
    ways: list[SignIn] = []
    if settings.token_sha256:
        ways += [ApiKeys({"token": {"sha256": settings.token_sha256, "role": "admin"}})]
        ways += [HostLogin(access.visitor, login_url="/sign-in")]
    if settings.local:
        ways += [LocalOnly()]
    return ways
