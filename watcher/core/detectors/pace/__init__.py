"""``pace``: whether the rate of a period is above a baseline's rate.

Which days and numbers are compared is decided in :mod:`watcher.core.detectors.pace.sides`, what they are worth in
:mod:`watcher.core.detectors.pace.verdict`, and how it is said in :mod:`watcher.core.detectors.pace.words` and
:mod:`watcher.core.detectors.pace.steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, partial
from itertools import accumulate

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
    whole_days,
)
from watcher.core.detectors.pace import picture as pace_picture
from watcher.core.detectors.pace import sides as pace_sides
from watcher.core.detectors.pace import steps as pace_steps
from watcher.core.detectors.pace import verdict as pace_verdict
from watcher.core.detectors.pace import words as pace_words
from watcher.core.detectors.pace.interval import Weeks
from watcher.core.detectors.pace.parameters import Parameters
from watcher.core.detectors.pace.seen import Seen, seen
from watcher.core.detectors.pace.sides import Missing, Plan, Question, Sides
from watcher.core.detectors.pace.vintage import at_same_age
from watcher.core.detectors.pace.words import Told
from watcher.core.event import EventVersion
from watcher.core.indicator import Indicator
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.picture import Point
from watcher.core.reading import Kind, Output, Reading, Status, Telling, Value, Values
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import LEAST_KNOWN

__all__ = ["EVENT_LIKE", "OUTPUTS", "Parameters", "defaults", "indicators", "problems", "read"]

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
        Output("days", Kind.DAYS, "Days of the period that the sources cover, both ends counted."),
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
        Output("attack_ratio", Kind.RATIO, "Of a sum: rate of attacks with a number over the baseline's."),
        Output(
            "severity_ratio", Kind.RATIO, "Of a sum: mean per attack over the baseline's; attack_ratio x this = ratio."
        ),
        Output("largest_event_share", Kind.SHARE, "Share of the largest event in a sum; none without records."),
        Output(
            "ratio_without_largest", Kind.RATIO, "The ratio of a sum without its largest event; none without records."
        ),
        Output("smallest_visible_ratio", Kind.RATIO, "The least ratio that could give p < 0.01 after so many days."),
        Output("period_start", Kind.DATE, "First day of the period."),
        Output("as_of", Kind.DATE, "Last day of the period: the watermark, or the last day a stated number speaks of."),
    )
}
EVENT_LIKE = False

#: The chart of a longer period shows its newest days.
CHART_DAYS = 366


def _defaults(least: int) -> Defaults:
    return Defaults(
        condition=condition(["ratio > 1", "days >= 28", f"observed >= {least}"]),
        recovery=condition(["ratio < 0.95"]),
        severity=(Tier("critical", condition("evidence = strong")), Tier("warning")),
    )


#: Fewer deaths, or fewer attacks or days, are not spoken of.
_OF_SUMS, _OF_COUNTS = _defaults(25), _defaults(10)


def defaults(parameters: Parameters, catalogue: Catalogue) -> Defaults:
    """Fires as a warning when the rate exceeds the baseline's, and turns critical when the evidence is strong."""
    indicator = catalogue.indicators.get(parameters.indicator)
    return _OF_SUMS if indicator is None or indicator.is_sum else _OF_COUNTS


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and baselines that say nothing about the indicator."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    if parameters.against is not None:
        yield from whole_days("against", parameters.against)
    indicator = catalogue.indicators.get(parameters.indicator)
    if parameters.test == "compound" and indicator is not None and not indicator.is_sum:
        yield "test", "'compound' goes by the deaths of each attack; for what is counted take exact, midp or quasi"
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
    against = parameters.against or timedelta()
    question = Question(indicator, parameters.above, parameters.compare, parameters.window, against)
    plan = pace_sides.plan(question, snapshot)
    if parameters.vintage == "same_age" and isinstance(plan, Plan):
        plan = at_same_age(plan, snapshot)
    if isinstance(plan, Missing):
        yield _nothing(plan, parameters)
        return
    known = seen(indicator, plan.covered(plan.now), snapshot) if _allows_for_delay(plan, parameters) else None
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
        weeks=_weeks(plan, snapshot, sides, group) if parameters.test == "quasi" else None,
    )
    told = Told(indicator, group, sides, verdict, cache(partial(_largest, plan, snapshot, sides, group)))
    return Reading(
        labels=group,
        values=Values(told, _VALUES),
        period=plan.now.start if verdict.whole else None,
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
        arithmetic=tuple(pace_steps.arithmetic(told, catalogue.citations)),
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


def _weeks(plan: Plan, snapshot: Snapshot, sides: Sides, group: Labels) -> Weeks | None:
    """The weeks of both periods; None where one is a stated number."""
    if sides.now.totals is None or sides.before.totals is None:
        return None
    known = ((sides.now, snapshot), (sides.before, plan.then(snapshot)))
    return Weeks(*(pace_sides.weeks(side, then.daily(plan.indicator, group, side.period)) for side, then in known))


_VALUES: Mapping[str, Callable[[Told], Value]] = {
    "observed": lambda told: told.now.total,
    "expected": lambda told: told.verdict.expected,
    "ratio": lambda told: told.verdict.ratio,
    "rate": lambda told: told.now.tally.rate,
    "baseline_rate": lambda told: told.before.tally.rate,
    "baseline_total": lambda told: told.before.total,
    "projected": lambda told: told.verdict.projection.total if told.verdict.projection else None,
    "projected_low": lambda told: told.verdict.projection.low if told.verdict.projection else None,
    "projected_high": lambda told: told.verdict.projection.high if told.verdict.projection else None,
    "days": lambda told: told.now.days,
    "effective_days": lambda told: told.now.tally.days,
    "completeness": lambda told: told.now.seen.completeness if told.now.seen else None,
    "p_value": lambda told: told.verdict.interval.result.p if told.verdict.interval.result else None,
    "llr": lambda told: told.verdict.llr,
    "score": lambda told: told.verdict.score,
    "ci_low": lambda told: told.verdict.interval.result.low if told.verdict.interval.result else None,
    "ci_high": lambda told: told.verdict.interval.result.high if told.verdict.interval.result else None,
    "dispersion": lambda told: told.verdict.dispersion.value,
    "evidence": lambda told: told.verdict.evidence,
    "attack_ratio": lambda told: told.verdict.split.attacks if told.verdict.split else None,
    "severity_ratio": lambda told: told.verdict.split.severity if told.verdict.split else None,
    "largest_event_share": lambda told: told.largest / told.now.total if told.largest else None,
    "ratio_without_largest": lambda told: told.without_largest,
    "smallest_visible_ratio": lambda told: told.verdict.smallest_visible_ratio,
    "period_start": lambda told: told.now.period.start,
    "as_of": lambda told: told.now.period.last,
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
) -> tuple[Point, ...]:
    """The running totals day by day, of a long period the newest days; none for a stated total."""
    now, before = sides.now, sides.before
    if now.totals is None:
        return ()
    days = now.dates
    seen = accumulate(_per_day(plan.indicator, daily, days))
    if sides.same_days_of is None or before.totals is None:
        running = now.seen.running_days() if now.seen else range(1, len(days) + 1)
        pace = [before.tally.rate * exposure for exposure in running]
    else:
        then = before.dates
        sums = list(
            accumulate(_per_day(plan.indicator, plan.then(snapshot).daily(plan.indicator, group, before.period), then))
        )
        pace = [sums[min(i, len(sums) - 1)] * now.tally.days / len(then) for i in range(len(days))]
    return tuple(zip(days, map(float, seen), pace, strict=True))[-CHART_DAYS:]


def _per_day(indicator: Indicator, daily: Sequence[tuple[date, int]], days: Sequence[date]) -> Iterator[int]:
    by_day = dict(daily)
    for day in days:
        yield min(1, by_day.get(day, 0)) if indicator.count == "days" else by_day.get(day, 0)
