"""Secrets out of what people see: values under telling names, at any depth. What is stored and run stays as it is."""

import re
from collections.abc import Collection
from typing import Any

from penstock.envelope import JSON

REDACTED = "‹redacted›"
# Parts of names, compared without case, hyphens and underscores: ``X-Api-Key``, ``apiKey`` and ``api_key_2`` are one.
SECRET_NAMES = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "authorization",
    "credential", "cookie", "session", "cardnumber", "creditcard", "cvv", "cvc", "iban", "ssn", "pin",
)  # fmt: skip
_WHOLE = frozenset({"pin", "ssn", "cvv", "cvc", "iban"})  # short ones only as the whole name: "shipping" is no secret
_SEPARATORS = re.compile(r"[^a-z0-9]")


def redact(value: JSON, names: Collection[str] = SECRET_NAMES) -> JSON:
    """``value`` with REDACTED in the place of every value whose key has one of ``names`` in it.

    Takes no stack of its own, however deep ``value`` is. A tuple, which a result's annotation may ask for, comes back as a list.
    """
    whole = [value]
    copies: list[Any] = [whole]
    while copies:
        copy = copies.pop()
        for key, part in copy.items() if isinstance(copy, dict) else enumerate(copy):
            if isinstance(key, str) and _is_secret(key, names):  # not a list's index
                copy[key] = REDACTED
            elif isinstance(part, dict | list | tuple):
                copy[key] = dict(part) if isinstance(part, dict) else list(part)
                copies.append(copy[key])
    return whole[0]


def has_redacted(value: JSON) -> bool:
    """True if REDACTED stands anywhere in ``value``: an edit must not write it back as if it were the secret."""
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, dict | list):
            parts += part.values() if isinstance(part, dict) else part
        elif part == REDACTED:
            return True
    return False


def _is_secret(key: str, names: Collection[str]) -> bool:
    plain = _SEPARATORS.sub("", key.lower())
    return any(plain == name if name in _WHOLE else name in plain for name in names)
