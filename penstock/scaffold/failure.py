"""Why nothing was written."""

from penstock.errors import PenstockError


class ScaffoldError(PenstockError):
    """A file cannot be written; the message names it, and what to do. Nothing was written then."""
