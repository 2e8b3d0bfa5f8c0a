"""Penstock in a Flask app: ``init_app(app, tasks)`` connects it and adds ``flask penstock``.

``mount(app, sign_in=...)`` adds the operations views: a dashboard for people and an API for programs, closed to all whom its
sign-in (penstock.flask.access) does not know. ``in_app_context`` gives tasks the context of your app where they run.
"""

from penstock.flask.context import in_app_context
from penstock.flask.extension import init_app
from penstock.flask.mounting import mount

__all__ = ["in_app_context", "init_app", "mount"]
