"""Every way of judging a week put to every kind of series: its false alarms, and what is found for them."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from tests.simulation.cells import LASTS, WATCHED, WEEKS, Cell, surging, unchanged
from tests.simulation.ways import Way


class Measured(NamedTuple):
    """What a way of judging comes to in one kind of series."""

    series: int
    #: Of all watched weeks.
    false_alarms: int
    #: Weeks with a false alarm, squared and summed over the series: alarms of one series come together.
    squares: int
    #: Surges found at all, and in their first week.
    found: int
    at_once: int

    def __str__(self) -> str:
        false = f"{self.false_percent:.2f} ± {self.false_error:.2f}"
        return f"{false} / {self.found_percent:.0f} / {self.at_once_percent:.0f}"

    @property
    def false_percent(self) -> float:
        """Percent of the weeks with a false alarm."""
        return 100 * self.false_alarms / (self.series * WATCHED)

    @property
    def false_error(self) -> float:
        """Its standard error, from the scatter between series."""
        mean = self.false_alarms / self.series
        return 100 / WATCHED * sqrt(max(0.0, self.squares / self.series - mean * mean) / self.series)

    @property
    def found_percent(self) -> float:
        """Percent of the surges that are found."""
        return 100 * self.found / self.series

    @property
    def at_once_percent(self) -> float:
        """Percent of the surges that are found in their first week."""
        return 100 * self.at_once / self.series


def measured(way: Way, cell: Cell, number: int) -> Measured:
    """So many series of a kind, watched for a year."""
    counts = [false_alarms(way, cell, each) for each in range(number)]
    finds = [found_after(way, cell, each) for each in range(number)]
    return Measured(
        number,
        sum(counts),
        sum(count * count for count in counts),
        found=sum(week is not None for week in finds),
        at_once=finds.count(0),
    )


def false_alarms(way: Way, cell: Cell, number: int) -> int:
    """Weeks with an alarm in the watched year of a series in which nothing changes."""
    plain = unchanged(cell, number)
    return sum(way(plain, at) for at in range(WEEKS - WATCHED, WEEKS))


def found_after(way: Way, cell: Cell, number: int) -> int | None:
    """After how many whole weeks a surge is found; None while it lasts."""
    surge, begin = surging(cell, number)
    return next((week for week in range(LASTS) if way(surge, begin + week)), None)
