"""The ways in which a week becomes an alarm: each method of ``aberration``, and the presets that users know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulation.cells import Series
from watcher.core.detectors.aberration import Parameters
from watcher.core.detectors.aberration.method import METHODS, TWO_YEARS, Attacks, longest
from watcher.core.detectors.aberration.verdict import Verdict, judge
from watcher.core.detectors.surge import Sums

Way = Callable[[Series, int], bool]


def aberration(**given: Any) -> Way:
    """A rule of ``aberration`` with its default condition."""
    parameters = Parameters.model_validate({"indicator": "simulated", **given})

    def alarm(series: Series, at: int) -> bool:
        found = verdict(parameters, series, at)
        return found.is_beyond and found.is_counted

    return alarm


def verdict(parameters: Parameters, series: Series, at: int) -> Verdict:
    """What a rule of ``aberration`` makes of a week."""
    begin = max(0, at - longest(parameters))
    attacks = _attacks(series, begin, at) if parameters.method == "compound" else None
    return judge(series.counts[begin : at + 1], parameters, day=series.day(at), attacks=attacks)


def _attacks(series: Series, begin: int, at: int) -> Attacks:
    end = at - METHODS["compound"].guard
    sizes = Counter(size for week in series.sizes[max(0, end - TWO_YEARS) : end] for size in week)
    return Attacks([len(week) for week in series.sizes[begin:at]], sizes)


def surge(*, window: int, against: int, change: float, mean: float) -> Way:
    """A rule of ``surge`` over whole weeks."""

    def alarm(series: Series, at: int) -> bool:
        ends = range(at + 1, at + 1 - window - against, -window)
        observed, *earlier = [sum(series.counts[end - window : end]) for end in ends]
        sums = Sums(observed, tuple(earlier))
        return sums.change >= change and sums.mean >= mean

    return alarm


def record(series: Series, at: int) -> bool:
    """Four weeks with more than any four that ended in the 52 weeks before."""
    sums = [sum(series.counts[end - 4 : end]) for end in range(at - 51, at + 2)]
    return sums[-1] > max(sums[:-1])


WAYS: Mapping[str, Way] = {
    "auto": aberration(),
    "seasonal": aberration(method="seasonal"),
    "seasonal, alpha 0.01": aberration(method="seasonal", alpha=0.01),
    "recent": aberration(method="recent"),
    "predictive": aberration(method="predictive"),
    "shift": aberration(method="shift"),
    "shift, ratio any": aberration(method="shift", ratio="any"),
    "compound": aberration(method="compound"),
    "ears_c1": aberration(method="ears_c1"),
    "ears_c2": aberration(method="ears_c2"),
    "ears_c3": aberration(method="ears_c3"),
    "zscore": aberration(method="zscore"),
    "ears_c1, min_count 0": aberration(method="ears_c1", min_count=0),
    "ears_c2, min_count 0": aberration(method="ears_c2", min_count=0),
    "ears_c3, min_count 0": aberration(method="ears_c3", min_count=0),
    "zscore, min_count 0": aberration(method="zscore", min_count=0),
    "surge, 1 week against 4": surge(window=1, against=4, change=1, mean=1),
    "surge, 4 weeks against 52": surge(window=4, against=52, change=1, mean=1),
    "surge, 1 week 25 % against 52": surge(window=1, against=52, change=0.25, mean=1),
    "record, 4 weeks in 52": record,
}
