"""What the numbers of ``pace`` are worth: dispersion, test, sequential score, evidence, projection.

The sequential score alone sets the evidence, because the rule is looked at every day; the test gives the interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from watcher.core.detectors.pace.interval import Interval, Test, Weeks, chosen, interval
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.statistics import attacks, rates
from watcher.core.statistics.attacks import Split
from watcher.core.statistics.rates import Evidence


@dataclass(frozen=True, slots=True)
class Dispersion:
    """Variance over mean, and where it comes from."""

    value: float
    #: One word, as in "with assumed dispersion 5"; empty for counts.
    word: str = ""
    #: How it came about.
    basis: str = "1, because events are counted"


@dataclass(frozen=True, slots=True)
class Projection:
    """Where the period leads when the rate holds until its end."""

    #: The year or the month that the period is part of.
    whole: Period
    total: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is made of two sides."""

    ratio: float
    expected: float
    dispersion: Dispersion
    #: What the test says.
    interval: Interval
    #: The ratio of a sum as more attacks and deadlier ones; None for counts, and where attacks are not known.
    split: Split | None
    llr: float
    score: float
    evidence: Evidence
    #: Whether days and events suffice for the sequential score to be judged.
    is_judged: bool
    smallest_visible_ratio: float
    projection: Projection | None


def judge(
    sides: Sides,
    indicator: Indicator,
    *,
    test: Test = "auto",
    assumed: float = 5,
    given: float | None = None,
    whole: Period | None = None,
    weeks: Weeks | None = None,
) -> Verdict:
    """Weigh the current period against its baseline.

    :param whole: the year or month to project to; None for windows that move.
    :param weeks: the weeks of both periods, which the quasi test alone looks at.
    """
    now, before = sides.now.tally, sides.before.tally
    spread = dispersion(sides, indicator, assumed=assumed, given=given)
    test = chosen(test, sides, indicator, given=given)
    llr = rates.sequential(now, before)
    score, is_judged = llr / spread.value, _is_judged(sides.now, spread)
    return Verdict(
        ratio=rates.rate_ratio(now, before),
        expected=before.rate * now.days,
        dispersion=spread,
        interval=interval(test, sides, dispersion=spread.value, weeks=weeks),
        split=_split(sides) if indicator.is_sum else None,
        llr=llr,
        score=score,
        evidence=rates.evidence(score) if is_judged else "none",
        is_judged=is_judged,
        smallest_visible_ratio=rates.smallest_visible_ratio(now.days, before, dispersion=spread.value),
        projection=_projection(sides.now, whole, spread) if whole else None,
    )


def dispersion(sides: Sides, indicator: Indicator, *, assumed: float, given: float | None) -> Dispersion:
    """Variance over mean: given, measured over the events of both periods, stated, or assumed, in this order.

    A sum cannot vary less than if every event brought the mean, so the mean per event is the least that is assumed.
    """
    if given is not None:
        return Dispersion(given, "given", f"{given:g}, given in the rule")
    if not indicator.is_sum:
        return Dispersion(1)
    measured = _measured(sides)
    if measured is not None:
        return measured
    stated = max(_stated(sides), default=None)
    mean = max(_means(sides), default=0)
    least = stated or assumed
    if mean > least:
        return Dispersion(mean, "least possible", f"{mean:.3g}, the mean {indicator.noun} per attack: a lower bound")
    why = (
        "stated with the baseline"
        if stated
        else f"assumed: fewer than {attacks.FEWEST} attacks with a value are stored in a period"
    )
    return Dispersion(least, "stated" if stated else "assumed", f"{least:g}, {why}")


def _measured(sides: Sides) -> Dispersion | None:
    """The sum of squares over the sum, over the events of both periods."""
    now, before = sides.now.severities, sides.before.severities
    if not now or not before or not attacks.suffice(now, before):
        return None
    value = attacks.pooled_dispersion(now, before)
    if value is None:
        return None
    sums = f"{now.squares + before.squares} / {now.total + before.total}"
    counts = f"{now.attacks} and {before.attacks}"
    return Dispersion(value, "measured", f"{sums} = {value:.3g}, sum of squares over sum of {counts} events")


def _stated(sides: Sides) -> Iterator[float]:
    for side in (sides.now, sides.before):
        if side.stated is not None and side.stated.dispersion is not None:
            yield side.stated.dispersion


def _means(sides: Sides) -> Iterator[float]:
    for side in (sides.now, sides.before):
        if side.valued:
            yield side.total / side.valued


def _split(sides: Sides) -> Split | None:
    now, before = sides.now, sides.before
    if now.valued is None or before.valued is None:
        return None
    return attacks.split(now.tally, before.tally, (now.valued, before.valued))


def _is_judged(now: Side, spread: Dispersion) -> bool:
    """Whether the gates of the sequential test are open; without an event count, D of a sum count as one event."""
    events = now.total / spread.value if now.events is None else now.events
    return now.days >= rates.SEQUENTIAL_DAYS and events >= rates.SEQUENTIAL_EVENTS


def _projection(now: Side, whole: Period, spread: Dispersion) -> Projection:
    # What is still to be told of the days so far, and the days before the first record, come on top of the days ahead.
    days_left = max(0, whole.days - now.tally.days)
    low, high = rates.projection(now.tally, days_left, dispersion=spread.value)
    return Projection(whole, now.total + now.tally.rate * days_left, low, high)
