"""What the web app must know, read once at start-up: the only reader of the environment in this package.

| variable | meaning |
|---|---|
| UPLOADS_BUCKET | S3 bucket of the photos |
| UPLOAD_LIMIT_BYTES | the largest photo that S3 takes from our form; 100 MiB by default |
| ALLOWED_HOSTS | host names that this app answers to, comma-separated; the loopback names by default |
| PENSTOCK_LOCAL | ``1`` on a laptop: whoever comes from loopback needs no token |
| PENSTOCK_WEB_TOKEN_SHA256 | SHA-256 of the token, 64 hexadecimal digits; required outside local mode |
| FLASK_SECRET_KEY | signs cookies and upload tickets; required outside local mode, where each start else has a new one |
| AWS_REGION, AWS_DEFAULT_REGION | the bucket's region |

The PENSTOCK_* variables of the library come on top: penstock/settings.py lists them.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from penstock.errors import ConfigurationError
from tasks.thumbnails import MAX_PHOTO_BYTES

LOOPBACK_NAMES = ("127.0.0.1", "localhost")
DEFAULT_UPLOAD_LIMIT_BYTES = 100 * 1024 * 1024
MIN_SECRET_CHARACTERS = 32

# What other programs may enqueue over HTTP.
API_TASKS = ("make_thumbnails", "deliver_webhook")
# The sizes that an uploaded photo is made into, pixels wide.
WIDTHS = (320, 640, 1280)


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The settings of the web app; see the module's table."""

    uploads_bucket: str
    upload_limit_bytes: int
    allowed_hosts: tuple[str, ...]
    local: bool
    token_sha256: str
    secret_key: str
    region: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "WebConfig":
        """Read the variables; ConfigurationError names the one that is missing or wrong, and the fix."""
        local = _switch(environ, "PENSTOCK_LOCAL")
        return cls(
            uploads_bucket=_required(environ, "UPLOADS_BUCKET", "name the S3 bucket of the photos"),
            upload_limit_bytes=_limit(environ.get("UPLOAD_LIMIT_BYTES", "")),
            allowed_hosts=_hosts(environ.get("ALLOWED_HOSTS", "")),
            local=local,
            token_sha256=_token(environ.get("PENSTOCK_WEB_TOKEN_SHA256", ""), local=local),
            secret_key=_secret(environ.get("FLASK_SECRET_KEY", ""), local=local),
            region=environ.get("AWS_REGION", "") or environ.get("AWS_DEFAULT_REGION", ""),
        )


def _required(environ: Mapping[str, str], name: str, fix: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigurationError(f"{name} is not set: {fix}. `python -m local dev` sets it for the local stack")
    return value


def _switch(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "")
    if value not in ("", "0", "1"):
        raise ConfigurationError(f"{name}={value!r}: it is a switch, 1 or 0")
    return value == "1"


def _limit(text: str) -> int:
    if not text:
        return DEFAULT_UPLOAD_LIMIT_BYTES
    if not text.isdecimal() or not 1 <= int(text[:20]) <= MAX_PHOTO_BYTES:
        raise ConfigurationError(
            f"UPLOAD_LIMIT_BYTES={text!r:.40}: a whole number of bytes, 1 to {MAX_PHOTO_BYTES} (what make_thumbnails takes)"
        )
    return int(text)


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(",") if host.strip())
    for host in hosts:
        if "/" in host or "*" in host:
            raise ConfigurationError(
                f"ALLOWED_HOSTS has {host!r}: write host names, such as app.example.com, or .example.com for all below it"
            )
    return hosts or LOOPBACK_NAMES


def _token(digest: str, *, local: bool) -> str:
    if not digest and local:
        return ""
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ConfigurationError(
            "PENSTOCK_WEB_TOKEN_SHA256 must be 64 hexadecimal digits: the SHA-256 of the token that lets people in. "
            'Make both with: python -c "import hashlib, secrets; token = secrets.token_urlsafe(32); '
            'print(token, hashlib.sha256(token.encode()).hexdigest())"'
        )
    return digest


def _secret(key: str, *, local: bool) -> str:
    if not key and local:
        return secrets.token_hex(32)
    if len(key) < MIN_SECRET_CHARACTERS:
        raise ConfigurationError(
            f"FLASK_SECRET_KEY has {len(key)} characters and needs {MIN_SECRET_CHARACTERS}, the same in every process. "
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return key
