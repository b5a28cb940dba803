"""Made-up series in which nothing changes, and the same with a surge: what false alarms are counted in.

Eight years of weeks, of which the last is watched. All are seeded: the same cell and number give the same series.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

WEEKS, WATCHED = 417, 52
#: First day of the first week; a Saturday.
FIRST = date(2012, 1, 7)
#: A surge is so many times as much, for so many weeks.
TIMES, LASTS = 3.0, 4
#: A past surge, where a cell has some.
PAST_TIMES, PAST_LASTS = 3.0, 6

Means = NDArray[np.float64]


class Cell(NamedTuple):
    """One kind of series."""

    name: str
    mean: float
    #: Variance over mean; 1 for Poisson.
    dispersion: float
    #: Amplitude of the season, on the logarithm of the mean.
    season: float = 0.0
    #: How many times as high the mean is at the end as at the beginning.
    drift: float = 1.0
    past_surges: int = 0
    #: Whether each of the counts is an attack, and what is watched are its deaths.
    deaths: bool = False


CELLS = {
    cell.name: cell
    for cell in (
        Cell("mean 0.2, scatter 1.3", 0.2, 1.3),
        Cell("mean 1, scatter 1.5", 1, 1.5),
        Cell("mean 3, scatter 2", 3, 2),
        Cell("mean 10, scatter 3", 10, 3),
        Cell("mean 6, seasonal", 6, 2, season=0.4),
        Cell("mean 4, rising", 4, 2, drift=2.2),
        Cell("mean 3, past surges", 3, 1.5, past_surges=6),
        Cell("deaths of 4 attacks", 4, 1, deaths=True),
    )
}

#: Events that do not know of each other; what a p-value is worth is seen in them first.
POISSON = {f"mean {mean}, Poisson": Cell(f"mean {mean}, Poisson", mean, 1) for mean in (1, 10)}


class Series(NamedTuple):
    """What is watched week by week, and for deaths the size of every attack."""

    counts: Sequence[int]
    sizes: Sequence[Sequence[int]] = ()

    def day(self, at: int) -> date:
        """First day of a week."""
        return FIRST + timedelta(weeks=at)


def unchanged(cell: Cell, number: int) -> Series:
    """A series in which nothing changes."""
    rng = _generator(cell, number)
    return _drawn(rng, cell, _means(rng, cell))


def surging(cell: Cell, number: int) -> tuple[Series, int]:
    """The same series with a surge in the watched year, and the week in which it begins."""
    plain = unchanged(cell, number)
    rng = _generator(cell, number, 1)
    begin = WEEKS - WATCHED + int(rng.integers(0, WATCHED - LASTS + 1))
    means = _means(_generator(cell, number), cell)
    surge = _drawn(rng, cell, means[begin : begin + LASTS] * TIMES)
    end = begin + LASTS
    counts = [*plain.counts[:begin], *surge.counts, *plain.counts[end:]]
    return Series(counts, [*plain.sizes[:begin], *surge.sizes, *plain.sizes[end:]]), begin


def _generator(cell: Cell, *numbers: int) -> Generator:
    return np.random.default_rng([20200713, [*CELLS, *POISSON].index(cell.name), *numbers])


def _means(rng: Generator, cell: Cell) -> Means:
    weeks = np.arange(WEEKS)
    means: Means = cell.mean * np.exp(cell.season * np.sin(2 * np.pi * weeks / 52.18)) * cell.drift ** (weeks / WEEKS)
    for _ in range(cell.past_surges):
        begin = int(rng.integers(0, WEEKS - WATCHED - PAST_LASTS))
        means[begin : begin + PAST_LASTS] = cell.mean * PAST_TIMES
    return means


def _drawn(rng: Generator, cell: Cell, means: Means) -> Series:
    numbers = _counts(rng, means, cell.dispersion)
    if not cell.deaths:
        return Series(numbers)
    sizes = [_deaths(rng, number) for number in numbers]
    return Series([sum(each) for each in sizes], sizes)


def _counts(rng: Generator, means: Means, dispersion: float) -> list[int]:
    rates = rng.gamma(means / (dispersion - 1), dispersion - 1) if dispersion > 1 else means
    return [int(count) for count in rng.poisson(rates)]


def _deaths(rng: Generator, attacks: int) -> list[int]:
    """A third kills nobody, else a discrete Pareto with index 1.3, up to 200."""
    none, heavy = rng.random(attacks) < 0.35, np.floor(rng.random(attacks) ** (-1 / 1.3))
    return [0 if is_none else int(min(200, deaths)) for is_none, deaths in zip(none, heavy, strict=True)]
