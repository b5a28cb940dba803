"""Many series at once: what a small p is worth when many were looked at.

Each function takes the p-values of one evaluation and gives the adjusted ones in the same order: an adjusted value is
the least level of the procedure at which that series would be among those that are picked out.
"""

from __future__ import annotations

from collections.abc import Sequence


def false_discovery(p_values: Sequence[float]) -> list[float]:
    """The q of each p after Benjamini and Hochberg (1995), for series that are independent or rise and fall together.

    It is the share of false alarms to be expected among all those whose p is as small.
    """
    return _step_up(p_values, 1.0)


def false_discovery_of_any(p_values: Sequence[float]) -> list[float]:
    """The same after Benjamini and Yekutieli (2001), whatever the series have to do with each other."""
    return _step_up(p_values, sum(1 / rank for rank in range(1, len(p_values) + 1)))


def family_error(p_values: Sequence[float]) -> list[float]:
    """After Holm (1979): the chance that there is even one false alarm among those whose p is as small."""
    adjusted, most, number = [1.0] * len(p_values), 0.0, len(p_values)
    for rank, place in enumerate(_ascending(p_values)):
        most = max(most, min(1.0, p_values[place] * (number - rank)))
        adjusted[place] = most
    return adjusted


def _step_up(p_values: Sequence[float], factor: float) -> list[float]:
    adjusted, least, number = [1.0] * len(p_values), 1.0, len(p_values)
    for rank, place in zip(range(number, 0, -1), reversed(_ascending(p_values)), strict=True):
        least = min(least, p_values[place] * number / rank * factor)
        adjusted[place] = least
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    """The places of the p-values, the smallest first."""
    return sorted(range(len(p_values)), key=lambda place: p_values[place])


def budget_level(false_alarms: float, looks: float) -> float:
    """The p that a series must not exceed so that, with nothing out of the ordinary, so many looks bring so many alarms.

    :param false_alarms: how many are accepted in a time.
    :param looks: judgements of one series in that time, over all series; at least one series looked at.
    """
    return min(1.0, false_alarms / looks)
