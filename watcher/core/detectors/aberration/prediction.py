"""Predictions: what a method makes of a history, as a distribution of the next count.

Every method is judged in the same way: by the chance of at least so much, and by the count from which on it is an alarm.
So "p is at most alpha" (of a shift: "the score is above the limit") and "more than the bound" are the same statement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Protocol

from watcher.core.statistics.compound import compound_bound, compound_tail
from watcher.core.statistics.cusum import Span, best, gain
from watcher.core.statistics.ears import Around, excess
from watcher.core.statistics.tails import (
    least_whole,
    negative_binomial_bound,
    negative_binomial_tail,
    normal_quantile,
    normal_tail,
)


class Prediction(Protocol):
    """The distribution of the next count, were nothing to change."""

    @property
    def expected(self) -> float:
        """Its mean."""

    @property
    def text(self) -> str:
        """The distribution in words."""

    def tail(self, observed: int) -> float:
        """The chance of at least so much."""

    def bound(self, alpha: float) -> float:
        """The largest whole number that is no alarm; infinite above a billion, -1 where every number is one."""

    def score(self, observed: int) -> float | None:
        """What a method that adds up several weeks comes to; None for one that looks at a single week."""

    def limit(self, alpha: float) -> float | None:
        """The score above which there is an alarm."""

    def thinned(self, share: float) -> Prediction:
        """The same where only this share of the events is known yet, each with the same chance."""


class _OneWeek:
    """A prediction that looks at a single week has no score."""

    __slots__ = ()

    def score(self, _observed: int) -> float | None:
        """None."""
        return None

    def limit(self, _alpha: float) -> float | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class NegativeBinomial(_OneWeek):
    """A count whose variance is ``dispersion`` times its mean; Poisson where that is 1."""

    expected: float
    dispersion: float

    @property
    def text(self) -> str:
        """The distribution in words."""
        if self.dispersion <= 1:
            return f"Poisson with mean {self.expected:.4g}"
        return f"negative binomial with mean {self.expected:.4g} and variance {self.dispersion:.4g} times the mean"

    def tail(self, observed: int) -> float:
        """The chance of at least so much."""
        return negative_binomial_tail(observed, self.expected, self.dispersion)

    def bound(self, alpha: float) -> float:
        """The smallest whole number that is exceeded with a chance of at most ``alpha``."""
        return negative_binomial_bound(self.expected, self.dispersion, alpha)

    def thinned(self, share: float) -> NegativeBinomial:
        """Thinning keeps the size of a negative binomial: the mean and the excess of the dispersion shrink alike."""
        return NegativeBinomial(self.expected * share, 1 + (self.dispersion - 1) * share)


@dataclass(frozen=True, slots=True)
class Seasonal(NegativeBinomial):
    """A negative binomial for one time of the year."""

    #: Growth of the logarithm of the mean in a week; None without a trend.
    trend: float | None
    #: What was counted at this time of past years, week by week.
    alike: tuple[int, ...]

    @property
    def text(self) -> str:
        """The distribution in words, with where it comes from."""
        weeks = f"{len(self.alike)} weeks at this time of the year came to {min(self.alike)} to {max(self.alike)}"
        trend = "no trend" if self.trend is None else f"trend {math.expm1(self.trend * 365.25 / 7) * 100:+.0f} % a year"
        plain = NegativeBinomial(self.expected, self.dispersion).text
        return f"{plain}; {weeks}, {fmean(self.alike):.3g} on average; {trend}"

    def thinned(self, share: float) -> Seasonal:
        """As without a season."""
        known = NegativeBinomial(self.expected, self.dispersion).thinned(share)
        return replace(self, expected=known.expected, dispersion=known.dispersion)


@dataclass(frozen=True, slots=True)
class Normal(_OneWeek):
    """A normal distribution, read at whole numbers."""

    expected: float
    #: Standard deviation; above zero.
    deviation: float

    @property
    def text(self) -> str:
        """The distribution in words."""
        return f"normal with mean {self.expected:.4g} and standard deviation {self.deviation:.4g}"

    def tail(self, observed: int) -> float:
        """The chance of at least so much."""
        return normal_tail((observed - self.expected) / self.deviation)

    def bound(self, alpha: float) -> float:
        """The smallest whole number that is exceeded with a chance of at most ``alpha``."""
        near = math.ceil(self.expected + normal_quantile(1 - alpha) * self.deviation) - 1
        # The quantile and the tail may disagree in their last digit; the tail decides.
        held = (whole for whole in (near - 1, near, near + 1) if self.tail(whole + 1) <= alpha)
        return float(max(0, next(held, near)))

    def thinned(self, share: float) -> Normal:
        """The mean shrinks by the share; the variance by its square, and what the missing events scatter is added."""
        variance = share * share * self.deviation * self.deviation + share * (1 - share) * self.expected
        return Normal(self.expected * share, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class ThreeWeeks:
    """EARS C3: what three weeks lie above one standard deviation, added up."""

    around: Around
    #: What the two weeks before add.
    earlier: float

    @property
    def expected(self) -> float:
        """The mean of the weeks that the judged one is compared with."""
        return self.around.mean

    @property
    def text(self) -> str:
        """The distribution in words."""
        mean, deviation = self.around
        return (
            f"mean {mean:.4g} and standard deviation {deviation:.4g}; "
            f"the two weeks before lie {self.earlier:.3g} deviations beyond the first one"
        )

    def score(self, observed: int) -> float:
        """Deviations beyond the first one, over three weeks."""
        return self.earlier + excess(self.around.score(observed))

    def limit(self, alpha: float) -> float:
        """The sum is read as if it were a standard normal, as its authors do."""
        return normal_quantile(1 - alpha)

    def tail(self, observed: int) -> float:
        """The normal's chance of at least such a sum."""
        return normal_tail(self.score(observed))

    def bound(self, alpha: float) -> float:
        """The largest count that is no alarm; -1 where the two weeks before are enough for one."""
        guess = self.around.mean + self.around.deviation * (1 + normal_quantile(1 - alpha) - self.earlier)
        return least_whole(lambda count: self.tail(int(count)) <= alpha, guess=guess) - 1

    def thinned(self, share: float) -> ThreeWeeks:
        """Only the judged week is thinned."""
        known = Normal(*self.around).thinned(share)
        return ThreeWeeks(Around(known.expected, known.deviation), self.earlier)


@dataclass(frozen=True, slots=True)
class Shift:
    """What the weeks since the last alarm have gathered for a higher rate, and what the next one adds."""

    #: Mean of the reference weeks, and their variance: mean + excess * mean^2.
    mean: float
    excess: float
    #: The ratio that is looked for; None for any.
    ratio: float | None
    alarm: float
    #: The score of the week before, and for any ratio the weeks since the last alarm.
    before: float
    since: tuple[int, ...]
    #: The share of the judged week's events that is known.
    share: float = 1.0

    @property
    def expected(self) -> float:
        """What the reference weeks predict."""
        return self.mean * self.share

    @property
    def text(self) -> str:
        """The model in words."""
        looked_for = f"{self.ratio:g} times as high" if self.ratio else "higher by any ratio"
        dispersion = 1 + self.excess * self.mean
        return (
            f"negative binomial with mean {self.mean:.4g} and variance {dispersion:.4g} times the mean, "
            f"against one {looked_for}"
        )

    def score(self, observed: int) -> float:
        """The logarithm of how much likelier the newest weeks are with the shift than without, at its best begin."""
        week = Span(1, observed, self.expected)
        if self.ratio is None:
            return best((week,), self.since, self.mean, excess=self.excess)
        return max(0.0, self.before + gain(week, math.log(self.ratio), self.excess))

    def limit(self, _alpha: float) -> float:
        """As it was asked for."""
        return self.alarm

    def tail(self, observed: int) -> float:
        """At most so probable, were nothing to change, by Ville's inequality; for any ratio about so probable."""
        return math.exp(-self.score(observed))

    def bound(self, _alpha: float) -> float:
        """The largest count that is no alarm; -1 where the weeks before are enough for one."""
        return least_whole(lambda count: self.score(int(count)) > self.alarm, guess=self.mean * 2) - 1

    def thinned(self, share: float) -> Shift:
        """Only the judged week is thinned."""
        return replace(self, share=self.share * share)


@dataclass(frozen=True, slots=True)
class Compound(_OneWeek):
    """A negative binomial number of attacks, each with the deaths of one that was drawn from those of the past."""

    #: Mean number of attacks, its dispersion, and the share of attacks of each size.
    mean: float
    dispersion: float
    sizes: Mapping[int, float]

    @property
    def expected(self) -> float:
        """Attacks times deaths in an attack."""
        return self.mean * self.each

    @property
    def each(self) -> float:
        """Mean size of an attack."""
        return math.fsum(size * share for size, share in self.sizes.items())

    @property
    def text(self) -> str:
        """The distribution in words."""
        number = NegativeBinomial(self.mean, self.dispersion).text
        return f"attacks {number}, each with {self.each:.3g} on average and {max(self.sizes)} at most"

    def tail(self, observed: int) -> float:
        """The chance of at least so much."""
        return compound_tail(observed, self.mean, self.dispersion, self.sizes)

    def bound(self, alpha: float) -> float:
        """The smallest sum that is exceeded with a chance of at most ``alpha``."""
        return compound_bound(self.mean, self.dispersion, self.sizes, alpha)

    def thinned(self, share: float) -> Compound:
        """Only that share of the attacks is known."""
        number = NegativeBinomial(self.mean, self.dispersion).thinned(share)
        return Compound(number.expected, number.dispersion, self.sizes)
