"""What an Application Load Balancer has verified: it signs the claims of its visitors into a header.

Anybody can send a header, so the signature is checked, that our own load balancer made it, and that its time is not over:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
"""

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, request

from penstock.errors import ConfigurationError, Unavailable
from penstock.flask.access.claims import NAME_CLAIMS, ClaimRules
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.sign_in import SignIn
from penstock.times import Clock, utc_now

HEADER = "x-amzn-oidc-data"
_ARN = re.compile(r"arn:aws:elasticloadbalancing:([a-z0-9-]+):[0-9]{12}:loadbalancer/app/[A-Za-z0-9-]+/[0-9a-f]+")
_KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMEOUT_SECONDS = 3.0
_MAX_KEY_BYTES = 10_000
_MAX_KEYS = 16

Fetch = Callable[[str], str]


class AlbClaims(SignIn):
    """Sign in as the user whom the load balancer ``arn`` has signed in. Needs PyJWT: ``pip install 'penstock[alb]'``.

    ``roles`` is a value of ``role_claim`` -> role; ``name_claims``: the first that is there names the person. ``fetch`` gives
    the text at a URL, empty where there is nothing: by default over HTTPS, from the region's public keys.
    """

    def __init__(
        self,
        arn: str,
        *,
        role_claim: str,
        roles: Mapping[str, Role | str],
        name_claims: Sequence[str] = NAME_CLAIMS,
        fetch: Fetch | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._arn = arn
        self._rules = ClaimRules(role_claim, roles, name_claims)
        self._fetch = fetch or _fetch
        self._clock = clock
        self._public_keys: dict[str, str] = {}

    def check(self, _app: Flask, /) -> None:
        """ConfigurationError where the ARN is none, no claim gives a role, or PyJWT is not installed."""
        if not _ARN.fullmatch(self._arn):
            raise ConfigurationError(
                f"AlbClaims({self._arn!r:.120}): write the ARN of your Application Load Balancer, such as "
                "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/web/0123456789abcdef"
            )
        self._rules.check("AlbClaims")
        _jwt()

    def identify(self) -> Identity | None:
        """Whom the load balancer knows; Unavailable where the public key could not be fetched."""
        token = request.headers.get(HEADER, "")
        claims = self._verified(token) if token else None
        return None if claims is None else self._rules.identity(claims, "load balancer")

    def _verified(self, token: str) -> dict[str, Any] | None:
        jwt = _jwt()
        try:
            header = jwt.get_unverified_header(token)
            # The signer first: for another load balancer's claims not even a key is fetched.
            if header.get("alg") != "ES256" or header.get("signer") != self._arn or self._is_over(header.get("exp")):
                return None
            public_key = self._public_key(header.get("kid"))
            if not public_key:
                return None
            # The times and the audience are the load balancer's, in the header, and not in the claims.
            unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
            claims: dict[str, Any] = jwt.decode(token, public_key, algorithms=["ES256"], options=unchecked)
        except jwt.PyJWTError:
            return None
        return None if "exp" in claims and self._is_over(claims["exp"]) else claims

    def _is_over(self, expires_at: object) -> bool:
        if not isinstance(expires_at, int | float) or isinstance(expires_at, bool):
            return True
        return expires_at <= self._clock().timestamp()

    def _public_key(self, key_id: object) -> str:
        if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
            return ""  # it becomes part of a URL
        if key_id not in self._public_keys:
            region = self._arn.split(":")[3]
            found = self._fetch(f"https://public-keys.auth.elb.{region}.amazonaws.com/{key_id}")
            if not found:
                return ""
            if len(self._public_keys) >= _MAX_KEYS:
                self._public_keys.clear()
            self._public_keys[key_id] = found
        return self._public_keys[key_id]


def _jwt() -> Any:
    try:
        import jwt  # here, for PyJWT is an extra: few stand behind such a load balancer
    except ImportError as error:
        raise ConfigurationError(f"AlbClaims needs PyJWT ({error}): pip install 'penstock[alb]'") from error
    return jwt


def _fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - always https, see above
            text: str = answer.read(_MAX_KEY_BYTES).decode("ascii", "replace")
            return text
    except urllib.error.HTTPError as error:
        if error.code < 500:
            return ""  # no such key
        raise Unavailable(f"{url} answered {error.code}") from error
    except OSError as error:
        raise Unavailable(f"{url} did not answer: {error}") from error
