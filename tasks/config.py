"""What the tasks read from their environment, at the time of use: the only reader of os.environ in this package.

| variable | meaning |
|---|---|
| UPLOADS_BUCKET | S3 bucket of the uploads and what is made of them: thumbnails, reports; and of the notes on sent mails |
| MAIL_SENDER | the address that mails come from, verified with SES |
| WEBHOOK_HOSTS | hosts that webhooks may go to, comma-separated: ``host`` (the scheme's own port) or ``host:port`` |
"""

import os
from collections.abc import Mapping

from penstock.errors import ConfigurationError


def uploads_bucket(environ: Mapping[str, str] = os.environ) -> str:
    """The bucket's name; ConfigurationError where it is not set."""
    bucket = environ.get("UPLOADS_BUCKET", "")
    if not bucket:
        raise ConfigurationError(
            "UPLOADS_BUCKET is not set: name the S3 bucket of the uploads in the worker's environment, then redrive"
        )
    return bucket


def mail_sender(environ: Mapping[str, str] = os.environ) -> str:
    """The address that mails come from; ConfigurationError where it is not set."""
    sender = environ.get("MAIL_SENDER", "")
    if not sender:
        raise ConfigurationError(
            "MAIL_SENDER is not set: name an address that SES has verified in the worker's environment, then redrive"
        )
    return sender


def webhook_hosts(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The allowed ``host`` and ``host:port`` entries, lower case; empty where nothing is allowed."""
    return frozenset(host.strip().lower() for host in environ.get("WEBHOOK_HOSTS", "").split(",") if host.strip())
