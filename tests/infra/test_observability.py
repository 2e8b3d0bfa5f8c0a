"""What the plan says about the watchers: whom the alarms tell, in which words, and what the dashboard shows."""

import json
import re
from pathlib import Path

import pytest

from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from tests.infra.alarms import alarms

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
OBSERVABILITY = "module.stack.module.observability[0]"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:topic"
# One sentence on what it means, one on what to do, and where to read more.
WORDS = re.compile(r"[A-Z\w][^:]*: .+\. [A-Z][^:]+: (\S+)#([a-z-]+)")
MAX_DESCRIPTION = 1024  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
MAX_RUNBOOK_URL = 300


def everything(plans):
    return list(alarms(plans["stack"]))


def body(plan, address):
    return json.loads(plan.resources[address]["dashboard_body"])


def charts(dashboard):
    return [widget["properties"] for widget in dashboard["widgets"] if widget["type"] == "metric"]


def test_every_alarm_tells_the_topic_and_tells_it_again_when_it_is_over(plans):
    for alarm in everything(plans):
        assert TOPIC in alarm.values["alarm_actions"], alarm
        assert alarm.values["ok_actions"] == [TOPIC], alarm


def test_every_fact_has_one_alarm(plans):
    names = [alarm.values["alarm_name"] for alarm in everything(plans)]
    facts = [(sorted((query["id"], str(query["metric"])) for query in alarm.queries)) for alarm in everything(plans)]

    assert len(set(names)) == len(names)
    assert all(facts.count(fact) == 1 for fact in facts)


def test_every_alarm_says_what_it_means_what_to_do_and_where_to_read_more(plans):
    for alarm in everything(plans):
        description = alarm.values["alarm_description"]
        assert WORDS.fullmatch(description), description
        assert len(description) - len("docs/runbook.md") + MAX_RUNBOOK_URL <= MAX_DESCRIPTION, description


def test_every_alarm_names_a_chapter_of_the_runbook_and_every_such_chapter_is_an_alarm_s(plans):
    anchors = {WORDS.fullmatch(alarm.values["alarm_description"])[2] for alarm in everything(plans)}
    titles = re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE)

    assert anchors == {title.lower().replace(" ", "-") for title in titles} - {"after-the-night"}


def test_the_first_table_of_the_runbook_leads_from_an_alarm_s_name_to_its_chapter(plans):
    rows = re.findall(r"^\| (`-.*?) \| \[.*?\]\(#([\w-]+)\)", RUNBOOK, re.MULTILINE)
    endings = {ending: anchor for cell, anchor in rows for ending in re.findall(r"`(-[\w.-]+)`", cell)}

    for alarm in everything(plans):
        name = alarm.values["alarm_name"]
        fits = [ending for ending in endings if name.endswith(ending)]
        assert fits, name
        assert endings[max(fits, key=len)] == WORDS.fullmatch(alarm.values["alarm_description"])[2], name


def test_the_runbook_of_the_url_is_the_one_that_is_linked(plans):
    found = {WORDS.fullmatch(alarm.values["alarm_description"])[1] for alarm in alarms(plans["observability"])}

    assert found == {"https://wiki.example.com/runbook"}


def test_the_names_in_the_runbook_are_those_of_the_plan(plans):
    named = {name.replace("-prod", "-test", 1) for name in re.findall(r"penstock-prod[\w-]*", RUNBOOK)}
    planned = json.dumps([[plans[name].resources, plans[name].outputs] for name in ("stack", "containers")])

    assert len(named) > 4
    assert {name for name in named if f'{name}"' not in planned} == set()


def test_without_somebody_to_tell_there_is_nothing_but_the_alarms_that_call_the_reconciler(plans):
    shipped = plans["shipped"]

    assert {alarm.kind for alarm in alarms(shipped)} == {"letters"}
    assert not [address for address in shipped.resources if "observability" in address or "aws_sns" in address]


def test_only_cloudwatch_on_behalf_of_this_account_may_speak_to_the_topic_and_over_tls(plans):
    allow, deny = json.loads(plans["stack"].resources[f"{OBSERVABILITY}.aws_sns_topic_policy.this[0]"]["policy"])[
        "Statement"
    ]

    assert (allow["Principal"], allow["Action"], allow["Resource"]) == (
        {"Service": "cloudwatch.amazonaws.com"},
        "sns:Publish",
        TOPIC,
    )
    assert allow["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_the_topic_is_encrypted_by_a_key_that_cloudwatch_may_use(plans):
    stack = plans["stack"]
    key = stack.resources[f"{OBSERVABILITY}.aws_kms_key.this[0]"]
    account, cloudwatch = json.loads(key["policy"])["Statement"]

    assert stack.resources[f"{OBSERVABILITY}.aws_sns_topic.this[0]"]["kms_master_key_id"].startswith("arn:aws:kms:")
    assert key["enable_key_rotation"] is True
    assert account["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert cloudwatch["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert cloudwatch["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert cloudwatch["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_whoever_is_on_call_gets_a_mail(plans):
    (email,) = plans["stack"].of_type("aws_sns_topic_subscription").values()

    assert (email["protocol"], email["endpoint"], email["topic_arn"]) == ("email", "oncall@example.com", TOPIC)


@pytest.mark.parametrize(("run", "address"), [("stack", OBSERVABILITY), ("observability", "")])
def test_the_dashboard_shows_every_alarm_of_its_stage(plans, run, address):
    dashboard = body(plans[run], f"{address}.aws_cloudwatch_dashboard.this".lstrip("."))
    (shown,) = [widget for widget in dashboard["widgets"] if widget["type"] == "alarm"]

    assert len(shown["properties"]["alarms"]) == len(list(alarms(plans[run])))


def test_the_dashboard_shows_what_every_alarm_listens_to(plans):
    shown = {
        (namespace, metric, tuple(sorted(zip(pairs[::2], pairs[1::2], strict=True))))
        for chart in charts(body(plans["stack"], f"{OBSERVABILITY}.aws_cloudwatch_dashboard.this"))
        for namespace, metric, *pairs in (line[:-1] for line in chart["metrics"] if len(line) > 1)
    }
    heard = {
        (metric["namespace"], metric["metric_name"], tuple(sorted(metric["dimensions"].items())))
        for alarm in everything(plans)
        for metric in alarm.metrics.values()
    }

    assert heard <= shown


def test_the_dashboard_shows_our_metrics_by_the_names_under_which_the_workers_count(plans):
    counted = {outcome_metric(outcome) for outcome in ("SUCCEEDED", "RETRYING", "FAILED", "DEAD", "UNAVAILABLE")}
    ours = [
        line
        for chart in charts(body(plans["stack"], f"{OBSERVABILITY}.aws_cloudwatch_dashboard.this"))
        for line in chart["metrics"]
        if line[0] == NAMESPACE
    ]

    assert {line[1] for line in ours} == counted | {DURATION, QUEUE_TIME}
    assert {(line[2], line[4], line[5]) for line in ours} == {("queue", "service", SERVICE)}
    assert {line[3] for line in ours} == {queue["name"] for queue in plans["stack"].outputs["queues"].values()}


def test_the_dashboard_searches_for_tasks_where_they_are_counted(plans):
    stack = plans["stack"]
    searches = [
        line[0]["expression"]
        for chart in charts(body(stack, f"{OBSERVABILITY}.aws_cloudwatch_dashboard.this"))
        for line in chart["metrics"]
        if "expression" in line[0]
    ]

    assert len(searches) == 4 * len(stack.outputs["queues"])
    assert all(f"{{{NAMESPACE},queue,service,task}}" in search for search in searches)


def test_no_two_widgets_of_the_dashboard_lie_on_each_other(plans):
    for run, address in (("stack", OBSERVABILITY), ("observability", "")):
        cells = [
            (widget["x"] + column, widget["y"] + row)
            for widget in body(plans[run], f"{address}.aws_cloudwatch_dashboard.this".lstrip("."))["widgets"]
            for column in range(widget["width"])
            for row in range(widget["height"])
        ]
        assert len(set(cells)) == len(cells)
        assert max(column for column, _ in cells) < 24
