"""The dashboard of the app in tests/flask, and visitors who use it as a browser does."""

import re

import pytest
from jinja2 import BytecodeCache

from penstock.errors import PenstockError
from tests.flask.people import OWN_PAGE, PREFIX, sign_in


class Visitor:
    """Somebody with a browser, signed in. Paths are below the mount's prefix."""

    def __init__(self, app, name):
        self.client = app.test_client()
        assert sign_in(self.client, name).status_code == 303

    def get(self, path, **options):
        return self.client.get(PREFIX + path, **options)

    def page(self, path):
        """The words of a page that must be there."""
        response = self.get(path)
        assert response.status_code == 200, words(response)
        return response.text

    def act(self, path, method="POST", **data):
        """What the page's script sends for a button."""
        return self.client.open(PREFIX + path, method=method, data=data, headers={**OWN_PAGE, "HX-Request": "true"})


def words(response):
    """What a person reads of an answer."""
    return " ".join(re.sub(r"<[^>]*>", " ", response.text).split())


class Compiled(BytecodeCache):
    """Templates as compiled for the first app of this process: every test has an app of its own."""

    def __init__(self):
        self._known = {}

    def load_bytecode(self, bucket):
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket):
        self._known[bucket.key] = bucket.bytecode_to_string()


_COMPILED = Compiled()


@pytest.fixture
def app(app):
    app.jinja_options = {**app.jinja_options, "bytecode_cache": _COMPILED}
    return app


@pytest.fixture
def viewer(app):
    return Visitor(app, "vera")


@pytest.fixture
def operator(app):
    return Visitor(app, "otto")


@pytest.fixture
def admin(app):
    return Visitor(app, "ada")


@pytest.fixture
def dead(tasks, worker):
    """Make dead tasks, with their letters in the dead-letter queue: ``dead("milk", "bread")``; their ids."""

    def make(*whats, task="hopeless"):
        results = [tasks.registry[task].enqueue(what) for what in whats]
        worker.bury()
        ids = [result.id for result in results]
        assert all(tasks.result(task_id).row.status == "DEAD" for task_id in ids)
        return ids

    return make


class Away:
    """A port that does not answer what is named, and answers the rest."""

    def __init__(self, port, error: PenstockError, *names):
        self._port, self._error, self._names = port, error, names

    def __getattr__(self, name):
        if name in self._names:

            def refuse(*_args, **_kwargs):
                raise self._error

            return refuse
        return getattr(self._port, name)
