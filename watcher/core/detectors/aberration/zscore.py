"""``zscore``: so many standard deviations above the mean of the year before, because everybody writes it by hand."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from watcher.core.detectors.aberration.prediction import Normal

#: How many weeks it looks at, at most and at least.
WINDOW, LEAST = 52, 26
#: The chance that a normal is three standard deviations above its mean: the limit in everybody's hand-written rule.
ALPHA = 0.00135


def predict(counts: Sequence[int]) -> Normal | None:
    """What a window of weeks gives for the next one; None where all its weeks are alike: there is no deviation."""
    mean = fmean(counts)
    squares = sum((count - mean) * (count - mean) for count in counts)
    return Normal(mean, (squares / (len(counts) - 1)) ** 0.5) if squares else None
