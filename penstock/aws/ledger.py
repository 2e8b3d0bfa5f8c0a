"""The ledger on Amazon DynamoDB, in the tasks' own table: a page is a partition that no task id can name."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from penstock import cursors
from penstock.aws.dynamodb import TTL_ATTRIBUTE
from penstock.aws.errors import calling, code_of
from penstock.aws.expressions import item_from_wire, to_wire
from penstock.ports import LedgerLine
from penstock.times import Clock, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_LINES = 1_000
VERSION = "version"
_PREFIX = "~"  # a task id begins with a letter or a digit
_OWN = frozenset({"task_id", "item", VERSION, TTL_ATTRIBUTE})


class DynamoLedger:
    """A ``Ledger``; ``clock`` tells which lines are past their expiry but not deleted yet."""

    def __init__(self, client: "DynamoDBClient", table: str, *, clock: Clock = utc_now) -> None:
        self._dynamodb = client
        self._table = table
        self._clock = clock

    def write(
        self, page: str, key: str, fields: Mapping[str, str | int], *, replaces: int, expires_at: datetime
    ) -> int | None:
        """One conditional PutItem."""
        item = {**fields, VERSION: replaces + 1, TTL_ATTRIBUTE: int(expires_at.timestamp())}
        request: Any = {
            "TableName": self._table,
            "Item": {**_key(page, key), **{name: to_wire(value) for name, value in item.items()}},
            "ExpressionAttributeNames": {"#version": VERSION},
            "ConditionExpression": "#version = :replaced" if replaces else "attribute_not_exists(#version)",
        }
        if replaces:
            request["ExpressionAttributeValues"] = {":replaced": to_wire(replaces)}
        with calling("DynamoDB PutItem", self._table):
            try:
                self._dynamodb.put_item(**request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return None
        return replaces + 1

    def read(self, page: str, key: str) -> LedgerLine | None:
        """A consistent GetItem."""
        with calling("DynamoDB GetItem", self._table):
            answer = self._dynamodb.get_item(TableName=self._table, Key=_key(page, key), ConsistentRead=True)
        return self._line(answer["Item"]) if "Item" in answer else None

    def lines(self, page: str, *, limit: int, before: str | None = None) -> list[LedgerLine]:
        """A consistent Query, the greatest key first; a second one where a page of it ends at 1 MB."""
        cursors.check_limit(limit, MAX_LINES)
        names, values = {"#page": "task_id"}, {":page": {"S": _PREFIX + page}}
        condition = "#page = :page"
        if before is not None:
            names["#key"], values[":before"] = "item", {"S": before}
            condition += " AND #key < :before"
        lines: list[LedgerLine] = []
        with calling("DynamoDB Query", self._table):
            for answer in self._dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ScanIndexForward=False,
                ConsistentRead=True,
                PaginationConfig={"MaxItems": limit, "PageSize": limit},
            ):
                lines += [line for item in answer["Items"] if (line := self._line(item))]
        return lines

    def count(
        self,
        page: str,
        key: str,
        add: Mapping[str, int],
        *,
        first: Mapping[str, str | int],
        latest: Mapping[str, str | int],
        expires_at: datetime,
    ) -> None:
        """One UpdateItem."""
        sets = {**latest, TTL_ATTRIBUTE: int(expires_at.timestamp())}
        adds = {**add, VERSION: 1}
        names = {f"#{number}": name for number, name in enumerate([*sets, *first, *adds])}
        values = {
            f":{number}": to_wire(value)
            for number, value in enumerate([*sets.values(), *first.values(), *adds.values()])
        }
        places = range(len(names))
        plain, absent = places[: len(sets)], places[len(sets) : len(sets) + len(first)]
        counted = places[len(sets) + len(first) :]
        clauses = [f"#{n} = :{n}" for n in plain] + [f"#{n} = if_not_exists(#{n}, :{n})" for n in absent]
        update = f"SET {', '.join(clauses)} ADD {', '.join(f'#{n} :{n}' for n in counted)}"
        with calling("DynamoDB UpdateItem (count)", self._table):
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(page, key),
                UpdateExpression=update,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )

    def _line(self, wire: Mapping[str, Any]) -> LedgerLine | None:
        item = item_from_wire(wire)
        if item[TTL_ATTRIBUTE] <= self._clock().timestamp():
            return None
        fields = {name: value for name, value in item.items() if name not in _OWN}
        return LedgerLine(item["item"], item[VERSION], fields)


def _key(page: str, key: str) -> dict[str, dict[str, str]]:
    return {"task_id": {"S": _PREFIX + page}, "item": {"S": key}}
