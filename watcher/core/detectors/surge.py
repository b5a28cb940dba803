"""``surge``: percent change against the mean of the windows before.

The windows before lie end to end and do not overlap; the last one ends on the day before the window that is judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.frame import (
    Defaults,
    beginning,
    by_name,
    contributors,
    counted,
    in_gap,
    missing_values,
    named_indicator,
    period_text,
    record_sources,
    subject,
    whole,
    whole_days,
)
from watcher.core.document import Document
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import Labels
from watcher.core.period import Duration, Period, duration_text
from watcher.core.picture import Bar, Point, SeriesPicture
from watcher.core.reading import Kind, Output, Reading, Status, Telling, day_text
from watcher.core.snapshot import Snapshot

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What the indicator comes to over the window."),
        Output("mean", Kind.NUMBER, "What the windows before come to, on average."),
        Output(
            "change",
            Kind.SHARE,
            "Observed over mean, less one: 100 % is twice as much; infinite when the mean is 0 and something was observed.",
        ),
        Output("days", Kind.DAYS, "Days of the window, both ends counted."),
        Output("period_start", Kind.DATE, "First day of the window."),
        Output("as_of", Kind.DATE, "Last day of the window: the watermark."),
    )
}
EVENT_LIKE = False

#: So many windows are told one by one; of more, the least and the most.
SHOWN_WINDOWS = 6
#: The chart of a longer time shows its newest days.
CHART_DAYS = 366
#: From here on a mean is told without its fraction.
_LARGE = 100


class Parameters(Document):
    """What stands under ``surge``."""

    indicator: str
    """The indicator to read."""
    window: Duration = timedelta(days=7)
    """How many days, the watermark's day included; at least one."""
    against: Duration = timedelta(weeks=4)
    """How many days before the window the mean is taken from; a multiple of the window."""


class Sums(NamedTuple):
    """What a group comes to over the window, and over each of the windows before."""

    observed: int
    #: The oldest first.
    earlier: tuple[int, ...]

    @property
    def before(self) -> int:
        """Everything before the window."""
        return sum(self.earlier)

    @property
    def mean(self) -> float:
        """Per window before."""
        return self.before / len(self.earlier)

    @property
    def change(self) -> float:
        """0 when nothing was observed, now or before."""
        if not self.before:
            return math.inf if self.observed else 0.0
        # Whole numbers up to the one division: twice the mean is 1.0 to the last digit, whatever the mean is.
        return (self.observed * len(self.earlier) - self.before) / self.before


class Told(NamedTuple):
    """What the words of a reading speak of."""

    indicator: Indicator
    group: Labels
    sums: Sums
    window: Period
    before: Period


def defaults(_parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """Twice the mean, and a mean of at least one: the rule of ACLED's Subnational Surge Tracker."""
    return Defaults(condition=condition(["change >= 100 %", "mean >= 1"]))


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, parts of days, and windows that do not fill ``against``."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    window, against = parameters.window, parameters.against
    not_days = list(whole_days("window", window))
    yield from not_days
    if not not_days and (not against or against % window):
        below = against // window * window
        near = " or ".join(duration_text(each) for each in (below, below + window) if each)
        yield "against", f"must be a multiple of the window, {duration_text(window)}; write {near}"


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels; one without labels while there is too little to judge by."""
    indicator = catalogue.indicators[parameters.indicator]
    watermark, coverage = snapshot.watermark(indicator), snapshot.coverage(indicator)
    if watermark is None or coverage is None:
        yield Reading(status=Status.NO_DATA, reason=f"no records for {indicator.name}")
        return
    window = Period.ending(watermark, parameters.window)
    before = Period(window.start - parameters.against, window.start)
    comparable = indicator.comparable(coverage)
    if comparable.start > before.start:
        begin, need = beginning(indicator, comparable), day_text(before.start)
        reason = f"{begin}; {counted(window.days, 'days')} against {before.days} need them from {need} on"
        yield Reading(status=Status.LEARNING, reason=reason)
        return
    whole_span = Period(before.start, window.end)
    if indicator.missing_days(whole_span):
        # A window with fewer days than the others is no measure for them, nor they for it.
        yield Reading(status=Status.NO_DATA, reason=in_gap(indicator, whole_span), watermark=window.last)
        return
    days = snapshot.by_day(indicator, Period(before.start, window.end))
    for group in snapshot.groups(indicator):
        sums = _sums(indicator, days.get(group, ()), before=before, width=window.days)
        yield _reading(Told(indicator, group, sums, window, before), snapshot)


def _sums(indicator: Indicator, days: Sequence[DayTotals], *, before: Period, width: int) -> Sums:
    sums = [0] * (before.days // width + 1)
    for each in days:
        sums[(each.day - before.start).days // width] += 1 if indicator.count == "days" else each.total
    return Sums(sums[-1], tuple(sums[:-1]))


def _reading(told: Told, snapshot: Snapshot) -> Reading:
    sums, window = told.sums, told.window
    return Reading(
        labels=told.group,
        values={
            "observed": sums.observed,
            "mean": sums.mean,
            "change": sums.change,
            "days": window.days,
            "period_start": window.start,
            "as_of": window.last,
        },
        watermark=window.last,
        tell=partial(_telling, told, snapshot),
    )


def _telling(told: Told, snapshot: Snapshot) -> Telling:
    indicator, sums, window = told.indicator, told.sums, told.window
    versions = snapshot.events(indicator, told.group, window)
    return Telling(
        headline=f"{subject(indicator, told.group)}: {_change_text(told)}",
        sentence=_sentence(told),
        what=_windows_before(sums),
        sure="A percent change, not a test: it does not know how much the number varies by itself.",
        unknown=missing_values(indicator, snapshot.totals(indicator, told.group, window)),
        source=(record_sources(indicator, versions),),
        arithmetic=_arithmetic(told),
        chart=_chart(told, snapshot),
        picture=_picture(told),
        records=contributors(indicator, versions),
    )


def _chart(told: Told, snapshot: Snapshot) -> tuple[Point, ...]:
    """The running totals day by day, from the first of the windows before, and what their mean gives."""
    span = Period(told.before.start, told.window.end)
    daily = dict(snapshot.daily(told.indicator, told.group, span))
    days = [span.start + timedelta(days=i) for i in range(span.days)]
    seen = accumulate(
        min(daily.get(day, 0), 1) if told.indicator.count == "days" else daily.get(day, 0) for day in days
    )
    per_day = told.sums.mean / told.window.days
    return tuple(
        (day, float(so_far), per_day * (i + 1)) for i, (day, so_far) in enumerate(zip(days, seen, strict=True))
    )[-CHART_DAYS:]


def _picture(told: Told) -> SeriesPicture:
    """The windows before and this one, beside the mean of those before."""
    width, sums = told.window.days, told.sums
    starts = [told.before.start + timedelta(days=width * i) for i in range(len(sums.earlier) + 1)]
    bars = tuple(
        Bar(start, start + timedelta(days=width - 1), total, sums.mean)
        for start, total in zip(starts, (*sums.earlier, sums.observed), strict=True)
    )
    return SeriesPicture(told.indicator.noun, counted(width, "days"), bars, expected="mean before")


def _change_text(told: Told) -> str:
    sums, window = told.sums, told.window
    seen = counted(sums.observed, told.indicator.noun)
    if not sums.before:
        days = f"{counted(window.days, 'days')} to {day_text(window.last)}"
        return f"{seen} in {days}, none in the {counted(told.before.days, 'days')} before"
    return f"{_percent(sums.change)} in {counted(window.days, 'days')} to {day_text(window.last)}, {seen}"


def _percent(change: float) -> str:
    percent = round(change * 100)
    if not percent:
        return "unchanged"
    return f"{'up' if percent > 0 else 'down'} {whole(abs(percent))} %"


def _sentence(told: Told) -> str:
    sums, days = told.sums, counted(told.window.days, "days")
    seen = counted(sums.observed, told.indicator.noun)
    windows = f"{len(sums.earlier)} windows of {days}" if len(sums.earlier) > 1 else days
    average = " on average" if len(sums.earlier) > 1 else ""
    return (
        f"{seen[0].upper()}{seen[1:]} in {days}, {period_text(told.window)}; "
        f"the {windows} before came to {_mean_text(sums.mean)}{average}."
    )


def _windows_before(sums: Sums) -> str:
    return f"The windows before came to {_each(sums)}."


def _each(sums: Sums) -> str:
    if len(sums.earlier) > SHOWN_WINDOWS:
        return f"between {whole(min(sums.earlier))} and {whole(max(sums.earlier))} each"
    return ", ".join(map(whole, sums.earlier))


def _mean_text(mean: float) -> str:
    return whole(mean) if mean >= _LARGE else f"{mean:.3g}"


def _arithmetic(told: Told) -> tuple[str, ...]:
    indicator, sums, window, before = told.indicator, told.sums, told.window, told.before
    mean = _mean_text(sums.mean)
    days = counted(window.days, "days")
    change = OUTPUTS["change"].format(sums.change)
    division = f"{whole(sums.observed)} / {mean} - 1 = {change}" if sums.before else f"{change}, from a mean of 0"
    return (
        f"Window: {period_text(window)}, {days} ending at the watermark: {counted(sums.observed, indicator.noun)}",
        f"Before: {period_text(before)}, {len(sums.earlier)} x {days}: {_each(sums)}",
        f"Mean: {whole(sums.before)} / {len(sums.earlier)} = {mean}",
        f"Change: {division}",
    )
