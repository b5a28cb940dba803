"""A slice of the simulation comes to what the page says of all of it, and the page to what others measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from math import factorial, prod, sqrt

import pytest

from tests.simulation.cells import CELLS, FIRST, LASTS, WATCHED, WEEKS, surging, unchanged
from tests.simulation.page import table
from tests.simulation.ways import WAYS
from tests.simulation.weeks import false_alarms, found_after
from watcher.core.detectors.aberration import Parameters
from watcher.core.detectors.aberration.verdict import judge
from watcher.core.statistics.tails import negative_binomial_tail as tail

#: So many series of each kind stand behind the page, and so many behind what the design measured.
ON_THE_PAGE, IN_THE_DESIGN = 400, 150
#: The difference may be so many standard errors.
ERRORS = 3.0

DESIGN_WAYS = {
    "acled_surge +100% vs 4w, avg>=1": "surge, 1 week against 4",
    "z>3 on 52w": "zscore, min_count 0",
    "hdx record: 4w sum > max of last 52w": "record, 4 weeks in 52",
    "EARS C1 (minSigma .5)": "ears_c1, min_count 0",
    "EARS C2 (minSigma .5)": "ears_c2, min_count 0",
    "EARS C3 (minSigma .5)": "ears_c3, min_count 0",
    "FF nbPlugin .005": "seasonal",
    "FF nbPlugin .01": "seasonal, alpha 0.01",
    "recent NB .005": "recent",
    "NB-CUSUM x2, h=4": "shift",
    "acled_change >25% vs 52w": "surge, 1 week 25 % against 52",
    "acled_threat month >=2x year, avg>=1": "surge, 4 weeks against 52",
}
DESIGN_CELLS = {
    "mean 0.2 phi1.3": "mean 0.2, scatter 1.3",
    "mean 1 phi1.5": "mean 1, scatter 1.5",
    "mean 3 phi2": "mean 3, scatter 2",
    "mean 10 phi3": "mean 10, scatter 3",
    "mean 6 season .4 phi2": "mean 6, seasonal",
    "mean 4 drift x2.2/8y phi2": "mean 4, rising",
    "mean 3 + 6 past surges/8y phi1.5": "mean 3, past surges",
    "fatalities 4 attacks/w": "deaths of 4 attacks",
}
#: What differs by more than chance; the page says why.
LISTED = {
    ("recent", "mean 0.2, scatter 1.3", "false alarms"),
    *(("surge, 1 week 25 % against 52", "mean 1, scatter 1.5", each) for each in ("false alarms", "found", "at once")),
    ("surge, 4 weeks against 52", "mean 0.2, scatter 1.3", "found"),
    ("surge, 4 weeks against 52", "mean 1, scatter 1.5", "false alarms"),
    *(
        (way, "mean 6, seasonal", "at once")
        for way in ("recent", "shift", "zscore, min_count 0", "record, 4 weeks in 52", "surge, 4 weeks against 52")
    ),
    ("ears_c2, min_count 0", "mean 6, seasonal", "found"),
    ("recent", "mean 3, past surges", "false alarms"),
    ("record, 4 weeks in 52", "mean 3, past surges", "found"),
    *((f"ears_c{each}, min_count 0", "mean 0.2, scatter 1.3", "false alarms") for each in (1, 2, 3)),
}


@pytest.mark.parametrize(
    ("way", "cell", "watched", "surges"),
    [
        ("seasonal", "mean 10, scatter 3", 8, 120),
        ("recent", "mean 10, scatter 3", 40, 120),
        ("predictive", "mean 10, scatter 3", 50, 100),
        ("shift", "mean 4, rising", 50, 100),
        ("compound", "deaths of 4 attacks", 4, 30),
        ("ears_c1", "mean 3, scatter 2", 60, 150),
        ("ears_c3", "mean 1, scatter 1.5", 350, 100),
        ("zscore", "mean 10, scatter 3", 60, 150),
        ("surge, 1 week against 4", "mean 3, scatter 2", 100, 150),
        ("record, 4 weeks in 52", "mean 6, seasonal", 60, 150),
    ],
)
def test_a_slice_comes_to_what_the_page_says(way, cell, watched, surges):
    false, error, found, at_once = table("mean 0.2, scatter 1.3")[way, cell]
    alarms = sum(false_alarms(WAYS[way], CELLS[cell], number) for number in range(watched))
    finds = [found_after(WAYS[way], CELLS[cell], number) for number in range(surges)]
    # The slice is a part of what the page tells: what they share does not scatter.
    assert abs(100 * alarms / watched / WATCHED - false) <= ERRORS * error * sqrt(ON_THE_PAGE / watched - 1)
    for percent, told in ((sum(week is not None for week in finds), found), (finds.count(0), at_once)):
        scatter = sqrt((told * (100 - told) + 1) * (1 / surges - 1 / ON_THE_PAGE))
        assert abs(100 * percent / surges - told) <= ERRORS * scatter


def test_the_page_agrees_with_the_design_but_for_what_it_lists(reference):
    design = json.loads((reference / "statistics" / "sim" / "sim_detectors.json").read_text("utf-8"))
    page = table("mean 0.2, scatter 1.3")
    far = {
        (way, cell, figure)
        for theirs, way in DESIGN_WAYS.items()
        for their_cell, cell in DESIGN_CELLS.items()
        for figure in far_apart(page[way, cell], design[theirs][their_cell])
    }
    assert far == LISTED


def far_apart(here: Sequence[float], there: Sequence[float]) -> Iterator[str]:
    """Which figures differ by more than chance may bring, between so many series here and so many there."""
    false, error, *finds = here
    their_false, *their_finds = there[:3]
    # Half of the last printed digit may be rounding.
    if abs(false - their_false) > ERRORS * error * sqrt(1 + ON_THE_PAGE / IN_THE_DESIGN) + 0.005:
        yield "false alarms"
    for figure, percent, theirs in zip(("found", "at once"), finds, their_finds, strict=True):
        both = (percent * ON_THE_PAGE + theirs * IN_THE_DESIGN) / (ON_THE_PAGE + IN_THE_DESIGN)
        variance = both * (100 - both) * (1 / ON_THE_PAGE + 1 / IN_THE_DESIGN)
        if abs(percent - theirs) > ERRORS * sqrt(variance) + 0.5:
            yield figure


def test_ears_fires_in_rare_events_as_often_as_every_possible_week_together_says():
    """Eight independent weeks: all cases are gone through. The page and the design lie on either side of it."""
    mean, dispersion = CELLS["mean 0.2, scatter 1.3"][1:3]
    parameters = Parameters.model_validate({"indicator": "simulated", "method": "ears_c1", "min_count": 0})
    chances = [tail(count, mean, dispersion) - tail(count + 1, mean, dispersion) for count in range(7)]
    alarms = 0.0
    for weeks in combinations_with_replacement(range(len(chances)), 7):
        ways_to_order = factorial(7) / prod(factorial(number) for number in Counter(weeks).values())
        bound = judge([*weeks, 0], parameters, day=FIRST).bound
        alarms += ways_to_order * prod(chances[count] for count in weeks) * tail(bound + 1, mean, dispersion)
    assert 100 * alarms == pytest.approx(2.48, abs=0.005)
    percent, error, *_ = table("mean 0.2, scatter 1.3")["ears_c1, min_count 0", "mean 0.2, scatter 1.3"]
    assert abs(percent - 100 * alarms) <= ERRORS * error


def test_a_surge_is_in_the_watched_year_and_nowhere_else():
    cell = CELLS["mean 10, scatter 3"]
    for number in range(5):
        plain, (surge, begin) = unchanged(cell, number), surging(cell, number)
        assert WEEKS - WATCHED <= begin <= WEEKS - LASTS
        assert surge.counts[:begin] == plain.counts[:begin]
        assert surge.counts[begin + LASTS :] == plain.counts[begin + LASTS :]
        assert sum(surge.counts[begin : begin + LASTS]) > 2 * 4 * 10
