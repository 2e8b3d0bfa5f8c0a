"""The payload bucket: there, closed, and with objects that live as long as the rows that point to them."""

from collections.abc import Iterator

from penstock.doctor.case import Case, there
from penstock.doctor.checking import Found, Severity, check
from penstock.record import ROW_LIFETIME

_SUBJECT = "payload bucket"
_APPLY = "terraform apply"
_PREFIXES = ("arguments/", "results/", "envelopes/")


@check(
    "payload-bucket-unset",
    Severity.WARNING,
    _SUBJECT,
    why="arguments over 1 MiB are refused, and results too large for a row are not kept",
)
def payload_bucket_unset(case: Case) -> Iterator[Found]:
    if not case.settings.payload_bucket:
        yield Found("PENSTOCK_PAYLOAD_BUCKET", "it is not set", "set it to Terraform's output payload_bucket")


@check("payload-bucket-missing", Severity.ERROR, _SUBJECT, why="large arguments and results cannot be kept")
def payload_bucket_missing(case: Case) -> Iterator[Found]:
    bucket = case.facts.bucket
    if bucket is not None and bucket.exists is None:
        yield Found(
            case.settings.payload_bucket, "there is no such bucket", f"{_APPLY}, or fix PENSTOCK_PAYLOAD_BUCKET"
        )


@check(
    "public-access", Severity.ERROR, _SUBJECT, why="a policy or an ACL could show arguments to the world", aws_only=True
)
def public_access(case: Case) -> Iterator[Found]:
    bucket = case.facts.bucket
    opened = there(bucket.public_access_open) if bucket is not None and bucket.exists is not None else None
    if opened:
        name = case.settings.payload_bucket
        yield Found(
            name,
            f"it does not block public access: {', '.join(sorted(opened))}",
            f"{_APPLY}, or aws s3api put-public-access-block --bucket {name} --public-access-block-configuration "
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        )


@check(
    "payload-lifecycle",
    Severity.ERROR,
    _SUBJECT,
    why="a dead task can be redriven for weeks, and its arguments would be gone",
    aws_only=True,
)
def payload_lifecycle(case: Case) -> Iterator[Found]:
    bucket = case.facts.bucket
    for expiry in (there(bucket.expiries) if bucket is not None else None) or ():
        hit = [prefix for prefix in _PREFIXES if prefix.startswith(expiry.prefix) or expiry.prefix.startswith(prefix)]
        if hit and expiry.days < ROW_LIFETIME.days:
            yield Found(
                case.settings.payload_bucket,
                f"objects under {expiry.prefix or 'any prefix'} are deleted after {expiry.days} days, "
                f"and rows point to them for {ROW_LIFETIME.days}",
                f"payload_retention_days of {ROW_LIFETIME.days} at least, and {_APPLY}",
            )


@check(
    "payload-expiry", Severity.WARNING, _SUBJECT, why="nobody else deletes them, and they are paid for", aws_only=True
)
def payload_expiry(case: Case) -> Iterator[Found]:
    bucket = case.facts.bucket
    if bucket is None or bucket.exists is not True or (bucket.expiries is not None and there(bucket.expiries) is None):
        return
    rules = there(bucket.expiries) or ()
    kept = [prefix for prefix in _PREFIXES if not any(prefix.startswith(rule.prefix) for rule in rules)]
    if kept:
        yield Found(case.settings.payload_bucket, f"objects under {', '.join(kept)} are kept for ever", _APPLY)
