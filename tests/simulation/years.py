"""A rule of ``pace`` looked at on every day of a year: how high its score comes, and how soon.

A year and its baseline are drawn at the same rate, or the year with twice as many attacks, and each day is judged as the
product judges it: with its gates, and with the dispersion that it finds in the events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from math import sqrt
from typing import NamedTuple

from tests.simulation.worlds import BASELINE, YEAR, World, daily_attacks, generator, side, sizes_of
from watcher.core.detectors.pace.sides import Side, Sides
from watcher.core.detectors.pace.verdict import Verdict, judge
from watcher.core.indicator import Totals
from watcher.core.period import Period
from watcher.core.statistics import rates

CRITICALS = (rates.MODERATE_SCORE, rates.STRONG_SCORE, rates.EXTREME_SCORE)


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


class Found(NamedTuple):
    """Whether and when the score came to the critical values in years with twice as many attacks."""

    years: int
    moderate: int
    strong: int
    #: The median of the days on which it did; a year in which it never did counts as one in which it would come later.
    moderate_day: int | None
    strong_day: int | None

    def __str__(self) -> str:
        return " / ".join(
            f"{100 * number / self.years:.0f} %, day {day}" if day else f"{100 * number / self.years:.0f} %"
            for number, day in ((self.moderate, self.moderate_day), (self.strong, self.strong_day))
        )


class Look(NamedTuple):
    """What the rule makes of a day of the year."""

    day: int
    verdict: Verdict

    @property
    def score(self) -> float:
        """What counts of it: nothing before the gates are open."""
        return self.verdict.score if self.verdict.is_judged else 0.0


def watched(world: World, number: int, *, ratio: float = 1) -> Iterator[Look]:
    """The days on which the score can rise: the first that is judged, and those with attacks."""
    rng = generator(world, number)
    before = side(rng, world, BASELINE, daily_attacks(rng, world))
    if world.stated:
        before = replace(before, totals=None)
    events = total = squares = active = 0
    for day, attacks in enumerate(daily_attacks(rng, world, ratio=ratio), start=1):
        sizes = sizes_of(rng, world, attacks) if attacks else ()
        events, active = events + attacks, active + bool(attacks)
        total, squares = total + sum(sizes), squares + sum(size * size for size in sizes)
        if attacks or day == rates.SEQUENTIAL_DAYS:
            totals = Totals(events, events, total, squares, active)
            now = Side(Period(YEAR.start, YEAR.start + timedelta(days=day)), total, events, totals=totals)
            yield Look(day, judge(Sides(now, before, None), world.indicator, given=world.given))


def reached(world: World, years: int) -> Reached:
    """So many years of a world in which nothing changes."""
    counts = [0] * len(CRITICALS)
    for number in range(years):
        highest = max((look.score for look in watched(world, number)), default=0.0)
        for place, critical in enumerate(CRITICALS):
            counts[place] += highest >= critical
    return Reached(years, *counts)


def found(world: World, years: int) -> Found:
    """So many years of a world with twice as many attacks from the first day on."""
    days: list[list[int]] = [[], []]
    for number in range(years):
        looks = list(watched(world, number, ratio=2))
        for place, critical in enumerate(CRITICALS[:2]):
            days[place] += [look.day for look in looks if look.score >= critical][:1]
    return Found(years, *map(len, days), *(_median(each, years) for each in days))


def _median(days: Sequence[int], years: int) -> int | None:
    """The day by which it had come in half of all years; None where it did in fewer."""
    half = (years + 1) // 2
    return sorted(days)[half - 1] if len(days) >= half else None
