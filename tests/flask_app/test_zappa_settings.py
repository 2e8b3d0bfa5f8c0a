"""zappa_settings.json says what Zappa reads, and nothing that it would ignore."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from flask_app.config import WebConfig
from penstock.settings import Settings
from tasks import tasks

ROOT = Path(__file__).parents[2]
STAGES = json.loads((ROOT / "zappa_settings.json").read_text(encoding="utf-8"))


@pytest.fixture(params=STAGES)
def stage(request):
    return STAGES[request.param]


def keys_that_zappa_reads() -> set[str]:
    package = importlib.util.find_spec("zappa")
    assert package is not None
    assert package.submodule_search_locations is not None
    source = (Path(package.submodule_search_locations[0]) / "cli.py").read_text(encoding="utf-8")
    return set(re.findall(r'stage_config(?:\.get\(\s*|\[)"(\w+)"', source))


def test_every_key_is_one_that_zappa_reads(stage):
    assert stage.keys() - keys_that_zappa_reads() == set()


def test_the_function_url_is_not_open_to_all(stage):
    assert stage["function_url_config"] == {"authorizer": "AWS_IAM", "cors": False}


def test_the_environment_makes_a_connected_web(stage):
    settings = Settings.from_environ(stage["aws_environment_variables"])
    for task in tasks.registry.values():
        task.options.check(task.name, settings)


def test_only_the_secrets_are_missing_and_they_are_not_in_the_file(stage):
    secrets = {"FLASK_SECRET_KEY": "k" * 32, "PENSTOCK_WEB_TOKEN_SHA256": "0" * 64}
    assert stage["aws_environment_variables"].keys() & secrets.keys() == set()
    WebConfig.from_environ(stage["aws_environment_variables"] | secrets)


def test_the_app_is_where_zappa_looks_for_it(stage):
    module, _, name = stage["app_function"].rpartition(".")
    assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    assert f"\n{name} = create_app()" in (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
