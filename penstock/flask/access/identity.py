"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import IntEnum

MAX_NAME_CHARACTERS = 200


class Role(IntEnum):
    """What somebody may do; each role may do all that the ones below it may."""

    VIEWER = 1
    """Reads."""
    OPERATOR = 2
    """Enqueues, retries, redrives, discards, edits, cancels, pauses and resumes."""
    ADMIN = 3
    """Purges and forgets."""

    @classmethod
    def of(cls, value: object) -> "Role":
        """A role, or its name in any case; ValueError names the roles."""
        if isinstance(value, Role):
            return value
        if isinstance(value, str) and value.upper() in cls.__members__:
            return cls[value.upper()]
        raise ValueError(f"{value!r:.60} is no role: write {', '.join(role.word for role in cls)}")

    @property
    def word(self) -> str:
        """``viewer``, ``operator``, ``admin``: as configurations and pages write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed a request in.

    ``name`` is what the audit shows, ``by`` the sign-in that vouches for it ("api key", "host", "local" ...). ``explicit`` is
    True where the request itself carries the credential in a header that only programs set: another site cannot borrow it, as
    it can a cookie, so such a request needs no proof of the page that it comes from.
    """

    name: str
    role: Role
    by: str
    explicit: bool = False
