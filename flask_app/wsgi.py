"""The WSGI application for gunicorn (``flask_app.wsgi:app``) and Zappa (``flask_app.wsgi.app``)."""

from flask_app.factory import create_app

app = create_app()
