"""The door of our blueprints: closed, but for those whom a view's mark lets in."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, InternalServerError, Unauthorized

from penstock.audit import write
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.origin import PROOF_HEADER, SAFE_METHODS, is_foreign, is_same_origin
from penstock.flask.access.state import mounted

View = TypeVar("View", bound=Callable[..., Any])

logger: logging.Logger = logging.getLogger("penstock")

_MARK = "_penstock_role"
_OPEN = "open"


def requires(role: Role) -> Callable[[View], View]:
    """Mark a view function of one of our blueprints: whoever has ``role`` or a higher one may call it."""

    def mark(view: View) -> View:
        setattr(view, _MARK, role)
        return view

    return mark


def open_to_all(view: View) -> View:
    """Mark a view function that strangers may call: the sign-in page is one. Writes from other sites are refused even there."""
    setattr(view, _MARK, _OPEN)
    return view


def guard(blueprint: Blueprint, on_stranger: Callable[[], ResponseReturnValue] | None = None) -> None:
    """Close ``blueprint``: before every request it is asked who sends it, what the view requires, and which page sent it.

    A view without a mark answers 500. Who is not signed in gets what ``on_stranger`` returns, 401 by default. A role that is too
    low, a write to a read-only mount and a write that another site's page may have sent are 403.
    """

    @blueprint.before_request
    def check() -> ResponseReturnValue | None:
        g.pop("penstock_identity", None)  # an app context that outlives a request, as in a test, has the last one's
        needed = _needed(blueprint)
        if needed is _OPEN:
            _refuse_foreign_forms()
            return None
        who = mounted().access.identify()
        if who is None:
            _log_unknown()
            if on_stranger is not None:
                return on_stranger()
            raise unauthorized()
        g.penstock_identity = who
        _refuse_other_sites(who)
        _refuse_low_roles(who, needed)
        return None


def identity() -> Identity:
    """Who sent the current request; RuntimeError outside a guarded view."""
    who = g.get("penstock_identity")
    if not isinstance(who, Identity):
        raise RuntimeError("nobody is signed in here: identity() works in views that guard() has let somebody into")
    return who


def acted(action: str, subject: str, *, required: bool = True, **details: object) -> None:
    """Write the audit line of what the current request's identity is about to do: ``acted("redrive", "queue:images", rate=5)``.

    Before the action: where the line cannot be written, this raises and nothing is done. Not ``required``: while the ledger
    does not answer, the line in the log is enough.
    """
    who, ports = identity(), mounted().tasks.ports
    write(ports, who=f"{who.name} ({who.by})", action=action, subject=subject, details=details, required=required)


def unauthorized() -> Unauthorized:
    """The 401 of a request that nobody has signed."""
    return Unauthorized(
        "sign in first: send the header 'Authorization: Bearer <key>' with an API key of this server",
        www_authenticate=WWWAuthenticate("bearer"),
    )


def _needed(blueprint: Blueprint) -> Any:
    """The mark of the view of this request."""
    endpoint = request.endpoint or ""
    if endpoint == f"{blueprint.name}.static":
        return _OPEN  # what pip install gives to everybody; the sign-in page needs its style
    mark = getattr(current_app.view_functions.get(endpoint), _MARK, None)
    if mark is None:
        logger.error("the view %r has no @requires(Role...): nobody gets in until it has one", endpoint)
        raise InternalServerError("this page does not say who may see it; the server's log has its name")
    return mark


def _log_unknown() -> None:
    # For whoever watches for somebody who tries keys. A load balancer or API Gateway has turned most others away before.
    if "Authorization" in request.headers:
        logger.warning("unauthorised: nobody knows the credential of a request from %s", request.remote_addr)


def _refuse_foreign_forms() -> None:
    if request.method not in SAFE_METHODS and not is_same_origin():
        raise Forbidden("This form was not sent from its own page. Open the page here and try again.")


def _refuse_other_sites(who: Identity) -> None:
    """Another site must not make a visitor's browser write here."""
    if request.method in SAFE_METHODS:
        return
    if is_foreign():
        raise Forbidden("this request comes from another site's page, which may not write here")
    if who.explicit:
        return
    if not is_same_origin():
        raise Forbidden(
            "a write by a browser must come from our own page, and this request does not say where it comes from. A program "
            f"sends 'Authorization: Bearer <key>', or the headers 'Sec-Fetch-Site: same-origin' and '{PROOF_HEADER}: 1'"
        )
    if PROOF_HEADER not in request.headers:
        raise Forbidden(f"the header '{PROOF_HEADER}: 1' is missing: our own pages send it with every write")


def _refuse_low_roles(who: Identity, needed: Role) -> None:
    if needed > Role.VIEWER and mounted().read_only:
        raise Forbidden("these pages are read-only here: mount(..., read_only=True) says so")
    if who.role < needed:
        raise Forbidden(f"this needs the role {needed.word}, and {who.name!r} is {who.role.word}")
