"""Who may see and do what in the operations views: roles, sign-ins, and the guard of our blueprints, closed by default."""

from penstock.flask.access.guard import acted, guard, identity, open_to_all, requires
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.state import MOUNT, Access, Mounted, SignIn, mounted

__all__ = [
    "MOUNT",
    "Access",
    "Identity",
    "Mounted",
    "Role",
    "SignIn",
    "acted",
    "guard",
    "identity",
    "mounted",
    "open_to_all",
    "requires",
]
