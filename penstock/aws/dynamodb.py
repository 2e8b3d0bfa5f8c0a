"""The table of outcomes on Amazon DynamoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from penstock import cursors
from penstock.aws.errors import calling, code_of, field_of
from penstock.aws.expressions import Expression, item_from_wire, to_wire
from penstock.ports import Applied, FailurePage, IndexEntry, Refused
from penstock.record import (
    INDEX_BY_CREATED,
    INDEX_BY_FAILED,
    INDEX_BY_FAILURE,
    INDEXES,
    ROW_LIFETIME,
    TASK_ITEM,
    AttemptRow,
    TaskRow,
    attempt_item,
)
from penstock.states import Status
from penstock.times import Clock, from_text, to_text, utc_now
from penstock.transitions import Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

MAX_PAGE = 100  # the keys of one BatchGetItem
MAX_ENTRIES = 1_000
TTL_ATTRIBUTE = "expires_at"
_POSITION = ("failure_key", "failed_at", "task_id", "item")
_FAILURES = frozenset({Status.DEAD, Status.FAILED})
_ATTEMPT_PREFIX = "attempt#"


class DynamoResultStore:
    """A ``ResultStore`` in one table; ``clock`` tells which rows are past their expiry but not deleted yet."""

    def __init__(self, client: "DynamoDBClient", table: str, *, clock: Clock = utc_now) -> None:
        self._dynamodb = client
        self._table = table
        self._clock = clock

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """One UpdateItem, which answers with the new row or, refused, with the old one."""
        with calling(f"DynamoDB UpdateItem ({transition.name})", self._table):
            try:
                answer = self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(task_id, TASK_ITEM),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **Expression().update_arguments(transition),
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                old = cast("Mapping[str, Any]", error.response).get("Item")
                return Refused(TaskRow.from_item(task_id, item_from_wire(old)) if old else None)
        row = field_of(answer, "Attributes", "DynamoDB UpdateItem", self._table)
        return Applied(TaskRow.from_item(task_id, item_from_wire(row)))

    def get(self, task_id: str) -> TaskRow | None:
        """A consistent GetItem; None also for a row past its expiry, for TTL deletes days late."""
        with calling("DynamoDB GetItem", self._table):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(task_id, TASK_ITEM), ConsistentRead=True)
        return self._live(answer.get("Item"))

    def add_attempt(self, task_id: str, attempt: AttemptRow) -> None:
        """A PutItem that goes no earlier than the task's row: an attempt starts after its message was sent."""
        item = {**attempt.to_item(), TTL_ATTRIBUTE: int((attempt.started_at + ROW_LIFETIME).timestamp())}
        wire = {name: to_wire(value) for name, value in item.items()}
        with calling("DynamoDB PutItem", self._table):
            self._dynamodb.put_item(TableName=self._table, Item={**_key(task_id, attempt_item(attempt.number)), **wire})

    def attempts(self, task_id: str) -> list[AttemptRow]:
        """A consistent Query of the items beside the row."""
        attempts: list[AttemptRow] = []
        with calling("DynamoDB Query", self._table):
            for page in self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="#task_id = :task_id AND begins_with(#item, :prefix)",
                ExpressionAttributeNames={"#task_id": "task_id", "#item": "item"},
                ExpressionAttributeValues={":task_id": {"S": task_id}, ":prefix": {"S": _ATTEMPT_PREFIX}},
                ConsistentRead=True,
            ):
                attempts += [AttemptRow.from_item(task_id, item_from_wire(item)) for item in page["Items"]]
        return attempts

    def failures(self, *, limit: int, cursor: str | None = None) -> FailurePage:
        """One Scan page of the sparse index, then the rows themselves.

        The index alone would be cheaper, but it lags behind (a redriven task would still look DEAD) and projects some
        attributes only: a row without its attempts would say that there were none.
        """
        cursors.check_limit(limit, MAX_PAGE)
        start: dict[str, Any] = {}
        if cursor is not None:
            position = cursors.decode(cursor, _POSITION)
            start["ExclusiveStartKey"] = {name: {"S": value} for name, value in position.items()}
        with calling("DynamoDB Scan", f"{self._table}/index/{INDEX_BY_FAILURE}"):
            page = self._dynamodb.scan(TableName=self._table, IndexName=INDEX_BY_FAILURE, Limit=limit, **start)
        rows = self.rows([item["task_id"]["S"] for item in page["Items"]])
        last = page.get("LastEvaluatedKey")
        return FailurePage(
            rows=[row for row in rows if row.status in _FAILURES],
            cursor=cursors.encode({name: last[name]["S"] for name in _POSITION}) if last else None,
        )

    def entries(
        self,
        index: str,
        partition: str,
        *,
        limit: int,
        since: datetime,
        until: datetime,
        after: IndexEntry | None = None,
    ) -> list[IndexEntry]:
        """One Query of an index, newest first."""
        cursors.check_limit(limit, MAX_ENTRIES)
        partition_name, sort_name = INDEXES[index]
        values = {":partition": {"S": partition}, ":since": {"S": to_text(since)}}
        request: Any = {
            "TableName": self._table,
            "IndexName": index,
            "ExpressionAttributeNames": {"#partition": partition_name, "#sort": sort_name},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is None:
            bounds = "#sort BETWEEN :since AND :until"
            values[":until"] = {"S": to_text(until)}
        else:  # the start key is the upper bound: DynamoDB refuses one that is not within the condition's own
            bounds = "#sort >= :since"
            place = {
                partition_name: partition,
                sort_name: to_text(after.at),
                "task_id": after.task_id,
                "item": TASK_ITEM,
            }
            request["ExclusiveStartKey"] = {name: {"S": value} for name, value in place.items()}
        request["KeyConditionExpression"] = f"#partition = :partition AND {bounds}"
        request["ExpressionAttributeValues"] = values
        with calling("DynamoDB Query", f"{self._table}/index/{index}"):
            page = self._dynamodb.query(**request)
        items = [item_from_wire(item) for item in page["Items"]]
        return [IndexEntry(item["task_id"], from_text(item[sort_name]), item["task"], item["queue"]) for item in items]

    def rows(self, task_ids: Sequence[str]) -> list[TaskRow]:
        """BatchGetItem. One ends early at 16 MB: ask again for the rest."""
        # An index in motion can show a row at its old and at its new place; BatchGetItem takes a key only once.
        task_ids = list(dict.fromkeys(task_ids))
        if len(task_ids) > MAX_PAGE:
            raise ValueError(f"{len(task_ids)} rows at once: {MAX_PAGE} are allowed")
        rows: dict[str, TaskRow] = {}
        request: Any = {
            self._table: {"Keys": [_key(task_id, TASK_ITEM) for task_id in task_ids], "ConsistentRead": True}
        }
        while request and task_ids:
            with calling("DynamoDB BatchGetItem", self._table):
                answer = self._dynamodb.batch_get_item(RequestItems=request)
            rows |= {row.task_id: row for item in answer["Responses"].get(self._table, []) if (row := self._live(item))}
            request = answer.get("UnprocessedKeys")
        return [rows[task_id] for task_id in task_ids if task_id in rows]

    def delete_attempts(self, task_id: str) -> None:
        """A Query for their keys, then a DeleteItem each: who may delete a batch may put one too."""
        for attempt in self.attempts(task_id):
            with calling("DynamoDB DeleteItem", self._table):
                self._dynamodb.delete_item(TableName=self._table, Key=_key(task_id, attempt_item(attempt.number)))

    def _live(self, wire: Mapping[str, Any] | None) -> TaskRow | None:
        if not wire:
            return None
        item = item_from_wire(wire)
        if TTL_ATTRIBUTE in item and item[TTL_ATTRIBUTE] <= self._clock().timestamp():
            return None
        return TaskRow.from_item(item["task_id"], item)


def table_definition(name: str) -> "CreateTableInputTypeDef":
    """The arguments of CreateTable for the table ``name``; TTL is switched on separately, see ``ttl_definition``."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in (
                "task_id",
                "item",
                "created_bucket",
                "created_at",
                "failure_key",
                "failed_bucket",
                "failed_at",
            )
        ],
        "KeySchema": _key_schema("task_id", "item"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _key_schema(*INDEXES[index]),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["task", "queue"]},
            }
            for index in (INDEX_BY_CREATED, INDEX_BY_FAILURE, INDEX_BY_FAILED)
        ],
    }


def ttl_definition(name: str) -> Any:
    """The arguments of UpdateTimeToLive for the table ``name``."""
    return {"TableName": name, "TimeToLiveSpecification": {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}}


def _key_schema(partition: str, sort: str) -> Any:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _key(task_id: str, item: str) -> dict[str, dict[str, str]]:
    return {"task_id": {"S": task_id}, "item": {"S": item}}
