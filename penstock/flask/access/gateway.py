"""What an authorizer of API Gateway has verified: JWT, Lambda, Cognito, IAM.

The claims come in the Lambda event, beside the request and not in its headers, so no client can write them. Zappa puts
``requestContext.authorizer`` into the WSGI environment as ``API_GATEWAY_AUTHORIZER``, with no ``HTTP_`` before it:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, request

from penstock.flask.access.claims import NAME_CLAIMS, ClaimRules
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.sign_in import SignIn


class GatewayClaims(SignIn):
    """Sign in with the claims that API Gateway has verified before it called the function.

    ``roles`` is a value of ``role_claim`` -> role, such as ``{"ops": "operator"}`` for ``cognito:groups``. Choose a claim that
    people cannot write themselves. ``name_claims``: the first that is there names the person.
    """

    def __init__(
        self, *, role_claim: str, roles: Mapping[str, Role | str], name_claims: Sequence[str] = NAME_CLAIMS
    ) -> None:
        self._rules = ClaimRules(role_claim, roles, name_claims)

    def check(self, _app: Flask, /) -> None:
        """ConfigurationError where no claim gives a role."""
        self._rules.check("GatewayClaims")

    def identify(self) -> Identity | None:
        """Whom the authorizer knows; nobody where no Lambda event came with the request."""
        claims = _claims(request.environ.get("API_GATEWAY_AUTHORIZER"))
        return self._rules.identity(claims, "api gateway") if claims else None


def _claims(authorizer: Any) -> Mapping[str, Any]:
    """The claims, wherever the kind of authorizer puts them."""
    if not isinstance(authorizer, Mapping):
        return {}
    for kind in ("claims", "jwt", "lambda", "iam"):  # a REST API's Cognito; an HTTP API's JWT, Lambda and IAM
        found = authorizer.get(kind)
        if isinstance(found, Mapping):
            return _claims(found) if kind == "jwt" else found
    return authorizer  # a REST API's Lambda: its context as it is
