"""Many series at once: what a small p is worth when many were looked for."""

from __future__ import annotations

from collections.abc import Sequence


def false_discovery(p_values: Sequence[float]) -> list[float]:
    """The q of each p, in the same order, after Benjamini and Hochberg (1995).

    It is the share of false alarms to be expected among all those whose p is as small.
    """
    q, least, number = [1.0] * len(p_values), 1.0, len(p_values)
    for rank, place in zip(range(number, 0, -1), sorted(range(number), key=lambda i: -p_values[i]), strict=True):
        least = min(least, p_values[place] * number / rank)
        q[place] = least
    return q
