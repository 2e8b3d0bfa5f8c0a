"""What the plan says about the watchers: whom the alarms tell, in which words, and what the dashboard shows."""

import json
import re
from pathlib import Path

import pytest

from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from penstock.flask.dashboard.text import slug as _unused  # noqa: F401
from tests.infra.alarms import alarms

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
OBSERVABILITY = "module.stack.module.observability[0]"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:topic"
