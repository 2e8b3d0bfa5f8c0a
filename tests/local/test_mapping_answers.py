"""What a function's answer says about its batch: the conditions that AWS documents, one by one."""

import pytest

from penstock.local.batch_answer import judge

BATCH = frozenset({"id-1", "id-2", "id-3"})


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("", id="an empty response"),
        pytest.param("null", id="a null response"),
        pytest.param("{}", id="an empty EventResponse"),
        pytest.param('{"batchItemFailures": null}', id="a null list"),
        pytest.param('{"batchItemFailures": []}', id="an empty list"),
        pytest.param('{"statusCode": 200}', id="an EventResponse without the list"),
    ],
)
def test_this_is_complete_success(payload: str) -> None:
    assert judge(payload, BATCH).failed == frozenset()


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("not json", id="no JSON"),
        pytest.param('{"batchItemFailures": [', id="JSON cut short"),
        pytest.param('{"batchItemFailures": NaN}', id="what only Python takes for JSON"),
        pytest.param('{"batchItemFailures": [{"itemIdentifier": ""}]}', id="an empty itemIdentifier"),
        pytest.param('{"batchItemFailures": [{"itemIdentifier": null}]}', id="a null itemIdentifier"),
        pytest.param('{"batchItemFailures": [{"messageId": "id-1"}]}', id="a wrong key name"),
        pytest.param('{"batchItemFailures": [{}]}', id="no key at all"),
        pytest.param('{"batchItemFailures": [{"itemIdentifier": "other"}]}', id="an unknown id"),
        pytest.param(
            '{"batchItemFailures": [{"itemIdentifier": "id-1"}, {"itemIdentifier": "other"}]}', id="one of two"
        ),
        pytest.param('{"batchItemFailures": [{"itemIdentifier": 7}]}', id="an id that is no string"),
        pytest.param('{"batchItemFailures": ["id-1"]}', id="bare ids"),
        pytest.param('{"batchItemFailures": "id-1"}', id="no list"),
        pytest.param('["id-1"]', id="no object"),
    ],
)
def test_this_is_complete_failure(payload: str) -> None:
    assert judge(payload, BATCH).failed == BATCH


def test_the_messages_that_are_named_failed_and_no_others() -> None:
    payload = '{"batchItemFailures": [{"itemIdentifier": "id-1"}, {"itemIdentifier": "id-3"}]}'
    assert judge(payload, BATCH).failed == {"id-1", "id-3"}


def test_a_message_named_twice_failed_once() -> None:
    payload = '{"batchItemFailures": [{"itemIdentifier": "id-1"}, {"itemIdentifier": "id-1"}]}'
    assert judge(payload, BATCH).reason == "1 of 3 reported as failed"


def test_the_reason_names_what_is_wrong() -> None:
    reason = judge('{"batchItemFailures": [{"itemIdentifier": "other"}]}', BATCH).reason
    assert reason == "itemIdentifier 'other' is no message of this batch: complete failure"
