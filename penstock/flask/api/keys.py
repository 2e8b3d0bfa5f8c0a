"""Idempotency keys: the same key and the same body get the same answer.

The id of what is made is derived from who asks and the key, so a second request finds what the first one has made.
"""

import json
from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.exceptions import UnprocessableEntity

from penstock.flask.access import identity
from penstock.ports import Ports
from penstock.text import sha256

KEY_LIFETIME = timedelta(days=90)
_PAGE = "idempotency keys"


def derived_id(key: str, part: str) -> str:
    """An id for ``part`` of what this request makes: the same whenever the same identity sends the same key."""
    who = identity()
    return "key-" + _digest([who.by, who.name, key, part])[:40]


def claim(ports: Ports, key: str, body: Any) -> None:
    """Remember that ``key`` stands for ``body``: for what the ids alone cannot tell apart. 422 where it stands for another."""
    line, digest = derived_id(key, "body"), _digest(msgspec.to_builtins(body))
    expires_at = ports.clock() + KEY_LIFETIME
    if ports.ledger.write(_PAGE, line, {"body": digest}, replaces=0, expires_at=expires_at) is None:
        known = ports.ledger.read(_PAGE, line)
        if known is not None and known.fields["body"] != digest:
            raise other_body(key)


def other_body(key: str) -> UnprocessableEntity:
    """The refusal of a key that came with another body before."""
    return UnprocessableEntity(
        f"the Idempotency-Key {key!r} came with another body before: one key names one request, so send a new one"
    )


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode())
