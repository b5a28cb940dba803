"""A level without season and trend: the improved Farrington method in its simplest design.

A level is fitted twice: the first time every week counts the same, the second time past surges count for less. With
nothing but a level to fit, each week's leverage is its share of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from watcher.core.statistics.robust import MAX_STEPS, SETTLED, START, Fitted, dispersion, reweighted


class _Level(NamedTuple):
    """A fitted mean."""

    mean: float
    #: The mean before the last step.
    before: float


def level(counts: Sequence[int]) -> Fitted | None:
    """The mean of a window and its dispersion; None where nothing happened in it."""
    number = len(counts)
    if not sum(counts):
        return None
    even = [1.0] * number
    first = _level(counts, even)
    weights = reweighted(
        counts, [first.mean] * number, [1 / number] * number, dispersion=_dispersion(counts, even, first)
    )
    second = _level(counts, weights)
    return Fitted(second.mean, _dispersion(counts, weights, second))


def _dispersion(counts: Sequence[int], weights: Sequence[float], fit: _Level) -> float:
    working = [weight * fit.before for weight in weights]
    return dispersion(counts, [fit.mean] * len(counts), working, parameters=1)


def _level(counts: Sequence[int], weights: Sequence[float]) -> _Level:
    """The level of a weighted quasi-Poisson fit with a logarithmic link, by iterated least squares."""
    pairs, weight = list(zip(weights, counts, strict=True)), sum(weights)
    total = math.fsum(w * y for w, y in pairs)
    saturated = math.fsum(w * y * math.log(y) for w, y in pairs if y)
    deviance = 2 * (saturated - math.fsum(w * (y * math.log(y + START) - START) for w, y in pairs))
    # The first step has a mean for each week, a little above its count; from then on there is one for all.
    pulls = (w * ((y + START) * math.log(y + START) - START) for w, y in pairs)
    mean = before = math.exp(math.fsum(pulls) / (total + START * weight))
    steps = 1
    last, deviance = deviance, _deviance(mean, saturated, total, weight)
    while abs(deviance - last) >= SETTLED * (abs(deviance) + 0.1) and steps < MAX_STEPS:
        before, mean, steps = mean, mean * math.exp(total / (weight * mean) - 1), steps + 1
        last, deviance = deviance, _deviance(mean, saturated, total, weight)
    return _Level(mean, before)


def _deviance(mean: float, saturated: float, total: float, weight: float) -> float:
    """The deviance of a fit with one mean for all, from the sums of w y ln y, of w y and of w."""
    return 2 * (saturated - total * math.log(mean) - total + weight * mean)
