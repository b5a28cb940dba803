"""The clock. Only ``cli`` and ``daemon`` read it; everywhere else time is an argument."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def wall() -> datetime:
    """The moment it is, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place


def monotonic() -> float:
    """Seconds that never go back, from an arbitrary start."""
    return time.monotonic()
