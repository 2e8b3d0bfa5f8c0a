"""Penstock in a Flask app: ``init_app(app, tasks)`` connects it and adds ``flask penstock``.

``penstock.flask.api.api`` makes a blueprint with which other programs enqueue tasks over HTTP; ``in_app_context`` gives tasks
the context of your app where they run.
"""

from penstock.flask.context import in_app_context
from penstock.flask.extension import init_app

__all__ = ["in_app_context", "init_app"]
