"""The worker: every queue's Lambda function has this one entry point, ``lambdas.worker.handler``."""

from penstock.aws import lambda_handler
from tasks import tasks

handler = lambda_handler(tasks)
