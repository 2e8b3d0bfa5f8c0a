"""The checks at their edges: what is just right gives nothing, what is just wrong gives one finding."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock.doctor import CHECKS
from penstock.doctor.case import Case, Names, RoleAccess, Strays, TaskNeeds
from penstock.doctor.examination import judge
from penstock.envelope import VERSION
from penstock.facts import ClockOffset, Denial, Expiry, LiveIndex, NotReadable
from penstock.queue_list import QueueList
from penstock.times import seconds
from penstock.versions import FUNCTION, PROCESS, WorkerVersion
from tests.doctor.facts import (
    BUCKET,
    CASE,
    ENVIRON,
    FACTS,
    INDEX,
    LETTERS,
    MAPPING,
    NOW,
    QUEUE,
    RECONCILER,
    SCHEDULE,
    with_facts,
    with_mapping,
    with_queue,
    with_settings,
    with_table,
    with_worker,
)

DAY = 86_400
UNREADABLE = NotReadable("sqs:GetQueueAttributes", "a queue", "AccessDenied: no")


def found(case: Case) -> set[str]:
    return {finding.name for finding in judge(case).findings}


def words(case: Case) -> str:
    return " ".join(f"{finding.found} {finding.fix}" for finding in judge(case).findings)


def test_a_stack_as_it_should_be_gives_nothing() -> None:
    assert (judge(CASE).findings, judge(CASE).not_checked) == ([], [])


WINDOW = (replace(MAPPING, batch_window=20),)


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        (with_queue(visibility_timeout=1_860), with_queue(visibility_timeout=1_859), "visibility-timeout"),
        (
            with_queue(visibility_timeout=1_880, mappings=WINDOW),
            with_queue(visibility_timeout=1_879, mappings=WINDOW),
            "visibility-timeout",
        ),
        (
            replace(CASE, tasks=[TaskNeeds("t", "default", 7)]),
            replace(CASE, tasks=[TaskNeeds("t", "default", 8)]),
            "receive-margin",
        ),
        (
            with_queue(letters=replace(LETTERS, retention=4 * DAY + 1)),
            with_queue(letters=replace(LETTERS, retention=4 * DAY)),
            "dead-letter-retention",
        ),
        (with_queue(delay=0), with_queue(delay=1), "queue-delay"),
        (with_worker(timeout=310), with_worker(timeout=309), "batch-time"),
        (with_mapping(batch_size=10), with_mapping(batch_size=11), "batch-time"),
        (with_worker(reserved_concurrency=5), with_worker(reserved_concurrency=4), "reserved-concurrency"),
        (with_mapping(max_concurrency=None), with_worker(reserved_concurrency=0), "reserved-concurrency"),
        (with_mapping(state="Enabling"), with_mapping(state="Disabling"), "mapping-disabled"),
        (CASE, replace(CASE, resting={"default"}), "processes-paused"),
        (with_mapping(filtered=False), with_mapping(filtered=True), "mapping-filter"),
        (
            with_queue(letters=replace(LETTERS, allows_redrive_from=None)),
            with_queue(letters=replace(LETTERS, allows_redrive_from=())),
            "redrive-allow-policy",
        ),
        (
            with_queue(letters=replace(LETTERS, allows_redrive_from=("other", QUEUE.arn))),
            with_queue(letters=replace(LETTERS, allows_redrive_from=("other",))),
            "redrive-allow-policy",
        ),
        (with_table(encryption="kms"), with_table(encryption="inaccessible"), "table-key-inaccessible"),
        (
            with_table(indexes={**INDEX, "by_created": replace(INDEX["by_created"], projected=None)}),
            with_table(indexes={**INDEX, "by_created": replace(INDEX["by_created"], projected=frozenset({"task"}))}),
            "table-index",
        ),
        (
            with_table(indexes={**INDEX, "mine": LiveIndex(("a", "b"), None, False)}),
            with_table(indexes={**INDEX, "by_created": replace(INDEX["by_created"], active=False)}),
            "table-index",
        ),
        (
            with_facts(table=replace(FACTS.table, ttl_attribute="expires_at")),
            with_facts(table=replace(FACTS.table, ttl_attribute="expires")),
            "table-ttl",
        ),
    ],
)
def test_what_is_just_right_is_let_through_and_what_is_just_wrong_is_not(right: Case, wrong: Case, name: str) -> None:
    assert (found(right), found(wrong)) == (set(), {name})


@pytest.mark.parametrize(("count", "names"), [(5, {"queue-drift"}), (4, {"receive-count"})])
def test_a_queue_without_tasks_needs_five_receives(count: int, names: set[str]) -> None:
    assert found(replace(with_queue(max_receive_count=count), tasks=[])) == names


@pytest.mark.parametrize(
    ("expiry", "names"),
    [
        (Expiry("arguments/", 29), set()),
        (Expiry("arguments/", 28), {"payload-lifecycle"}),
        (Expiry("", 28), {"payload-lifecycle"}),
        (Expiry("results/2026/", 28), {"payload-lifecycle"}),
        (Expiry("uploads/", 1), set()),
    ],
)
def test_objects_live_as_long_as_the_rows_that_point_to_them(expiry: Expiry, names: set[str]) -> None:
    assert found(with_facts(bucket=replace(BUCKET, expiries=(*BUCKET.expiries, expiry)))) == names  # type: ignore[misc]


def test_one_rule_for_the_whole_bucket_is_enough() -> None:
    assert found(with_facts(bucket=replace(BUCKET, expiries=(Expiry("", 29),)))) == set()


@pytest.mark.parametrize("expiries", [None, ()])
def test_a_bucket_without_a_rule_grows_for_ever(expiries: Any) -> None:
    assert found(with_facts(bucket=replace(BUCKET, expiries=expiries))) == {"payload-expiry"}


@pytest.mark.parametrize(
    ("low", "high", "names"),
    [
        (2.0, 3.0, set()),
        (2.001, 3.0, {"clock-drift"}),
        (-3.0, -2.0, set()),
        (-3.0, -2.001, {"clock-drift"}),
        (-5.0, 5.0, set()),
        (90.0, 91.0, {"clock-drift"}),
        (90.001, 91.0, {"clock-wrong"}),
        (-91.0, -90.001, {"clock-wrong"}),
        (1.5, 200.0, set()),
    ],
)
def test_a_clock_is_wrong_only_where_that_is_certain(low: float, high: float, names: set[str]) -> None:
    assert found(with_facts(clock=ClockOffset(low, high))) == names


def test_a_clock_says_in_which_direction_it_is_wrong() -> None:
    assert "at least 2.5 s behind AWS's" in words(with_facts(clock=ClockOffset(-3.5, -2.5)))
    assert "at least 2.5 s ahead of AWS's" in words(with_facts(clock=ClockOffset(2.5, 3.5)))


def test_a_reservation_is_too_small_for_a_mapping_without_a_maximum() -> None:
    function = with_worker(reserved_concurrency=1_000).facts.functions
    case = replace(CASE, facts=replace(with_mapping(max_concurrency=None).facts, functions=function))
    assert (found(case), "without a maximum, and 1000 are reserved" in words(case)) == ({"reserved-concurrency"}, True)


def process(queue: str = "default", *, silent: timedelta = timedelta(0), **changes: Any) -> WorkerVersion:
    """What a ``flask penstock worker`` said last, so long ago."""
    return replace(WorkerVersion(queue, PROCESS, CASE.version, VERSION, NOW - silent), **changes)


ALONE = with_queue(mappings=())
THREE_DAYS = timedelta(days=3)


@pytest.mark.parametrize("time_limit", [30, 891, 43_080])
@pytest.mark.parametrize(
    ("workers", "names"),
    [
        ([process(silent=THREE_DAYS - seconds(1))], set()),
        ([process(silent=THREE_DAYS)], {"mapping-missing"}),
        ([process("other")], {"mapping-missing"}),
        (CASE.workers, {"mapping-missing"}),
        ([], {"mapping-missing"}),
    ],
)
def test_a_queue_without_a_mapping_needs_a_worker_that_spoke_in_the_last_three_days(
    time_limit: int, workers: list[WorkerVersion], names: set[str]
) -> None:
    assert found(replace(with_settings(time_limit=time_limit), facts=ALONE.facts, workers=workers)) == names


def test_whether_processes_are_paused_is_not_known_where_the_ledger_is_not_read() -> None:
    report = judge(replace(CASE, resting=UNREADABLE))
    assert report.findings == []
    assert [one.what for one in report.not_checked] == ["which queues' worker processes are paused"]


def test_whether_a_worker_polls_a_queue_without_a_mapping_is_not_known_where_the_versions_are_not() -> None:
    report = judge(replace(ALONE, workers=UNREADABLE))
    assert (report.findings, report.is_well) == ([], False)
    assert [(one.what, one.essential) for one in report.not_checked] == [
        ("whether a worker of your own polls default, which no mapping does", True),
        ("what the workers run", False),
    ]


def test_a_fifo_queue_takes_one_message_a_batch() -> None:
    fifo = with_settings(url=CASE.settings.url("default") + ".fifo")
    assert "fifo-batch" in found(fifo)
    assert "fifo-batch" not in found(replace(fifo, facts=with_mapping(batch_size=1).facts))


def test_a_queue_without_a_dead_letter_queue_has_one_finding_for_it() -> None:
    assert found(with_queue(max_receive_count=None, dead_letter_arn=None)) == {"redrive-policy"}


def test_what_breaks_a_rule_is_not_told_again_as_drift() -> None:
    case = replace(with_queue(visibility_timeout=60), settings=with_settings(visibility_timeout=1_860).settings)
    assert "queue-drift" not in found(case)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({**ENVIRON, "PENSTOCK_TABLE": "other"}, "its PENSTOCK_TABLE is other, and here it is shop-prod-tasks"),
        ({**ENVIRON, "PENSTOCK_PAYLOAD_BUCKET": ""}, "its PENSTOCK_PAYLOAD_BUCKET is not set"),
        ({**ENVIRON, "PENSTOCK_QUEUES": '{"images": {"url": "https://x/1/y"}}'}, "['default'] is not there"),
        ({**ENVIRON, "PENSTOCK_QUEUES": '{"default": {"url": "https://x/1/y"}}'}, "['default'] is https://x/1/y"),
        ({**ENVIRON, "PENSTOCK_QUEUES": "[]"}, "its settings are wrong: PENSTOCK_QUEUES is not JSON of the form"),
        ({}, "its settings are wrong: PENSTOCK_QUEUES is not set"),
    ],
)
def test_a_function_of_another_stack_is_told_by_its_settings(environ: dict[str, str], said: str) -> None:
    case = with_worker(environment=environ)
    assert (found(case), said in words(case)) == ({"function-settings"}, True)


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (None, "no schedule of that name calls it"),
        (replace(SCHEDULE, enabled=False), "is disabled"),
        (replace(SCHEDULE, target_arn="arn:other"), "its schedule calls arn:other"),
    ],
)
def test_a_reconciler_that_nothing_calls_is_found(schedule: Any, said: str) -> None:
    case = with_facts(schedule=schedule)
    assert (found(case), said in words(case)) == ({"reconciler-schedule"}, True)


def test_a_reconciler_that_is_not_there_is_one_finding() -> None:
    assert found(with_facts(reconciler=None, schedule=None)) == {"reconciler-missing"}


def test_a_reconciler_whose_name_nobody_knows_is_not_checked_and_not_missing() -> None:
    case = replace(with_facts(reconciler=None, schedule=None), names=Names(None, "web"))
    report = judge(case)
    assert (report.findings, [one.reason for one in report.not_checked]) == (
        [],
        ["their name is not known: --reconciler NAME"],
    )


def test_a_reconciler_with_the_settings_of_another_stack_is_found() -> None:
    assert found(with_facts(reconciler=replace(RECONCILER, environment={}))) == {"reconciler-settings"}


def test_a_role_has_one_finding_a_resource_with_all_that_it_lacks() -> None:
    denied = (Denial("sqs:ReceiveMessage", "q"), Denial("sqs:DeleteMessage", "q"), Denial("s3:GetObject", "b"))
    findings = judge(replace(CASE, access=[RoleAccess("worker", "w", denied)])).findings
    assert [finding.found for finding in findings] == [
        "it may not sqs:ReceiveMessage, sqs:DeleteMessage on q",
        "it may not s3:GetObject on b",
    ]


@pytest.mark.parametrize(
    ("version", "envelope", "names"),
    [
        (CASE.version, 2, set()),
        ("0.0.1", 2, {"version-skew"}),
        ("9.0.0", 3, {"version-skew"}),
        ("0.0.1", 1, {"envelope-version"}),
    ],
)
def test_workers_of_another_version_are_found(version: str, envelope: int, names: set[str]) -> None:
    worker = WorkerVersion("default", FUNCTION, version, envelope, NOW)
    assert found(replace(CASE, workers=[worker])) == names


SAID = WorkerVersion("default", FUNCTION, CASE.version, VERSION, NOW)


@pytest.mark.parametrize(("envelope", "name"), [(VERSION, "version-skew"), (1, "envelope-version")])
def test_only_what_still_works_on_a_queue_is_of_another_version(envelope: int, name: str) -> None:
    old = {"version": "0.0.1", "envelope": envelope}
    function, own, silent = replace(SAID, **old), process(**old), process(silent=THREE_DAYS, **old)
    assert found(replace(CASE, workers=[function])) == {name}
    assert found(replace(ALONE, workers=[process(), function])) == set()  # a worker of one's own took it over
    assert found(replace(ALONE, workers=[own])) == {name}
    assert found(replace(CASE, workers=[SAID, own])) == {name}
    assert found(replace(CASE, workers=[SAID, silent])) == set()  # a function took it over


@pytest.mark.parametrize("envelope", [VERSION, 1])
def test_a_worker_of_another_version_is_repaired_by_what_it_runs_in(envelope: int) -> None:
    old = {"version": "0.0.1", "envelope": envelope}
    function, own = (
        words(replace(case, workers=[replace(worker, **old)])) for case, worker in ((CASE, SAID), (ALONE, process()))
    )
    assert ("`flask penstock package`" in function, "image" in function) == (True, False)
    assert ("`flask penstock package`" in own, "image" in own) == (False, True)


def test_a_worker_of_a_queue_that_is_gone_is_nobody_s_skew() -> None:
    gone = WorkerVersion("gone", FUNCTION, "0.0.1", 1, NOW)
    assert found(replace(CASE, workers=[*CASE.workers, gone])) == set()  # type: ignore[misc]


def test_tasks_on_a_queue_that_no_setting_names_are_counted() -> None:
    case = replace(CASE, strays=Strays(40, {"mails": 12}))
    assert (found(case), "12 of the 40 newest tasks" in words(case)) == ({"stray-tasks"}, True)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('"time_limit": 29', "time_limit is 30, and follows from the list as 29"),
        ('"time_limit": 29', "the visibility timeout is 1860, and follows from the list as 1800"),
        ('"time_limit": 29', "the function timeout is 310, and follows from the list as 300"),
        ('"time_limit": 30, "batch_size": 9', "batch_size is 10, and follows from the list as 9"),
        ('"time_limit": 30, "batch_window": 1', "batch_window is 0, and follows from the list as 1"),
        ('"time_limit": 30, "max_receive_count": 9', "max_receive_count is 10, and follows from the list as 9"),
        ('"time_limit": 30, "max_concurrency": 6', "max_concurrency is 5, and follows from the list as 6"),
        ('"time_limit": 30, "fifo": true', "fifo is False, and follows from the list as True"),
    ],
)
def test_what_is_not_as_the_list_of_queues_says_is_found(entry: str, said: str) -> None:
    case = replace(CASE, queue_list=a_list(f'"default": {{{entry}}}'))
    assert (found(case), said in words(case)) == ({"list-drift"}, True)


def test_a_list_of_queues_that_says_what_is_live_gives_nothing() -> None:
    case = replace(CASE, queue_list=a_list('"default": {"time_limit": 30, "max_concurrency": 5}'))
    assert found(case) == set()


def a_list(queues: str) -> QueueList:
    return QueueList.from_text(f'{{"queues": {{{queues}}}}}', source="a test")


def test_what_could_not_be_read_is_neither_found_nor_fine() -> None:
    queues = {"default": replace(FACTS.queues["default"], queue=UNREADABLE, letters=UNREADABLE, mappings=UNREADABLE)}
    report = judge(with_facts(queues=queues))
    assert (report.findings, report.is_well) == ([], False)
    assert [(one.what, one.permission, one.resource, one.essential) for one in report.not_checked] == [
        (f"{what}", "sqs:GetQueueAttributes", "a queue", True)
        for what in ("the attributes of default", "the attributes of default's", "what polls default")
    ]


@pytest.mark.parametrize(
    ("case", "essential"),
    [
        (with_facts(functions={MAPPING.function_arn: UNREADABLE}), True),
        (with_facts(table=replace(FACTS.table, table=UNREADABLE)), True),
        (with_facts(table=replace(FACTS.table, ttl_attribute=UNREADABLE)), True),
        (with_facts(table=replace(FACTS.table, recovers=UNREADABLE)), False),
        (with_facts(bucket=replace(BUCKET, exists=UNREADABLE)), False),
        (with_facts(bucket=replace(BUCKET, public_access_open=UNREADABLE)), False),
        (with_facts(bucket=replace(BUCKET, expiries=UNREADABLE)), False),
        (with_facts(account=UNREADABLE), False),
        (with_facts(reconciler=UNREADABLE), False),
        (with_facts(schedule=UNREADABLE), False),
        (with_facts(clock=None), False),
        (with_worker(reserved_concurrency=UNREADABLE), False),
        (with_worker(environment=UNREADABLE), False),
        (with_facts(reconciler=replace(RECONCILER, environment=UNREADABLE)), False),
        (replace(CASE, workers=UNREADABLE), False),
        (replace(CASE, workers=[]), False),
        (replace(CASE, strays=UNREADABLE), False),
        (replace(CASE, access=[RoleAccess("web", "w", UNREADABLE)]), False),
        (replace(CASE, access=[RoleAccess("web", "w", None)]), False),
        (replace(CASE, names=Names(CASE.names.reconciler, None)), False),
    ],
)
def test_only_what_is_essential_fails_an_examination_that_could_not_see_it(case: Case, essential: bool) -> None:
    report = judge(case)
    assert report.findings == []
    assert [one.essential for one in report.not_checked] == [essential]
    assert report.is_well is not essential


def test_a_stand_in_for_aws_is_not_asked_what_it_has_no_answer_to() -> None:
    local = replace(FACTS, local=True, functions={}, reconciler=None, schedule=None, account=None)
    protections = replace(FACTS.table, recovers=False)
    report = judge(replace(CASE, facts=replace(local, table=protections)))
    assert report.findings == []
    assert set(report.not_here) == {check.name for check in CHECKS if check.aws_only}
    assert report.checks == len(CHECKS) - len(report.not_here)


def test_names_are_told_apart() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
