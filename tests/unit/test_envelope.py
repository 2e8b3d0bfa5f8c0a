"""The envelope: what goes out comes back, and what is not ours never runs."""

import json
import time
from typing import Any

import pytest

from penstock.envelope import MAX_DEPTH, VERSION, Envelope, Pointer
from penstock.errors import MalformedEnvelope, UnsupportedVersion
from tests.unit.values import at, body, envelope


@pytest.mark.parametrize(
    "sent",
    [
        envelope(),
        envelope(after="death-1"),
        envelope(run_after=at(600)),
        envelope(args=[], kwargs={}),
        envelope(args=["ü 🐈 \u2028 \ud800"], kwargs={"ключ": None}),
        envelope(args=[10**300, -0.5, True, [[]], {"": {}}]),
    ],
    ids=["plain", "a retry by hand", "with a time", "without arguments", "any text", "any JSON"],
)
def test_an_envelope_comes_back_as_it_went(sent: Envelope) -> None:
    assert Envelope.from_json(sent.to_json()) == sent


def test_the_body_is_ascii_for_sqs_refuses_some_characters() -> None:
    assert envelope(args=["\x00 ü \uffff"]).to_json().isascii()


def test_a_resend_differs_in_its_send_id_only() -> None:
    assert envelope(send_id="send-2") == envelope().resent("send-2")


@pytest.mark.parametrize("key", ["v", "id", "send_id", "task", "args", "kwargs", "created_at"])
def test_a_missing_key_is_malformed(key: str) -> None:
    with pytest.raises(MalformedEnvelope, match=f"'{key}'"):
        Envelope.from_json(body(**{key: ...}))


def test_an_unknown_key_is_malformed_and_named() -> None:
    with pytest.raises(MalformedEnvelope, match="priority"):
        Envelope.from_json(body(priority=1))


@pytest.mark.parametrize(
    "text", ["", "hello", "{", "[]", "null", "7", '"text"', "{}", '{"Records": []}', "\x00", "\ufeff{}", "<xml/>"]
)
def test_a_body_that_is_no_envelope_is_malformed(text: str) -> None:
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json(text)


@pytest.mark.parametrize("version", [0, -1, True, 1.0, "1", None, [], {}])
def test_a_version_that_is_no_positive_whole_number_is_malformed(version: Any) -> None:
    with pytest.raises(MalformedEnvelope, match="version"):
        Envelope.from_json(body(v=version))


@pytest.mark.parametrize("version", [VERSION + 1, 10**30, 10**4000])
def test_a_newer_version_is_told_apart_for_a_deploy_may_be_under_way(version: int) -> None:
    with pytest.raises(UnsupportedVersion, match="deploy the workers"):
        Envelope.from_json(body(v=version))


def test_a_newer_version_may_have_keys_that_are_unknown_here() -> None:
    with pytest.raises(UnsupportedVersion):
        Envelope.from_json(body(v=VERSION + 1, priority=1, args=...))


def test_the_message_of_a_huge_version_stays_short() -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        Envelope.from_json(body(v=10**4000))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["id", "send_id", "task"])
@pytest.mark.parametrize(
    "value", ["", "x" * 257, None, 7, ["a"], "two\nlines", "\x1b[31mred", "\ud800", "\x00"], ids=lambda v: repr(v)[:16]
)
def test_a_name_that_is_no_short_printable_text_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(MalformedEnvelope, match=f"'{name}'"):
        Envelope.from_json(body(**{name: value}))


@pytest.mark.parametrize("fields", [{"args": {}}, {"args": "ab"}, {"args": None}, {"kwargs": []}, {"kwargs": None}])
def test_arguments_of_the_wrong_shape_are_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedEnvelope, match="args"):
        Envelope.from_json(body(**fields))


@pytest.mark.parametrize("after", [7, [], {}, True, None, "", "two words"])
def test_after_that_is_no_text_is_malformed(after: Any) -> None:
    with pytest.raises(MalformedEnvelope, match="after"):
        Envelope.from_json(body(after=after))


@pytest.mark.parametrize("name", ["created_at", "run_after"])
@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "2026-03-01T12:00:00", None, 1_772_366_400, [], "2026-13-01T00:00:00Z", "9999-12-31T00:00:00Z"],
)
def test_a_time_that_is_no_utc_time_is_malformed(name: str, value: Any) -> None:
    with pytest.raises(MalformedEnvelope, match=name):
        Envelope.from_json(body(**{name: value}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_no_json_can_say_is_malformed(number: str) -> None:
    with pytest.raises(MalformedEnvelope, match="not JSON"):
        Envelope.from_json(body(args=["?"]).replace('"?"', number))


def test_a_number_of_too_many_digits_is_malformed() -> None:
    with pytest.raises(MalformedEnvelope, match="not JSON"):
        Envelope.from_json(body(args=["?"]).replace('"?"', "9" * 5000))


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_bottomless_body_is_malformed(depth: int) -> None:
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json("[" * depth + "]" * depth)


def nested(depth: int) -> str:
    return body(args=["?"]).replace('"?"', "[" * depth + "]" * depth)


def test_arguments_may_be_nested_up_to_the_limit() -> None:
    assert Envelope.from_json(nested(MAX_DEPTH)).task == "resize"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, *range(900, 1000, 4)])
def test_arguments_nested_too_deep_to_be_written_again_are_malformed(depth: int) -> None:
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json(nested(depth))


def test_arguments_in_a_large_envelope_are_read_in_no_time_to_speak_of() -> None:
    many = envelope(args=[[{"width": number} for number in range(40_000)]]).to_json()
    started = time.process_time()
    Envelope.from_json(many)
    assert time.process_time() - started < 1


def test_a_key_that_stands_twice_is_malformed() -> None:
    with pytest.raises(MalformedEnvelope, match="twice"):
        Envelope.from_json(body().replace("{", '{"id": "t-0", ', 1))


def test_the_digest_is_the_same_whatever_the_order_of_keywords() -> None:
    one, other = envelope(kwargs={"a": 1, "b": 2}), envelope(kwargs={"b": 2, "a": 1})
    assert one.arguments_sha256() == other.arguments_sha256()


@pytest.mark.parametrize(
    "fields", [{"task": "rotate"}, {"args": ["dog.jpg"]}, {"kwargs": {"width": 321}}, {"args": []}]
)
def test_the_digest_tells_other_work_apart(fields: dict[str, Any]) -> None:
    assert envelope(**fields).arguments_sha256() != envelope().arguments_sha256()


@pytest.mark.parametrize("fields", [{"id": "t-2"}, {"send_id": "s"}, {"created_at": at(9)}, {"after": "x"}])
def test_the_digest_does_not_depend_on_the_send(fields: dict[str, Any]) -> None:
    assert envelope(**fields).arguments_sha256() == envelope().arguments_sha256()


def test_the_wire_form_is_what_the_documentation_shows() -> None:
    assert json.loads(envelope().to_json()) == {
        "v": 1,
        "id": "t-1",
        "send_id": "send-1",
        "task": "resize",
        "args": ["cat.jpg"],
        "kwargs": {"width": 320},
        "created_at": "2026-03-01T12:00:00.000Z",
    }


# Arguments elsewhere

DIGEST = "0123456789abcdef" * 4


def pointer(**fields: Any) -> dict[str, Any]:
    """A pointer as the wire has it, with keys replaced; a value of ``...`` leaves the key out."""
    key = f"arguments/t-1/{DIGEST}"
    whole = {"key": key, "sha256": DIGEST, "bytes": 2_000_000, "work_sha256": DIGEST, **fields}
    return {name: value for name, value in whole.items() if value is not ...}


def pointing(**fields: Any) -> str:
    return body(**{"v": 2, "args": ..., "kwargs": ..., "arguments": pointer(), **fields})


def test_an_envelope_whose_arguments_are_elsewhere_comes_back_as_it_went() -> None:
    sent = envelope(args=[], kwargs={}, arguments=Pointer(**pointer()))
    assert Envelope.from_json(sent.to_json()) == sent


def test_only_an_envelope_whose_arguments_are_elsewhere_has_version_2() -> None:
    elsewhere = envelope(args=[], kwargs={}, arguments=Pointer(**pointer()))
    assert [json.loads(sent.to_json())["v"] for sent in (envelope(), elsewhere)] == [1, 2]


def test_a_worker_of_the_version_before_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.envelope.VERSION", 1)
    with pytest.raises(UnsupportedVersion, match="deploy the workers"):
        Envelope.from_json(pointing())


@pytest.mark.parametrize(
    "text", [body(v=1, arguments=pointer()), pointing(args=[], kwargs={}), pointing(arguments=...)]
)
def test_arguments_in_both_places_or_in_none_are_malformed(text: str) -> None:
    with pytest.raises(MalformedEnvelope, match="keys"):
        Envelope.from_json(text)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "arguments/t-1",
        {},
        pointer(key=...),
        pointer(more=1),
        pointer(bytes=-1),
        pointer(bytes="7"),
        pointer(bytes=True),
        pointer(sha256="abc"),
        pointer(sha256=DIGEST + "\n"),
        pointer(sha256=DIGEST.upper()),
        pointer(work_sha256=None),
        *(pointer(key=key) for key in ("", 7, "results/t-1/x", f"arguments/../results/{DIGEST}", "arguments/t-1/x")),
        pointer(key=f"arguments/t-1/{DIGEST}\n"),
        pointer(key=f"x/arguments/t-1/{DIGEST}"),
        pointer(key=f"arguments/\ud800/{DIGEST}"),
    ],
)
def test_what_is_no_pointer_to_arguments_is_malformed(wrong: Any) -> None:
    with pytest.raises(MalformedEnvelope, match="'arguments' is no pointer"):
        Envelope.from_json(pointing(arguments=wrong))
