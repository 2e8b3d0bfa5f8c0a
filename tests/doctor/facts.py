"""A stack as values, as it should be, to change one value of."""

from typing import Any

from msgspec.structs import replace

from penstock import __version__
from penstock.doctor.case import Case, Names, Strays, TaskNeeds
from penstock.envelope import VERSION
from penstock.facts import (
    Account,
    BucketFacts,
    ClockOffset,
    Expiry,
    Facts,
    LiveFunction,
    LiveIndex,
    LiveMapping,
    LiveQueue,
    LiveSchedule,
    LiveTable,
    QueueFacts,
    TableFacts,
)
from penstock.record import INDEXES
from penstock.settings import QueueSettings, Settings
from penstock.times import utc_now
from penstock.versions import FUNCTION, WorkerVersion

ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-prod-default"
FUNCTION_ARN = ARN.format("lambda", "function:shop-prod-worker-default")
RECONCILER_ARN = ARN.format("lambda", "function:shop-prod-reconciler")
ENVIRON = {
    "PENSTOCK_QUEUES": f'{{"default": {{"url": "{URL}", "time_limit": 30}}}}',
    "PENSTOCK_TABLE": "shop-prod-tasks",
    "PENSTOCK_PAYLOAD_BUCKET": "shop-prod-payloads",
}
SETTINGS = Settings.from_environ(ENVIRON)
QUEUE = LiveQueue(
    arn=ARN.format("sqs", "shop-prod-default"),
    fifo=False,
    visibility_timeout=6 * 310,
    retention=4 * 86_400,
    delay=0,
    encrypted=True,
    max_receive_count=10,
    dead_letter_arn=ARN.format("sqs", "shop-prod-default-dlq"),
)
LETTERS = LiveQueue(
    arn=ARN.format("sqs", "shop-prod-default-dlq"),
    fifo=False,
    visibility_timeout=30,
    retention=14 * 86_400,
    delay=0,
    encrypted=True,
    allows_redrive_from=(QUEUE.arn,),
)
MAPPING = LiveMapping(
    uuid="11111111-1111-1111-1111-111111111111",
    function_arn=FUNCTION_ARN,
    state="Enabled",
    batch_size=10,
    batch_window=0,
    max_concurrency=5,
    reports_failures=True,
    filtered=False,
)
WORKER = LiveFunction(
    name="shop-prod-worker-default",
    arn=FUNCTION_ARN,
    role="arn:aws:iam::123456789012:role/shop-prod-worker-default",
    timeout=310,
    environment=ENVIRON,
    reserved_concurrency=None,
)
RECONCILER = replace(WORKER, name="shop-prod-reconciler", arn=RECONCILER_ARN, timeout=900)
SCHEDULE = LiveSchedule("shop-prod-reconciler", True, RECONCILER_ARN, "rate(15 minutes)")
INDEX = {name: LiveIndex(keys, frozenset({"task", "queue"}), True) for name, keys in INDEXES.items()}
TABLE = LiveTable(
    arn=ARN.format("dynamodb", "table/shop-prod-tasks"),
    keys=("task_id", "item"),
    indexes=INDEX,
    deletion_protected=True,
    encryption="kms",
)
BUCKET = BucketFacts(
    exists=True,
    public_access_open=frozenset(),
    expiries=tuple(Expiry(prefix, 30) for prefix in ("arguments/", "results/", "envelopes/")),
)
FACTS = Facts(
    local=False,
    account=Account("123456789012", "eu-central-1"),
    queues={"default": QueueFacts(QUEUE, LETTERS, (MAPPING,))},
    functions={FUNCTION_ARN: WORKER},
    table=TableFacts(TABLE, "expires_at", True),
    bucket=BUCKET,
    reconciler=RECONCILER,
    schedule=SCHEDULE,
    clock=ClockOffset(-0.6, 0.4),
)
NOW = utc_now()
CASE = Case(
    settings=SETTINGS,
    tasks=[TaskNeeds("thumbnail", "default", 5)],
    names=Names("shop-prod-reconciler", "shop-prod-web"),
    facts=FACTS,
    access=[],
    workers=[WorkerVersion("default", FUNCTION, __version__, VERSION, NOW)],
    resting=frozenset(),
    strays=Strays(0, {}),
    queue_list=None,
    version=__version__,
    now=NOW,
)


def with_facts(**changes: Any) -> Case:
    """The case with other facts."""
    return replace(CASE, facts=replace(FACTS, **changes))


def with_queue(letters: Any = LETTERS, mappings: Any = (MAPPING,), **changes: Any) -> Case:
    """The case with another queue, dead-letter queue or mappings."""
    return with_facts(queues={"default": QueueFacts(replace(QUEUE, **changes), letters, mappings)})


def with_mapping(**changes: Any) -> Case:
    """The case with another mapping."""
    return with_queue(mappings=(replace(MAPPING, **changes),))


def with_worker(**changes: Any) -> Case:
    """The case with another function."""
    return with_facts(functions={FUNCTION_ARN: replace(WORKER, **changes)})


def with_table(**changes: Any) -> Case:
    """The case with another table."""
    return with_facts(table=replace(FACTS.table, table=replace(TABLE, **changes)))


def with_settings(**changes: Any) -> Case:
    """The case whose queue has other settings, here and in the functions' environment."""
    queue: QueueSettings = replace(SETTINGS.queue("default"), **changes)
    return replace(CASE, settings=replace(SETTINGS, queues={"default": queue}))
