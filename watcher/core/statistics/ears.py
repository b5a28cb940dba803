"""EARS C1, C2 and C3: the newest count against a handful before it (Hutwagner et al. 2003).

C3 is taken as it was published: the sum over three counts of what C2 lies above one standard deviation. R's
``surveillance`` leaves the newest of the three out of its alarm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

#: C2 and C3 leave out so many counts before the one that is judged.
LAG = 2
#: C3 adds up so many earlier ones to the one that is judged.
EARLIER = 2


class Around(NamedTuple):
    """Where counts lie, and how far they scatter."""

    mean: float
    #: Standard deviation, with one count less in the divisor.
    deviation: float

    def score(self, count: float) -> float:
        """How many standard deviations above the mean; without any scatter nothing, or infinitely many."""
        if self.deviation:
            return (count - self.mean) / self.deviation
        return math.copysign(math.inf, count - self.mean) if count != self.mean else 0.0


def around(counts: Sequence[int], *, least_deviation: float = 0.0) -> Around:
    """Mean and standard deviation of at least two counts; the latter at least ``least_deviation``."""
    mean = fmean(counts)
    squares = math.fsum((count - mean) * (count - mean) for count in counts)
    return Around(mean, max(least_deviation, math.sqrt(squares / (len(counts) - 1))))


def c1(before: Sequence[int], *, baseline: int, least_deviation: float) -> Around:
    """What the ``baseline`` counts before the judged one give."""
    return around(before[-baseline:], least_deviation=least_deviation)


def c2(before: Sequence[int], *, baseline: int, least_deviation: float) -> Around:
    """The same without the newest two, in which the rise may have begun."""
    return around(before[-baseline - LAG : -LAG], least_deviation=least_deviation)


def c3_earlier(before: Sequence[int], *, baseline: int, least_deviation: float) -> float:
    """What the two counts before the judged one add to C3."""
    places = range(len(before) - EARLIER, len(before))
    return sum(
        excess(c2(before[:place], baseline=baseline, least_deviation=least_deviation).score(before[place]))
        for place in places
    )


def excess(score: float) -> float:
    """What one count adds to C3."""
    return max(0.0, score - 1)
