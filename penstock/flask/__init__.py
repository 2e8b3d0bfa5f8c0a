"""Penstock in a Flask app: ``init_app(app, tasks)`` connects it and adds ``flask penstock``.

``penstock.flask.api.api`` makes a blueprint with which other programs enqueue tasks over HTTP.
"""

from penstock.flask.extension import init_app

__all__ = ["init_app"]
