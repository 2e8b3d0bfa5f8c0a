"""The reconciler: closes the book on tasks whose messages SQS buried by itself. Runs on a schedule."""

from penstock.aws import reconciler_handler
from tasks import tasks

handler = reconciler_handler(tasks)
