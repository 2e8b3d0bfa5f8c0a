"""What DynamoDB tells of the table, and S3 of the payload bucket."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from penstock.aws.asking import Asking
from penstock.facts import BucketFacts, Expiry, LiveIndex, LiveTable, Maybe, TableFacts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

_NO_TABLE = frozenset({"ResourceNotFoundException", "TableNotFoundException"})
_NO_BUCKET = frozenset({"404", "NoSuchBucket"})
_CHOOSING = ("Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan")  # conditions of a lifecycle rule
_BLOCKS = frozenset({"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"})


def table(asking: Asking, dynamodb: "DynamoDBClient", name: str) -> TableFacts:
    """DescribeTable, DescribeTimeToLive and DescribeContinuousBackups."""
    return TableFacts(
        table=asking.ask(
            "dynamodb:DescribeTable",
            name,
            lambda: dynamodb.describe_table(TableName=name),
            lambda answer: _table(answer["Table"]),
            missing=_NO_TABLE,
        ),
        ttl_attribute=asking.ask(
            "dynamodb:DescribeTimeToLive",
            name,
            lambda: dynamodb.describe_time_to_live(TableName=name),
            lambda answer: _ttl(answer["TimeToLiveDescription"]),
            missing=_NO_TABLE,
        ),
        recovers=asking.ask(
            "dynamodb:DescribeContinuousBackups",
            name,
            lambda: dynamodb.describe_continuous_backups(TableName=name),
            lambda answer: _recovers(answer["ContinuousBackupsDescription"]),
            missing=_NO_TABLE,
        ),
    )


def _table(found: Mapping[str, Any]) -> LiveTable:
    return LiveTable(
        arn=found["TableArn"],
        keys=_keys(found["KeySchema"]),
        indexes={index["IndexName"]: _index(index) for index in found.get("GlobalSecondaryIndexes", [])},
        deletion_protected=found.get("DeletionProtectionEnabled", False),
        encryption=_encryption(found.get("SSEDescription", {})),
    )


def _index(found: Mapping[str, Any]) -> LiveIndex:
    projection = found["Projection"]
    everything = projection["ProjectionType"] == "ALL"
    return LiveIndex(
        keys=_keys(found["KeySchema"]),
        projected=None if everything else frozenset(projection.get("NonKeyAttributes", ())),
        active=found.get("IndexStatus", "ACTIVE") == "ACTIVE",
    )


def _keys(schema: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in sorted(schema, key=lambda key: key["KeyType"]))  # HASH, RANGE


def _encryption(description: Mapping[str, Any]) -> str:
    if "InaccessibleEncryptionDateTime" in description:
        return "inaccessible"
    return "kms" if description.get("Status") in ("ENABLED", "UPDATING") else "aws"


def _ttl(description: Mapping[str, str]) -> str:
    return description.get("AttributeName", "") if description["TimeToLiveStatus"] in ("ENABLED", "ENABLING") else ""


def _recovers(description: Mapping[str, Any]) -> bool:
    return bool(description["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED")


def bucket(asking: Asking, s3: "S3Client", name: str) -> BucketFacts:
    """HeadBucket, GetPublicAccessBlock and GetBucketLifecycleConfiguration."""
    return BucketFacts(
        exists=asking.ask(
            "s3:ListBucket", name, lambda: s3.head_bucket(Bucket=name), lambda _: True, missing=_NO_BUCKET
        ),
        public_access_open=_opened(
            asking.ask(
                "s3:GetBucketPublicAccessBlock",
                name,
                lambda: s3.get_public_access_block(Bucket=name),
                lambda answer: answer["PublicAccessBlockConfiguration"],
                missing=("NoSuchPublicAccessBlockConfiguration", *_NO_BUCKET),
            )
        ),
        expiries=asking.ask(
            "s3:GetLifecycleConfiguration",
            name,
            lambda: s3.get_bucket_lifecycle_configuration(Bucket=name),
            lambda answer: tuple(_expiries(answer["Rules"])),
            missing=("NoSuchLifecycleConfiguration", *_NO_BUCKET),
        ),
    )


def _opened(blocked: Any) -> Maybe[frozenset[str]]:
    if blocked is None:  # S3's own default blocks for new buckets; without a configuration nothing is
        return _BLOCKS
    if isinstance(blocked, Mapping):
        return frozenset(block for block in _BLOCKS if not blocked.get(block))
    refused: Maybe[frozenset[str]] = blocked
    return refused


def _expiries(rules: Sequence[Mapping[str, Any]]) -> Iterator[Expiry]:
    for rule in rules:
        days = rule.get("Expiration", {}).get("Days")
        prefix = _prefix(rule)
        if rule["Status"] == "Enabled" and days is not None and prefix is not None:
            yield Expiry(prefix, days)


def _prefix(rule: Mapping[str, Any]) -> str | None:
    """What a rule's objects begin with, empty for all of the bucket; None where a tag or a size chooses among them."""
    only = rule.get("Filter", {})
    conditions = {**only, **only.get("And", {})}
    chosen = any(conditions.get(name) for name in _CHOOSING)
    return None if chosen else str(rule.get("Prefix") or conditions.get("Prefix") or "")
