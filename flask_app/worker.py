"""The app of ``flask penstock worker`` in a container: the tasks and nothing of the web, so that it wants no secret of its."""

from flask import Flask

from penstock.flask import init_app
from tasks import tasks

app = Flask(__name__)
init_app(app, tasks)
