"""Deaths compared attack by attack: a rate of sums whose sizes vary wildly.

A sum of deaths varies with the number of attacks and with their sizes; its variance is estimated by the sum of the
squares of what each attack brought (a compound Poisson process).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from watcher.core.statistics.rates import RateTest, Tally, normal_test, rate_ratio

#: Fewer attacks with a number, in either period, say nothing about the spread of their sizes.
FEWEST = 20
#: With fewer, in either period, the two periods share one dispersion: of its own, each would be judged too small.
OWN_SPREAD = 100


class Severities(NamedTuple):
    """What the attacks of a period that carry a number add up to."""

    attacks: int
    total: float
    #: Sum of the squares of the attacks' numbers.
    squares: float


class Split(NamedTuple):
    """A ratio of sums taken apart: their product is the ratio."""

    #: Rate of attacks now over the rate before.
    attacks: float
    #: Mean per attack now over the mean before.
    severity: float


def split(now: Tally, before: Tally, attacks: tuple[int, int]) -> Split | None:
    """More attacks, or deadlier ones? None where one of the four numbers is zero.

    :param attacks: how many now, and how many before.
    """
    if not (now.total and before.total and all(attacks)):
        return None
    more = rate_ratio(Tally(attacks[0], now.days), Tally(attacks[1], before.days))
    return Split(more, rate_ratio(now, before) / more)


def pooled_dispersion(*periods: Severities) -> float | None:
    """Variance over mean, over the attacks of all periods; None where they brought nothing."""
    total = sum(each.total for each in periods)
    return sum(each.squares for each in periods) / total if total else None


def suffice(now: Severities, before: Severities) -> bool:
    """Whether both periods hold enough attacks to say how their sizes vary."""
    return min(now.attacks, before.attacks) >= FEWEST


def shares_spread(now: Severities, before: Severities) -> bool:
    """Whether a period is so short of attacks that the two share one dispersion."""
    return min(now.attacks, before.attacks) < OWN_SPREAD


def compound(
    days: tuple[float, float],
    now: Severities,
    before: Severities,
    *,
    ratio: float = 1.0,
    confidence: float = 0.95,
) -> RateTest | None:
    """Normal test of the log ratio of two sums, each with its own spread; None when a total is zero.

    :param days: of the two periods, now and before.
    """
    if not (now.total and before.total):
        return None
    observed = rate_ratio(Tally(now.total, days[0]), Tally(before.total, days[1]))
    return normal_test(observed, compound_error(now, before), ratio=ratio, confidence=confidence)


def compound_error(now: Severities, before: Severities) -> float:
    """Standard error of the log ratio: se^2 = S1/k1^2 + S0/k0^2, with S the sum of squares of a period."""
    return math.sqrt(now.squares / now.total / now.total + before.squares / before.total / before.total)
