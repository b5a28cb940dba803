"""What the pace chart shows beside its points: the interval, where the total leads, and the days not told in full."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

from watcher.core.detectors.pace.words import Told
from watcher.core.period import DAY
from watcher.core.picture import Lead, PacePicture, Point

#: A day counts as reported in full from this share of what will be known of it.
_FULL = 0.95


def picture(told: Told) -> PacePicture:
    """The frame of the chart; its points are the telling's."""
    projection = told.verdict.projection
    lead = Lead(projection.whole.last, projection.total, projection.low, projection.high) if projection else None
    if lead and not all(map(math.isfinite, lead[1:])):
        lead = None
    return PacePicture(
        told.noun,
        told.pace.removeprefix("the pace of ").removeprefix("the "),
        points=_straight(told),
        interval=_interval(told),
        lead=lead,
        complete_to=_complete_to(told),
        is_stated=told.now.totals is None,
    )


def _straight(told: Told) -> tuple[Point, ...]:
    """A stated total as the line from its first day to its last; empty where the records give every day."""
    if told.now.totals is not None:
        return ()
    period, total, expected = told.now.period, float(told.now.total), told.verdict.expected
    return ((period.start, total / period.days, expected / period.days), (period.last, total, expected))


def _interval(told: Told) -> tuple[float, float] | None:
    """The totals that the baseline is compatible with: the observed one over the ends of the ratio's interval."""
    result, total = told.verdict.interval.result, told.now.total
    if result is None or not total or not result.low or not math.isfinite(result.low):
        return None
    return (total / result.high if math.isfinite(result.high) else 0.0, total / result.low)


def _complete_to(told: Told) -> date | None:
    """The day before the first that is not reported in full; None where nothing is allowed for late reports."""
    known = told.now.seen
    if known is None:
        return None
    running = [0.0, *known.running_days()]
    full = (place for place, (before, after) in enumerate(pairwise(running)) if after - before < _FULL)
    dates = told.now.dates
    return ([told.now.covered.start - DAY, *dates])[next(full, len(dates))]
