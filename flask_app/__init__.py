"""The reference web app: pages to upload photos and to watch the work on them, and an HTTP API for other programs."""

from flask_app.factory import create_app

__all__ = ["create_app"]
