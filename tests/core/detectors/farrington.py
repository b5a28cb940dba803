"""The improved Farrington method by matrices, for any design: an oracle for the closed forms of the detectors.

Written from the description in the papers, with a least-squares step per iteration and leverages from its
orthogonal factor. The tests first hold it against tables of R, and then the detectors against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OUTLYING = 2.58
YEARS, HALF_WINDOW, PERIODS, GUARD = 5, 3, 10, 26


class Fit(NamedTuple):
    coefficients: Array
    means: Array
    leverages: Array
    dispersion: float
    converged: bool


class Answer(NamedTuple):
    mean: float
    dispersion: float


def fit(design: Array, counts: Array, weights: Array) -> Fit:
    """Quasi-Poisson regression with a logarithmic link."""
    means = counts + 0.1
    linear, deviance, converged = np.log(means), _deviance(counts, means, weights), False
    for _ in range(25):
        working = weights * means
        root = np.sqrt(working)[:, None]
        target = linear + (counts - means) / means
        coefficients, *_ = np.linalg.lstsq(design * root, target * root[:, 0], rcond=None)
        linear = design @ coefficients
        means, before = np.exp(linear), deviance
        deviance = _deviance(counts, means, weights)
        if abs(deviance - before) < 1e-8 * (abs(deviance) + 0.1):
            converged = True
            break
    factor, _ = np.linalg.qr(design * root)
    pearson = float(np.sum(working * ((counts - means) / means) ** 2)) / (len(counts) - design.shape[1])
    leverages: Array = np.sum(factor**2, axis=1)
    return Fit(np.array(coefficients, dtype=np.float64), means, leverages, max(1.0, pearson), converged)


def _deviance(counts: Array, means: Array, weights: Array) -> float:
    logs = np.log(np.where(counts > 0, counts, 1) / means)
    return float(2 * np.sum(weights * (counts * logs - (counts - means))))


def twice(design: Array, counts: Array) -> Fit:
    """The fit after past surges have been given less weight."""
    first = fit(design, counts, np.ones_like(counts))
    excess = 1.5 * (counts ** (2 / 3) * first.means ** (-1 / 6) - np.sqrt(first.means))
    residuals = excess / np.sqrt(first.dispersion * (1 - first.leverages))
    weights = np.ones_like(counts)
    weights[residuals > OUTLYING] = residuals[residuals > OUTLYING] ** -2
    return fit(design, counts, weights * len(counts) / np.sum(weights))


def level(counts: Sequence[int]) -> Answer:
    """A level alone: no season, no trend."""
    y = np.array(counts, dtype=float)
    done = twice(np.ones((len(y), 1)), y)
    return Answer(float(np.exp(done.coefficients[0])), done.dispersion)


def seasonal(series: Sequence[int], dates: Sequence[date], at: int) -> Answer:
    """Ten levels within the year and a trend, for the week with the index ``at``."""
    levels = _levels(dates, at)
    baseline = sorted(i for i in levels if i < at - GUARD)
    y = np.array([series[i] for i in baseline], dtype=float)
    season = np.zeros((len(y), PERIODS))
    season[np.arange(len(y)), [levels[i] - 1 for i in baseline]] = 1
    x = np.array(baseline, dtype=float)[:, None] - baseline[0]
    done = twice(np.hstack([season, x]), y)
    mean = float(np.exp(done.coefficients[PERIODS - 1] + done.coefficients[-1] * (at - baseline[0])))
    if mean > y.max() or not done.converged:
        done = twice(season, y)
        mean = float(np.exp(done.coefficients[PERIODS - 1]))
    return Answer(mean, done.dispersion)


def _levels(dates: Sequence[date], at: int) -> dict[int, int]:
    places = {day: i for i, day in enumerate(dates)}
    references = [at, *(places[_years_before(dates[at], i)] for i in range(1, YEARS + 1))]
    levels = dict.fromkeys(range(at - HALF_WINDOW, at + 1), PERIODS)
    for later, earlier in pairwise(references):
        levels |= dict.fromkeys(range(earlier - HALF_WINDOW, earlier + HALF_WINDOW + 1), PERIODS)
        between = np.arange(earlier + HALF_WINDOW + 1, later - HALF_WINDOW)
        for number, block in enumerate(np.array_split(between, PERIODS - 1), start=1):
            levels |= dict.fromkeys(map(int, block), number)
    return levels


def _years_before(day: date, years: int) -> date:
    try:
        then = day.replace(year=day.year - years)
    except ValueError:
        then = date(day.year - years, 3, 1)
    one = then + timedelta(days=day.isoweekday() % 7 - then.isoweekday() % 7)
    other = one + timedelta(days=-7 if one > then else 7)
    return min((one, other), key=lambda each: abs((each - then).days))
