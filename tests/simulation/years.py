"""A rule of ``pace`` looked at on every day of years in which nothing changes: how high its score comes.

A year and its baseline are drawn at the same rate, and each day is judged as the product judges it: with its gates, and
with the dispersion that it finds in the events.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import sqrt
from typing import NamedTuple

from tests.simulation.worlds import BASELINE, YEAR, World, daily_attacks, generator, side, sizes_of
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.detectors.pace.verdict import Verdict, judge
from watcher.core.indicator import Totals
from watcher.core.period import Period
from watcher.core.statistics import rates


class Reached(NamedTuple):
    """In how many years the score came to the critical values, on any day."""

    years: int
    moderate: int
    strong: int
    extreme: int

    def __str__(self) -> str:
        return " / ".join(f"{self.percent(each):.2f} ± {self.error(each):.2f}" for each in self[1:])

    def percent(self, reached: int) -> float:
        """Percent of the years."""
        return 100 * reached / self.years

    def error(self, reached: int) -> float:
        """Its standard error."""
        share = reached / self.years
        return 100 * sqrt(share * (1 - share) / self.years)


def watched(world: World, number: int) -> Iterator[Verdict]:
    """What the rule makes of the days on which its score can rise: the first that is judged, and those with attacks."""
    rng = generator(world, number)
    before = side(rng, world, BASELINE, daily_attacks(rng, world))
    events = total = squares = active = 0
    for day, attacks in enumerate(daily_attacks(rng, world), start=1):
        sizes = sizes_of(rng, world, attacks) if attacks else ()
        events, active = events + attacks, active + bool(attacks)
        total, squares = total + sum(sizes), squares + sum(size * size for size in sizes)
        if attacks or day == rates.SEQUENTIAL_DAYS:
            totals = Totals(events, events, total, squares, active)
            now = Side(Period(YEAR.start, YEAR.start + timedelta(days=day)), total, events, totals=totals)
            yield judge(Sides(now, before, None), world.indicator, given=world.given)


def reached(world: World, years: int) -> Reached:
    """So many years of a world."""
    criticals = (rates.MODERATE_SCORE, rates.STRONG_SCORE, rates.EXTREME_SCORE)
    counts = [0] * len(criticals)
    for number in range(years):
        highest = max((each.score for each in watched(world, number) if each.is_judged), default=0.0)
        for place, critical in enumerate(criticals):
            counts[place] += highest >= critical
    return Reached(years, *counts)
