"""The names under which the workers count, so that writer (emf.py) and reader (cloudwatch.py) agree.

Each metric has the dimensions ``service`` and ``queue``; those by task, which are switched on, have ``task`` as well. The
queue goes by its name at AWS, as in SQS's own metrics: two stages in one account both have a ``default``.
"""

NAMESPACE = "Penstock"
SERVICE = "penstock"
DURATION, QUEUE_TIME = "Duration", "QueueTime"  # milliseconds, a value a run


def outcome_metric(outcome: str) -> str:
    """The metric that counts an outcome of ``telemetry.RunEvent``: HANDED_BACK is HandedBack."""
    return outcome.title().replace("_", "")
