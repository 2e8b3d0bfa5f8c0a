"""What a function's answer says about its batch: Lambda's rules for partial batch responses, malformed answers included.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

FAILURES = "batchItemFailures"
ITEM = "itemIdentifier"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The ids of the failed messages, and why in a few words, for the log."""

    failed: frozenset[str]
    reason: str


def judge(payload: str, message_ids: Collection[str]) -> Verdict:
    """Which of ``message_ids`` failed, by the answer's JSON text.

    | the answer | means |
    |---|---|
    | nothing, ``null``, an empty object, a missing, ``null`` or empty ``batchItemFailures`` | complete success |
    | items that each name a message of the batch | those failed, the others succeeded |
    | no JSON; an itemIdentifier that is empty, null, under another key, or of no message of the batch | complete failure |

    Two things AWS does not document count as failure here, where they are seen: an answer that is no object, and a
    ``batchItemFailures`` that is no list.
    """
    if not payload.strip():
        return Verdict(frozenset(), "an empty response: complete success")
    try:
        answer = json.loads(payload, parse_constant=_refuse_constant)
    except ValueError as error:
        return _complete_failure(message_ids, f"the response is not valid JSON ({error})")
    if answer is None:
        return Verdict(frozenset(), "a null response: complete success")
    if not isinstance(answer, dict):
        return _complete_failure(message_ids, f"the response is no object but {payload[:100]}")
    items = answer.get(FAILURES)
    if items is None or items == []:
        return Verdict(frozenset(), f"no {FAILURES}: complete success")
    if not isinstance(items, list):
        return _complete_failure(message_ids, f"{FAILURES} is no list but {str(items)[:100]}")
    return _judge_items(items, message_ids)


def _judge_items(items: list[object], message_ids: Collection[str]) -> Verdict:
    failed: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or ITEM not in item:
            return _complete_failure(message_ids, f"{str(item)[:100]} has no key {ITEM!r}")
        identifier = item[ITEM]
        if identifier is None or identifier == "":
            return _complete_failure(message_ids, f"an {ITEM} is {'null' if identifier is None else 'empty'}")
        if not isinstance(identifier, str) or identifier not in message_ids:
            return _complete_failure(message_ids, f"{ITEM} {str(identifier)[:100]!r} is no message of this batch")
        failed.add(identifier)
    return Verdict(frozenset(failed), f"{len(failed)} of {len(message_ids)} reported as failed")


def _complete_failure(message_ids: Collection[str], cause: str) -> Verdict:
    return Verdict(frozenset(message_ids), f"{cause}: complete failure")


def _refuse_constant(name: str) -> object:
    # Python writes and reads NaN and Infinity; JSON, and so Lambda, does not know them.
    raise ValueError(f"{name} is not JSON")
