"""The two steps that every fit of the improved Farrington method shares, whatever its mean depends on.

Past surges must not raise the bar for the next one: a first fit finds them, and the second gives them less weight.
After Noufaily et al. 2013 (Statistics in Medicine 32:1206).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

#: Standardised residuals above this count as past surges.
OUTLYING = 2.58
#: A fit stops when its deviance changes by less than this share, or after so many steps: as R's ``glm`` does, so that
#: means and dispersions can be held against it. The dispersion still has the weights of the step before the last.
SETTLED, MAX_STEPS = 1e-8, 25
#: The first step supposes a mean for each count that is so much above it.
START = 0.1


class Fitted(NamedTuple):
    """What a fit predicts: a negative binomial."""

    mean: float
    #: Variance over mean, at least 1.
    dispersion: float


def dispersion(counts: Sequence[float], means: Sequence[float], weights: Sequence[float], *, parameters: int) -> float:
    """Pearson's estimate of variance over mean, at least 1.

    :param means: above zero.
    :param weights: those of the last step of the fit, each week's own weight times its mean.
    :param parameters: how many numbers were fitted to the counts; fewer than there are counts.
    """
    chi_square = 0.0
    for count, mean, weight in zip(counts, means, weights, strict=True):
        relative = count / mean - 1
        chi_square += weight * relative * relative
    return max(1.0, chi_square / (len(counts) - parameters))


def reweighted(
    counts: Sequence[float], means: Sequence[float], leverages: Sequence[float], *, dispersion: float
) -> list[float]:
    """Weights that add up to the number of counts; those of past surges fall with the square of their residual."""
    raw = [
        1.0 if residual <= OUTLYING else 1 / (residual * residual)
        for count, mean, leverage in zip(counts, means, leverages, strict=True)
        for residual in [_residual(count, mean, dispersion * (1 - leverage))]
    ]
    scale = len(raw) / sum(raw)
    return [scale * weight for weight in raw]


def _residual(count: float, mean: float, variance: float) -> float:
    """Anscombe's residual, standardised; below zero, and of no interest, for a count below its mean."""
    if count <= mean:
        return 0.0
    excess = math.pow(count, 2 / 3) * math.pow(mean, -1 / 6) - math.sqrt(mean)
    return 1.5 * excess / math.sqrt(variance)
