"""Student's t: the normal's place where the spread is itself estimated, from few numbers."""

from __future__ import annotations

import math

from watcher.core.statistics.tails import beta_tails, normal_quantile

_MAX_STEPS = 100
_CLOSE = 1e-13


def student_tail(t: float, degrees: float) -> float:
    """The chance that Student's t with so many degrees of freedom exceeds ``t``."""
    if t < 0:
        return 1 - student_tail(-t, degrees)
    square = t * t
    if math.isinf(square):
        return 0.0
    both = degrees + square
    return beta_tails(degrees / 2, 0.5, degrees / both, square / both)[0] / 2


def student_quantile(share: float, degrees: float) -> float:
    """The value below which ``share`` of Student's t lies, for a share of a half or more.

    Newton's steps from the normal's quantile, which lies below: the tail is convex there, so that no step goes too far.
    """
    tail, t, step, looks = 1 - share, normal_quantile(share), math.inf, 0
    while abs(step) > _CLOSE * (1 + t) and looks < _MAX_STEPS:
        step = (student_tail(t, degrees) - tail) / _density(t, degrees)
        t, looks = t + step, looks + 1
    return t


def _density(t: float, degrees: float) -> float:
    front = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(math.pi * degrees)
    return math.exp(front - (degrees + 1) / 2 * math.log1p(t * t / degrees))
