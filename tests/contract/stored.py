"""Rows put into a table as they are, past the port: what another version of Penstock, or a person, has written."""

from collections.abc import Mapping
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from penstock.aws.expressions import item_from_wire
from penstock.memory import MemoryResultStore
from penstock.ports import ResultStore
from penstock.record import TASK_ITEM

Wire = Mapping[str, Any]  # attribute -> DynamoDB's typed value
_KEYS = frozenset({"task_id", "item"})


class Table:
    """The table behind ``results``: in memory, or moto's behind ``dynamodb``."""

    def __init__(self, results: ResultStore, dynamodb: DynamoDBClient, name: str) -> None:
        self.results = results
        self._dynamodb = dynamodb
        self._name = name

    def put(self, task_id: str, wire: Wire, *, item: str = TASK_ITEM) -> None:
        """Put one item, whatever it says of its own key."""
        if isinstance(self.results, MemoryResultStore):
            assert item == TASK_ITEM
            attributes = {name: value for name, value in wire.items() if name not in _KEYS}
            self.results.put_item(task_id, item_from_wire(attributes))
        else:
            key = {"task_id": {"S": task_id}, "item": {"S": item}}
            self._dynamodb.put_item(TableName=self._name, Item={**wire, **key})

    def attributes(self, task_id: str) -> Mapping[str, Any]:
        """Every attribute of a row but its key, in Python's types."""
        if isinstance(self.results, MemoryResultStore):
            return self.results.item(task_id) or {}
        key = {"task_id": {"S": task_id}, "item": {"S": TASK_ITEM}}
        wire = self._dynamodb.get_item(TableName=self._name, Key=key, ConsistentRead=True).get("Item", {})
        return {name: value for name, value in item_from_wire(wire).items() if name not in _KEYS}
