"""zappa_settings.json says what Zappa reads, and nothing that it would ignore."""

import importlib
import importlib.util
import json
import re
from pathlib import Path

import pytest

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


def test_what_belongs_to_an_account_is_not_in_the_file(stage):
    """Role, bucket, region and environment come from Terraform's outputs, the secrets from neither."""
    assert (
        stage.keys() & {"role_arn", "s3_bucket", "aws_region", "aws_environment_variables", "environment_variables"}
        == set()
    )


def test_zappa_makes_no_role_keeps_nothing_warm_and_ships_one_zip(stage):
    assert (stage["manage_roles"], stage["keep_warm"], stage["slim_handler"]) == (False, False, False)


def test_the_zip_is_made_whole_by_a_callback_that_exists(stage):
    module, _, name = stage["callbacks"]["zip"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_app_is_where_zappa_looks_for_it(stage):
    module, _, name = stage["app_function"].rpartition(".")
    assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
    assert f"\n{name} = create_app()" in (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
