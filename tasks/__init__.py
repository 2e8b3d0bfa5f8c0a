"""The project's tasks: what its workers can run and what its web can enqueue.

Heavy third-party imports (Pillow, boto3) stay inside the task functions: the web imports this package and must not pay
for them, nor have them installed.
"""

from tasks.app import tasks
from tasks.emails import send_email
from tasks.reports import make_report
from tasks.thumbnails import make_thumbnails
from tasks.webhooks import deliver_webhook

__all__ = ["deliver_webhook", "make_report", "make_thumbnails", "send_email", "tasks"]
