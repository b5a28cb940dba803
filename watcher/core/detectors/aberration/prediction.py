"""Predictions: what a method makes of a history, as a distribution of the next count.

Every method is judged in the same way: the alarm is a tail probability, ``p <= alpha``, and the bound is the count at
which that probability is passed. So "p is at most alpha" and "more than the bound" are the same statement.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

from watcher.core.statistics.tails import negative_binomial_bound, negative_binomial_tail, normal_quantile, normal_tail


class Prediction(Protocol):
    """The distribution of the next count, were nothing to change."""

    @property
    def expected(self) -> float:
        """Its mean."""

    @property
    def text(self) -> str:
        """The distribution in words."""

    def tail(self, observed: float) -> float:
        """The chance of at least so much."""

    def bound(self, alpha: float) -> float:
        """The smallest whole number that is exceeded with a chance of at most ``alpha``; infinite above a billion."""


class NegativeBinomial(NamedTuple):
    """A count whose variance is ``dispersion`` times its mean; Poisson where that is 1."""

    expected: float
    dispersion: float

    @property
    def text(self) -> str:
        """The distribution in words."""
        if self.dispersion <= 1:
            return f"Poisson with mean {self.expected:.4g}"
        return f"negative binomial with mean {self.expected:.4g} and variance {self.dispersion:.4g} times the mean"

    def tail(self, observed: float) -> float:
        """The chance of at least so much."""
        return negative_binomial_tail(observed, self.expected, self.dispersion)

    def bound(self, alpha: float) -> float:
        """The smallest whole number that is exceeded with a chance of at most ``alpha``."""
        return negative_binomial_bound(self.expected, self.dispersion, alpha)


class Normal(NamedTuple):
    """A normal distribution, read at whole numbers."""

    expected: float
    #: Standard deviation; above zero.
    deviation: float

    @property
    def text(self) -> str:
        """The distribution in words."""
        return f"normal with mean {self.expected:.4g} and standard deviation {self.deviation:.4g}"

    def tail(self, observed: float) -> float:
        """The chance of at least so much."""
        return normal_tail((observed - self.expected) / self.deviation)

    def bound(self, alpha: float) -> float:
        """The smallest whole number that is exceeded with a chance of at most ``alpha``."""
        near = math.ceil(self.expected + normal_quantile(1 - alpha) * self.deviation) - 1
        # The quantile and the tail may disagree in their last digit; the tail decides.
        held = (whole for whole in (near - 1, near, near + 1) if self.tail(whole + 1) <= alpha)
        return float(max(0, next(held, near)))
