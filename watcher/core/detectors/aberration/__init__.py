"""``aberration``: whether the newest week is beyond what the series' own history predicts.

What a week is, is decided in :mod:`watcher.core.detectors.aberration.weeks`, what a history predicts in
:mod:`watcher.core.detectors.aberration.method`, which of these counts in
:mod:`watcher.core.detectors.aberration.verdict`, and how it is said in
:mod:`watcher.core.detectors.aberration.words`. The numbers are worked out in :mod:`watcher.core.statistics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import accumulate

from watcher.core.catalogue import Catalogue
from watcher.core.condition import condition
from watcher.core.detectors.aberration import words
from watcher.core.detectors.aberration.method import LEAST_ATTACKS, METHODS, TWO_YEARS, Attacks, longest
from watcher.core.detectors.aberration.parameters import Parameters as Parameters
from watcher.core.detectors.aberration.picture import weekly
from watcher.core.detectors.aberration.verdict import Verdict, judge, least_history
from watcher.core.detectors.aberration.weeks import Weeks, day_value, whole_weeks
from watcher.core.detectors.aberration.words import ALL_KNOWN, Known, Told
from watcher.core.detectors.frame import (
    Defaults,
    beginning,
    by_name,
    contributors,
    counted,
    in_gap,
    named_indicator,
    period_text,
    record_sources,
)
from watcher.core.event import EventVersion
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import Labels
from watcher.core.period import DAY, Period
from watcher.core.picture import Point
from watcher.core.reading import Kind, Output, Reading, Status, Telling, Value
from watcher.core.snapshot import Snapshot
from watcher.core.statistics.delay import LEAST_KNOWN, reported_to
from watcher.core.statistics.multiplicity import false_discovery

OUTPUTS: Mapping[str, Output] = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What the indicator comes to in the week."),
        Output("expected", Kind.NUMBER, "The mean that the history predicts."),
        Output(
            "bound",
            Kind.COUNT,
            "The largest whole number that is no alarm; -1 where the weeks before are enough for one.",
        ),
        Output("ratio", Kind.RATIO, "Observed over expected."),
        Output(
            "p_value",
            Kind.PROBABILITY,
            "The chance of at least so much, were nothing to change; of shift at most that of such a score.",
        ),
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
        Output("score", Kind.NUMBER, "What shift and ears_c3 add up over several weeks; the other methods have none."),
        Output("limit", Kind.NUMBER, "The score above which there is an alarm."),
        Output("method", Kind.TEXT, "The method that judged; with auto, or where one has no answer, another one."),
        Output("weeks", Kind.COUNT, "Weeks of history that the method looked at."),
        Output("period_start", Kind.DATE, "First day of the week that is judged."),
        Output("as_of", Kind.DATE, "Last day of the week that is judged, at or before the watermark."),
    )
}
EVENT_LIKE = False

#: An alert goes on while the p-value is not above this: a week just under the bound is no end.
RECOVERED = 0.05
#: An alarm of ``shift`` starts its sum again: the alert goes on for as long as it takes to fill up once more.
REFILLED = timedelta(weeks=4)
#: The chart shows so many weeks at most.
CHART_WEEKS = 57


def defaults(parameters: Parameters, _catalogue: Catalogue) -> Defaults:
    """Fires where the p-value is at most alpha, or the score of a shift above its limit, and ends when p is clearly more.

    Seven-day sums that are judged daily hold the same events day after day: there the second look decides.
    """
    if parameters.method == "shift":
        holds, again = f"score > {parameters.limit:.15g}", REFILLED
    else:
        holds, again = f"p_value <= {parameters.alpha:.15g}", DAY if parameters.every == "day" else timedelta()
    recovered = RECOVERED if parameters.method == "shift" else max(RECOVERED, parameters.alpha)
    return Defaults(
        condition=condition([holds]), recovery=condition([f"p_value > {recovered:.15g}"]), keep_firing_for=again
    )


def problems(parameters: Parameters, catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Names that the catalogue does not know, and a method that the indicator has nothing for."""
    yield from by_name(catalogue.indicators, "indicator", "indicator", parameters.indicator)
    indicator = catalogue.indicators.get(parameters.indicator)
    if parameters.method == "compound" and indicator is not None and not indicator.is_sum:
        yield "method", "compound adds up how many each event killed; it needs an indicator with 'sum: fatalities'"


def indicators(parameters: Parameters, catalogue: Catalogue) -> tuple[Indicator, ...]:
    """The indicator it names."""
    return named_indicator(parameters.indicator, catalogue)


def read(parameters: Parameters, catalogue: Catalogue, snapshot: Snapshot) -> Iterator[Reading]:
    """One reading per group, in the order of the labels; one without labels while there is too little to judge by."""
    indicator = catalogue.indicators[parameters.indicator]
    covered = snapshot.coverage(indicator)
    if covered is None:
        yield Reading(status=Status.NO_DATA, reason=f"no records for {indicator.name}")
        return
    coverage = indicator.comparable(covered)
    week_start = parameters.week_start if parameters.every == "week" else None
    weeks = whole_weeks(coverage, week_start=week_start, most=longest(parameters) + 1)
    unseen = weeks.unseen(indicator)
    if weeks.before - len(unseen) < least_history(parameters):
        yield Reading(status=Status.LEARNING, reason=_missing(parameters, indicator, coverage, weeks))
        return
    if weeks.before in unseen:
        yield Reading(status=Status.NO_DATA, reason=in_gap(indicator, weeks.judged), watermark=weeks.judged.last)
        return
    known = _known(indicator, snapshot, weeks.judged) if parameters.delay == "estimated" else ALL_KNOWN
    if known.share < LEAST_KNOWN:
        yield Reading(status=Status.LEARNING, reason=_too_early(known, weeks.judged), watermark=weeks.judged.last)
        return
    yield from _readings(parameters, indicator, snapshot, weeks, known)


def _known(indicator: Indicator, snapshot: Snapshot, week: Period) -> Known:
    curve = snapshot.completeness(indicator)
    return Known(curve.of_period(week, reported_to(snapshot.as_known)), curve.missing)


def _too_early(known: Known, week: Period) -> str:
    share = f"only {known.share * 100:.0f} % of what will be known of {period_text(week)} is known yet"
    return f"{share}, and {LEAST_KNOWN * 100:.0f} % are needed"


def _missing(parameters: Parameters, indicator: Indicator, coverage: Period, weeks: Weeks) -> str:
    needed, lost = least_history(parameters), len(weeks.unseen(indicator))
    begin = f"the {beginning(indicator, coverage)} and give {weeks.before}"
    less = f", of which {lost} {'lies' if lost == 1 else 'lie'} in coverage gaps" if lost else ""
    return f"method {parameters.method} needs {needed} whole weeks before the one it judges; {begin}{less}"


def _readings(
    parameters: Parameters, indicator: Indicator, snapshot: Snapshot, weeks: Weeks, known: Known
) -> Iterator[Reading]:
    """Every group judged; those without an event in all these weeks are zeros, and count among the many looked at."""
    by_day = snapshot.by_day(indicator, weeks.period)
    judged: list[tuple[Labels, Verdict]] = []
    for group in snapshot.groups(indicator):
        days, attacks = by_day.get(group, ()), None
        if parameters.method == "compound":
            attacks = _attacks(indicator, snapshot, group, weeks, days)
            if sum(attacks.sizes.values()) < LEAST_ATTACKS:
                yield Reading(labels=group, status=Status.LEARNING, reason=_few(indicator, attacks))
                continue
        sums = weeks.sums(indicator, days)
        verdict = judge(
            sums,
            parameters,
            day=weeks.judged.start,
            attacks=attacks,
            completeness=known.share,
            unseen=weeks.unseen(indicator),
        )
        judged.append((group, verdict))
    q_values = false_discovery([verdict.p for _, verdict in judged])
    for (group, verdict), q in zip(judged, q_values, strict=True):
        told = Told(
            indicator,
            group,
            weeks,
            verdict,
            asked=parameters.method,
            q=q,
            groups=len(judged),
            by_day=parameters.every == "day",
            known=known,
        )
        yield Reading(
            labels=group,
            values=_values(verdict, weeks, q),
            present=verdict.is_counted,
            watermark=weeks.judged.last,
            tell=partial(_telling, told, snapshot, by_day.get(group, ())),
        )


def _attacks(
    indicator: Indicator, snapshot: Snapshot, group: Labels, weeks: Weeks, days: Sequence[DayTotals]
) -> Attacks:
    """The events with a number, week by week, and their sizes in the weeks that ``compound`` looks at."""
    method = METHODS["compound"]
    numbers = weeks.valued(days)[:-1]
    end = weeks.newest(1 + method.guard).start
    looked_at = Period(weeks.newest(min(len(numbers), TWO_YEARS + method.guard) + 1).start, end)
    events = snapshot.events(indicator, group, looked_at)
    return Attacks(numbers, Counter(value for each in events if (value := _number(indicator, each)) is not None))


def _number(indicator: Indicator, version: EventVersion) -> int | None:
    return version.event.number(indicator.sum or "fatalities")


def _few(indicator: Indicator, attacks: Attacks) -> str:
    number = counted(sum(attacks.sizes.values()), "events")
    weeks = min(TWO_YEARS, len(attacks.numbers) - METHODS["compound"].guard)
    return (
        f"method compound needs {LEAST_ATTACKS} events with a number of {indicator.noun} in its {weeks} weeks; "
        f"there {'is' if number == '1 event' else 'are'} {number}"
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
        "score": verdict.score,
        "limit": verdict.limit,
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


def _chart(told: Told, days: Sequence[DayTotals]) -> tuple[Point, ...]:
    """The running total, day by day, over the newest weeks that were looked at, beside what the prediction gives."""
    reach = len(told.verdict.history) + told.verdict.method.guard + 1
    period = told.weeks.newest(min(CHART_WEEKS, reach))
    values = {day.day: day_value(told.indicator, day) for day in days}
    dates = [period.start + timedelta(days=i) for i in range(period.days)]
    seen = accumulate(values.get(day, 0) for day in dates)
    per_day = told.verdict.expected / told.weeks.judged.days
    return tuple((day, float(total), per_day * (i + 1)) for i, (day, total) in enumerate(zip(dates, seen, strict=True)))
