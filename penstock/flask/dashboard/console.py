"""Where the AWS console shows the same. Empty where nothing of it is at AWS."""

from urllib.parse import quote, urlsplit

from penstock.settings import QueueSettings, Settings


def queue_url(settings: Settings, url: str) -> str:
    """The console's page of the queue at ``url``."""
    parts = urlsplit(url)
    if not settings.region or not (parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return ""
    return f"{_home(settings, 'sqs/v3/home')}#/queues/{quote(url, safe='')}"


def dead_letters_url(settings: Settings, queue: QueueSettings) -> str:
    """The console's page of a queue's dead-letter queue, with its button "Start DLQ redrive"."""
    return queue_url(settings, queue.dead_letter_url)


def logs_url(settings: Settings, function: str, request_id: str) -> str:
    """The log lines of one invocation of a Lambda ``function``, by its request id."""
    if not (settings.region and function and request_id):
        return ""
    group = _twice(f"/aws/lambda/{function}")
    pattern = _twice(f'"{request_id}"')
    home = _home(settings, "cloudwatch/home")
    return f"{home}#logsV2:log-groups/log-group/{group}/log-events$3FfilterPattern$3D{pattern}"


def _home(settings: Settings, page: str) -> str:
    region = quote(settings.region, safe="")
    return f"https://{region}.console.aws.amazon.com/{page}?region={region}"


def _twice(text: str) -> str:
    # CloudWatch's page wants percent signs written as dollars in what is quoted twice.
    return quote(quote(text, safe=""), safe="").replace("%", "$")
