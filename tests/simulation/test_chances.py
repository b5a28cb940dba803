"""A p-value is small as often as it says: a slice of the histories, and what the page says of all of them."""

from __future__ import annotations

from math import sqrt

import pytest

from tests.simulation.chances import CHANCES, LEVELS, small
from tests.simulation.page import table

#: So many histories of each kind stand behind the page; a difference may be so many standard errors.
ON_THE_PAGE, ERRORS = 10_000, 3.0


def percents(name: str) -> tuple[float, ...]:
    """What the page says, level by level."""
    page = table("20 %")
    return tuple(page[name, f"{100 * level:g} %"][0] for level in LEVELS)


def scatter(percent: float, histories: int) -> float:
    """Standard error of a percentage of so many histories."""
    return sqrt(percent * (100 - percent) / histories)


@pytest.mark.parametrize(
    ("name", "histories"),
    [
        ("exact|50 attacks", 1_000),
        ("midp|50 attacks", 600),
        ("quasi|309 attacks in waves", 500),
        ("inflated|deaths of 52 attacks, D 15, dispersion: 15", 1_500),
        ("compound|deaths of 309 attacks, D 5", 1_200),
        ("seasonal|mean 10, scatter 3", 200),
        ("recent|mean 10, scatter 3", 600),
        ("predictive|mean 10, Poisson", 1_000),
        ("shift|mean 3, scatter 2", 1_000),
        ("compound|deaths of 4 attacks", 100),
        ("ears_c1|mean 10, Poisson", 1_500),
        ("zscore|mean 10, Poisson", 1_500),
    ],
)
def test_a_slice_of_the_histories_comes_to_what_the_page_says(name, histories):
    found = small(CHANCES[name], histories).percents
    for percent, told in zip(found, percents(name), strict=True):
        # The slice is a part of what the page tells: what they share does not scatter.
        assert abs(percent - told) <= ERRORS * scatter(max(told, 0.1), histories) * sqrt(1 - histories / ON_THE_PAGE)


@pytest.mark.parametrize("name", [name for name in CHANCES if name.startswith(("exact|", "midp|"))])
def test_p_of_two_counts_is_small_no_more_often_than_it_says_and_hardly_more_seldom(name):
    least = 0.7 if "12 attacks" not in name else 0.25
    for level, percent in zip(LEVELS, percents(name), strict=True):
        assert percent <= 100 * level + ERRORS * scatter(100 * level, ON_THE_PAGE)
        assert percent >= least * 100 * level - ERRORS * scatter(100 * level, ON_THE_PAGE)


@pytest.mark.parametrize("name", [name for name in CHANCES if name.startswith(("seasonal|", "recent|"))])
def test_seasonal_and_recent_alarm_at_most_twice_as_often_as_alpha_says(name):
    assert percents(name)[LEVELS.index(0.005)] <= 2 * 0.5 + ERRORS * scatter(0.5, ON_THE_PAGE)


@pytest.mark.parametrize("name", [name for name in CHANCES if name.startswith("predictive|") and "Poisson" in name])
def test_predictive_is_right_where_events_do_not_know_of_each_other(name):
    for level, percent in zip(LEVELS, percents(name), strict=True):
        assert percent <= 100 * level + ERRORS * scatter(100 * level, ON_THE_PAGE)
