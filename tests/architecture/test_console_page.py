"""docs/console.md shows the messages that we send: its body is an envelope, its tables name every key and attribute."""

import json
import re
from pathlib import Path

from msgspec.structs import replace

from penstock import Penstock, memory
from penstock.envelope import _ALWAYS, _OPTIONAL, Envelope

PAGE = (Path(__file__).parents[2] / "docs" / "console.md").read_text(encoding="utf-8")


def first_column(heading: str) -> set[str]:
    """The names in the first column of the table with this heading."""
    table = PAGE.partition(f"| {heading} | means |")[2].partition("\n\n")[0]
    return set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:])))


def test_the_body_on_the_page_is_an_envelope() -> None:
    [body] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    envelope = Envelope.from_json(body)
    assert json.loads(envelope.to_json()) == json.loads(body)


def test_the_page_names_every_key_of_a_body() -> None:
    assert first_column("key") == _ALWAYS | {"args", "kwargs"} | _OPTIONAL


def test_the_page_names_every_attribute_of_a_message() -> None:
    tasks = Penstock()
    ports = memory.ports()
    tasks.connect(replace(ports, settings=replace(ports.settings, dashboard_url="https://shop.example/penstock")))

    @tasks.task
    def greet(name: str) -> None: ...

    greet.enqueue("Ada")
    [message] = tasks.ports.transport.receive("default", max_messages=1)
    assert first_column("attribute") == set(message.attributes)
