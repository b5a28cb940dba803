"""Daily counts as a picture, for detectors that look at one window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.picture import Bar, SeriesPicture
from watcher.core.snapshot import Snapshot

#: More bars than this cannot be told apart.
_BARS = 120
_WIDTHS = {1: "day", 7: "7 days", 28: "28 days", 364: "364 days"}


def by_day(
    indicator: Indicator, group: Labels, window: Period, snapshot: Snapshot, *, alarm_from: date | None = None
) -> SeriesPicture:
    """What each day of a window comes to; of a long window each 7, 28 or 364 days, ending with its last.

    :param alarm_from: the first day of what is told.
    """
    days = snapshot.daily(indicator, group, window)
    counts = {day: min(1, total) if indicator.count == "days" else total for day, total in days}
    return of_days(counts, window, indicator.noun, alarm_from=alarm_from)


def of_days(counts: Mapping[date, int], window: Period, unit: str, *, alarm_from: date | None = None) -> SeriesPicture:
    """The same of numbers by day."""
    width = next((each for each in _WIDTHS if window.days <= each * _BARS), max(_WIDTHS))
    sums = [0] * -(-window.days // width)
    for day, total in counts.items():
        if day in window:
            sums[-1 - (window.last - day).days // width] += total
    bars = []
    for place, total in enumerate(sums):
        last = window.last - timedelta(days=width * (len(sums) - 1 - place))
        first = max(window.start, last - timedelta(days=width - 1))
        is_told = alarm_from is not None and last >= alarm_from and total > 0
        bars.append(Bar(first, last, total, alarm=is_told))
    return SeriesPicture(unit, _WIDTHS[width], tuple(bars))
