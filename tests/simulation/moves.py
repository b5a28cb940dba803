"""A source whose delay is looked at once a week: how often it seems to have moved when it has not, and how soon it is seen.

Delays are log-normal and do not know of each other. All are seeded: the same kind and number give the same source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from math import log
from typing import NamedTuple

import numpy as np

from watcher.core.statistics.delay import Reports, estimate, moved
from watcher.delay_troubles import DAYS, EVERY

FIRST = date(2018, 1, 1)
#: Days of events before the first look: as many as both curves need, and a year to tell a bulk by.
BEFORE = 365 + DAYS
#: A year of looks.
YEAR = 364
#: Standard deviation of the logarithm of a delay.
SCATTER = 0.9


class Kind(NamedTuple):
    """What a source is like."""

    name: str
    per_day: float
    #: Median of the days until a record is there.
    median: float
    #: Days between its releases.
    release: int = 1


KINDS = {
    kind.name: kind
    for kind in (
        Kind("2 a day, after a week", 2, 7),
        Kind("2 a day, after two weeks", 2, 14),
        Kind("2 a day, after two weeks, weekly", 2, 14, 7),
        Kind("5 a day, after two weeks, weekly", 5, 14, 7),
        Kind("10 a day, after a week", 10, 7),
        Kind("10 a day, after two weeks, weekly", 10, 14, 7),
    )
}


class Moved(NamedTuple):
    """In how many source-years the delay seemed to have moved; and when, where it doubled as the looks began."""

    years: int
    unchanged: int
    found: int
    #: The median of the days from the doubling to the look that saw it.
    day: int

    def __str__(self) -> str:
        return " / ".join(f"{100 * number / self.years:.1f}" for number in self[1:3]) + f" / {self.day}"


def reports(kind: Kind, number: int, *, ratio: float = 1) -> list[Reports]:
    """All records of a source, whose delays are ``ratio`` times as long from the first look on."""
    rng = np.random.default_rng([20180101, list(KINDS).index(kind.name), number, int(ratio)])
    days = rng.poisson(kind.per_day, BEFORE + YEAR).cumsum()
    delays = np.exp(rng.normal(log(kind.median), SCATTER, int(days[-1])))
    found: Counter[tuple[int, int]] = Counter()
    for at, delay in enumerate(delays):
        day = int(np.searchsorted(days, at, side="right"))
        seen = day + int(delay * (ratio if day >= BEFORE else 1))
        found[day, -(-seen // kind.release) * kind.release] += 1
    return [
        Reports(FIRST + timedelta(days=day), FIRST + timedelta(days=seen), records)
        for (day, seen), records in found.items()
    ]


def looks(told: Iterable[Reports]) -> Iterator[tuple[int, bool]]:
    """(days since the first look, whether it has moved) of each look of a year."""
    told = list(told)
    first = FIRST + timedelta(days=BEFORE)
    curves = {
        day: estimate(told, as_of=first + timedelta(days=day), window=DAYS) for day in range(-DAYS, YEAR, EVERY.days)
    }
    for day in range(0, YEAR, EVERY.days):
        yield day, moved(curves[day - DAYS], curves[day]) is not None


def seems_to_move(kind: Kind, number: int) -> bool:
    """Whether a source in which nothing changes seems to have moved in a year."""
    return any(has_moved for _, has_moved in looks(reports(kind, number)))


def day_of_doubling(kind: Kind, number: int) -> int | None:
    """How many days after a doubling of its delays a source was seen to have moved; None: not while it was new."""
    seen = (day for day, has_moved in looks(reports(kind, number, ratio=2)) if has_moved and day)
    return next((day for day in seen if day <= 2 * DAYS), None)


def moves(kind: Kind, years: int) -> Moved:
    """So many source-years without a change, and as many with one."""
    unchanged = sum(seems_to_move(kind, number) for number in range(years))
    days = [day for number in range(years) if (day := day_of_doubling(kind, number)) is not None]
    return Moved(years, unchanged, len(days), int(np.median(days)))
