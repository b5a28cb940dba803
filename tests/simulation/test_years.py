"""The critical values of the sequential score hold, and find a doubling: slices of the years, and what the page says."""

from __future__ import annotations

from math import sqrt

import pytest

from tests.simulation.page import table
from tests.simulation.worlds import WORLDS
from tests.simulation.years import found, reached

#: So many years of each world stand behind the page; a difference may be so many standard errors.
ON_THE_PAGE, ERRORS = 5_000, 3.0
MODERATE, STRONG, EXTREME = "moderate, 3.0", "strong, 4.75", "7.1"
#: What the design promises, in percent of years.
PROMISED = {MODERATE: 5.0, STRONG: 1.0, EXTREME: 0.1}


def scatter(percent: float, years: int) -> float:
    """Standard error of a percentage of so many years."""
    return sqrt(percent * (100 - percent) / years)


@pytest.mark.parametrize(
    ("world", "years"),
    [
        ("100 attacks", 1_000),
        ("deaths of 52 attacks, D 15", 700),
        ("deaths of 309 attacks, D 34, stated baseline", 100),
    ],
)
def test_a_slice_of_the_years_comes_to_what_the_page_says(world, years):
    slice_, page = reached(WORLDS[world], years), table(MODERATE)
    for column, count in zip((MODERATE, STRONG, EXTREME), slice_[1:], strict=True):
        percent, _ = page[world, column]
        # The slice is a part of what the page tells: what they share does not scatter.
        error = scatter(max(percent, 0.05), years) * sqrt(1 - years / ON_THE_PAGE)
        assert abs(100 * count / years - percent) <= ERRORS * error


@pytest.mark.parametrize("column", PROMISED)
@pytest.mark.parametrize("world", [name for name, each in WORLDS.items() if not each.sizes and each.waves == 1])
def test_of_attacks_no_more_years_reach_it_than_promised_and_of_many_attacks_hardly_fewer(world, column):
    percent, _ = table(MODERATE)[world, column]
    promised, error = PROMISED[column], scatter(PROMISED[column], ON_THE_PAGE)
    assert percent <= promised + ERRORS * error
    if WORLDS[world].attacks >= 300:
        assert percent >= 0.8 * promised - ERRORS * error


@pytest.mark.parametrize("column", PROMISED)
@pytest.mark.parametrize("world", [name for name, each in WORLDS.items() if each.sizes and each.given is None])
def test_of_deaths_no_more_years_reach_it_than_promised_but_where_the_page_says_so(world, column):
    percent, _ = table(MODERATE)[world, column]
    promised = PROMISED[column]
    is_kept = percent <= promised + ERRORS * scatter(promised, ON_THE_PAGE)
    assert is_kept != (world == "deaths of 2000 attacks, D 34" and column != MODERATE)


@pytest.mark.parametrize("column", PROMISED)
def test_waves_that_a_rule_is_told_of_are_allowed_for(column):
    percent, _ = table(MODERATE)["309 attacks in waves, dispersion: 2", column]
    assert percent <= PROMISED[column] + ERRORS * scatter(PROMISED[column], ON_THE_PAGE)


def test_a_slice_of_the_doubled_years_comes_to_what_the_page_says():
    world, years = "deaths of 309 attacks, D 15", 60
    slice_, page = found(WORLDS[world], years), table("moderate, found")
    seen = ((slice_.moderate, slice_.moderate_day), (slice_.strong, slice_.strong_day))
    for column, (count, day) in zip(("moderate, found", "strong, found"), seen, strict=True):
        percent, page_day = page[world, column]
        assert abs(100 * count / years - percent) <= ERRORS * scatter(percent, years)
        assert day is not None
        assert abs(day - page_day) <= 20


@pytest.mark.parametrize("world", [name for name, each in WORLDS.items() if not each.sizes and each.attacks >= 50])
def test_a_doubled_number_of_attacks_is_found_before_the_summer(world):
    percent, day = table("moderate, found")[world, "moderate, found"]
    assert percent >= 95
    assert day <= 91
