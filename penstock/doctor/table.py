"""The table of outcomes: its keys and indexes, what deletes old rows, and what protects them."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import LiveIndex, NotReadable
from penstock.record import INDEXES

_SUBJECT = "table"
_APPLY = "terraform apply"
_KEYS = ("task_id", "item")
_TTL_ATTRIBUTE = "expires_at"
_PROJECTED = frozenset({"task", "queue"})


@check("table-missing", Severity.ERROR, _SUBJECT, why="no task can be claimed, so none runs")
def table_missing(case: Case) -> Iterator[Found]:
    if case.facts.table.table is None:
        name = case.settings.table
        yield Found(name, "there is no such table in this account and region", f"{_APPLY}, or fix PENSTOCK_TABLE")


@check("table-keys", Severity.ERROR, _SUBJECT, why="every read and write of a row is refused")
def table_keys(case: Case) -> Iterator[Found]:
    if case.table is not None and case.table.keys != _KEYS:
        yield Found(
            case.settings.table,
            f"its key is ({', '.join(case.table.keys)}), and must be ({', '.join(_KEYS)})",
            "PENSTOCK_TABLE names a table of something else: name the one that Terraform made",
        )


@check("table-index", Severity.ERROR, _SUBJECT, why="listings, searches and redrives of many read it")
def table_index(case: Case) -> Iterator[Found]:
    if case.table is None:
        return
    for name, keys in INDEXES.items():
        wrong = _wrong_with(case.table.indexes.get(name), keys)
        if wrong:
            yield Found(case.settings.table, f"its index {name} {wrong}", _APPLY)


def _wrong_with(index: LiveIndex | None, keys: tuple[str, ...]) -> str:
    if index is None:
        return "is missing"
    if index.keys != keys:
        return f"has the key ({', '.join(index.keys)}), and must have ({', '.join(keys)})"
    if index.projected is not None and not index.projected >= _PROJECTED:
        return f"does not project {', '.join(sorted(_PROJECTED - index.projected))}"
    return "" if index.active else "is still being made"


@check("table-ttl", Severity.ERROR, _SUBJECT, why="rows are never deleted, and the table grows without end")
def table_ttl(case: Case) -> Iterator[Found]:
    attribute = case.facts.table.ttl_attribute
    if attribute is None or isinstance(attribute, NotReadable) or attribute == _TTL_ATTRIBUTE:
        return
    found = f"time to live goes by {attribute}, and rows have {_TTL_ATTRIBUTE}" if attribute else "time to live is off"
    yield Found(
        case.settings.table,
        found,
        f"{_APPLY}, or aws dynamodb update-time-to-live --table-name {case.settings.table} "
        f"--time-to-live-specification Enabled=true,AttributeName={_TTL_ATTRIBUTE}",
    )


@check(
    "point-in-time-recovery",
    Severity.WARNING,
    _SUBJECT,
    why="what is deleted or overwritten by mistake cannot be brought back",
    aws_only=True,
)
def point_in_time_recovery(case: Case) -> Iterator[Found]:
    if case.facts.table.recovers is False:
        yield Found(case.settings.table, "point-in-time recovery is off", _APPLY)


@check("deletion-protection", Severity.WARNING, _SUBJECT, why="one command deletes every outcome", aws_only=True)
def deletion_protection(case: Case) -> Iterator[Found]:
    if case.table is not None and not case.table.deletion_protected:
        yield Found(
            case.settings.table, "deletion protection is off", "deletion_protection = true, and terraform apply"
        )


@check(
    "table-encryption",
    Severity.WARNING,
    _SUBJECT,
    why="DynamoDB encrypts with a key of AWS's own, whose uses no log of the account shows",
    aws_only=True,
)
def table_encryption(case: Case) -> Iterator[Found]:
    if case.table is not None and case.table.encryption == "aws":
        yield Found(case.settings.table, "it is not encrypted with a key of the account (SSE-KMS)", _APPLY)


@check(
    "table-key-inaccessible",
    Severity.ERROR,
    _SUBJECT,
    why="DynamoDB refuses every request, and archives the table after seven days",
    aws_only=True,
)
def table_key_inaccessible(case: Case) -> Iterator[Found]:
    if case.table is not None and case.table.encryption == "inaccessible":
        yield Found(
            case.settings.table,
            "DynamoDB cannot use the key that encrypts it",
            "enable the KMS key of the table again, and repair its key policy",
        )
