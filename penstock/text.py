"""Two services on text whose modules are slow to load and not needed at every start: they are imported at first use."""

from collections.abc import Iterable


def sha256(content: bytes) -> str:
    """The SHA-256 of ``content``: 64 hexadecimal digits."""
    import hashlib  # it loads OpenSSL

    return hashlib.sha256(content).hexdigest()


def closest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one of ``known`` that ``name`` may be a misspelling of; ``likeness`` is difflib's measure, 0 to 1."""
    import difflib

    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=likeness)), None)
