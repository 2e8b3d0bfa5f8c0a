"""What the roles of the workers, the reconciler and the web may do, as IAM simulates it.

The lists of needs are those of the policies in infra/terraform, without what a project's own tasks do; tests hold the two
against each other. The policies of queues and buckets are not part of the simulation.
"""

from collections.abc import Collection, Iterator, Sequence

from penstock.doctor.case import CONTAINER, RECONCILER, WEB, WORKER, Case, RoleAccess, there
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import Facts, Inspector, LiveMapping, LiveQueue, Need, NotReadable
from penstock.record import INDEX_BY_FAILURE, INDEXES
from penstock.settings import Settings

_SUBJECT = "roles"
_LEDGER = {"dynamodb:LeadingKeys": ("~audit",)}  # the web puts under such keys only


def read(inspector: Inspector, settings: Settings, facts: Facts, web_role: str | None) -> Iterator[RoleAccess]:
    """What each role lacks; nothing where a stand-in for AWS has no roles."""
    if facts.local:
        return
    for name, queue in facts.queues.items():
        live, mappings = there(queue.queue), queue.mappings
        for mapping in () if live is None or isinstance(mappings, NotReadable) else mappings:
            function = there(facts.functions.get(mapping.function_arn))
            if function is not None and live is not None:
                needs = worker_needs(settings, facts, live)
                yield RoleAccess(WORKER, f"{_role(function.role)} ({name})", inspector.denials(function.role, needs))
    if (reconciler := there(facts.reconciler)) is not None:
        needs = reconciler_needs(settings, facts)
        yield RoleAccess(RECONCILER, _role(reconciler.role), inspector.denials(reconciler.role, needs))
    if web_role is not None:
        yield RoleAccess(WEB, _role(web_role), inspector.denials(web_role, web_needs(settings, facts)))


def of_containers(
    inspector: Inspector, settings: Settings, facts: Facts, running: Collection[str], prefix: str | None
) -> Iterator[RoleAccess]:
    """The same for the queues that only a worker of one's own polls: those of ``running`` without a mapping.

    Their role is known by the name that Terraform gives it, ``prefix`` being that of its names.
    """
    for name, queue in facts.queues.items():
        if facts.local or name not in running or queue.mappings != () or (live := there(queue.queue)) is None:
            continue
        role, denied = f"{prefix}-worker-{name}", None
        if prefix is not None:
            denied = inspector.denials(role, worker_needs(settings, facts, live))
        yield RoleAccess(CONTAINER, f"the containers of {name}" if denied is None else f"{role} ({name})", denied)


def worker_needs(settings: Settings, facts: Facts, queue: LiveQueue) -> list[Need]:
    """What a worker's own code does with its queue, the table and the payload bucket; and tasks may enqueue tasks."""
    work = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility")
    return [
        Need((*work, "sqs:SendMessage"), queue.arn),
        *_of_table(facts, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *_of_objects(settings, facts, "results/any", "s3:GetObject", "s3:PutObject"),
        *_of_bucket(settings, facts),
    ]


def reconciler_needs(settings: Settings, facts: Facts) -> list[Need]:
    """A look at the dead letters, closing the book on them, and keeping large envelopes."""
    look = (
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ListMessageMoveTasks",
        "sqs:ReceiveMessage",
    )
    return [
        *(Need(look, letters.arn) for letters in _letters(facts)),
        *_of_table(facts, "dynamodb:UpdateItem"),
        *_of_objects(settings, facts, "envelopes/any", "s3:PutObject"),
    ]


def web_needs(settings: Settings, facts: Facts) -> list[Need]:
    """To enqueue, and all that the operations views show and do."""
    redrive = (
        "sqs:StartMessageMoveTask",
        "sqs:ListMessageMoveTasks",
        "sqs:CancelMessageMoveTask",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    )
    rows = ("BatchGetItem", "GetItem", "Query", "UpdateItem", "DeleteItem")
    return [
        *(Need(("sqs:SendMessage", "sqs:GetQueueAttributes"), queue.arn) for queue in _queues(facts)),
        *(Need(redrive, letters.arn) for letters in _letters(facts)),
        *_of_table(facts, *(f"dynamodb:{action}" for action in rows)),
        *(Need(("dynamodb:PutItem",), table, _LEDGER) for table in _table(facts)),
        *(Need(("dynamodb:Query",), f"{table}/index/{name}") for table in _table(facts) for name in INDEXES),
        *(Need(("dynamodb:Scan",), f"{table}/index/{INDEX_BY_FAILURE}") for table in _table(facts)),
        *_of_objects(settings, facts, "arguments/any", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
        *_of_bucket(settings, facts),
        Need(("cloudwatch:GetMetricData", "lambda:ListEventSourceMappings"), "*"),
        *(Need(("lambda:UpdateEventSourceMapping",), _arn_of(mapping)) for mapping in _mappings(facts)),
    ]


def _queues(facts: Facts) -> Iterator[LiveQueue]:
    yield from filter(None, (there(queue.queue) for queue in facts.queues.values()))


def _letters(facts: Facts) -> Iterator[LiveQueue]:
    yield from filter(None, (there(queue.letters) for queue in facts.queues.values()))


def _mappings(facts: Facts) -> Iterator[LiveMapping]:
    for queue in facts.queues.values():
        if not isinstance(queue.mappings, NotReadable):
            yield from queue.mappings


def _arn_of(mapping: LiveMapping) -> str:
    """Of the mapping itself: it is in the region and the account of its function."""
    return ":".join([*mapping.function_arn.split(":")[:5], "event-source-mapping", mapping.uuid])


def _table(facts: Facts) -> list[str]:
    table = there(facts.table.table)
    return [] if table is None else [table.arn]


def _of_table(facts: Facts, *actions: str) -> list[Need]:
    return [Need(actions, arn) for arn in _table(facts)]


def _bucket_arn(settings: Settings, facts: Facts) -> list[str]:
    """The payload bucket's ARN, whose partition (aws, aws-cn) is the queues'."""
    partition = next((queue.arn.split(":")[1] for queue in _queues(facts)), "aws")
    is_there = facts.bucket is not None and facts.bucket.exists is not None
    return [f"arn:{partition}:s3:::{settings.payload_bucket}"] if is_there else []


def _of_objects(settings: Settings, facts: Facts, key: str, *actions: str) -> list[Need]:
    return [Need(actions, f"{arn}/{key}") for arn in _bucket_arn(settings, facts)]


def _of_bucket(settings: Settings, facts: Facts) -> list[Need]:
    """Without it S3 answers AccessDenied for an object that has expired."""
    return [Need(("s3:ListBucket",), arn) for arn in _bucket_arn(settings, facts)]


def _role(role: str) -> str:
    return role.rpartition("/")[2]


@check(
    "worker-role",
    Severity.ERROR,
    _SUBJECT,
    why="a refused call of a worker costs receives until its messages are buried",
    aws_only=True,
)
def worker_role(case: Case) -> Iterator[Found]:
    yield from _lacking(case.access, WORKER)
    yield from _lacking(case.access, CONTAINER)


@check(
    "reconciler-role",
    Severity.ERROR,
    _SUBJECT,
    why="tasks that SQS buried by itself keep their old status",
    aws_only=True,
)
def reconciler_role(case: Case) -> Iterator[Found]:
    yield from _lacking(case.access, RECONCILER)


@check(
    "web-role", Severity.ERROR, _SUBJECT, why="enqueueing or a page of the operations views is refused", aws_only=True
)
def web_role(case: Case) -> Iterator[Found]:
    yield from _lacking(case.access, WEB)


def _lacking(access: Sequence[RoleAccess], kind: str) -> Iterator[Found]:
    for role in access:
        denied = there(role.denied) if role.kind == kind else None
        for resource in dict.fromkeys(denial.resource for denial in denied or ()):
            actions = ", ".join(denial.action for denial in denied or () if denial.resource == resource)
            yield Found(
                role.role,
                f"it may not {actions} on {resource}",
                f"terraform apply, or allow {actions} on {resource} in a policy of the role",
            )
