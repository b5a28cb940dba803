"""When a source is asked next: every so often, or at the times of a cron expression in a time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.later import Later

# Only those need it who write cron expressions.
_cronsim = Later("cronsim")

#: After a moment, the next time.
Following = Callable[[datetime], datetime]


def every(interval: timedelta) -> Following:
    """So long after the last time."""
    return lambda now: now + interval


def cron(expression: str, zone: str) -> Following:
    """At the times of a cron expression, as Debian's cron understands it, through changes of the clocks as well.

    :raises ValueError: when it is none, in words for whoever wrote it.
    """
    place = ZoneInfo(zone)
    _first(expression, datetime(2000, 1, 1, tzinfo=place))
    return lambda now: _first(expression, now.astimezone(place)).astimezone(UTC)


def _first(expression: str, after: datetime) -> datetime:
    try:
        found: datetime = next(_cronsim.CronSim(expression, after))
    except _cronsim.CronSimError as error:
        msg = f"{expression!r} is no cron expression: {str(error).lower()}; write e.g. '0 7 * * 1-5'"
        raise ValueError(msg) from None
    except StopIteration:
        msg = f"{expression!r} never comes"
        raise ValueError(msg) from None
    return found
