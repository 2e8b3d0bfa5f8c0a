"""Penstock on AWS: the only place in the library that imports boto3."""

from penstock.aws.connect import connect
from penstock.aws.handler import lambda_handler

__all__ = ["connect", "lambda_handler"]
