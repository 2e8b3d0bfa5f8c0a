"""The environment of every process on the local stack: fake credentials, a loopback endpoint, nothing of yours.

Whoever runs this may have AWS_PROFILE=prod in their shell. So no AWS_* variable is passed on, the files in ~/.aws are
replaced by an empty one, and the metadata services that hand out credentials are switched off: should a call miss the
local endpoint for any reason, AWS would refuse its keys.
"""

import ipaddress
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from penstock.errors import ConfigurationError

REGION = "us-east-1"
ACCESS_KEY_ID = "penstock-local"
SECRET_ACCESS_KEY = "not-a-secret"  # noqa: S105 - moto takes any key; this one opens nothing

# Variables of the shell that no process of the stack may see: they name accounts, endpoints or another stack.
FOREIGN_PREFIXES = ("AWS_", "BOTO_", "PENSTOCK_")
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def require_loopback(endpoint: str) -> str:
    """``endpoint`` if it is this machine; ConfigurationError otherwise: the local stack never talks to real AWS."""
    try:
        host = urlsplit(endpoint).hostname or ""
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigurationError(
            f"the local stack was given the AWS endpoint {endpoint!r}, which is not this machine. "
            "It works with moto on loopback only, such as http://127.0.0.1:4566, and never touches real AWS"
        )
    return endpoint


def aws_variables(endpoint: str) -> dict[str, str]:
    """The AWS_* variables that lead boto3 to ``endpoint`` with fake keys and to no other place."""
    return {
        "AWS_ENDPOINT_URL": require_loopback(endpoint),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BOTO_CONFIG": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def clean(base: Mapping[str, str]) -> dict[str, str]:
    """``base`` without what could lead to real AWS: credentials, profiles, roles, endpoints, another stack's queues.

    Loopback is added to NO_PROXY, so that a proxy in the shell does not get the local calls.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(FOREIGN_PREFIXES)}
    direct = [*filter(None, (base.get("NO_PROXY") or base.get("no_proxy") or "").split(",")), *_LOOPBACK_HOSTS]
    kept["NO_PROXY"] = kept["no_proxy"] = ",".join(dict.fromkeys(direct))
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def local_environment(base: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """The whole environment of a process on the local stack, from the shell's ``base``."""
    return clean(base) | aws_variables(endpoint)
