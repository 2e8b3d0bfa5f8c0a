"""One table, two versions of Penstock: what this one does not know it leaves alone, or refuses; it mangles nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penstock.aws.expressions import to_wire
from penstock.envelope import Envelope
from penstock.errors import UnsupportedRow
from penstock.ports import Applied, Ports, ResultStore
from penstock.record import AttemptRow, ErrorSummary, Progress, TaskRow, attempt_item
from penstock.states import Status
from tests.contract.conftest import SETTINGS, Clients
from tests.contract.stored import Table
from tests.contract.test_results import APPLIED, STATES, TRANSITIONS, bring

# Written down when 0.1 was new, as DynamoDB held it. Never change what is there: add a file for what a later version writes.
WRITTEN: Mapping[str, Mapping[str, Any]] = json.loads(
    (Path(__file__).parent / "written_by_0_1.json").read_text(encoding="utf-8")
)
# What a later version might add to a row.
NEWER: Mapping[str, Any] = {
    "snoozed_until": "2026-01-02T00:00:00.000Z",
    "weight": 3,
    "plan": {"step": 2, "of": "chain-1"},
}
UNKNOWN_STATUS = "SNOOZED"


@pytest.fixture
def table(ports: Ports, clients: Clients) -> Table:
    return Table(ports.results, clients.dynamodb, SETTINGS.table)


def put(table: Table, task_id: str, attributes: Mapping[str, Any]) -> None:
    table.put(task_id, {name: to_wire(value) for name, value in attributes.items()})


def brought(table: Table, state: str, task_id: str, **more: Any) -> Mapping[str, Any]:
    """The attributes of a task in ``state``, with ``more`` in them as if a later version had written it."""
    bring(table.results, state, task_id)
    attributes = {**table.attributes(task_id), **more}
    put(table, task_id, attributes)
    return attributes


class TestAttributesOfALaterVersion:
    @pytest.mark.parametrize("state", [state for state in STATES if APPLIED[state] and STATES[state]])
    def test_no_transition_touches_them(self, table: Table, state: str) -> None:
        for name in sorted(APPLIED[state]):
            brought(table, state, name, **NEWER)
            assert isinstance(table.results.apply(name, TRANSITIONS[name](name)), Applied), name
            after = table.attributes(name)
            assert {attribute: after.get(attribute) for attribute in NEWER} == NEWER, name

    @pytest.mark.parametrize("state", [state for state in STATES if STATES[state]])
    def test_they_change_neither_how_a_row_reads_nor_what_it_grants(self, table: Table, state: str) -> None:
        before = bring(table.results, state, "newer")
        put(table, "newer", {**table.attributes("newer"), **NEWER})
        assert table.results.get("newer") == before
        refused = set(TRANSITIONS) - APPLIED[state]
        assert not [
            name for name in refused if isinstance(table.results.apply("newer", TRANSITIONS[name]("newer")), Applied)
        ]

    def test_members_of_a_map_are_passed_over(self, table: Table) -> None:
        put(
            table,
            "t",
            {
                **brought(table, "dead", "t"),
                "error": {"type": "E", "message": "m", "fingerprint": "f", "reason": "r", "cause": "a later one"},
                "progress": {"done": 1, "note": "n", "unit": "files"},
            },
        )
        row = table.results.get("t")
        assert row is not None
        assert (row.error, row.progress) == (ErrorSummary("E", "m", "f", "r"), Progress(1, None, "n"))

    def test_types_that_penstock_never_writes_are_read_past(self, moto_ports: Ports, clients: Clients) -> None:
        table = Table(moto_ports.results, clients.dynamodb, SETTINGS.table)
        wire = {name: to_wire(value) for name, value in brought(table, "queued", "t").items()}
        table.put(
            "t",
            {**wire, "flag": {"BOOL": True}, "list": {"L": [{"S": "x"}]}, "set": {"SS": ["x"]}, "no": {"NULL": True}},
        )
        row = table.results.get("t")
        assert row is not None
        assert row.status is Status.QUEUED


class TestAStatusOfALaterVersion:
    @pytest.fixture
    def attributes(self, table: Table) -> Mapping[str, Any]:
        """Those of task ``t``, which a later version has given a status of its own."""
        return brought(table, "dead", "t", status=UNKNOWN_STATUS)

    @pytest.mark.parametrize("name", TRANSITIONS)
    def test_every_transition_is_refused_and_nothing_written(
        self, table: Table, attributes: Mapping[str, Any], name: str
    ) -> None:
        with pytest.raises(UnsupportedRow, match=r"the row of task t has the status 'SNOOZED'.*a newer one wrote it"):
            table.results.apply("t", TRANSITIONS[name]("t"))
        assert table.attributes("t") == attributes

    @pytest.mark.usefixtures("attributes")
    def test_it_is_not_read_as_something_else(self, results: ResultStore) -> None:
        with pytest.raises(UnsupportedRow, match="Deploy that version here as well"):
            results.get("t")

    @pytest.mark.usefixtures("attributes")
    def test_it_is_not_left_out_of_what_is_read_with_others(self, results: ResultStore) -> None:
        bring(results, "queued", "known")
        with pytest.raises(UnsupportedRow, match="the row of task t"):
            results.rows(["known", "t"])

    @pytest.mark.usefixtures("attributes")
    def test_it_is_not_left_out_of_a_listing(self, results: ResultStore) -> None:
        with pytest.raises(UnsupportedRow, match="the row of task t"):
            results.failures(limit=10)

    @pytest.mark.usefixtures("attributes")
    def test_other_rows_are_served(self, results: ResultStore) -> None:
        bring(results, "queued", "known")
        assert [row.task_id for row in results.rows(["known"])] == ["known"]

    def test_an_attempt_that_led_to_one_is_refused(self, moto_ports: Ports, clients: Clients) -> None:
        table = Table(moto_ports.results, clients.dynamodb, SETTINGS.table)
        wire = WRITTEN["attempts"]["failed once"]["item"]
        table.put("t", {**wire, "outcome": {"S": UNKNOWN_STATUS}}, item=attempt_item(1))
        with pytest.raises(UnsupportedRow, match="the row of task t has the status 'SNOOZED'"):
            table.results.attempts("t")


class TestRowsOfVersion01:
    def test_every_status_that_is_stored_is_among_them(self) -> None:
        statuses = {entry["reads_as"]["status"] for entry in WRITTEN["rows"].values()}
        assert statuses == set(Status) - {Status.SCHEDULED, Status.EXPIRED}

    @pytest.mark.parametrize("name", WRITTEN["rows"])
    def test_it_reads_as_it_did(self, table: Table, name: str) -> None:
        written = WRITTEN["rows"][name]
        row = msgspec.convert(written["reads_as"], TaskRow)
        table.put(row.task_id, written["item"])
        assert table.results.get(row.task_id) == row

    @pytest.mark.parametrize("state", [name for name in WRITTEN["rows"] if name in STATES])
    def test_it_grants_what_it_did(self, table: Table, state: str) -> None:
        granted = set()
        for name, transition in TRANSITIONS.items():
            table.put(name, WRITTEN["rows"][state]["item"])
            granted |= {name} if isinstance(table.results.apply(name, transition(name)), Applied) else set()
        assert granted == APPLIED[state]

    def test_an_attempt_reads_as_it_did(self, moto_ports: Ports, clients: Clients) -> None:
        written = WRITTEN["attempts"]["failed once"]
        Table(moto_ports.results, clients.dynamodb, SETTINGS.table).put("t", written["item"], item=attempt_item(1))
        assert moto_ports.results.attempts("t") == [msgspec.convert(written["reads_as"], AttemptRow)]


@pytest.mark.parametrize("name", WRITTEN["envelopes"])
def test_an_envelope_of_version_0_1_reads_as_it_did(name: str) -> None:
    written = WRITTEN["envelopes"][name]
    assert Envelope.from_json(written["body"]) == msgspec.convert(written["reads_as"], Envelope)
