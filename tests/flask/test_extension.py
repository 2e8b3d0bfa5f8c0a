"""init_app: where it reads its settings, what it leaves behind."""

import json

import pytest
from flask import Flask

from penstock import Penstock, memory
from penstock.errors import ConfigurationError
from penstock.flask import init_app

QUEUES = json.dumps({"default": {"url": "https://sqs.eu-central-1.amazonaws.com/1/shop-default"}})


@pytest.fixture
def environment(monkeypatch):
    """What Zappa brings: nothing before the import, everything at init."""
    for name in ("PENSTOCK_QUEUES", "PENSTOCK_TABLE", "PENSTOCK_PAYLOAD_BUCKET", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return monkeypatch


def test_the_app_knows_its_penstock():
    app, tasks = Flask("shop"), Penstock()
    init_app(app, tasks, connect=False)
    assert app.extensions["penstock"] is tasks


def test_connected_tasks_stay_as_they_are():
    app, tasks = Flask("shop"), Penstock()
    ports = memory.ports()
    tasks.connect(ports)
    init_app(app, tasks)
    assert tasks.ports is ports


def test_the_settings_come_from_the_environment_at_init(environment):
    app, tasks = Flask("shop"), Penstock()
    environment.setenv("PENSTOCK_QUEUES", QUEUES)
    environment.setenv("PENSTOCK_TABLE", "shop-tasks")
    init_app(app, tasks)
    assert tasks.ports.settings.table == "shop-tasks"


def test_the_apps_config_comes_before_the_environment(environment):
    app, tasks = Flask("shop"), Penstock()
    environment.setenv("PENSTOCK_QUEUES", QUEUES)
    environment.setenv("PENSTOCK_TABLE", "other")
    app.config["PENSTOCK_TABLE"] = "shop-tasks"
    init_app(app, tasks)
    assert tasks.ports.settings.table == "shop-tasks"


def test_a_missing_setting_is_refused_by_name(environment):
    with pytest.raises(ConfigurationError, match="PENSTOCK_QUEUES is not set"):
        init_app(Flask("shop"), Penstock())


def test_two_apps_in_a_process_keep_their_own(environment):
    apps = [Flask("shop"), Flask("blog")]
    for app in apps:
        app.config.update(PENSTOCK_QUEUES=QUEUES, PENSTOCK_TABLE=f"{app.name}-tasks")
        init_app(app, Penstock())
    assert [app.extensions["penstock"].ports.settings.table for app in apps] == ["shop-tasks", "blog-tasks"]


def test_a_second_init_of_one_app_is_refused():
    app, tasks = Flask("shop"), Penstock()
    init_app(app, tasks, connect=False)
    with pytest.raises(ConfigurationError, match="called twice"):
        init_app(app, tasks, connect=False)


def test_the_commands_are_under_flask_penstock():
    app = Flask("shop")
    init_app(app, Penstock(), connect=False)
    assert "dlq" in app.test_cli_runner().invoke(args=["penstock", "--help"]).output
