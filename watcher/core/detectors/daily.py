"""Daily counts as a picture, for detectors that look at one window."""

from __future__ import annotations

from datetime import timedelta

from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.picture import Bar, SeriesPicture
from watcher.core.snapshot import Snapshot

#: More bars than this cannot be told apart.
_BARS = 120
_WIDTHS = {1: "day", 7: "7 days", 28: "28 days", 364: "364 days"}


def by_day(indicator: Indicator, group: Labels, window: Period, snapshot: Snapshot) -> SeriesPicture:
    """What each day of a window comes to; of a long window each 7, 28 or 364 days, ending with its last."""
    width = next((each for each in _WIDTHS if window.days <= each * _BARS), max(_WIDTHS))
    sums = [0] * -(-window.days // width)
    for day, total in snapshot.daily(indicator, group, window):
        sums[-1 - (window.last - day).days // width] += min(1, total) if indicator.count == "days" else total
    bars = []
    for place, total in enumerate(sums):
        last = window.last - timedelta(days=width * (len(sums) - 1 - place))
        bars.append(Bar(max(window.start, last - timedelta(days=width - 1)), last, total))
    return SeriesPicture(indicator.noun, _WIDTHS[width], tuple(bars))
