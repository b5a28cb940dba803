"""Events of which the day is not known: what of them belongs to a period whose edge their days cross.

A record known only to a month, or one that sums up several weeks, stands in the series on its last day. Counted whole, it
makes a jump there; counted for the share of its days inside a period, it makes none.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.core.detectors.frame import event_value
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.snapshot import Snapshot


def straddling(indicator: Indicator, group: Labels, period: Period, snapshot: Snapshot) -> Sequence[EventVersion]:
    """The events that may have happened inside a period as well as outside; none where days are counted."""
    if indicator.count == "days":
        return ()
    found = (*snapshot.straddling(indicator, group, period.start), *snapshot.straddling(indicator, group, period.end))
    return tuple({version.version: version for version in found}.values())


def in_part(indicator: Indicator, totals: Totals, period: Period, events: Sequence[EventVersion]) -> Totals:
    """Totals in which straddling events count for the share of their days inside, rounded once at the end."""
    if not events:
        return totals
    counted, valued, total, squares = map(float, (totals.events, totals.valued, totals.total, totals.squares))
    for version in events:
        change = _share(version, period) - (version.event.date_end in period)
        value = event_value(indicator, version)
        counted += change
        if indicator.sum is None or version.event.number(indicator.sum) is not None:
            valued, total, squares = valued + change, total + change * value, squares + change * value * value
    rounded = [int(each + 0.5) for each in (counted, valued, total, squares)]
    return Totals(rounded[0], min(rounded[0], rounded[1]), rounded[2], rounded[3], totals.active_days)


def _share(version: EventVersion, period: Period) -> float:
    """Which share of its possible days lies inside."""
    days = version.event.possible_days
    inside = Period(max(days.start, period.start), min(days.end, period.end))
    return inside.days / days.days
