"""What the plan says about the table, the buckets, the logs, and the environments that name them."""

import json

import pytest

from flask_app.config import WebConfig
from penstock.aws.dynamodb import TTL_ATTRIBUTE, table_definition
from penstock.local.queue_list import QueueList
from penstock.record import ROW_LIFETIME
from penstock.settings import Settings
from tests.infra.terraform import ROOT

TABLE = "module.stack.module.results.aws_dynamodb_table.this"


def rules(plan, bucket):
    (found,) = plan.of_type("aws_s3_bucket_lifecycle_configuration", module=bucket).values()
    return found["rule"]


def test_the_table_is_the_one_of_the_library(plan):
    table, definition = plan.resources[TABLE], table_definition("penstock-test-tasks")

    keys = [
        {"AttributeName": table["hash_key"], "KeyType": "HASH"},
        {"AttributeName": table["range_key"], "KeyType": "RANGE"},
    ]
    assert (table["name"], table["billing_mode"], keys) == (
        definition["TableName"],
        definition["BillingMode"],
        definition["KeySchema"],
    )
    assert {attribute["name"]: attribute["type"] for attribute in table["attribute"]} == {
        attribute["AttributeName"]: attribute["AttributeType"] for attribute in definition["AttributeDefinitions"]
    }


def test_the_indexes_are_those_of_the_library(plan):
    made = {
        index["name"]: (
            index["hash_key"],
            index["range_key"],
            index["projection_type"],
            sorted(index["non_key_attributes"]),
        )
        for index in plan.resources[TABLE]["global_secondary_index"]
    }

    assert made == {
        index["IndexName"]: (
            *(key["AttributeName"] for key in index["KeySchema"]),
            index["Projection"]["ProjectionType"],
            sorted(index["Projection"]["NonKeyAttributes"]),
        )
        for index in table_definition("any")["GlobalSecondaryIndexes"]
    }


def test_rows_expire_by_the_attribute_that_the_library_writes(plan):
    (ttl,) = plan.resources[TABLE]["ttl"]

    assert (ttl["attribute_name"], ttl["enabled"]) == (TTL_ATTRIBUTE, True)


def test_the_table_can_be_restored_and_is_protected_from_deletion(plan):
    table = plan.resources[TABLE]

    assert table["point_in_time_recovery"][0]["enabled"] is True
    assert table["deletion_protection_enabled"] is True


def test_everything_that_keeps_data_is_encrypted(plan):
    assert plan.resources[TABLE]["server_side_encryption"][0]["enabled"] is True
    for queue in plan.of_type("aws_sqs_queue").values():
        assert queue["sqs_managed_sse_enabled"] is True
    encrypted = plan.of_type("aws_s3_bucket_server_side_encryption_configuration")
    assert len(encrypted) == len(plan.of_type("aws_s3_bucket"))


def test_no_bucket_is_public(plan):
    blocks = plan.of_type("aws_s3_bucket_public_access_block")

    assert len(blocks) == len(plan.of_type("aws_s3_bucket"))
    for block in blocks.values():
        assert all(block[what] for what in ("block_public_acls", "block_public_policy", "ignore_public_acls"))
        assert block["restrict_public_buckets"] is True


def test_buckets_with_data_are_not_emptied_by_a_destroy(plan):
    kept = {address: bucket["force_destroy"] for address, bucket in plan.of_type("aws_s3_bucket").items()}

    assert kept == {
        "module.uploads.aws_s3_bucket.this": False,
        "module.stack.module.payloads.aws_s3_bucket.this": False,
        "module.stack.module.web[0].module.deploy_bucket.aws_s3_bucket.this": True,
    }


def test_every_bucket_gives_up_uploads_that_never_end(plan):
    for bucket in (
        "module.uploads",
        "module.stack.module.payloads",
        "module.stack.module.web[0].module.deploy_bucket",
    ):
        assert any(rule["abort_incomplete_multipart_upload"] for rule in rules(plan, bucket))


def test_uploads_and_all_that_the_reference_tasks_write_expire_together(plan):
    expired = {
        rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
        for rule in rules(plan, "module.uploads")
        if rule["expiration"]
    }

    assert expired == dict.fromkeys(["uploads/", "thumbnails/", "reports/", "emails/"], 90)


def test_large_arguments_results_and_envelopes_outlive_their_rows(plan):
    expired = {
        rule["filter"][0]["prefix"]: rule["expiration"][0]["days"]
        for rule in rules(plan, "module.stack.module.payloads")
        if rule["expiration"]
    }

    assert expired.keys() == {"arguments/", "results/", "envelopes/"}
    assert min(expired.values()) >= ROW_LIFETIME.days


def test_every_log_group_forgets(plan):
    groups = plan.of_type("aws_cloudwatch_log_group")

    assert all(group["retention_in_days"] for group in groups.values())
    assert {group["name"] for group in groups.values()} >= {
        f"/aws/lambda/{function['function_name']}" for function in plan.of_type("aws_lambda_function").values()
    }


def test_workers_and_web_get_settings_that_the_library_reads(plan):
    environments = [
        function["environment"][0]["variables"] for function in plan.of_type("aws_lambda_function").values()
    ] + [plan.outputs["zappa_settings"]["aws_environment_variables"]]
    for environment in environments:
        settings = Settings.from_environ(environment)
        assert settings.queues.keys() == plan.outputs["queues"].keys()
        assert settings.table == "penstock-test-tasks"
        assert settings.payload_bucket


def test_penstock_queues_is_what_the_local_stack_passes_for_the_same_file(plans):
    made = json.loads(plans["shipped"].outputs["enqueue_environment"]["PENSTOCK_QUEUES"])
    local = QueueList.read(ROOT / "queues.auto.tfvars.json").to_environment(lambda entry: made[entry.name]["url"])

    assert made == json.loads(local)


def test_the_web_lacks_nothing_but_its_secrets(plan):
    secrets = {"FLASK_SECRET_KEY": "k" * 32, "PENSTOCK_WEB_TOKEN_SHA256": "0" * 64}
    environment = plan.outputs["zappa_settings"]["aws_environment_variables"]

    assert environment.keys() & secrets.keys() == set()
    assert WebConfig.from_environ(environment | secrets).allowed_hosts == (".lambda-url.eu-central-1.on.aws",)


def test_the_tasks_have_a_mail_sender_where_one_is_named(plans):
    senders = {
        name: {
            function["environment"][0]["variables"].get("MAIL_SENDER")
            for function in plans[name].of_type("aws_lambda_function").values()
        }
        for name in ("stack", "shipped")
    }

    assert senders == {"stack": {"post@example.com"}, "shipped": {None}}


@pytest.mark.parametrize("name", ["function_name", "function_arn", "role_arn", "log_group"])
def test_each_worker_is_in_the_outputs(plans, name):
    assert all(name in worker for worker in plans["stack"].outputs["workers"].values())


def test_functions_have_the_python_and_the_handler_of_the_package(plan):
    for address, function in plan.of_type("aws_lambda_function").items():
        handler = f"lambdas.{'worker' if address.startswith('module.stack.module.worker') else 'reconciler'}.handler"
        assert (function["runtime"], function["handler"]) == ("python3.13", handler)
