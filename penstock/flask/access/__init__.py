"""Who may see and do what in the operations views: roles, sign-ins, and the guard of our blueprints, closed by default."""

from penstock.flask.access.alb import AlbClaims
from penstock.flask.access.api_keys import ApiKeys
from penstock.flask.access.gateway import GatewayClaims
from penstock.flask.access.guard import acted, guard, identity, open_to_all, requires
from penstock.flask.access.host import HostLogin
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.local_only import LocalOnly
from penstock.flask.access.sign_in import Access, SignIn
from penstock.flask.access.state import MOUNT, Mounted, mounted

__all__ = [
    "MOUNT",
    "Access",
    "AlbClaims",
    "ApiKeys",
    "GatewayClaims",
    "HostLogin",
    "Identity",
    "LocalOnly",
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
