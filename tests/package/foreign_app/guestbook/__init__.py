"""A guest book, of somebody who has never heard of Penstock."""

import os

from flask import Flask

from guestbook import accounts, pages
from guestbook.models import db


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "the guest book's")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "sqlite:///guestbook.sqlite")
    db.init_app(app)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(pages.blueprint)
    with app.app_context():
        db.create_all()
    return app
