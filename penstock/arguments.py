"""Arguments too large for a message: an object of the payload store, to which the envelope points.

The object is put there before the send, and fetched before the claim: a message never points to what is not there yet, and
S3 being away costs no attempt. Its key ends in its digest, so putting it again changes nothing.
"""

import json

from msgspec.structs import replace

from penstock.envelope import JSON, Envelope, Pointer, checked_arguments, read_json
from penstock.errors import ArgumentsLost, ConfigurationError, MalformedEnvelope
from penstock.ports import PayloadStore
from penstock.text import sha256

Arguments = tuple[list[JSON], dict[str, JSON]]


def to_content(envelope: Envelope) -> bytes:
    """The object that keeps the arguments of ``envelope``."""
    return json.dumps(
        {"args": envelope.args, "kwargs": envelope.kwargs}, separators=(",", ":"), allow_nan=False
    ).encode()


def pointing(envelope: Envelope, content: bytes) -> Envelope:
    """The same envelope without its arguments: it points to ``content``, where the payload store will have it."""
    digest = sha256(content)
    pointer = Pointer(f"arguments/{envelope.id}/{digest}", digest, len(content), envelope.arguments_sha256())
    return replace(envelope, args=[], kwargs={}, arguments=pointer)


def fetch(pointer: Pointer, payloads: PayloadStore | None) -> bytes:
    """The object, seen to be the one that was put there.

    Raises ArgumentsLost where it is gone or another one, ConfigurationError without a payload store, and what the store raises.
    """
    if payloads is None:
        raise ConfigurationError(
            f"the arguments are in S3 under {pointer.key!r}: set PENSTOCK_PAYLOAD_BUCKET in this process"
        )
    try:
        content = payloads.get(pointer.key)
    except KeyError:
        raise ArgumentsLost(
            f"the arguments are not in S3 under {pointer.key!r}: the payload bucket's lifecycle or someone has deleted them, "
            "or PENSTOCK_PAYLOAD_BUCKET names another bucket here. If they are gone, enqueue the work again as a new task"
        ) from None
    if sha256(content) != pointer.sha256:
        raise ArgumentsLost(
            f"the arguments in S3 under {pointer.key!r} are not those that were enqueued (sha256): "
            "enqueue the work again as a new task"
        )
    return content


def read(pointer: Pointer, content: bytes) -> Arguments:
    """The arguments in a fetched object; ArgumentsLost where whoever put it there did not write a call's."""
    try:
        document = read_json(content)
        if not isinstance(document, dict) or document.keys() != {"args", "kwargs"}:
            raise MalformedEnvelope('it is not JSON of the form {"args": [...], "kwargs": {...}}')
        return checked_arguments(document["args"], document["kwargs"], content.count(b"[") + content.count(b"{"))
    except (ValueError, MalformedEnvelope) as error:
        raise ArgumentsLost(f"what is in S3 under {pointer.key!r} are no arguments: {str(error)[:200]}") from None


def of(envelope: Envelope, payloads: PayloadStore | None) -> Arguments:
    """The arguments of an envelope, wherever they are; the errors are those of ``fetch`` and ``read``."""
    pointer = envelope.arguments
    if pointer is None:
        return envelope.args, envelope.kwargs
    return read(pointer, fetch(pointer, payloads))
