"""What a PayloadStore promises, whichever it is."""

import pytest

from penstock.ports import PayloadStore


def test_bytes_come_back_as_they_went(payloads: PayloadStore) -> None:
    payloads.put("results/t-1", b"\x00\xff\r\n")
    assert payloads.get("results/t-1") == b"\x00\xff\r\n"


def test_no_bytes_are_something(payloads: PayloadStore) -> None:
    payloads.put("empty", b"")
    assert payloads.get("empty") == b""


def test_a_second_put_replaces_the_first(payloads: PayloadStore) -> None:
    payloads.put("key", b"old")
    payloads.put("key", b"new")
    assert payloads.get("key") == b"new"


def test_a_key_that_was_never_put_is_a_key_error(payloads: PayloadStore) -> None:
    with pytest.raises(KeyError, match=r"results/nothing"):
        payloads.get("results/nothing")


def test_what_was_deleted_is_gone(payloads: PayloadStore) -> None:
    payloads.put("key", b"old")
    payloads.delete("key")
    with pytest.raises(KeyError):
        payloads.get("key")


def test_deleting_what_was_never_there_is_no_error(payloads: PayloadStore) -> None:
    payloads.delete("nothing")
