"""A used stack for every test, and its people."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from penstock import Penstock
from tests.flask.people import bearer
from tests.flask.stack import build, use


@pytest.fixture
def app() -> Flask:
    return build()


@pytest.fixture
def known(app: Flask) -> dict[str, str]:
    """What is there, by the names of the paths' parameters."""
    return use(app)


@pytest.fixture
def tasks(app: Flask) -> Penstock:
    tasks: Penstock = app.extensions["penstock"]
    return tasks


def client_of(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(name)["Authorization"]
    return client


@pytest.fixture
def vera(app: Flask) -> FlaskClient:
    """A viewer."""
    return client_of(app, "vera")


@pytest.fixture
def otto(app: Flask) -> FlaskClient:
    """An operator."""
    return client_of(app, "otto")


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """An admin."""
    return client_of(app, "ada")
