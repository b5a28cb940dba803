"""``pace``: whether the rate of a period is above a baseline's rate.

Which days and numbers are compared is decided in :mod:`watcher.core.detectors.pace.sides`, what they are worth in
:mod:`watcher.core.detectors.pace.verdict`, and how it is said in :mod:`watcher.core.detectors.pace.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from watcher.core.baseline import Baseline
from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.frame import (
    SHOWN_RECORDS,
    Defaults,
    Tier,
    by_name,
    contributors,
    named_indicator,
    period_text,
    record_sources,
    unknown_name,
)
from watcher.core.detectors.pace import picture as pace_picture
from watcher.core.detectors.pace import sides as pace_sides
from watcher.core.detectors.pace import verdict as pace_verdict
from watcher.core.detectors.pace import words as pace_words
from watcher.core.detectors.pace.seen import LEAST_KNOWN, Seen, seen
from watcher.core.detectors.pace.sides import Missing, Plan, Question, Sides
from watcher.core.detectors.pace.verdict import Verdict
from watcher.core.detectors.pace.vintage import at_same_age
from watcher.core.detectors.pace.words import Told
from watcher.core.document import Document, shown
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Duration, Period
from watcher.core.reading import Kind, Output, Reading, Status, Telling, Value
from watcher.core.snapshot import Snapshot

#: The words of evidence, from least to most.
EVIDENCE = ("none", "weak", "moderate", "strong")

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What the indicator comes to in the period."),
        Output("expected", Kind.NUMBER, "What the baseline's rate gives for as many days."),
        Output(
            "ratio",
            Kind.RATIO,
            "Rate over baseline rate; 0 when nothing was observed, infinite when the baseline is zero.",
        ),
        Output("rate", Kind.PER_DAY, "Observed per day."),
        Output("baseline_rate", Kind.PER_DAY, "The baseline's total per day."),
        Output("baseline_total", Kind.COUNT, "What the baseline period came to."),
        Output(
            "projected",
            Kind.NUMBER,
            "At this rate by the end of the year (ytd) or month (mtd); none for since and last.",
        ),
        Output("projected_low", Kind.NUMBER, "Lower end of the 95 % predictive interval of 'projected'."),
        Output("projected_high", Kind.NUMBER, "Upper end of the 95 % predictive interval of 'projected'."),
        Output("days", Kind.DAYS, "Days of the period, both ends counted."),
        Output(
            "effective_days",
            Kind.DAYS,
            "The sum of the shares known of the days; the days where all is taken as known.",
        ),
        Output("completeness", Kind.SHARE, "Mean share known of the days yet; none unless 'delay' is estimated."),
        Output(
            "p_value",
            Kind.PROBABILITY,
            "One-sided probability of so much, were the rate unchanged; none without a test.",
        ),
        Output("llr", Kind.NUMBER, "Log-likelihood ratio of the sequential test; 0 when the rate is not above."),
        Output("score", Kind.NUMBER, "The log-likelihood ratio over the dispersion: what 'evidence' is judged by."),
        Output("ci_low", Kind.RATIO, "Lower end of the 95 % interval of the ratio; none without a test."),
        Output("ci_high", Kind.RATIO, "Upper end of the 95 % interval of the ratio; none without a test."),
        Output("dispersion", Kind.NUMBER, "Variance over mean that the judgement uses: 1 for counts."),
        Output("evidence", Kind.TEXT, "none, weak, moderate (5 % false alarms a year) or strong (1 %).", EVIDENCE),
        Output("largest_event_share", Kind.SHARE, "Share of the largest event in a sum; none without records."),
        Output("smallest_visible_ratio", Kind.RATIO, "The least ratio that could give p < 0.01 after so many days."),
        Output("period_start", Kind.DATE, "First day of the period."),
        Output("as_of", Kind.DATE, "Last day of the period: the watermark, or the last day a stated number speaks of."),
    )
}
EVENT_LIKE = False

FIRST_YEAR, LAST_YEAR = 1900, 2200
#: The chart of a longer period shows its newest days.
CHART_DAYS = 366


def _year(value: object) -> object:
    if isinstance(value, int) or (isinstance(value, str) and value.isdecimal()):
        if FIRST_YEAR <= int(value) <= LAST_YEAR:
            return int(value)
        msg = f"{shown(value)} is no year between {FIRST_YEAR} and {LAST_YEAR}; write a year or a baseline's name"
        raise ValueError(msg)
    return value


class Parameters(Document):
    """What stands under ``pace``."""

    indicator: str
    """The indicator whose rate is judged."""
    above: Annotated[int | str, BeforeValidator(_year)]
    """A year (2019), or the name of a baseline."""
    current: Literal["ytd", "mtd", "since", "last"] = "ytd"
    """Which period: the year so far, the month so far, since a day, or the last days."""
    since: date | None = None
    """First day, with ``current: since``."""
    last: Duration | None = None
    """How many days, with ``current: last``."""
    compare: Literal["annual", "same_period"] = "annual"
    """With the whole baseline period, or with the same calendar days of the year ``above`` (needs records)."""
    test: pace_verdict.Test = "auto"
    """Where interval and p come from; auto: exact for counts, inflated for sums. Evidence never depends on it."""
    assumed_dispersion: Annotated[float, Field(ge=1, le=1_000)] = 5
    """Variance over mean of a sum where neither 20 attacks per period nor a stated dispersion tell it."""
    dispersion: Annotated[float, Field(ge=1, le=1_000)] | None = None
    """Variance over mean, where the author knows it; wins over everything else, for counts as well."""

    delay: Literal["none", "estimated"] = "none"
    """Late reports; estimated: a day counts for the share of it that is known at its age, none: all is known."""

    vintage: Literal["latest", "same_age"] = "latest"
    """The baseline's knowledge: the latest, or that at the age of the current period (with ``same_period``)."""

    @model_validator(mode="after")
    def _same_age(self) -> Parameters:
        if self.vintage == "same_age" and self.compare != "same_period":
            msg = "'vintage: same_age' compares days of the same age; it goes with 'compare: same_period'"
            raise ValueError(msg)
        if self.vintage == "same_age" and self.delay == "estimated":
            msg = "of days of the same age as much is missing on both sides; leave 'delay: estimated' out"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _companions(self) -> Parameters:
        for name, value, example in (("since", self.since, "2020-04-17"), ("last", self.last, "90d")):
            if self.current == name and value is None:
                msg = f"'current: {name}' needs '{name}', e.g. {name}: {example}"
                raise ValueError(msg)
            if self.current != name and value is not None:
                msg = f"'{name}' goes with 'current: {name}'"
                raise ValueError(msg)
        return self

    def window(self, last: date) -> Period:
        """The current period, given its last day; empty when it has not begun."""
        if self.current == "last":
            return Period.ending(last, self.last or timedelta(days=1))
        first = {"ytd": last.replace(month=1, day=1), "mtd": last.replace(day=1)}.get(self.current, self.since)
        return Period.between(first or last, last)

    def whole(self, window: Period) -> Period | None:
        """The year or month that a window is the beginning of; None for windows that move."""
        if self.current == "ytd":
            return Period.of_year(window.start.year)
        if self.current == "mtd":
            return Period(window.start, (window.start + timedelta(days=31)).replace(day=1))
        return None


def defaults(parameters: Parameters, catalogue: Catalogue) -> Defaults:
    """Fires as a warning when the rate exceeds the baseline's, and turns critical when the evidence is strong."""
    indicator = catalogue.indicators.get(parameters.indicator)
    floor = 25 if indicator is None or indicator.is_sum else 10
    return Defaults(
        condition=condition(["ratio > 1", "days >= 28", f"observed >= {floor}"]),
        recovery=condition(["ratio < 0.95"]),
        severity=(Tier("critical", condition("evidence = strong")), Tier("warning")),
    )


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and baselines that say nothing about the indicator."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    if isinstance(parameters.above, str):
        if parameters.compare == "same_period":
            yield "compare", "same_period compares calendar days of a year; give 'above' as a year, e.g. 2019"
        yield from _baseline_problems(parameters.indicator, parameters.above, catalogue)


def _baseline_problems(indicator: str, name: str, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    baselines = {each.baseline: each for file in catalogue.baselines.values() for each in file}
    if name not in baselines:
        yield "above", unknown_name("baseline", name, baselines)
    elif indicator in catalogue.indicators:
        yield from _silent_baseline(baselines[name], catalogue, indicator)


def _silent_baseline(baseline: Baseline, catalogue: Catalogue, indicator: str) -> Iterable[tuple[str, str]]:
    if indicator not in baseline.indicators:
        yield "above", f"baseline {baseline.baseline!r} does not speak for {indicator!r}; add it to its 'indicators'"
    elif baseline.total_for(catalogue.indicators[indicator]) is None:
        kind = "deaths" if catalogue.indicators[indicator].is_sum else "attacks"
        yield "above", f"baseline {baseline.baseline!r} states no {kind}"


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels; one without labels when there is nothing to compare."""
    indicator = catalogue.indicators[parameters.indicator]
    question = Question(indicator, parameters.above, parameters.compare, parameters.window)
    plan = pace_sides.plan(question, snapshot)
    if parameters.vintage == "same_age" and isinstance(plan, Plan):
        plan = at_same_age(plan, snapshot)
    if isinstance(plan, Missing):
        yield _nothing(plan, parameters)
        return
    known = seen(indicator, plan.now, snapshot) if _allows_for_delay(plan, parameters) else None
    if isinstance(known, Seen) and not known.is_enough:
        yield _too_early(known, plan, parameters)
        return
    for group in snapshot.groups(indicator):
        yield _reading(plan, parameters, catalogue, snapshot, group, known=known)


def _allows_for_delay(plan: Plan, parameters: Parameters) -> bool:
    """A stated number is no record that could come late."""
    return parameters.delay == "estimated" and plan.now_stated is None


def _too_early(known: Seen, plan: Plan, parameters: Parameters) -> Reading:
    reason = (
        f"only {known.completeness * 100:.0f} % of what will be known of {period_text(plan.now)} is known yet, and "
        f"{LEAST_KNOWN * 100:.0f} % are needed"
    )
    period = plan.now.start if parameters.whole(plan.now) else None
    return Reading(status=Status.LEARNING, reason=reason, period=period, watermark=plan.now.last)


def _nothing(missing: Missing, parameters: Parameters) -> Reading:
    period = missing.start if parameters.current in {"ytd", "mtd"} else None
    return Reading(status=Status.NO_DATA, reason=missing.reason, period=period)


def _reading(
    plan: Plan,
    parameters: Parameters,
    catalogue: Catalogue,
    snapshot: Snapshot,
    group: Labels,
    *,
    known: Seen | str | None,
) -> Reading:
    indicator = plan.indicator
    sides = pace_sides.sides(plan, snapshot, group, known if isinstance(known, Seen) else None)
    if isinstance(known, str):
        sides = replace(sides, notes=(*sides.notes, f"Late reports are not allowed for: {known}."))
    verdict = pace_verdict.judge(
        sides,
        indicator,
        test=parameters.test,
        assumed=parameters.assumed_dispersion,
        given=parameters.dispersion,
        whole=parameters.whole(plan.now),
    )
    largest = _largest(plan, snapshot, sides, group)
    told = Told(indicator, group, sides, verdict, largest)
    return Reading(
        labels=group,
        values=_values(sides, verdict, largest),
        period=plan.now.start if verdict.projection else None,
        watermark=plan.now.last,
        tell=partial(_telling, told, plan, catalogue, snapshot),
    )


def _telling(told: Told, plan: Plan, catalogue: Catalogue, snapshot: Snapshot) -> Telling:
    told = replace(told, this_year=snapshot.as_known.year)
    indicator, group, sides = told.indicator, told.group, told.sides
    daily = snapshot.daily(indicator, group, plan.now) if sides.now.totals else ()
    versions = _versions(plan, snapshot, group, daily)
    return Telling(
        headline=pace_words.headline(told),
        sentence=pace_words.sentence(told),
        what=pace_words.what(told),
        sure=pace_words.sure(told),
        unknown=pace_words.unknown(told),
        source=pace_words.source(told, catalogue.citations, record_sources(indicator, versions)),
        arithmetic=tuple(pace_words.arithmetic(told, catalogue.citations)),
        cites=pace_words.cites(told),
        chart=_chart(plan, snapshot, sides, group, daily),
        picture=pace_picture.picture(told),
        records=contributors(indicator, versions),
    )


def _largest(plan: Plan, snapshot: Snapshot, sides: Sides, group: Labels) -> int | None:
    """The largest event of a sum that is counted from records; of a count, the largest means nothing."""
    if not plan.indicator.is_sum or sides.now.totals is None or not sides.now.total:
        return None
    return snapshot.largest(plan.indicator, group, plan.now)


def _values(sides: Sides, verdict: Verdict, largest: int | None) -> dict[str, Value]:
    now, before, projection, result = sides.now, sides.before, verdict.projection, verdict.result
    return {
        "observed": now.total,
        "expected": verdict.expected,
        "ratio": verdict.ratio,
        "rate": now.tally.rate,
        "baseline_rate": before.tally.rate,
        "baseline_total": before.total,
        "projected": projection.total if projection else None,
        "projected_low": projection.low if projection else None,
        "projected_high": projection.high if projection else None,
        "days": now.period.days,
        "effective_days": now.tally.days,
        "completeness": now.seen.completeness if now.seen else None,
        "p_value": result.p if result else None,
        "llr": verdict.llr,
        "score": verdict.score,
        "ci_low": result.low if result else None,
        "ci_high": result.high if result else None,
        "dispersion": verdict.dispersion.value,
        "evidence": verdict.evidence,
        "largest_event_share": largest / now.total if largest else None,
        "smallest_visible_ratio": verdict.smallest_visible_ratio,
        "period_start": now.period.start,
        "as_of": now.period.last,
    }


def _versions(
    plan: Plan, snapshot: Snapshot, group: Labels, daily: Sequence[tuple[date, int]]
) -> Sequence[EventVersion]:
    """The events behind a sum; of a count only the latest, because the largest means nothing there."""
    if not daily:
        return ()
    first = plan.now.start if plan.indicator.is_sum else daily[-SHOWN_RECORDS:][0][0]
    return snapshot.events(plan.indicator, group, Period(first, plan.now.end))


def _chart(
    plan: Plan, snapshot: Snapshot, sides: Sides, group: Labels, daily: Sequence[tuple[date, int]]
) -> tuple[tuple[date, float, float], ...]:
    """The running totals day by day, of a long period the newest days; none for a stated total."""
    now, before = sides.now, sides.before
    if now.totals is None:
        return ()
    days = [now.period.start + timedelta(days=i) for i in range(now.period.days)]
    seen = accumulate(_per_day(plan.indicator, daily, days))
    if sides.same_days_of is None or before.totals is None:
        running = now.seen.running_days() if now.seen else range(1, len(days) + 1)
        pace = [before.tally.rate * exposure for exposure in running]
    else:
        then = [before.period.start + timedelta(days=i) for i in range(before.period.days)]
        sums = list(
            accumulate(_per_day(plan.indicator, plan.then(snapshot).daily(plan.indicator, group, before.period), then))
        )
        pace = [sums[min(i, len(sums) - 1)] * now.tally.days / len(then) for i in range(len(days))]
    return tuple(zip(days, map(float, seen), pace, strict=True))[-CHART_DAYS:]


def _per_day(indicator: Indicator, daily: Sequence[tuple[date, int]], days: Sequence[date]) -> Iterator[int]:
    by_day = dict(daily)
    for day in days:
        yield min(1, by_day.get(day, 0)) if indicator.count == "days" else by_day.get(day, 0)
