"""How often a p-value comes to a level where nothing changes: as often as the level says, were it exact.

Two rates are those of 195 days and of the year before. Weeks are the last ones of the series in
:mod:`tests.simulation.cells`, each of a series of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import sqrt
from typing import Any, NamedTuple

from tests.simulation.cells import CELLS, POISSON, WEEKS, Cell, unchanged
from tests.simulation.ways import verdict
from tests.simulation.worlds import BASELINE, SIZES, WORLDS, YEAR, World, daily_attacks, generator, side
from watcher.core.detectors.aberration import Parameters
from watcher.core.detectors.pace.interval import Test, Weeks
from watcher.core.detectors.pace.sides import Side, Sides, weeks
from watcher.core.detectors.pace.verdict import judge
from watcher.core.period import DAY, Period

LEVELS = (0.2, 0.05, 0.01, 0.005, 0.001)
#: So far into the year.
SO_FAR = Period(YEAR.start, YEAR.start + 195 * DAY)

#: The p of a made-up history, by its number; None where the test says nothing.
Chance = Callable[[int], float | None]


class Small(NamedTuple):
    """How often a p came to a level."""

    number: int
    #: For each of the levels.
    counts: tuple[int, ...]

    def __str__(self) -> str:
        return " / ".join(f"{percent:.3g}" for percent in self.percents)

    @property
    def percents(self) -> tuple[float, ...]:
        """Percent of the histories, level by level."""
        return tuple(100 * count / self.number for count in self.counts)

    def error(self, level: float) -> float:
        """The standard error of the percentage, were the p exact."""
        return 100 * sqrt(level * (1 - level) / self.number)


def small(chance: Chance, number: int) -> Small:
    """So many made-up histories. A test that says nothing has found nothing."""
    found = [chance(each) for each in range(number)]
    return Small(number, tuple(sum(p is not None and p <= level for p in found) for level in LEVELS))


def of_rates(test: Test, world: World, number: int) -> float | None:
    """The p of a year so far against the year before."""
    rng = generator(world, number)
    before, now = daily_attacks(rng, world), daily_attacks(rng, world)[: SO_FAR.days]
    sides = Sides(side(rng, world, SO_FAR, now), side(rng, world, BASELINE, before), None)
    both = Weeks(_weeks(sides.now, now), _weeks(sides.before, before)) if test == "quasi" else None
    result = judge(sides, world.indicator, test=test, given=world.given, weeks=both).interval.result
    return result.p if result else None


def of_week(parameters: Parameters, cell: Cell, number: int) -> float:
    """The p of the newest week of a series."""
    return verdict(parameters, unchanged(cell, number), WEEKS - 1).p


def _weeks(one: Side, daily: Sequence[int]) -> Any:
    return weeks(one, [(one.period.start + number * DAY, attacks) for number, attacks in enumerate(daily)])


def _rates(test: Test, *worlds: str) -> Mapping[str, Chance]:
    return {f"{test}|{name}": partial(of_rates, test, WORLDS[name]) for name in worlds}


def _week(method: str, *cells: str) -> Mapping[str, Chance]:
    parameters = Parameters.model_validate({"indicator": "simulated", "method": method})
    known = {**CELLS, **POISSON}
    return {f"{method}|{name}": partial(of_week, parameters, known[name]) for name in cells}


_COUNTS = ("12 attacks", "50 attacks", "309 attacks")
_SUMS = tuple(f"deaths of {number} attacks, D {dispersion}" for dispersion in SIZES for number in (52, 309, 2000))
_PLAIN, _SCATTERED = tuple(POISSON), ("mean 1, scatter 1.5", "mean 3, scatter 2", "mean 10, scatter 3")

CHANCES: Mapping[str, Chance] = {
    **_rates("exact", *_COUNTS),
    **_rates("midp", *_COUNTS),
    **_rates("quasi", "50 attacks", "309 attacks", "309 attacks in waves"),
    **_rates("inflated", "deaths of 52 attacks, D 15, dispersion: 15", "deaths of 52 attacks, D 34, dispersion: 34"),
    **_rates("compound", *_SUMS),
    **_week("seasonal", *_PLAIN, *_SCATTERED),
    **_week("recent", *_PLAIN, *_SCATTERED),
    **_week("predictive", *_PLAIN, *_SCATTERED),
    **_week("shift", *_PLAIN, *_SCATTERED),
    **_week("compound", "deaths of 4 attacks"),
    **_week("ears_c1", *_PLAIN, *_SCATTERED),
    **_week("ears_c2", *_PLAIN, *_SCATTERED),
    **_week("ears_c3", *_PLAIN, *_SCATTERED),
    **_week("zscore", *_PLAIN, *_SCATTERED),
}
