"""docs/doctor.md explains every finding, in the words of the code, and names every permission."""

import re
from datetime import timedelta
from pathlib import Path

from penstock.doctor import CHECKS
from penstock.doctor.case import CONTAINER
from penstock.doctor.not_checked import NO_ROLE
from penstock.versions import SILENT_AFTER
from tests.doctor.test_denied import LOOKING

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `([a-z-]+)`( \*)? \| (error|warning) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Subject -> its section."""
    parts = re.split(r"^### (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_has_every_finding_with_its_severity_and_its_reason_in_the_order_of_the_checks() -> None:
    told = [
        (subject, name, severity, why, bool(marked))
        for subject, section in sections().items()
        for name, marked, severity, _, why, _ in _ROW.findall(section)
    ]
    assert told == [(one.subject, one.name, one.severity.value, one.why, one.aws_only) for one in CHECKS]


def test_the_page_names_every_permission_that_a_look_takes() -> None:
    [table] = re.findall(r"\| permission \| for \|\n((?:\|.*\n)+)", PAGE)
    named = {action for row in table.splitlines() for action in re.findall(r"`(\w+:\w+)`", row.split("|")[1])}
    assert named == {*LOOKING, "dynamodb:Query"}


def when(finding: str) -> str:
    """What the page says of when it is found."""
    [told] = [row[3] for row in _ROW.findall(PAGE) if row[0] == finding]
    return str(told)


def test_the_page_says_for_how_long_a_worker_of_one_s_own_may_be_silent() -> None:
    assert timedelta(days=3) == SILENT_AFTER
    assert "within three days" in when("mapping-missing")
    assert "as long as it has spoken within three days" in " ".join(sections()["versions"].split())


def test_the_page_names_the_role_of_containers_as_the_report_does() -> None:
    assert "<project>-<stage>-worker-<queue>" in NO_ROLE[CONTAINER]
    assert "`<project>-<stage>-worker-<queue>`" in sections()["roles"]


def test_the_page_counts_the_checks() -> None:
    assert f"{len(CHECKS)} checks on 3 queues: 1 error." in PAGE
