"""``predictive``: the Gamma-Poisson prediction, which has an answer for a short history and for one of zeros.

A Poisson rate with Jeffreys' prior, after ``n`` weeks with ``total`` events, is Gamma; the next count is then negative
binomial with size total + 1/2 and probability n / (n + 1).
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.core.detectors.aberration.prediction import NegativeBinomial

#: How many weeks it looks at, at most and at least.
WINDOW, LEAST = 52, 6


def predict(counts: Sequence[int]) -> NegativeBinomial:
    """What a window of weeks gives for the next one."""
    weeks = len(counts)
    return NegativeBinomial((sum(counts) + 0.5) / weeks, (weeks + 1) / weeks)
