"""The first page."""

from flask import Blueprint, render_template

from penstock.flask.access import Mounted, Role, requires


def add_views(dashboard: Blueprint, _mount: Mounted) -> None:
    """Who is signed in, and as what."""

    @dashboard.get("/")
    @requires(Role.VIEWER)
    def home() -> str:
        return render_template("penstock/home.html")
