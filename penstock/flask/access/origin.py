"""Which site's page sent a request: https://web.dev/articles/fetch-metadata

A browser says so in Sec-Fetch-Site, over HTTPS and on this machine, and in Origin with everything but plain reads. Pages cannot
set either. Programs send neither, unless told to.
"""

from urllib.parse import urlsplit

from flask import request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PROOF_HEADER = "X-Penstock"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_same_origin() -> bool:
    """True where the browser says that our own page sent this; False also where nothing says so."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return _is_own(request.headers.get("Origin", ""))


def is_foreign() -> bool:
    """True where a browser says that another site's page sent this."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and not _is_own(origin)


def _is_own(origin: str) -> bool:
    # By host and port alone: behind a proxy that ends TLS, and which the app was not told of, only the scheme differs.
    try:
        parts = urlsplit(origin)
        if parts.scheme not in _DEFAULT_PORTS or parts.hostname is None:
            return False
        own = urlsplit(f"{parts.scheme}://{request.host}")
        default = _DEFAULT_PORTS[parts.scheme]
        return (parts.hostname, parts.port or default) == (own.hostname, own.port or default)
    except ValueError:  # no such port
        return False
