"""docs/glossary.md has every word and every status; docs/upgrading.md says what this version writes and reads."""

import re
import tomllib
from pathlib import Path

import pytest

from penstock.envelope import VERSION
from penstock.execution.value import come_back_later
from penstock.record import INDEXES, ROW_LIFETIME
from penstock.states import ALLOWED, Status
from tests.unit.values import delivery

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
UPGRADING = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")


def cells(text: str, heading: str) -> list[list[str]]:
    """The rows of the tables below one heading."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    lines = re.findall(r"^\| (.*) \|$", section[1], re.MULTILINE)
    return [re.split(r" \| ", line) for line in lines][1:]


def defined() -> dict[str, str]:
    """Word -> its definition."""
    found = {}
    for heading in re.findall(r"^## (.*)$", GLOSSARY, re.MULTILINE):
        for words, meaning in cells(GLOSSARY, heading):
            found |= dict.fromkeys(re.split(r", ", words.replace("`", "")), meaning)
    return found


def test_every_status_is_in_the_glossary_in_the_order_of_the_code() -> None:
    assert [status for status, _ in cells(GLOSSARY, "Statuses")] == list(Status)


def test_a_status_that_is_never_stored_is_said_to_be_so() -> None:
    stored = set(ALLOWED) | {after for allowed in ALLOWED.values() for after in allowed}
    unstored = {status for status, meaning in cells(GLOSSARY, "Statuses") if "Never stored" in meaning}
    assert unstored == set(Status) - stored


def test_a_final_status_is_said_to_be_so() -> None:
    assert {status for status, meaning in cells(GLOSSARY, "Statuses") if "Final" in meaning} == {
        s for s in Status if s.is_final
    }


def test_every_word_of_the_contributors_table_is_in_the_glossary() -> None:
    table = (
        (ROOT / "CONTRIBUTING.md")
        .read_text(encoding="utf-8")
        .partition("| use | means | not |\n")[2]
        .partition("\n\n")[0]
    )
    words = [word for line in table.splitlines()[1:] for word in re.split(r", ", line.split("|")[1].strip())]
    assert words
    assert [word for word in words if word not in defined()] == []


def test_a_definition_has_one_to_three_sentences() -> None:
    plain = {word: re.sub(r"`[^`]*`|\]\([^)]*\)", "x", meaning) for word, meaning in defined().items()}
    wordy = [word for word, meaning in plain.items() if not 1 <= len(re.findall(r"\.(?= |$)", meaning)) <= 3]
    assert wordy == []


def test_upgrading_says_what_this_version_writes_and_reads() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    [row] = [row for row in cells(UPGRADING, "Versions") if row[0] == version.rpartition(".")[0]]
    envelopes = ", ".join(map(str, range(1, VERSION + 1)))
    stored = " ".join(status for status in Status if status in ALLOWED)
    assert row[1:] == [envelopes, envelopes, stored, ", ".join(INDEXES)]


def test_upgrading_says_for_how_long_a_message_waits_for_a_worker_that_knows_it() -> None:
    waits = [come_back_later(delivery(receive_count=count)).visibility or 0 for count in range(1, 11)]
    assert sum(waits) == pytest.approx(1.5 * 3600, rel=0.02)
    assert "`max_receive_count` 10 it rests in the dead-letter queue after an hour and a half" in UPGRADING


def test_upgrading_says_how_long_a_row_lives() -> None:
    assert f"Rows live for {ROW_LIFETIME.days} days" in UPGRADING
