"""``aberration``: whether the newest week is beyond what the series' own history predicts.

What a week is, is decided in :mod:`watcher.core.detectors.aberration.weeks`, what a history predicts in
:mod:`watcher.core.detectors.aberration.method`, and how it is said in :mod:`watcher.core.detectors.aberration.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import accumulate
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.aberration import words, zscore
from watcher.core.detectors.aberration.method import LONGEST, Asked, Verdict, judge, least_history
from watcher.core.detectors.aberration.picture import weekly
from watcher.core.detectors.aberration.weeks import WeekDay, Weeks, day_value, whole_weeks
from watcher.core.detectors.aberration.words import Told
from watcher.core.detectors.frame import Defaults, by_name, contributors, named_indicator, record_sources
from watcher.core.document import Document
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.period import DAY, Period
from watcher.core.reading import Kind, Output, Reading, Status, Telling, Value, day_text
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.multiplicity import false_discovery

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What the indicator comes to in the week."),
        Output("expected", Kind.NUMBER, "The mean that the history predicts."),
        Output(
            "bound", Kind.COUNT, "The smallest whole number that chance exceeds in at most a share alpha of the weeks."
        ),
        Output("ratio", Kind.RATIO, "Observed over expected."),
        Output("p_value", Kind.PROBABILITY, "The chance of at least so much, were nothing to change."),
        Output(
            "q_value",
            Kind.PROBABILITY,
            "The p-value corrected for the number of groups, after Benjamini and Hochberg; the same without groups.",
        ),
        Output(
            "exceedance",
            Kind.NUMBER,
            "How far above the expected count it is, in units of the way to the bound; above 1 is beyond the bound.",
        ),
        Output("method", Kind.TEXT, "The method that judged: recent, predictive or zscore."),
        Output("weeks", Kind.COUNT, "Weeks of history that the method looked at."),
        Output("period_start", Kind.DATE, "First day of the week that is judged."),
        Output("as_of", Kind.DATE, "Last day of the week that is judged, at or before the watermark."),
    )
}
EVENT_LIKE = False

#: An alert goes on while the p-value is not above this: a week just under the bound is no end.
RECOVERED = 0.05


class Parameters(Document):
    """What stands under ``aberration``."""

    indicator: str
    """The indicator whose newest week is judged."""
    method: Asked = "auto"
    """What predicts the week; auto: recent where there is half a year and 5 counted, else predictive."""
    every: Literal["week", "day"] = "week"
    """Judge each whole week once, or every day the seven days up to it."""
    week_start: WeekDay = "saturday"
    """First day of a week, with `every: week`."""
    alpha: Annotated[float, Field(ge=1e-6, le=0.5)] = 0.005
    """Accepted chance of a false alarm in a week; with `method: zscore` 0.00135, three standard deviations."""
    min_count: Annotated[int, Field(ge=0)] = 5
    """Fewer than this in the last four weeks, the judged one among them, is no alert."""

    @model_validator(mode="before")
    @classmethod
    def _three_deviations(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("method") == "zscore":
            return {"alpha": zscore.ALPHA, **given}
        return given

    @model_validator(mode="after")
    def _week_start_of_weeks(self) -> Parameters:
        if self.every == "day" and "week_start" in self.model_fields_set:
            msg = "'week_start' goes with 'every: week'; with 'every: day' the seven days end at the watermark"
            raise ValueError(msg)
        return self


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """Fires where the p-value is at most alpha, and ends when it is clearly above.

    Seven-day sums that are judged daily hold the same events day after day: there the second look decides.
    """
    return Defaults(
        condition=condition([f"p_value <= {parameters.alpha:.15g}"]),
        recovery=condition([f"p_value > {max(RECOVERED, parameters.alpha):.15g}"]),
        keep_firing_for=DAY if parameters.every == "day" else timedelta(),
    )


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know."""
    return by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels; one without labels while there is too little to judge by."""
    indicator = catalogue.indicators[parameters.indicator]
    coverage = snapshot.coverage(indicator)
    if coverage is None:
        yield Reading(status=Status.NO_DATA, reason=f"no records for {indicator.name}")
        return
    week_start = parameters.week_start if parameters.every == "week" else None
    weeks = whole_weeks(coverage, week_start=week_start, most=LONGEST + 1)
    if weeks.before < least_history(parameters.method):
        yield Reading(status=Status.LEARNING, reason=_missing(parameters, coverage, weeks))
        return
    yield from _readings(parameters, indicator, snapshot, weeks)


def _missing(parameters: Parameters, coverage: Period, weeks: Weeks) -> str:
    needed = least_history(parameters.method)
    begin = f"the records begin on {day_text(coverage.start)}"
    return f"method {parameters.method} needs {needed} whole weeks before the one it judges; {begin} and give {weeks.before}"


def _readings(parameters: Parameters, indicator: Indicator, snapshot: Snapshot, weeks: Weeks) -> Iterator[Reading]:
    """Every group judged; those without an event in all these weeks are zeros, and count among the many looked at."""
    groups, by_day = snapshot.groups(indicator), snapshot.by_day(indicator, weeks.period)
    asked, alpha, least = parameters.method, parameters.alpha, parameters.min_count
    verdicts = [
        judge(weeks.sums(indicator, by_day.get(group, ())), asked=asked, alpha=alpha, min_count=least)
        for group in groups
    ]
    q_values = false_discovery([verdict.p for verdict in verdicts])
    for group, verdict, q in zip(groups, verdicts, q_values, strict=True):
        told = Told(
            indicator,
            group,
            weeks,
            verdict,
            asked=asked,
            alpha=alpha,
            q=q,
            groups=len(groups),
            by_day=parameters.every == "day",
        )
        yield Reading(
            labels=group,
            values=_values(verdict, weeks, q),
            present=verdict.is_counted,
            watermark=weeks.judged.last,
            tell=partial(_telling, told, snapshot, by_day.get(group, ())),
        )


def _values(verdict: Verdict, weeks: Weeks, q: float) -> dict[str, Value]:
    return {
        "observed": verdict.observed,
        "expected": verdict.expected,
        "bound": verdict.bound,
        "ratio": verdict.ratio,
        "p_value": verdict.p,
        "q_value": q,
        "exceedance": verdict.exceedance,
        "method": verdict.method.name,
        "weeks": len(verdict.history),
        "period_start": weeks.judged.start,
        "as_of": weeks.judged.last,
    }


def _telling(told: Told, snapshot: Snapshot, days: Sequence[DayTotals]) -> Telling:
    indicator, week = told.indicator, told.weeks.judged
    versions = snapshot.events(indicator, told.group, week) if told.verdict.observed else ()
    return Telling(
        headline=words.headline(told),
        sentence=words.sentence(told),
        what=words.what(told),
        sure=words.sure(told),
        unknown=(*words.unknown(told), *words.missing(told, snapshot.totals(indicator, told.group, week))),
        source=(record_sources(indicator, versions),),
        arithmetic=tuple(words.arithmetic(told)),
        chart=_chart(told, days),
        picture=weekly(told, days),
        records=contributors(indicator, versions),
    )


def _chart(told: Told, days: Sequence[DayTotals]) -> tuple[tuple[date, float, float], ...]:
    """The running total, day by day, from the first week that was looked at, beside what the prediction gives."""
    period = told.weeks.newest(len(told.verdict.history) + told.verdict.method.guard + 1)
    values = {day.day: day_value(told.indicator, day) for day in days}
    dates = [period.start + timedelta(days=i) for i in range(period.days)]
    seen = accumulate(values.get(day, 0) for day in dates)
    per_day = told.verdict.expected / told.weeks.judged.days
    return tuple((day, float(total), per_day * (i + 1)) for i, (day, total) in enumerate(zip(dates, seen, strict=True)))
