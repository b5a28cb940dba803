"""The weeks of a reading as a picture: what each came to, and what the judged one is held against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from watcher.core.detectors.aberration.words import Told
from watcher.core.indicator import DayTotals
from watcher.core.picture import Bar, SeriesPicture


def weekly(told: Told, days: Sequence[DayTotals]) -> SeriesPicture:
    """Every week that was looked at; the last is an alarm where it lies beyond its bound."""
    verdict, weeks = told.verdict, told.weeks
    sums = weeks.sums(told.indicator, days)
    starts = [weeks.start + timedelta(days=7 * place) for place in range(weeks.number)]
    shown = len(verdict.history) + verdict.method.guard + 1
    *before, judged = [Bar(start, start + timedelta(days=6), total) for start, total in zip(starts, sums, strict=True)][
        -shown:
    ]
    judged = judged._replace(
        expected=verdict.expected, bound=verdict.bound, alarm=verdict.is_counted and verdict.is_beyond
    )
    return SeriesPicture(told.indicator.noun, "week", (*before, judged))
