"""``recent``: the improved Farrington method without season and trend, over the year before.

A level is fitted twice: the first time every week counts the same, the second time past surges count for less. With
nothing but a level to fit, each week's leverage is its share of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from watcher.core.detectors.aberration.prediction import NegativeBinomial
from watcher.core.detectors.aberration.robust import dispersion, reweighted

#: How many weeks it looks at, at most and at least,
WINDOW, LEAST = 52, 26
#: after leaving out the newest weeks, in which a surge may have begun that is still to be noticed.
GUARD = 4
#: Fewer events than this in the window carry no estimate of their variance.
LEAST_EVENTS = 5
#: A week with less is never beyond its history.
LEAST_COUNT = 3

#: The fit stops when its deviance changes by less than this share, or after so many steps: as R's ``glm`` does, so that
#: means and dispersions can be held against it. The dispersion still has the weights of the step before the last.
_SETTLED, _MAX_STEPS = 1e-8, 25
_START = 0.1


class Level(NamedTuple):
    """A fitted mean."""

    mean: float
    #: The mean before the last step.
    before: float


def predict(counts: Sequence[int]) -> NegativeBinomial | None:
    """What a window of weeks gives for the next one; None where nothing happened in it."""
    weeks = len(counts)
    if not sum(counts):
        return None
    even = [1.0] * weeks
    first = _level(counts, even)
    weights = reweighted(counts, [first.mean] * weeks, [1 / weeks] * weeks, dispersion=_dispersion(counts, even, first))
    second = _level(counts, weights)
    return NegativeBinomial(second.mean, _dispersion(counts, weights, second))


def _dispersion(counts: Sequence[int], weights: Sequence[float], level: Level) -> float:
    working = [weight * level.before for weight in weights]
    return dispersion(counts, [level.mean] * len(counts), working, parameters=1)


def _level(counts: Sequence[int], weights: Sequence[float]) -> Level:
    """The level of a weighted quasi-Poisson fit with a logarithmic link, by iterated least squares."""
    pairs, weight = list(zip(weights, counts, strict=True)), sum(weights)
    total = math.fsum(w * y for w, y in pairs)
    saturated = math.fsum(w * y * math.log(y) for w, y in pairs if y)
    deviance = 2 * (saturated - math.fsum(w * (y * math.log(y + _START) - _START) for w, y in pairs))
    # The first step has a mean for each week, a little above its count; from then on there is one for all.
    pulls = (w * ((y + _START) * math.log(y + _START) - _START) for w, y in pairs)
    mean = before = math.exp(math.fsum(pulls) / (total + _START * weight))
    steps = 1
    last, deviance = deviance, _deviance(mean, saturated, total, weight)
    while abs(deviance - last) >= _SETTLED * (abs(deviance) + 0.1) and steps < _MAX_STEPS:
        before, mean, steps = mean, mean * math.exp(total / (weight * mean) - 1), steps + 1
        last, deviance = deviance, _deviance(mean, saturated, total, weight)
    return Level(mean, before)


def _deviance(mean: float, saturated: float, total: float, weight: float) -> float:
    """The deviance of a fit with one mean for all, from the sums of w y ln y, of w y and of w."""
    return 2 * (saturated - total * math.log(mean) - total + weight * mean)
