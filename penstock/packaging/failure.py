"""Why there is no package."""

from penstock.errors import PenstockError


class PackagingError(PenstockError):
    """It cannot be packaged; the message says what happened, with which value, and what to do."""
