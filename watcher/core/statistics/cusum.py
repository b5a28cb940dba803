"""Sums of evidence: whether a rate has risen and stayed up, though no single week shows it.

The counts are negative binomial with variance mean + excess * mean^2; Poisson for excess 0. Each week adds the logarithm
of how much likelier it is under a higher rate. The sum never falls below zero, and starts again after an alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_CLOSE, _MAX_STEPS = 1e-12, 50


class Span(NamedTuple):
    """Weeks in a row with the same mean."""

    weeks: int
    total: float
    mean: float


def excess_variance(counts: Sequence[int], *, least: float) -> float:
    """The excess of a negative binomial by its moments: (variance - mean) / mean^2; ``least`` where that is more."""
    mean = sum(counts) / len(counts)
    variance = math.fsum((count - mean) * (count - mean) for count in counts) / (len(counts) - 1)
    return max(least, (variance - mean) / (mean * mean))


def gain(span: Span, log_ratio: float, excess: float) -> float:
    """The logarithm of how much likelier the counts are under a mean ``exp(log_ratio)`` times as high."""
    raised = span.mean * math.exp(log_ratio)
    if not excess:
        return log_ratio * span.total + span.weeks * (span.mean - raised)
    shrink = math.log((1 + excess * span.mean) / (1 + excess * raised))
    return log_ratio * span.total + (span.total + span.weeks / excess) * shrink


def likelihood_ratio(counts: Sequence[float], mean: float, *, excess: float, ratio: float, limit: float) -> list[float]:
    """The score of each week for a rate ``ratio`` times as high; above ``limit`` is an alarm, and the next starts at 0."""
    log_ratio, score, scores = math.log(ratio), 0.0, []
    for count in counts:
        score = max(0.0, (score if score <= limit else 0.0) + gain(Span(1, count, mean), log_ratio, excess))
        scores.append(score)
    return scores


def generalised(counts: Sequence[float], mean: float, *, excess: float, limit: float, most: int) -> list[float]:
    """The score of each week for a rate higher by any ratio, over at most ``most`` weeks; from ``limit`` on an alarm."""
    begin, scores = 0, []
    for place in range(len(counts)):
        begin = max(begin, place + 1 - most)
        scores.append(best((), counts[begin : place + 1], mean, excess=excess))
        if scores[-1] >= limit:
            begin = place + 1
    return scores


def best(newest: Sequence[Span], counts: Sequence[float], mean: float, *, excess: float) -> float:
    """The most that the ratio that fits best gains over the newest weeks, wherever they begin.

    :param newest: weeks after ``counts`` whose mean is another; they belong to every stretch.
    """
    stretches = ((Span(weeks, total, mean), *newest) for weeks, total in _totals(counts))
    return max((_fitted_gain(spans, excess) for spans in (newest, *stretches)), default=0.0)


def _totals(counts: Sequence[float]) -> Iterator[tuple[int, float]]:
    total = 0.0
    for weeks, count in enumerate(reversed(counts), start=1):
        total += count
        yield weeks, total


def _fitted_gain(spans: Sequence[Span], excess: float) -> float:
    """The gain at the ratio that fits best, which is no fall."""
    total, expected = sum(span.total for span in spans), sum(span.weeks * span.mean for span in spans)
    if total <= expected:
        return 0.0
    log_ratio = math.log(total / expected)
    if len(spans) > 1 and excess:
        log_ratio = _fitted(spans, excess, log_ratio)
    return sum(gain(span, log_ratio, excess) for span in spans)


def _fitted(spans: Sequence[Span], excess: float, log_ratio: float) -> float:
    """The likeliest logarithm of the ratio over weeks of different means, by Newton from the Poisson answer."""
    step, steps = math.inf, 0
    while abs(step) > _CLOSE and steps < _MAX_STEPS:
        slope = curve = 0.0
        for weeks, total, mean in spans:
            raised = mean * math.exp(log_ratio)
            slope += (total - weeks * raised) / (1 + excess * raised)
            curve += raised * (weeks + excess * total) / (1 + excess * raised) ** 2
        step = slope / curve
        log_ratio, steps = log_ratio + step, steps + 1
    return max(0.0, log_ratio)
