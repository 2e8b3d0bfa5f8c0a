"""Arguments too large for a message: what is put into the payload store comes back, and nothing else is taken for it."""

from typing import Any

import pytest

from penstock import arguments
from penstock.envelope import Envelope, Pointer
from penstock.errors import ArgumentsLost, ConfigurationError
from penstock.memory import MemoryPayloadStore
from tests.unit.values import envelope


def kept(sent: Envelope, payloads: MemoryPayloadStore) -> Envelope:
    """The envelope that points to what is in ``payloads`` now."""
    content = arguments.to_content(sent)
    pointing = arguments.pointing(sent, content)
    payloads.put(pointer_of(pointing).key, content)
    return pointing


def pointer_of(pointing: Envelope) -> Pointer:
    assert pointing.arguments is not None
    return pointing.arguments


@pytest.mark.parametrize(
    "fields",
    [
        {"args": ["ü 🐈 \u2028 \ud800"], "kwargs": {"ключ": None}},
        {"args": [10**300, -0.5, True, [[]], {"": {}}]},
        {"args": [], "kwargs": {}},
    ],
)
def test_arguments_come_back_as_they_went(fields: dict[str, Any]) -> None:
    payloads, sent = MemoryPayloadStore(), envelope(**fields)
    assert arguments.of(kept(sent, payloads), payloads) == (sent.args, sent.kwargs)


def test_the_order_of_keys_stays() -> None:
    payloads = MemoryPayloadStore()
    _, kwargs = arguments.of(kept(envelope(kwargs={"row": {"b": 1, "a": 2}}), payloads), payloads)
    assert list(kwargs["row"]) == ["b", "a"]


def test_an_envelope_that_has_its_arguments_needs_no_payload_store() -> None:
    assert arguments.of(envelope(), None) == (["cat.jpg"], {"width": 320})


def test_the_same_work_has_the_same_digest_wherever_its_arguments_are() -> None:
    assert kept(envelope(), MemoryPayloadStore()).arguments_sha256() == envelope().arguments_sha256()


def test_the_key_says_whose_and_which_they_are() -> None:
    pointer = pointer_of(kept(envelope(), MemoryPayloadStore()))
    assert pointer.key == f"arguments/t-1/{pointer.sha256}"


def test_the_pointer_can_be_read_again() -> None:
    pointing = kept(envelope(id="import-7_a.b:c@example.com"), MemoryPayloadStore())
    assert Envelope.from_json(pointing.to_json()) == pointing


def test_without_a_payload_store_they_cannot_be_fetched_and_the_error_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="PENSTOCK_PAYLOAD_BUCKET"):
        arguments.of(kept(envelope(), MemoryPayloadStore()), None)


def test_an_object_that_is_gone_is_lost() -> None:
    with pytest.raises(ArgumentsLost, match=r"not in S3 under 'arguments/t-1/.*enqueue the work again"):
        arguments.of(kept(envelope(), MemoryPayloadStore()), MemoryPayloadStore())


def test_another_object_under_the_key_is_lost() -> None:
    payloads = MemoryPayloadStore()
    pointing = kept(envelope(), payloads)
    payloads.put(pointer_of(pointing).key, b'{"args":[],"kwargs":{}}')
    with pytest.raises(ArgumentsLost, match=r"not those that were enqueued \(sha256\)"):
        arguments.of(pointing, payloads)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\x00",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"args":[]}',
        b'{"args":[],"kwargs":{},"more":1}',
        b'{"args":{},"kwargs":{}}',
        b'{"args":[],"kwargs":[]}',
        b'{"args":[],"args":[],"kwargs":{}}',
        b'{"args":[NaN],"kwargs":{}}',
        b'{"args":[' + b"[" * 101 + b"]" * 101 + b'],"kwargs":{}}',
        b"[" * 100_000,
    ],
    ids=lambda content: content[:20].decode(errors="replace"),
)
def test_an_object_that_is_no_call_is_lost(content: bytes) -> None:
    payloads = MemoryPayloadStore()
    pointing = arguments.pointing(envelope(), content)
    payloads.put(pointer_of(pointing).key, content)
    with pytest.raises(ArgumentsLost, match="are no arguments"):
        arguments.of(pointing, payloads)
