"""Ticks: the moments at which rules are evaluated, on a grid, and which of the missed ones still matter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from watcher.core.period import DAY, day_start, tick_at_or_after, tick_at_or_before

#: A turn that comes later than this looks only at the last days: each tick costs an evaluation of every rule.
LONGEST_CATCH_UP = timedelta(days=400)


def ticks_due(
    interval: timedelta, last: datetime | None, now: datetime, *, moments: Iterable[datetime], dirty: bool
) -> list[datetime]:
    """The ticks up to ``now`` at which a rule has to be evaluated, in order.

    :param last: the last tick it was evaluated at; None when it never was.
    :param moments: when something could have changed: a record became known, a day began, a ``for`` ran out.
    :param dirty: whether something changed that is older than its recording, so that only the newest tick can see it.
    """
    final = tick_at_or_before(now, interval)
    if last is None or last > final + interval:
        # Never judged, or judged by a clock that was ahead: begin at the present.
        return [final]
    due = {tick_at_or_after(moment, interval) for moment in moments if moment > last}
    if dirty:
        due.add(final)
    return sorted(tick for tick in due if last <= tick <= final)


def midnights(after: datetime, up_to: datetime) -> list[datetime]:
    """Each 00:00 UTC in (after, up_to], at most of the last LONGEST_CATCH_UP."""
    day = max(after, up_to - LONGEST_CATCH_UP).date() + DAY
    found = []
    while (midnight := day_start(day)) <= up_to:
        found.append(midnight)
        day += DAY
    return found
