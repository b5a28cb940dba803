"""A season, a trend and past surges: the improved Farrington method (Noufaily et al. 2013).

The year is cut into ten levels. The level that is asked for holds the weeks around the same week of past years; the
rest of the year is cut into nine spans. With a trend over all of them, a Newton step of the fit has a closed form: the
trend follows from sums over each level, and each level from the trend (a Schur complement), so a step costs one pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import mul, sub
from typing import NamedTuple

from watcher.core.statistics.robust import MAX_STEPS, SETTLED, START, dispersion, reweighted

#: Weeks before and after the same week of a past year that belong to its level.
HALF_WINDOW = 3
#: Levels of a year.
PERIODS = 10
#: The newest weeks are left out, in which a surge may have begun that is still to be noticed.
GUARD = 26
#: Fewer years make no trend.
LEAST_OF_TREND = 3

_WEEK = timedelta(days=7)


class Season(NamedTuple):
    """What a season predicts for the week that is asked for: a negative binomial."""

    mean: float
    #: Variance over mean, at least 1.
    dispersion: float
    #: Growth of the logarithm of the mean in a week; None where a trend would extrapolate beyond all that was seen.
    trend: float | None
    #: What was counted in the weeks around the same week of past years.
    alike: tuple[int, ...]


class _Design(NamedTuple):
    """The weeks that are looked at, level by level; the last level is the one that is asked for."""

    counts: Sequence[int]
    #: Their logarithms; 0 for none.
    logs: Sequence[float]
    #: In weeks from the week that is asked for; all below zero.
    times: Sequence[float]
    #: Where each level begins and ends in ``counts``.
    spans: Sequence[tuple[int, int]]


class _Fit(NamedTuple):
    levels: Sequence[float]
    trend: float
    means: Sequence[float]
    leverages: Sequence[float]
    dispersion: float
    converged: bool


class _Step(NamedTuple):
    levels: Sequence[float]
    trend: float
    #: Of each level: the sum of its weights, and the weighted mean of its times.
    weights: Sequence[float]
    times: Sequence[float]
    #: Weighted sum of squares of the times about those of their level; 0 without a trend.
    squares: float


@lru_cache(maxsize=64)
def weeks_back(day: date, years: int) -> tuple[int, ...]:
    """How many weeks before a day the same weekday nearest to its date in each of the past years lies."""
    return tuple((day - _same_week(day, each)) // _WEEK for each in range(1, years + 1))


def _same_week(day: date, years: int) -> date:
    try:
        then = day.replace(year=day.year - years)
    except ValueError:  # 29 February
        then = date(day.year - years, 3, 1)
    # Weekdays are counted from Sunday, as in the original; of two days equally near, the one in the same such week.
    one = then + timedelta(days=day.isoweekday() % 7 - then.isoweekday() % 7)
    other = one - _WEEK if one > then else one + _WEEK
    return min((one, other), key=lambda each: abs(each - then))


def first_week(at: int, back: Sequence[int]) -> int:
    """The first week that is looked at."""
    return at - back[-1] - HALF_WINDOW


def seasonal(
    counts: Sequence[int], at: int, back: Sequence[int], *, unseen: frozenset[int] = frozenset()
) -> Season | None:
    """What the past years say of the week with the index ``at``; None where there is no fit.

    There is none where nothing was counted in all these weeks, where none of the weeks alike was covered, and where it
    does not settle. Where nothing was counted
    in the weeks alike, the mean is a number next to zero without any meaning.

    :param back: how many weeks before lies the same week of each past year, ascending. Weeks from
        :func:`first_week` on exist.
    :param unseen: the weeks that are not looked at, because nobody counted in them.
    """
    design = _design(counts, at, back, unseen)
    if design is None:
        return None
    start, end = design.spans[-1]
    alike = tuple(design.counts[start:end])
    if not any(design.counts):
        return None
    fit = _twice(design, with_trend=True) if len(back) >= LEAST_OF_TREND else None
    trend = fit.trend if fit else None
    if fit is None or not fit.converged or fit.levels[-1] > math.log(max(design.counts)):
        fit, trend = _twice(design, with_trend=False), None
    if fit is None or not fit.converged:
        return None
    return Season(math.exp(fit.levels[-1]), fit.dispersion, trend, alike)


def _design(counts: Sequence[int], at: int, back: Sequence[int], unseen: frozenset[int]) -> _Design | None:
    order, spans = _order(at, tuple(back), unseen)
    if not order:
        return None
    ordered = [counts[week] for week in order]
    logs = [math.log(count) if count else 0.0 for count in ordered]
    return _Design(ordered, logs, [float(week - at) for week in order], spans)


@lru_cache(maxsize=8)
def _order(at: int, back: tuple[int, ...], unseen: frozenset[int]) -> tuple[Sequence[int], Sequence[tuple[int, int]]]:
    """The weeks level by level, and where each level begins and ends; the same for every series of a source.

    Both are empty where no week of the level that is asked for is left.
    """
    weeks = [[week for week in level if week < at - GUARD and week not in unseen] for level in _levels(at, back)]
    if not weeks[-1]:
        return [], []
    ends = accumulate(map(len, weeks), initial=0)
    return [week for level in weeks for week in level], [span for span in pairwise(ends) if span[0] < span[1]]


def _levels(at: int, back: Sequence[int]) -> list[list[int]]:
    """The weeks of each level, the one that is asked for last."""
    levels: list[list[int]] = [[] for _ in range(PERIODS)]
    for later, earlier in pairwise([at, *(at - weeks for weeks in back)]):
        levels[-1] += range(earlier - HALF_WINDOW, earlier + HALF_WINDOW + 1)
        start, between = earlier + HALF_WINDOW + 1, later - earlier - 2 * HALF_WINDOW - 1
        size, longer = divmod(between, PERIODS - 1)
        for number in range(PERIODS - 1):
            end = start + size + (number < longer)
            levels[number] += range(start, end)
            start = end
    return levels


def _twice(design: _Design, *, with_trend: bool) -> _Fit | None:
    """The fit after past surges have been given less weight; None where the numbers run away."""
    try:
        first = _fit(design, [1.0] * len(design.counts), with_trend=with_trend)
        weights = reweighted(design.counts, first.means, first.leverages, dispersion=first.dispersion)
        return _fit(design, weights, with_trend=with_trend)
    except (OverflowError, ZeroDivisionError, ValueError):
        return None


def _fit(design: _Design, weights: Sequence[float], *, with_trend: bool) -> _Fit:
    """A weighted quasi-Poisson fit with a logarithmic link, by iterated least squares."""
    counts = design.counts
    means: Sequence[float] = [count + START for count in counts]
    logs = list(map(math.log, means))
    weighted = list(map(mul, weights, counts))
    deviance, last, steps = _deviance(design, weights, means, logs), math.inf, 0
    while steps == 0 or (abs(deviance - last) >= SETTLED * (abs(deviance) + 0.1) and steps < MAX_STEPS):
        working = list(map(mul, weights, means))
        target = [w * log + pull - w for w, log, pull in zip(working, logs, weighted, strict=True)]
        step = _step(design, working, target, with_trend=with_trend)
        logs = _logs(design, step)
        means, steps = list(map(math.exp, logs)), steps + 1
        last, deviance = deviance, _deviance(design, weights, means, logs)
    return _Fit(
        step.levels,
        step.trend,
        means,
        _leverages(design, working, step),
        dispersion(counts, means, working, parameters=len(design.spans) + with_trend),
        converged=abs(deviance - last) < SETTLED * (abs(deviance) + 0.1),
    )


def _deviance(design: _Design, weights: Sequence[float], means: Sequence[float], logs: Sequence[float]) -> float:
    ratios = map(mul, map(mul, weights, design.counts), map(sub, design.logs, logs))
    return 2 * (math.fsum(ratios) - math.fsum(map(mul, weights, map(sub, design.counts, means))))


def _step(design: _Design, working: Sequence[float], target: Sequence[float], *, with_trend: bool) -> _Step:
    """Weighted least squares with one constant for each level and one slope for all."""
    sums = [sum(working[start:end]) for start, end in design.spans]
    tops = [sum(target[start:end]) for start, end in design.spans]
    if not with_trend:
        return _Step([top / weight for top, weight in zip(tops, sums, strict=True)], 0.0, sums, [0.0] * len(sums), 0.0)
    leaned = list(map(mul, working, design.times))
    slants = [sum(leaned[start:end]) for start, end in design.spans]
    centres = [slant / weight for slant, weight in zip(slants, sums, strict=True)]
    squares = sum(map(mul, leaned, design.times)) - sum(map(mul, slants, centres))
    trend = (sum(map(mul, target, design.times)) - sum(map(mul, tops, centres))) / squares
    levels = [top / weight - trend * centre for top, weight, centre in zip(tops, sums, centres, strict=True)]
    return _Step(levels, trend, sums, centres, squares)


def _logs(design: _Design, step: _Step) -> list[float]:
    logs: list[float] = []
    for level, (start, end) in zip(step.levels, design.spans, strict=True):
        logs += [level + step.trend * time for time in design.times[start:end]]
    return logs


def _leverages(design: _Design, working: Sequence[float], step: _Step) -> list[float]:
    leverages: list[float] = []
    for weight, centre, (start, end) in zip(step.weights, step.times, design.spans, strict=True):
        for w, time in zip(working[start:end], design.times[start:end], strict=True):
            lean = (time - centre) * (time - centre) / step.squares if step.squares else 0.0
            leverages.append(w * (1 / weight + lean))
    return leverages
