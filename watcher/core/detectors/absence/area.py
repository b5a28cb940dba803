"""A quiet area: no event for longer than the rate before lets one expect, up to the watermark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from statistics import median
from typing import NamedTuple

from watcher.core.coverage import CoverageGap, lying_in
from watcher.core.detectors.absence.parameters import Parameters
from watcher.core.detectors.absence.silence import (
    blind,
    days_after,
    gap_of,
    shown,
    since_text,
    undecided,
    usual_gaps,
    usual_text,
    values,
)
from watcher.core.detectors.absence.source import Rhythm, ago, rhythm
from watcher.core.detectors.daily import by_day
from watcher.core.detectors.frame import contributors, counted, notes_of_gaps, record_sources
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import Labels
from watcher.core.period import DAY, Period, duration_text
from watcher.core.reading import Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

#: An area's rate is that of the 52 weeks that end with its last event.
RATE_DAYS = 364
LEAST_EVENTS = 10
#: A shorter gap is never a quiet area of its own accord.
LEAST_GAP_DAYS = 14


class Gap(NamedTuple):
    """The days since the last event of a group."""

    group: Labels
    last: date
    watermark: date
    #: Events of the covered days of the 52 weeks that end with the last one.
    events: int
    #: How many days of them are covered.
    exposure: int
    #: Median gap in days between their days; None with only one day.
    usual: float | None
    #: Sources whose silence cannot be told yet.
    unsure: tuple[str, ...]
    #: Days that nobody covered.
    gaps: tuple[CoverageGap, ...] = ()

    @property
    def days(self) -> int:
        """Covered days since the last event."""
        return days_after(self.last, self.watermark, self.gaps)

    @property
    def rate(self) -> float:
        """Events per day before the gap."""
        return self.events / self.exposure if self.exposure else 0.0

    @property
    def chance(self) -> float:
        """The probability of so long a gap at that rate."""
        return math.exp(-self.rate * self.days)

    @property
    def area(self) -> str:
        """What a person calls the group."""
        return ", ".join(value for _, value in self.group) or "everywhere"


def readings(parameters: Parameters, indicator: Indicator, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group that ever had an event; none of them while a source is silent, or in a coverage gap."""
    rhythms = {name: rhythm(snapshot, [name]) for name in snapshot.sources()}
    silent = {name: found for name, found in rhythms.items() if found is not None and found.is_silent}
    if silent:
        # The watermark of all sources together stands still, and with it every area, whatever its own source.
        yield blind("; ".join(_silence(name, found) for name, found in silent.items()))
        return
    coverage = snapshot.coverage(indicator)
    if coverage is None:
        yield blind("no event that counts is stored")
        return
    pause = gap_of(coverage.last, parameters.coverage_gaps)
    unsure = tuple(name for name, found in rhythms.items() if found is None or found.bound is None)
    for group, days in snapshot.by_day(indicator, coverage).items():
        gap = _gap(group, days, coverage.last, unsure, parameters.coverage_gaps)
        if pause is not None:
            yield undecided(f"{gap.area} is quiet", coverage.last, pause, group)
        else:
            yield _reading(parameters, indicator, gap, snapshot)


def _silence(name: str, found: Rhythm) -> str:
    since = f"its last record arrived on {day_text(found.last)}"
    return f"the source {name} is silent: {since}, {ago(found.silent_days)}"


def _gap(
    group: Labels,
    days: Sequence[DayTotals],
    watermark: date,
    unsure: tuple[str, ...],
    gaps: tuple[CoverageGap, ...],
) -> Gap:
    # An event of a gap ends a silence, for it happened; how often events come is told by the days that were covered.
    year = Period.ending(days[-1].day, timedelta(days=RATE_DAYS))
    before = [each for each in days if each.day in year and gap_of(each.day, gaps) is None]
    between = usual_gaps([each.day for each in before], gaps)
    return Gap(
        group,
        days[-1].day,
        watermark,
        events=sum(each.events for each in before),
        exposure=RATE_DAYS - sum(each.days for each in lying_in(gaps, year)),
        usual=median(between) if between else None,
        unsure=unsure,
        gaps=gaps,
    )


def _reading(parameters: Parameters, indicator: Indicator, gap: Gap, snapshot: Snapshot) -> Reading:
    if parameters.longer_than != "auto":
        bound = parameters.longer_than.days
    elif gap.events < LEAST_EVENTS:
        few = f"{counted(gap.events, 'events')} in the 52 weeks up to the last one, 'auto' needs {LEAST_EVENTS}"
        return blind(f"{gap.area}: {few}", gap.group, Status.LEARNING)
    else:
        # No event in so many days has the probability exp(-rate x days); days are whole.
        bound = max(LEAST_GAP_DAYS - 1, math.floor(-math.log(parameters.alpha) / gap.rate))
    return Reading(
        labels=gap.group,
        values=values(gap.days, gap.last, gap.usual, bound, as_of=gap.watermark, period_start=gap.last),
        present=gap.days > bound,
        watermark=gap.watermark,
        tell=partial(_telling, parameters, indicator, gap, bound, snapshot),
    )


def _telling(parameters: Parameters, indicator: Indicator, gap: Gap, bound: int, snapshot: Snapshot) -> Telling:
    latest = snapshot.events(indicator, gap.group, Period.between(gap.last, gap.watermark))
    events, until = counted(gap.events, "events"), day_text(gap.watermark)
    since = since_text(gap.last, gap.watermark, gap.gaps)
    return Telling(
        headline=f"{gap.area}: no event for {counted(gap.days, 'days')} to {until}",
        sentence=f"The last event was on {day_text(gap.last)}, after {events} in the 52 weeks that ended with it.",
        what=f"{usual_text(gap.usual, 'events')} More than {counted(bound, 'days')} without any are an absence.",
        sure=(
            f"At the rate before, so long a gap has a probability of {gap.chance:.2g} if events come independently of "
            "each other. Violence comes in clusters, so that long gaps are more common than this says."
        ),
        unknown=(
            "Whether nothing happened, or nobody could report it.",
            *(f"Whether the source {name} is silent: too few arrivals to tell." for name in gap.unsure),
            *notes_of_gaps(gap.gaps, Period.between(gap.last + DAY, gap.watermark)),
        ),
        source=(record_sources(indicator, latest),),
        arithmetic=(
            f"Last event: {day_text(gap.last)}; days since, to the watermark {until}: {since}",
            f"Rate before: {events} / {gap.exposure} days = {gap.rate:.3g} a day",
            f"P(no event in {counted(gap.days, 'days')}) = exp(-{gap.rate:.3g} x {gap.days}) = {gap.chance:.2g}",
            f"Bound: {counted(bound, 'days')} ({_bound_text(parameters)})",
        ),
        picture=by_day(indicator, gap.group, shown(gap.last, gap.watermark), snapshot),
        records=contributors(indicator, latest),
    )


def _bound_text(parameters: Parameters) -> str:
    if parameters.longer_than != "auto":
        return f"longer_than: {duration_text(parameters.longer_than)}"
    return f"beyond it the probability of no event is under {parameters.alpha:g}; at least {LEAST_GAP_DAYS - 1}"
