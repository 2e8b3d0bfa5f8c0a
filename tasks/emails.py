"""One mail to one address, by Amazon SES.

| what SES says | what happens |
|---|---|
| accepted | a note with SES's message id is kept, so that no later attempt sends the mail again |
| too fast, or the day's quota is used up | tried again after a minute, or after an hour |
| cannot be reached, an error of its own | tried again after the backoff |
| message rejected, sender not verified, sending paused | DEAD: repair it and redrive |
| (before it is asked) an address or a subject that cannot be | FAILED at once |

How often is a mail sent? SES knows no idempotency token. The note (``emails/<task id>`` in UPLOADS_BUCKET) is written once
SES has accepted the mail, so a worker that dies, or an answer that is lost, between the two sends it **twice**. The other
order would lose it in that gap, and nobody would know. Every copy has the header ``X-Penstock-Task`` with the task id, which
is what a receiving system can tell them by.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from penstock import Backoff, Reject, Retry, current_task
from penstock.telemetry import logger
from tasks import config
from tasks.app import tasks
from tasks.storage import UploadNotFound, UploadStore

HEADER = "X-Penstock-Task"
MAX_SUBJECT_CHARACTERS = 500
# https://docs.aws.amazon.com/ses/latest/dg/quotas.html: 40 MB by the v2 API, attachments included; plain mails need less
MAX_BODY_BYTES = 10 * 1024 * 1024
_NOTE_BYTES = 10_000
# RFC 5321 and the way SES takes addresses: ASCII, the domain in Punycode
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,255}$)([A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{0,62}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_TOO_FAST_SECONDS = 60
_QUOTA_SECONDS = 3_600
# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
_TOO_FAST = frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException"})
_QUOTA = frozenset({"LimitExceededException"})


@dataclass(frozen=True, slots=True)
class Sent:
    """SES took it under this message id; ``again`` where an earlier attempt had sent it already."""

    message_id: str
    again: bool = False


# sensitive: mails hold addresses, names and links that sign people in; none of that belongs in a table or a log.
@tasks.task(
    max_attempts=6,
    time_limit=30,
    retry_on=(ConnectionError, TimeoutError),
    backoff=Backoff(base=10, cap=900),
    sensitive=True,
)
def send_email(to: str, subject: str, text: str, html: str = "") -> Sent:
    """Send a mail from MAIL_SENDER to one address; ``html`` is the same for readers that show it.

    For many addresses enqueue many tasks: each is sent, or fails, by itself, and no one sees the others.
    """
    _check(to, subject, text, html)
    notes = UploadStore(config.uploads_bucket())
    note = f"emails/{current_task.id}"
    message_id = _sent_before(notes, note)
    if message_id is not None:
        return Sent(message_id, again=True)
    message_id = _send(_request(to, subject, text, html))
    try:
        notes.write(note, json.dumps({"message_id": message_id}).encode(), "application/json")
    except Exception as error:  # the mail is out: failing now would send it again
        logger.warning("mail %s is sent, but the note on it was not kept: %s", current_task.id, error)
    return Sent(message_id)


def _check(to: str, subject: str, text: str, html: str) -> None:
    if not _ADDRESS.fullmatch(to):
        raise Reject("this is no mail address (one, ASCII, without a name)", discard=True)
    if not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or _CONTROL.search(subject):
        raise Reject(f"a subject is one line of 1 to {MAX_SUBJECT_CHARACTERS} characters", discard=True)
    size = len(text.encode()) + len(html.encode())
    if not text or size > MAX_BODY_BYTES:
        raise Reject(
            f"a mail of {size:,} bytes: it needs a text, and {MAX_BODY_BYTES:,} bytes are the most", discard=True
        )


def _sent_before(notes: UploadStore, note: str) -> str | None:
    try:
        content = notes.read_small(note, max_bytes=_NOTE_BYTES)
    except UploadNotFound:
        return None
    return str(json.loads(content)["message_id"])


def _request(to: str, subject: str, text: str, html: str) -> dict[str, Any]:
    body = {"Text": {"Data": text, "Charset": "UTF-8"}}
    if html:
        body["Html"] = {"Data": html, "Charset": "UTF-8"}
    return {
        "FromEmailAddress": config.mail_sender(),
        "Destination": {"ToAddresses": [to]},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": body,
                "Headers": [{"Name": HEADER, "Value": current_task.id}],
            }
        },
    }


def _send(request: dict[str, Any]) -> str:
    """SES's message id."""
    from botocore import exceptions

    try:
        answer = _client().send_email(**request)
    except exceptions.ClientError as error:
        raise _refusal(error.response) from None
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise ConnectionError(f"SES cannot be reached: {error}") from error
    return str(answer["MessageId"])


def _refusal(response: Mapping[str, Any]) -> Exception:
    """What follows from SES's error; the log gets its code, never its text, which may quote the address."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    message = str(response.get("Error", {}).get("Message", ""))
    logger.warning("SES did not take the mail of task %s: %s (HTTP %d)", current_task.id, code, status)
    if code in _QUOTA or (code in _TOO_FAST and "quota" in message.lower()):
        return Retry(f"SES's sending quota is used up ({code})", delay=_QUOTA_SECONDS)
    if code in _TOO_FAST:
        return Retry(f"SES takes no more mails this second ({code})", delay=_TOO_FAST_SECONDS)
    if status >= 500:
        return ConnectionError(f"SES has an error of its own ({code})")
    return Reject(f"SES refused the mail ({code}): {message}")


def _client() -> Any:
    import boto3
    from botocore.config import Config

    # No second try within: SES has no token to tell a repetition by, and each try may send.
    config = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client("sesv2", config=config)
