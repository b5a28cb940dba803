"""Methods: what each of them makes of the weeks before.

A new method is a function from :class:`Past` to a prediction, and one entry of :data:`METHODS`. Where one has no answer
it says what it lacks, and another stands in (:mod:`watcher.core.detectors.aberration.verdict`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

from watcher.core.detectors.aberration.parameters import Parameters
from watcher.core.detectors.aberration.prediction import (
    Compound,
    NegativeBinomial,
    Normal,
    Prediction,
    Seasonal,
    Shift,
    ThreeWeeks,
)
from watcher.core.statistics import cusum, ears
from watcher.core.statistics.level import level
from watcher.core.statistics.seasonal import GUARD, HALF_WINDOW, first_week, seasonal, weeks_back

#: A year of weeks.
YEAR = 52
#: ``seasonal``: years at least, and what must have been counted in its weeks.
LEAST_YEARS, LEAST_OF_SEASONS = 3, 50
#: ``recent``: weeks at least, the newest ones that are left out, least count of a week, and of the window.
HALF_YEAR, RECENT_GUARD, LEAST_COUNT, LEAST_OF_YEAR = 26, 4, 3, 5
#: ``predictive``: weeks at least.
LEAST_WEEKS = 6
#: ``shift``: the newest weeks over which evidence is gathered, the judged one among them, the weeks before them that give
#: the mean, at most and at least, and the least excess of their variance.
GATHERED, REFERENCE, LEAST_REFERENCE, LEAST_EXCESS = 26, 104, 27, 0.05
_BEFORE = GATHERED - 1
#: ``ears``: the least standard deviation, so that weeks that are alike do not make the next event an alarm.
LEAST_DEVIATION = 0.5
#: ``ears_c3`` looks at so many weeks beside its baseline.
_C3 = ears.LAG + ears.EARLIER
#: ``compound``: weeks at most, and the attacks whose deaths are drawn from, at least.
TWO_YEARS, LEAST_ATTACKS = 104, 100


class Attacks(NamedTuple):
    """What a sum is made of: the events that carry a number."""

    #: In each week before the judged one, as many weeks as in :attr:`Past.counts`.
    numbers: Sequence[int]
    #: How many of each size there were in the weeks that ``compound`` looks at.
    sizes: Mapping[int, int]


class Past(NamedTuple):
    """Everything that a method may look at."""

    #: What the weeks before the judged one came to, the oldest first.
    counts: Sequence[int]
    #: First day of the judged week.
    day: date
    #: For ``compound`` alone.
    attacks: Attacks | None = None
    #: The places of the weeks that the sources did not cover: no method looks at them.
    unseen: frozenset[int] = frozenset()

    def seen(self) -> Past:
        """The covered weeks alone, one after the other."""
        if not self.unseen:
            return self
        attacks = self.attacks and self.attacks._replace(numbers=self._covered(self.attacks.numbers))
        return Past(self._covered(self.counts), self.day, attacks)

    def _covered(self, weeks: Sequence[int]) -> list[int]:
        return [count for place, count in enumerate(weeks) if place not in self.unseen]


class Lack(Enum):
    """Why a method has no answer."""

    #: Too few weeks.
    WEEKS = "weeks"
    #: Too little was counted.
    COUNTED = "counted"
    #: Nothing was ever counted at this time of the year.
    SEASON = "season"
    #: The fit does not settle.
    FIT = "fit"
    #: All weeks were alike.
    SCATTER = "scatter"


@dataclass(frozen=True, slots=True)
class Method:
    """One way to predict the next week from those before."""

    name: str
    predict: Callable[[Past, Parameters], Prediction | Lack]
    #: How many weeks it looks at, at most.
    reach: Callable[[Past, Parameters], int]
    #: How many it needs, beside those that it leaves out and a baseline that is asked for.
    least_weeks: int
    #: Whether it compares with as many weeks as ``baseline`` says.
    has_baseline: bool = False
    #: How many of the newest weeks of history it leaves out.
    guard: int = 0
    #: A week with less is never beyond its history.
    least_count: int = 0
    #: What must have been counted in the weeks it looks at.
    least_total: int = 0
    #: Whether a week is looked at for its date, and not for how many weeks lie between.
    is_dated: bool = False

    def least_history(self, parameters: Parameters) -> int:
        """Weeks of history without which it does not judge."""
        return self.least_weeks + self.guard + (parameters.baseline if self.has_baseline else 0)

    def window(self, past: Past, parameters: Parameters) -> Sequence[int]:
        """The weeks of a history that it looks at."""
        end = len(past.counts) - self.guard
        start = max(0, end - self.reach(past, parameters))
        return [count for place, count in enumerate(past.counts[start:end], start) if place not in past.unseen]

    def of(self, past: Past) -> Past:
        """The weeks of a past that it may look at, as it looks at them."""
        return past if self.is_dated else past.seen()

    def answer(self, past: Past, parameters: Parameters) -> Prediction | Lack:
        """What it predicts, or what it lacks."""
        if len(past.counts) < self.least_history(parameters):
            return Lack.WEEKS
        if sum(self.window(past, parameters)) < self.least_total:
            return Lack.COUNTED
        return self.predict(past, parameters)


def longest(parameters: Parameters) -> int:
    """The longest history that a rule can use, in weeks: a year is at most 53 of them, and five are 261."""
    years = parameters.years if parameters.method in {"auto", "seasonal"} else 0
    return max(first_back(years), TWO_YEARS + RECENT_GUARD, REFERENCE + _BEFORE)


def first_back(years: int) -> int:
    """How many weeks of history so many years take at most."""
    return -(-years * 1461 // 28) + HALF_WINDOW


def _years(past: Past, parameters: Parameters) -> tuple[int, ...]:
    """How far back the same week of each past year lies, for as many years as the history holds."""
    back = weeks_back(past.day, parameters.years)
    while len(back) > LEAST_YEARS and first_week(len(past.counts), back) < 0:
        back = back[:-1]
    return back


def _seasonal(past: Past, parameters: Parameters) -> Prediction | Lack:
    at, back = len(past.counts), _years(past, parameters)
    if first_week(at, back) < 0:
        return Lack.WEEKS
    season = seasonal(past.counts, at, back, unseen=past.unseen)
    if season is None:
        return Lack.FIT
    return Seasonal(season.mean, season.dispersion, season.trend, season.alike) if any(season.alike) else Lack.SEASON


def _of_seasons(past: Past, parameters: Parameters) -> int:
    at = len(past.counts)
    return at - GUARD - max(0, first_week(at, _years(past, parameters)))


def _recent(past: Past, parameters: Parameters) -> Prediction | Lack:
    fitted = level(METHODS["recent"].window(past, parameters))
    return NegativeBinomial(*fitted) if fitted else Lack.COUNTED


def _predictive(past: Past, parameters: Parameters) -> Prediction | Lack:
    """A Poisson rate with Jeffreys' prior, after n weeks: negative binomial, size total + 1/2, probability n / (n + 1)."""
    window = METHODS["predictive"].window(past, parameters)
    weeks = len(window)
    return NegativeBinomial((sum(window) + 0.5) / weeks, (weeks + 1) / weeks)


def _zscore(past: Past, parameters: Parameters) -> Prediction | Lack:
    window = METHODS["zscore"].window(past, parameters)
    found = ears.around(window)
    return Normal(*found) if found.deviation else Lack.SCATTER


def _ears_c1(past: Past, parameters: Parameters) -> Prediction | Lack:
    return Normal(*ears.c1(past.counts, baseline=parameters.baseline, least_deviation=LEAST_DEVIATION))


def _ears_c2(past: Past, parameters: Parameters) -> Prediction | Lack:
    return Normal(*ears.c2(past.counts, baseline=parameters.baseline, least_deviation=LEAST_DEVIATION))


def _ears_c3(past: Past, parameters: Parameters) -> Prediction | Lack:
    around = ears.c2(past.counts, baseline=parameters.baseline, least_deviation=LEAST_DEVIATION)
    earlier = ears.c3_earlier(past.counts, baseline=parameters.baseline, least_deviation=LEAST_DEVIATION)
    return ThreeWeeks(around, earlier)


def _shift(past: Past, parameters: Parameters) -> Prediction | Lack:
    window = METHODS["shift"].window(past, parameters)
    reference, gathered = window[:-_BEFORE], window[-_BEFORE:]
    mean = sum(reference) / len(reference)
    if not mean:
        return Lack.COUNTED
    excess = cusum.excess_variance(reference, least=LEAST_EXCESS)
    ratio = None if parameters.ratio == "any" else parameters.ratio
    before, since = _gathered(gathered, mean, excess, ratio, parameters.limit)
    return Shift(mean, excess, ratio, parameters.limit, before, since)


def _gathered(
    counts: Sequence[int], mean: float, excess: float, ratio: float | None, limit: float
) -> tuple[float, tuple[int, ...]]:
    """The score before the judged week, and the weeks since the last alarm."""
    if ratio is None:
        scores = cusum.generalised(counts, mean, excess=excess, limit=limit, most=GATHERED)
    else:
        scores = cusum.likelihood_ratio(counts, mean, excess=excess, ratio=ratio, limit=limit)
    since = next((place + 1 for place in reversed(range(len(scores))) if scores[place] > limit), 0)
    return (scores[-1] if since < len(scores) else 0.0), tuple(counts[since:])


def _compound(past: Past, parameters: Parameters) -> Prediction | Lack:
    attacks = past.attacks
    if attacks is None or (total := sum(attacks.sizes.values())) < LEAST_ATTACKS or not max(attacks.sizes):
        return Lack.COUNTED
    number = level(METHODS["compound"].window(past._replace(counts=attacks.numbers), parameters))
    if number is None:
        return Lack.COUNTED
    sizes = {size: count / total for size, count in sorted(attacks.sizes.items())}
    return Compound(*number, sizes)


def _newest(weeks: int) -> Callable[[Past, Parameters], int]:
    return lambda _past, _parameters: weeks


def _baseline(more: int = 0) -> Callable[[Past, Parameters], int]:
    return lambda _past, parameters: parameters.baseline + more


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "seasonal",
            _seasonal,
            reach=_of_seasons,
            least_weeks=first_back(LEAST_YEARS) - GUARD,
            guard=GUARD,
            least_total=LEAST_OF_SEASONS,
            is_dated=True,
        ),
        Method(
            "recent",
            _recent,
            reach=_newest(YEAR),
            least_weeks=HALF_YEAR,
            guard=RECENT_GUARD,
            least_count=LEAST_COUNT,
            least_total=LEAST_OF_YEAR,
        ),
        Method("predictive", _predictive, reach=_newest(YEAR), least_weeks=LEAST_WEEKS),
        Method("shift", _shift, reach=_newest(REFERENCE + _BEFORE), least_weeks=LEAST_REFERENCE + _BEFORE),
        Method("ears_c1", _ears_c1, reach=_baseline(), least_weeks=0, has_baseline=True),
        Method("ears_c2", _ears_c2, reach=_baseline(), least_weeks=0, has_baseline=True, guard=ears.LAG),
        Method("ears_c3", _ears_c3, reach=_baseline(_C3), least_weeks=_C3, has_baseline=True),
        Method("zscore", _zscore, reach=_newest(YEAR), least_weeks=HALF_YEAR),
        Method("compound", _compound, reach=_newest(TWO_YEARS), least_weeks=HALF_YEAR, guard=RECENT_GUARD),
    )
}
