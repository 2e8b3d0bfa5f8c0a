"""What botocore raises, as Penstock's errors: ``Unavailable`` where trying again is right, ``AccessRefused`` where not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from penstock.errors import AccessRefused, Unavailable

# No answer, half an answer, or none from whoever hands out a role's credentials.
_NO_ANSWER = (BotoConnectionError, HTTPClientError, IncompleteReadError, MetadataRetrievalError)

# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html, SQS's OverLimit (too many in flight), two of
# DynamoDB's that pass by themselves, and Lambda's two for what is just being changed. Every status of 500 and more is
# temporary as well.
_TEMPORARY = frozenset(
    {
        "BandwidthLimitExceeded",
        "InternalError",
        "InternalServerError",
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "PurgeQueueInProgress",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceConflictException",
        "ResourceInUseException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

_CREDENTIALS = (
    "Give this process credentials of the stack's account: a role on AWS, AWS_PROFILE or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY elsewhere; `python -m local` sets them for the local stack"
)
_EXPIRED = "Get fresh credentials: sign in again, or check that the role can be renewed"
_PERMISSION = "Allow this operation on this resource in the role's policy; infra/terraform lists what each role needs"
_MISSING = (
    "It does not exist in this account and region: run terraform apply (or start the local stack), or fix {setting}"
)

_ADVICE: Mapping[str, str] = {
    "AccessDenied": _PERMISSION,
    "AccessDeniedException": _PERMISSION,
    "KmsAccessDenied": _PERMISSION,
    "UnauthorizedOperation": _PERMISSION,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "InvalidAccessKeyId": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "MissingAuthenticationToken": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "UnrecognizedClientException": _CREDENTIALS,
    "NonExistentQueue": _MISSING.format(setting="PENSTOCK_QUEUES"),
    "QueueDoesNotExist": _MISSING.format(setting="PENSTOCK_QUEUES"),
    "ResourceNotFoundException": _MISSING.format(setting="PENSTOCK_TABLE"),
    "NoSuchBucket": _MISSING.format(setting="PENSTOCK_PAYLOAD_BUCKET"),
    "RequestTimeTooSkewed": "Set this machine's clock",
}
# DynamoDB has one code, ValidationException, for all that is wrong with a request: its words (and moto's) tell these apart.
_NO_INDEX = ("does not have the specified index", "Invalid index")
_INDEX_IN_THE_MAKING = "backfilling global secondary index"
_OLDER_TABLE = "The table was made by an older version: run terraform apply, which adds the index (docs/upgrading.md)"


@contextmanager
def calling(operation: str, resource: str) -> Iterator[None]:
    """Around one call: ``operation`` such as ``SQS SendMessage``, ``resource`` as AWS names it."""
    try:
        yield
    except ClientError as error:
        raise _answered(error, operation, resource) from error
    except _NO_ANSWER as error:
        raise Unavailable(f"{operation} on {resource} got no answer ({error}): try again later") from error
    except NoCredentialsError as error:
        raise AccessRefused(f"{operation} on {resource}: there are no AWS credentials. {_CREDENTIALS}") from error
    except BotoCoreError as error:  # nothing was sent: parameters, profiles, endpoints, a token that cannot be had
        raise AccessRefused(f"{operation} on {resource} could not be sent: {type(error).__name__}: {error}") from error


def field_of(answer: Mapping[str, Any], name: str, operation: str, resource: str) -> Any:
    """``answer[name]``; Unavailable if it is not there: status 200, but of a proxy or a captive portal, not of AWS."""
    if name not in answer:
        raise Unavailable(f"{operation} on {resource} was answered by something else than AWS: no {name}")
    return answer[name]


def code_of(error: ClientError) -> str:
    """The error code without SQS's old prefix (``AWS.SimpleQueueService.``)."""
    return error.response.get("Error", {}).get("Code", "").rpartition(".")[2]


def refusal(operation: str, resource: str, code: str, message: str) -> AccessRefused:
    """The error for an answer that says no, for good."""
    code = code.rpartition(".")[2]
    advice = _ADVICE.get(code, "The same call will be refused again")
    if any(words in message for words in _NO_INDEX):
        advice = _OLDER_TABLE
    return AccessRefused(f"{operation} on {resource} was refused: {code}: {message.rstrip('.')}. {advice}")


def _answered(error: ClientError, operation: str, resource: str) -> AccessRefused | Unavailable:
    code, message = code_of(error), error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _TEMPORARY or status >= 500 or status == 429 or _INDEX_IN_THE_MAKING in message:
        return Unavailable(
            f"{operation} on {resource} is not possible now ({status} {code}: {message:.200}): try again later"
        )
    return refusal(operation, resource, code, message)
