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


def test_what_was_deleted_is_a_key_error(payloads: PayloadStore) -> None:
    payloads.put("arguments/t-1/x", b"{}")
    payloads.delete_under("arguments/t-1/")
    with pytest.raises(KeyError, match="arguments/t-1/x"):
        payloads.get("arguments/t-1/x")


def test_what_is_under_a_prefix_is_deleted_and_nothing_else(payloads: PayloadStore) -> None:
    for key in ("results/t-1/a", "results/t-1/b", "results/t-10/a"):
        payloads.put(key, b"x")
    assert payloads.delete_under("results/t-1/") == ["results/t-1/a", "results/t-1/b"]
    assert payloads.get("results/t-10/a") == b"x"


def test_nothing_under_a_prefix_is_no_error(payloads: PayloadStore) -> None:
    assert payloads.delete_under("results/nobody/") == []


def test_a_key_may_have_whatever_a_task_id_may(payloads: PayloadStore) -> None:
    key = "arguments/import-7_a.b:c@example.com/0f"
    payloads.put(key, b"{}")
    assert payloads.get(key) == b"{}"
