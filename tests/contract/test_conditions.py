"""Conditions and updates mean the same in memory and in DynamoDB's words: held against each other on made-up rows."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.conditions import Above, Absent, All, AnyOf, Below, Condition, Equals
from penstock.memory import MemoryResultStore
from penstock.ports import Applied, ResultStore
from penstock.times import Clock
from penstock.transitions import Transition

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEEDED = {"status": "QUEUED", "task": "resize", "queue": "default", "created_at": "2026-01-01T12:00:00.000Z"}

# "status" is a reserved word of DynamoDB. The empty text is a value like any other.
texts = st.sampled_from(["", "a", "b", "é", "\U0001f600", "2026-01-01T12:00:00.000Z"])
numbers = st.sampled_from([-1, 0, 1, 2, 10, 2**53 + 1])
TEXT_NAMES = ["lease_owner", "send_id", "message_id", "result", "result_error"]
NUMBER_NAMES = ["attempts", "attempts_left", "duration_ms"]

values = st.one_of(st.tuples(st.sampled_from(TEXT_NAMES), texts), st.tuples(st.sampled_from(NUMBER_NAMES), numbers))
rows = st.lists(values).map(dict)
comparisons = st.builds(lambda kind, pair: kind(*pair), st.sampled_from([Equals, Below, Above]), values)
absences = st.sampled_from([*TEXT_NAMES, *NUMBER_NAMES, "status"]).map(Absent)
conditions = st.recursive(
    comparisons | absences,
    lambda parts: st.builds(
        lambda kind, some: kind(tuple(some)), st.sampled_from([All, AnyOf]), st.lists(parts, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def updates(draw: st.DrawFn) -> dict[str, Any]:
    """What a transition does: each attribute in one way at most."""
    update: dict[str, Any] = {"set": {}, "set_if_absent": {}, "add": {}, "remove": ()}
    for name in draw(st.lists(st.sampled_from([*TEXT_NAMES, *NUMBER_NAMES]), unique=True, min_size=1)):
        numeric = name in NUMBER_NAMES
        way = draw(st.sampled_from(["set", "set_if_absent", "remove", *(["add"] if numeric else [])]))
        if way == "remove":
            update["remove"] += (name,)
        elif way == "add":
            update["add"][name] = (draw(st.integers(0, 5)), draw(st.sampled_from([-1, 1])))
        else:
            update[way][name] = draw(numbers if numeric else texts)
    return update


@pytest.fixture(scope="module")
def dynamodb(dynamodb_alone: Callable[[Clock], AbstractContextManager[ResultStore]]) -> Iterator[ResultStore]:
    with dynamodb_alone(lambda: NOW) as results:
        yield results


task_ids = (f"t{number}" for number in itertools.count())


@settings(max_examples=80, deadline=None, database=None)
@given(row=rows, condition=conditions, update=updates())
def test_memory_and_dynamodb_decide_and_write_alike(
    dynamodb: ResultStore, row: dict[str, Any], condition: Condition, update: dict[str, Any]
) -> None:
    memory, task_id = MemoryResultStore(lambda: NOW), next(task_ids)
    first = Transition("first", when=Absent("status"), set={**NEEDED, **row})
    assert isinstance(memory.apply(task_id, first), Applied)
    assert isinstance(dynamodb.apply(task_id, first), Applied)
    second = Transition("second", when=condition, **update)
    assert memory.apply(task_id, second) == dynamodb.apply(task_id, second)
    assert memory.get(task_id) == dynamodb.get(task_id)


@settings(max_examples=50, deadline=None, database=None)
@given(condition=conditions)
def test_they_decide_alike_where_there_is_no_row(dynamodb: ResultStore, condition: Condition) -> None:
    memory, task_id = MemoryResultStore(lambda: NOW), next(task_ids)
    transition = Transition("first", when=condition, set=NEEDED)
    assert memory.apply(task_id, transition) == dynamodb.apply(task_id, transition)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Equals, {"less": False, "same": True, "more": False, "absent": False}),
        (Below, {"less": True, "same": False, "more": False, "absent": False}),
        (Above, {"less": False, "same": False, "more": True, "absent": False}),
    ],
)
@pytest.mark.parametrize(
    ("name", "present", "value"),
    [
        ("attempts", {"less": 9, "same": 10, "more": 11}, 10),  # as text 9 would be more than 10
        ("lease_owner", {"less": "2026-01-01", "same": "2026-01-02", "more": "2026-01-03"}, "2026-01-02"),
        ("lease_owner", {"less": "\uffff", "same": "\U0001f600", "more": "\U0001f601"}, "\U0001f600"),
    ],
)
@pytest.mark.parametrize("case", ["less", "same", "more", "absent"])
def test_a_comparison_holds_exactly_where_it_should(
    dynamodb: ResultStore,
    kind: Any,
    expected: dict[str, bool],
    name: str,
    present: dict[str, Any],
    value: Any,
    case: str,
) -> None:
    row = {name: present[case]} if case in present else {}
    for results in (MemoryResultStore(lambda: NOW), dynamodb):
        task_id = next(task_ids)
        results.apply(task_id, Transition("first", when=Absent("status"), set={**NEEDED, **row}))
        answer = results.apply(task_id, Transition("second", when=kind(name, value), set={"send_id": "granted"}))
        assert isinstance(answer, Applied) is expected[case]
