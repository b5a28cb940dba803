"""Counts compared week by week: attacks that come in waves vary more than attacks that do not know of each other.

How much more is seen in the weeks: Pearson's phi, the squared distances of each week from its period's rate, over what
chance alone would give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from watcher.core.statistics.rates import RateTest, Tally, inflated_error, rate_ratio
from watcher.core.statistics.student import student_quantile, student_tail

#: Fewer weeks, both periods together, say nothing about their spread.
FEWEST_WEEKS = 8


def pearson(now: Sequence[Tally], before: Sequence[Tally]) -> float | None:
    """Pearson's phi of weeks with exposures about the rates of their two periods; None when a period holds nothing."""
    if not (_sum(now).total and _sum(before).total) or len(now) + len(before) < FEWEST_WEEKS:
        return None
    distances = math.fsum((*_distances(now), *_distances(before)))
    return distances / (len(now) + len(before) - 2)


def quasi(
    now: Sequence[Tally], before: Sequence[Tally], *, ratio: float = 1.0, confidence: float = 0.95
) -> RateTest | None:
    """Quasi-Poisson test of the log ratio: se^2 = max(1, phi) (1/k1 + 1/k0), Student's t with n - 2 degrees.

    None where :func:`pearson` says nothing.
    """
    phi = pearson(now, before)
    if phi is None:
        return None
    both, degrees = (_sum(now), _sum(before)), len(now) + len(before) - 2
    error = inflated_error(*both, dispersion=max(1.0, phi))
    log_ratio, reach = math.log(rate_ratio(*both)), student_quantile((1 + confidence) / 2, degrees) * error
    return RateTest(
        p=student_tail((log_ratio - math.log(ratio)) / error, degrees),
        low=math.exp(log_ratio - reach),
        high=math.exp(log_ratio + reach),
    )


def _sum(weeks: Sequence[Tally]) -> Tally:
    return Tally(sum(week.total for week in weeks), sum(week.days for week in weeks))


def _distances(weeks: Sequence[Tally]) -> Iterator[float]:
    rate = _sum(weeks).rate
    for week in weeks:
        expected = rate * week.days
        yield (week.total - expected) ** 2 / expected
