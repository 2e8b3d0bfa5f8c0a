"""One SQS record, read once."""

import pytest

from penstock.delivery import Delivery
from tests.unit.values import NOW, body, delivery, record


def test_a_record_is_read() -> None:
    expected = delivery(receipt_handle="receipt of m-1", body=body(id="m-1"), receive_count=3)
    assert Delivery.from_record(record(count=3), "default") == expected


def test_a_group_is_read() -> None:
    assert Delivery.from_record(record(MessageGroupId="a"), "default").group == "a"


def test_the_time_of_sending_is_aware_utc() -> None:
    assert Delivery.from_record(record(), "default").sent_at == NOW


@pytest.mark.parametrize("key", ["messageId", "receiptHandle", "body", "attributes"])
def test_a_record_without_one_of_its_keys_is_no_record(key: str) -> None:
    with pytest.raises(KeyError, match=key):
        Delivery.from_record({name: value for name, value in record().items() if name != key}, "default")
