"""Claims that somebody else has verified, made into an identity."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.errors import ConfigurationError
from penstock.flask.access.identity import MAX_NAME_CHARACTERS, Identity, Role

logger: logging.Logger = logging.getLogger("penstock")

# The first that is there names the person.
NAME_CLAIMS = ("email", "cognito:username", "username", "principalId", "userArn", "sub")


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which claim gives the role: ``roles`` is a value of ``role_claim`` -> role."""

    role_claim: str
    roles: Mapping[str, Role | str]
    name_claims: Sequence[str] = NAME_CLAIMS

    def check(self, what: str) -> None:
        """ConfigurationError where they can let nobody in, or not as meant."""
        if not self.role_claim or not self.roles:
            raise ConfigurationError(
                f"{what} must be told which claim gives the role, such as "
                f'{what}(role_claim="cognito:groups", roles={{"ops": "operator"}})'
            )
        for value, role in self.roles.items():
            try:
                Role.of(role)
            except ValueError as error:
                raise ConfigurationError(f"{what}(roles={{{value!r}: ...}}): {error}") from None

    def identity(self, claims: Mapping[str, Any], by: str) -> Identity | None:
        """The identity with the highest role that the claims give; None where they give none, or no name."""
        name = next((str(claims[claim]) for claim in self.name_claims if claims.get(claim)), "")
        values = values_of(self.role_claim, claims.get(self.role_claim))
        roles = [Role.of(role) for value, role in self.roles.items() if value in values]
        if not name or not roles:
            logger.info(
                "%s: the claims of %r give no role: %s is %r", by, name, self.role_claim, claims.get(self.role_claim)
            )
            return None
        return Identity(name[:MAX_NAME_CHARACTERS], max(roles), by)


def values_of(claim: str, value: Any) -> list[str]:
    """A claim's values. API Gateway writes Cognito's groups as ``a,b`` (REST), lists as ``[a b]`` (HTTP); a scope is ``a b``.

    Other text is one value, spaces or not: a claim that people may write freely must not become several.
    """
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if not isinstance(value, str):
        return [] if value is None else [str(value)]
    if claim in ("scope", "scp"):
        return value.split()
    if claim == "cognito:groups" and "," in value:
        return value.split(",")
    if value.startswith("[") and value.endswith("]"):
        return value[1:-1].replace(",", " ").split()
    return [value]
