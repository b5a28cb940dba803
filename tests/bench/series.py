"""What judging many weekly series takes: ``python -m tests.bench.series WORK NUMBER``, each in a process of its own."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import numpy as np

from tests.bench.measure import Figures, spent, tell
from tests.core.detectors import farrington
from watcher.core.detectors.aberration import Parameters
from watcher.core.detectors.aberration.verdict import judge
from watcher.core.statistics.seasonal import seasonal, weeks_back

#: Seven years.
WEEKS = 365
DAY = date(2020, 7, 4)
BACK = weeks_back(DAY, 5)
#: EARS looks at so many of the newest weeks of each series.
POINTS = 52


def made_up(number: int) -> list[list[int]]:
    """Weekly counts around three, with a surge now and then."""
    rng = random.Random(20200713)
    return [
        [int(rng.gammavariate(2, 1.5)) * (3 if rng.random() < 0.02 else 1) for _ in range(WEEKS)] for _ in range(number)
    ]


def judged(number: str, **given: Any) -> Figures:
    """The newest week of each series, judged."""
    every, asked = made_up(int(number)), Parameters.model_validate({"indicator": "made_up", **given})
    seconds, found = spent(lambda: [judge(each, asked, day=DAY) for each in every])
    return {
        "seconds": seconds,
        "answer": [round(sum(each.expected for each in found), 6), sum(each.is_beyond for each in found)],
    }


def ears(number: str) -> Figures:
    """A year of weeks of each series, by C1."""
    every, asked = made_up(int(number)), Parameters.model_validate({"indicator": "made_up", "method": "ears_c1"})
    ends = range(WEEKS - POINTS + 1, WEEKS + 1)
    seconds, found = spent(lambda: [judge(each[end - 8 : end], asked, day=DAY) for each in every for end in ends])
    return {"seconds": seconds, "answer": sum(each.is_beyond for each in found)}


def closed_form(number: str) -> Figures:
    """The fit of each series alone."""
    every = made_up(int(number))
    seconds, found = spent(lambda: [seasonal(each, WEEKS - 1, BACK) for each in every])
    return {"seconds": seconds, "answer": [round(each.mean, 6) for each in found if each]}


def matrices(number: str) -> Figures:
    """The same fit by numpy's least squares, one series at a time."""
    every = made_up(int(number))
    days = [date.fromordinal(DAY.toordinal() - 7 * (WEEKS - 1 - week)) for week in range(WEEKS)]
    seconds, found = spent(lambda: [farrington.seasonal(each, days, WEEKS - 1) for each in every])
    return {"seconds": seconds, "answer": [round(each.mean, 6) for each in found]}


def sums(number: str) -> Figures:
    """A floor for EARS: means and deviations of the same windows by numpy, and nothing else."""
    every = np.array(made_up(int(number)), dtype=float)[:, -POINTS - 7 : -1]
    seconds, found = spent(lambda: _around(every))
    return {"seconds": seconds, "answer": found}


def _around(every: Any) -> float:
    windows = np.lib.stride_tricks.sliding_window_view(every, 7, axis=1)
    return float(np.round(windows.mean(axis=2).sum() + windows.std(axis=2, ddof=1).sum(), 3))


WORKS: Mapping[str, Callable[..., Figures]] = {
    "auto": judged,
    **{name: partial(judged, method=name) for name in ("seasonal", "recent", "predictive", "shift", "zscore")},
    "ears": ears,
    "closed_form": closed_form,
    "matrices": matrices,
    "sums": sums,
}

if __name__ == "__main__":
    tell(WORKS)
