"""Years in which nothing changes, day by day: attacks, and what each of them brings.

All are seeded: the same world and number give the same years.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from watcher.core.detectors.pace.sides import Side
from watcher.core.indicator import Indicator, Totals
from watcher.core.period import Period
from watcher.core.statistics.simulation import spread_values

ATTACKS = Indicator(indicator="attacks", count="events")
DEATHS = Indicator(indicator="deaths", sum="fatalities")
BASELINE, YEAR = Period.of_year(2018), Period.of_year(2019)
#: A third of the attacks kills nobody, the others a discrete Pareto with this index, up to so many.
NOBODY, INDEX, MOST = 0.35, 1.3, 200


class World(NamedTuple):
    """What a year is like."""

    name: str
    attacks: float
    #: Deaths of an attack, each as likely as the other; empty where attacks are counted.
    sizes: tuple[int, ...] = ()
    #: Variance over mean of the attacks of a week; 1 where they do not know of each other.
    waves: float = 1.0
    #: ``dispersion`` of the rule; None where it gives none.
    given: float | None = None
    #: Whether the baseline is a stated number, of which the single attacks are not known.
    stated: bool = False

    @property
    def indicator(self) -> Indicator:
        """What the rule watches."""
        return DEATHS if self.sizes else ATTACKS


def heavy_sizes(number: int = 2_000) -> tuple[int, ...]:
    """Quantiles of deaths per attack with a tail as heavy as that of real attacks."""
    none = round(NOBODY * number)
    tails = ((i + 0.5) / (number - none) for i in range(number - none))
    return (0,) * none + tuple(min(MOST, int(tail ** (-1 / INDEX))) for tail in tails)


#: Deaths per attack, by their sum of squares over their sum. A mean of 1.2 to 3, as in real years.
SIZES = {2: spread_values(1.2, 2), 5: spread_values(2.1, 5), 15: spread_values(3, 16.5), 34: heavy_sizes()}

WORLDS = {
    world.name: world
    for world in (
        *(World(f"{number} attacks", number) for number in (12, 50, 100, 309, 660, 2000)),
        World("309 attacks in waves", 309, waves=2),
        World("309 attacks in waves, dispersion: 2", 309, waves=2, given=2),
        *(
            World(f"deaths of {number} attacks, D {dispersion}", number, SIZES[dispersion])
            for dispersion in SIZES
            for number in (52, 309, 2000)
        ),
        World("deaths of 52 attacks, D 15, dispersion: 15", 52, SIZES[15], given=15),
        World("deaths of 52 attacks, D 34, dispersion: 34", 52, SIZES[34], given=34),
        *(World(f"deaths of 12 attacks, D {dispersion}", 12, SIZES[dispersion]) for dispersion in SIZES),
        *(
            World(
                f"deaths of {number} attacks, D {dispersion}, stated baseline", number, SIZES[dispersion], stated=True
            )
            for dispersion in (5, 34)
            for number in (52, 309)
        ),
    )
}


def generator(world: World, number: int) -> Generator:
    """Where the years of a world come from."""
    return np.random.default_rng([20190101, list(WORLDS).index(world.name), number])


def daily_attacks(rng: Generator, world: World, *, ratio: float = 1) -> list[int]:
    """Attacks of each day of a year, drawn week by week where they come in waves."""
    weekly = ratio * world.attacks * 7 / YEAR.days
    if world.waves == 1:
        return [int(number) for number in rng.poisson(weekly / 7, YEAR.days)]
    weeks = rng.gamma(weekly / (world.waves - 1), world.waves - 1, YEAR.days // 7 + 1)
    return [int(number) for number in rng.poisson(weeks.repeat(7)[: YEAR.days] / 7)]


def sizes_of(rng: Generator, world: World, attacks: int) -> list[int]:
    """What each of so many attacks adds to the measure."""
    if not world.sizes:
        return [1] * attacks
    return [world.sizes[at] for at in rng.integers(0, len(world.sizes), attacks)]


def side(rng: Generator, world: World, period: Period, attacks: Sequence[int]) -> Side:
    """A period with so many attacks on each of its days."""
    sizes = sizes_of(rng, world, sum(attacks))
    totals = Totals(
        len(sizes), len(sizes), sum(sizes), sum(size * size for size in sizes), len(attacks) - attacks.count(0)
    )
    return Side(period, totals.total, totals.events, totals=totals)
