"""Windows of time back from now, as ``--window`` takes them, and the length of their periods: those of the API."""

from datetime import timedelta

WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
PERIODS = {"1h": 60, "24h": 900, "7d": 7_200}  # seconds
