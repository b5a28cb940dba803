"""What the numbers of ``pace`` are worth: dispersion, test, sequential score, evidence, projection.

The sequential score alone sets the evidence, because the rule is looked at every day; the test gives the interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from watcher.core.detectors.pace.interval import Interval, Test, Weeks, chosen, interval
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.statistics import attacks, rates
from watcher.core.statistics.attacks import Severities, Split
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


@dataclass(frozen=True)
class Verdict:
    """What is made of two sides. Interval, projection and what could be seen are worked out when they are asked for.

    Most readings are judged by ratio and evidence alone, and those three cost far more than all the rest.
    """

    sides: Sides
    dispersion: Dispersion
    #: The test that interval and p come from; never auto.
    test: Test
    #: The ratio of a sum as more attacks and deadlier ones; None for counts, and where attacks are not known.
    split: Split | None
    llr: float
    #: Whether days and events suffice for the sequential score to be judged.
    is_judged: bool
    #: The year or month to project to; None for windows that move.
    whole: Period | None = None
    #: The weeks of both periods, which the quasi test alone looks at.
    weeks: Weeks | None = None

    @property
    def ratio(self) -> float:
        """The rate over the baseline's."""
        return rates.rate_ratio(self.sides.now.tally, self.sides.before.tally)

    @property
    def expected(self) -> float:
        """What the baseline's rate gives for as many days."""
        return self.sides.before.tally.rate * self.sides.now.tally.days

    @property
    def score(self) -> float:
        """The log-likelihood ratio over the dispersion."""
        return self.llr / self.dispersion.value

    @property
    def evidence(self) -> Evidence:
        """The word for the score."""
        return rates.evidence(self.score) if self.is_judged else "none"

    @cached_property
    def interval(self) -> Interval:
        """What the test says."""
        return interval(self.test, self.sides, dispersion=self.dispersion.value, weeks=self.weeks)

    @cached_property
    def projection(self) -> Projection | None:
        """Where the period leads; None for windows that move."""
        return _projection(self.sides.now, self.whole, self.dispersion) if self.whole else None

    @cached_property
    def smallest_visible_ratio(self) -> float:
        """The least ratio that could be told from 1 after so many days."""
        days, before = self.sides.now.tally.days, self.sides.before.tally
        return rates.smallest_visible_ratio(days, before, dispersion=self.dispersion.value)


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
    spread = dispersion(sides, indicator, assumed=assumed, given=given)
    return Verdict(
        sides,
        spread,
        chosen(test, sides, indicator, given=given),
        split=_split(sides) if indicator.is_sum else None,
        llr=rates.sequential(sides.now.tally, sides.before.tally),
        is_judged=_is_judged(sides.now, spread),
        whole=whole,
        weeks=weeks,
    )


def dispersion(sides: Sides, indicator: Indicator, *, assumed: float, given: float | None) -> Dispersion:
    """Variance over mean: given, or measured over the stored attacks of both periods.

    A few attacks hardly hold the large one that is to come: while a period has too few of them, the dispersion is no less
    than what is stated or assumed. A sum cannot vary less than if every event brought the mean.
    """
    if given is not None:
        return Dispersion(given, "given", f"{given:g}, given in the rule")
    if not indicator.is_sum:
        return Dispersion(1)
    stored = [side.severities for side in (sides.now, sides.before) if side.severities]
    measured = _measured(stored)
    if measured is not None and len(stored) > 1 and attacks.suffice(*stored):
        return measured
    known = (_stated_or(assumed, sides), measured, _least_possible(sides, indicator))
    return max((each for each in known if each is not None), key=lambda each: each.value)


def _measured(stored: Sequence[Severities]) -> Dispersion | None:
    """The sum of squares over the sum of the stored attacks; None where they brought nothing."""
    value = attacks.pooled_dispersion(*stored)
    if value is None:
        return None
    sums = f"{sum(each.squares for each in stored)} / {sum(each.total for each in stored)}"
    counts = " and ".join(str(each.attacks) for each in stored)
    return Dispersion(value, "measured", f"{sums} = {value:.3g}, sum of squares over sum of {counts} events")


def _stated_or(assumed: float, sides: Sides) -> Dispersion:
    stated = max(_stated(sides), default=None)
    if stated is not None:
        return Dispersion(stated, "stated", f"{stated:g}, stated with the baseline")
    why = f"fewer than {attacks.FEWEST} attacks with a value are stored in a period"
    return Dispersion(assumed, "assumed", f"{assumed:g}, assumed: {why}")


def _least_possible(sides: Sides, indicator: Indicator) -> Dispersion:
    mean = max(_means(sides), default=0)
    return Dispersion(mean, "least possible", f"{mean:.3g}, the mean {indicator.noun} per attack: a lower bound")


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
    # What is still to be told of the days so far, those before the first record and those of gaps come on top of the
    # days ahead.
    days_left = max(0, whole.days - now.tally.days)
    low, high = rates.projection(now.tally, days_left, dispersion=spread.value)
    return Projection(whole, now.total + now.tally.rate * days_left, low, high)
