"""Windows of time back from now, and the length of the periods that each is shown in."""

from datetime import timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

WINDOWS = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
PERIODS = {"1h": 60, "24h": 900, "7d": 7_200}  # seconds: 60, 96 and 84 points


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """Which time."""

    window: Annotated[Literal["1h", "24h", "7d"], Meta(description="How far back from now")] = "1h"
