"""Sums of sizes: how many deaths a week's attacks bring, when attacks are a negative binomial number and vary in size.

Panjer's recursion (1981) gives the chance of every sum in turn, exactly: nothing is cut off and nothing wraps around, as
it does in a Fourier transform of fixed length, and a bound among a few dozen deaths costs a few dozen steps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice

#: Larger sums are not told apart: their tail is that of this one.
LARGEST = 20_000

_HUGE = 1e200


def probabilities(mean: float, dispersion: float, sizes: Mapping[int, float]) -> Iterator[float]:
    """P(sum = 0), P(sum = 1), ... without end.

    :param mean: of the number of attacks, above zero; its variance is ``dispersion`` times as large.
    :param sizes: the share of attacks of each size; together 1.
    """
    none = sizes.get(0, 0.0)
    spread, pull, log_start = _recursion(mean, dispersion, none)
    shares = sorted((size, share / (1 - spread * none)) for size, share in sizes.items() if size)
    # Numbers are kept relative to the first, which may be too small for a float, and scaled down when they grow large.
    found, scale = [1.0], log_start
    while True:
        yield found[-1] * math.exp(scale)
        total = len(found)
        value = 0.0
        for size, share in shares:
            if size > total:
                break
            value += (spread + pull * size / total) * share * found[total - size]
        found.append(value)
        if value > _HUGE:
            found, scale = [each / _HUGE for each in found], scale + math.log(_HUGE)


def _recursion(mean: float, dispersion: float, none: float) -> tuple[float, float, float]:
    """Panjer's a and b for the number of attacks, and the logarithm of the chance that nobody dies."""
    if dispersion <= 1:
        return 0.0, mean, -mean * (1 - none)
    spread, size = (dispersion - 1) / dispersion, mean / (dispersion - 1)
    return spread, spread * (size - 1), -size * math.log(dispersion - (dispersion - 1) * none)


def compound_tail(least: int, mean: float, dispersion: float, sizes: Mapping[int, float]) -> float:
    """P(sum >= least), to fifteen decimals; of a sum beyond :data:`LARGEST` the chance of at least that."""
    below = math.fsum(islice(probabilities(mean, dispersion, sizes), max(0, min(least, LARGEST))))
    return min(1.0, max(0.0, 1 - below))


def compound_bound(mean: float, dispersion: float, sizes: Mapping[int, float], alpha: float) -> float:
    """The smallest sum that is exceeded with a chance of at most ``alpha``; infinite above :data:`LARGEST`."""
    below = 0.0
    for total, chance in enumerate(islice(probabilities(mean, dispersion, sizes), LARGEST)):
        below += chance
        if 1 - below <= alpha:
            return float(total)
    return math.inf
