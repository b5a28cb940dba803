"""Made-up years: events as they would come if nothing changed, or if their rate rose from one day on.

Counts are negative binomial week by week (a Poisson process whose rate is drawn anew each week from a gamma), and each
event carries a value drawn from those that were seen: values are heavy-tailed, and no formula for them is trusted here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from watcher.core.period import Period
from watcher.core.statistics.tails import normal_quantile

_WEEK = 7
#: A Poisson of a larger mean is drawn in parts: the product of uniforms would run out of digits.
_LARGEST_DRAW = 30.0
#: How many values stand for a distribution of which only mean and spread are known.
_QUANTILES = 2_000


class World(NamedTuple):
    """What a series is like while nothing changes."""

    events_per_week: float
    #: Variance over mean of the events of a week; 1 is Poisson.
    dispersion: float
    #: The values of events, one of which each event draws; empty where events are counted.
    values: tuple[int, ...] = ()


class Rise(NamedTuple):
    """The rate of events is ``ratio`` times as high in a period."""

    period: Period
    ratio: float


def estimate(weeks: Sequence[int], values: Iterable[int] = ()) -> World:
    """What weekly counts, and the values of their events, say of a series; at least one week."""
    mean = sum(weeks) / len(weeks)
    squares = sum((count - mean) ** 2 for count in weeks)
    spread = squares / (len(weeks) - 1) / mean if len(weeks) > 1 and mean else 1.0
    return World(mean, max(1.0, spread), tuple(values))


def spread_values(mean: float, dispersion: float) -> tuple[int, ...]:
    """Values with a mean, and a sum of squares ``dispersion`` times their sum: quantiles of a log-normal, rounded.

    For series of which only totals are known. Deaths per attack have a longer tail than this.
    """
    variance = math.log(max(1.0, dispersion / mean))
    centre, scale = math.log(mean) - variance / 2, math.sqrt(variance)
    normal = (normal_quantile((i + 0.5) / _QUANTILES) for i in range(_QUANTILES))
    return tuple(round(math.exp(centre + scale * z)) for z in normal)


def draw(world: World, period: Period, random: Random, rise: Rise | None = None) -> Iterator[tuple[date, int]]:
    """(day, value) of each event of a period, by day; the value is 1 where events are counted."""
    for start in range(0, period.days, _WEEK):
        rate = world.events_per_week / _WEEK * _swing(world, random)
        for offset in range(start, min(start + _WEEK, period.days)):
            day = period.start + timedelta(days=offset)
            ratio = rise.ratio if rise is not None and day in rise.period else 1.0
            for _ in range(_poisson(rate * ratio, random)):
                yield day, random.choice(world.values) if world.values else 1


def _swing(world: World, random: Random) -> float:
    """How far the rate of a week is from the mean rate: a gamma with mean 1."""
    if world.dispersion <= 1 or not world.events_per_week:
        return 1.0
    shape = world.events_per_week / (world.dispersion - 1)
    return random.gammavariate(shape, 1 / shape)


def _poisson(mean: float, random: Random) -> int:
    """A Poisson number, after Knuth (1969)."""
    drawn = 0
    while mean > 0:
        part = min(mean, _LARGEST_DRAW)
        mean -= part
        bound, product = math.exp(-part), random.random()
        while product > bound:
            drawn, product = drawn + 1, product * random.random()
    return drawn
