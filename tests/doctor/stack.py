"""A whole stack in moto, as Terraform makes it, and the one thing that moto lacks: IAM's simulation."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import boto3
from boto3.session import Session
from moto.iam import iam_backends

from penstock.aws.dynamodb import table_definition, ttl_definition
from penstock.local.provision import make_queues
from penstock.queue_list import QueueEntry, QueueList
from penstock.settings import Settings

REGION, ACCOUNT = "us-east-1", "123456789012"
PREFIX = "shop-prod"
TABLE, BUCKET = f"{PREFIX}-tasks", f"{PREFIX}-payloads"
LIST = {
    "queues": {
        "default": {"time_limit": 30, "batch_size": 10, "max_concurrency": 5},
        "orders": {"fifo": True, "time_limit": 60},
    }
}
QUEUES = QueueList.from_text(json.dumps(LIST), source="a test")
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
SERVICES = ("sqs", "lambda", "iam", "dynamodb", "s3", "scheduler")


@dataclass
class Stack:
    """The stack: ``clients`` by service, ``settings`` as the web has them. Its methods change one thing each."""

    clients: Mapping[str, Any]
    settings: Settings
    environ: Mapping[str, str]

    def queue(self, name: str, **attributes: object) -> None:
        """Change attributes of a queue, or of a dead-letter queue (``default-dlq``)."""
        self.clients["sqs"].set_queue_attributes(QueueUrl=self.settings.url(name), Attributes=texts(attributes))

    def mapping(self, name: str, **changes: object) -> None:
        """Change the mapping of a queue."""
        self.clients["lambda"].update_event_source_mapping(UUID=self.mapping_id(name), **changes)

    def mapping_id(self, name: str) -> str:
        """The id of a queue's mapping."""
        found = self.clients["lambda"].list_event_source_mappings(EventSourceArn=self.arn(name))
        return str(found["EventSourceMappings"][0]["UUID"])

    def add_mapping(self, entry: QueueEntry, function: str, **changes: object) -> None:
        """Have a function poll a queue."""
        self.clients["lambda"].create_event_source_mapping(
            **{
                "EventSourceArn": self.arn(entry.name),
                "FunctionName": function,
                "BatchSize": entry.batch_size,
                "ScalingConfig": {"MaximumConcurrency": entry.max_concurrency},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                **changes,
            }
        )

    def function(self, name: str, **changes: object) -> None:
        """Change the configuration of a function: ``worker-default``, ``reconciler``."""
        self.clients["lambda"].update_function_configuration(FunctionName=f"{PREFIX}-{name}", **changes)

    def add_function(self, name: str, timeout: int) -> str:
        """Make a function with a role of its own; its ARN."""
        made = self.clients["lambda"].create_function(
            FunctionName=f"{PREFIX}-{name}",
            Runtime="python3.13",
            Role=self.add_role(f"{PREFIX}-{name}"),
            Handler="lambdas.worker.handler",
            Code={"ZipFile": a_zip()},
            Timeout=timeout,
            Environment={"Variables": self.environ},
        )
        return str(made["FunctionArn"])

    def add_role(self, name: str) -> str:
        """Make a role without a policy; its ARN."""
        trust = {"Version": "2012-10-17", "Statement": []}
        made = self.clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        return str(made["Role"]["Arn"])

    def allow(self, role: str, *statements: Mapping[str, Any]) -> None:
        """Give a role (``worker-default``) these statements and no others."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.clients["iam"].put_role_policy(RoleName=f"{PREFIX}-{role}", PolicyName="own", PolicyDocument=policy)

    def statements(self, role: str) -> list[dict[str, Any]]:
        """What a role may do."""
        found = self.clients["iam"].get_role_policy(RoleName=f"{PREFIX}-{role}", PolicyName="own")
        statements: list[dict[str, Any]] = found["PolicyDocument"]["Statement"]
        return statements

    def forbid(self, role: str, action: str) -> None:
        """Take one action out of a role's policy."""
        left = [{**one, "Action": [kept for kept in one["Action"] if kept != action]} for one in self.statements(role)]
        self.allow(role, *(one for one in left if one["Action"]))

    def schedule(self, **changes: object) -> None:
        """Change the reconciler's schedule."""
        name = f"{PREFIX}-reconciler"
        before = self.clients["scheduler"].get_schedule(Name=name)
        kept = {key: before[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target", "State")}
        self.clients["scheduler"].update_schedule(Name=name, **{**kept, **changes})

    def lifecycle(self, **days: int) -> None:
        """Delete what is under the prefixes after so many days."""
        rules = [
            {
                "ID": prefix,
                "Status": "Enabled",
                "Filter": {"Prefix": f"{prefix}/"},
                "Expiration": {"Days": count},
            }
            for prefix, count in days.items()
        ]
        self.clients["s3"].put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})

    def new_table(self, **changes: object) -> None:
        """The table anew, with another definition, and protected as before."""
        dynamodb = self.clients["dynamodb"]
        dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=TABLE)
        self.add_table(**changes)

    def add_table(self, **changes: object) -> None:
        """The table as Terraform makes it, but for ``changes``."""
        dynamodb = self.clients["dynamodb"]
        definition: dict[str, Any] = {
            **table_definition(TABLE),
            "DeletionProtectionEnabled": True,
            "SSESpecification": {"Enabled": True},
            **changes,
        }
        dynamodb.create_table(**definition)
        dynamodb.update_time_to_live(**ttl_definition(TABLE))
        self.recovery(enabled=True)

    def recovery(self, *, enabled: bool) -> None:
        """Switch point-in-time recovery."""
        self.clients["dynamodb"].update_continuous_backups(
            TableName=TABLE, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    def arn(self, name: str) -> str:
        """The ARN of a queue or of a dead-letter queue."""
        account, physical = self.settings.url(name).rsplit("/", 2)[-2:]
        return f"arn:aws:sqs:{REGION}:{account}:{physical}"

    @property
    def account(self) -> str:
        """The account that everything is in."""
        return self.arn("default").split(":")[4]

    @property
    def table_arn(self) -> str:
        """The table's ARN."""
        return f"arn:aws:dynamodb:{REGION}:{self.account}:table/{TABLE}"


def build(clients: Mapping[str, Any]) -> Stack:
    """All of it, in the moto that is on."""
    urls = make_queues(clients["sqs"], QUEUES, PREFIX)
    environ = {
        "PENSTOCK_QUEUES": QUEUES.to_environment(lambda entry: urls[entry.name]),
        "PENSTOCK_TABLE": TABLE,
        "PENSTOCK_PAYLOAD_BUCKET": BUCKET,
    }
    stack = Stack(clients, Settings.from_environ({**environ, "AWS_REGION": REGION}), environ)
    stack.add_table()
    _add_bucket(stack)
    for entry in QUEUES.queues.values():
        stack.queue(entry.name, SqsManagedSseEnabled="true")
        stack.queue(
            f"{entry.name}-dlq", SqsManagedSseEnabled="true", RedriveAllowPolicy=by_queue(stack.arn(entry.name))
        )
        stack.add_mapping(entry, stack.add_function(f"worker-{entry.name}", entry.function_timeout))
        stack.allow(f"worker-{entry.name}", *worker_statements(stack, entry.name))
    _add_reconciler(stack)
    stack.add_role(f"{PREFIX}-web")
    stack.allow("web", *web_statements(stack))
    return stack


def _add_bucket(stack: Stack) -> None:
    s3 = stack.clients["s3"]
    s3.create_bucket(Bucket=BUCKET)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(BLOCKS, True))
    stack.lifecycle(arguments=30, results=30, envelopes=30)


def _add_reconciler(stack: Stack) -> None:
    name, arn = f"{PREFIX}-reconciler", stack.add_function("reconciler", 900)
    look = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ListMessageMoveTasks", "ReceiveMessage"]
    letters = [stack.arn(f"{queue}-dlq") for queue in QUEUES.queues]
    stack.allow(
        "reconciler",
        may([f"sqs:{action}" for action in look], letters),
        may(["dynamodb:UpdateItem"], [stack.table_arn]),
        may(["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/envelopes/*"]),
    )
    stack.clients["scheduler"].create_schedule(
        Name=name,
        ScheduleExpression="rate(15 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": f"arn:aws:iam::{stack.account}:role/{name}"},
        State="ENABLED",
    )


def worker_statements(stack: Stack, queue: str) -> list[dict[str, Any]]:
    """What infra/terraform/modules/worker allows."""
    work = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"]
    return [
        may([f"sqs:{action}" for action in work], [stack.arn(queue)]),
        may(["sqs:SendMessage"], [stack.arn(name) for name in QUEUES.queues]),
        may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], [stack.table_arn]),
        may(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/*"]),
        may(["s3:ListBucket"], [f"arn:aws:s3:::{BUCKET}"]),
    ]


def web_statements(stack: Stack) -> list[dict[str, Any]]:
    """What infra/terraform/modules/web allows; the condition on keys of the ledger is for tests/infra."""
    redrive = [
        "StartMessageMoveTask", "ListMessageMoveTasks", "CancelMessageMoveTask", "ReceiveMessage", "DeleteMessage",
        "GetQueueAttributes", "ChangeMessageVisibility",
    ]  # fmt: skip
    rows = ["BatchGetItem", "GetItem", "Query", "UpdateItem", "DeleteItem", "PutItem"]
    mappings = [stack.mapping_id(name) for name in QUEUES.queues]
    return [
        may(["sqs:SendMessage", "sqs:GetQueueAttributes"], [stack.arn(name) for name in QUEUES.queues]),
        may([f"sqs:{action}" for action in redrive], [stack.arn(f"{name}-dlq") for name in QUEUES.queues]),
        may([f"dynamodb:{action}" for action in rows], [stack.table_arn]),
        may(["dynamodb:Query", "dynamodb:Scan"], [f"{stack.table_arn}/index/*"]),
        may(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"arn:aws:s3:::{BUCKET}/*"]),
        may(["s3:ListBucket"], [f"arn:aws:s3:::{BUCKET}"]),
        may(["cloudwatch:GetMetricData", "lambda:ListEventSourceMappings"], ["*"]),
        may(
            ["lambda:UpdateEventSourceMapping"],
            [f"arn:aws:lambda:{REGION}:{stack.account}:event-source-mapping:{one}" for one in mappings],
        ),
    ]


def may(actions: list[str], resources: list[str]) -> dict[str, Any]:
    """One statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def by_queue(arn: str) -> str:
    """A redrive allow policy. moto forgets it."""
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})


def texts(attributes: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in attributes.items()}


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", "")
    return content.getvalue()


def session() -> Session:
    """A boto3 session whose IAM can simulate. moto has no SimulatePrincipalPolicy: it is answered before it is sent."""
    made = boto3.session.Session(region_name=REGION)
    made.events.register("before-call.iam.SimulatePrincipalPolicy", lambda params, **_: _simulated(params))
    return made


class _Answered:
    status_code = 200


def _simulated(params: Mapping[str, Any]) -> tuple[object, dict[str, Any]]:
    body: Mapping[str, str] = params["body"]
    actions = [value for name, value in body.items() if name.startswith("ActionNames.")]
    (resource,) = [value for name, value in body.items() if name.startswith("ResourceArns.")]
    statements = [*_statements(body["PolicySourceArn"].rpartition("/")[2])]
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "allowed" if _allowed(statements, action, resource) else "implicitDeny",
        }
        for action in actions
    ]
    return _Answered(), {"EvaluationResults": results, "IsTruncated": False, "ResponseMetadata": {}}


def _statements(role: str) -> Iterator[Mapping[str, Any]]:
    for document in iam_backends[ACCOUNT]["aws"].get_role(role).policies.values():
        yield from json.loads(document)["Statement"]


def _allowed(statements: list[Mapping[str, Any]], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"] and any(fnmatchcase(resource, one) for one in statement["Resource"])
        for statement in statements
    )
