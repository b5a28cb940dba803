"""A delay that has not moved hardly ever seems to have: a slice of the source-years, and what the page says of all."""

from __future__ import annotations

from math import sqrt

import pytest

from tests.simulation.moves import KINDS, day_of_doubling, seems_to_move
from tests.simulation.page import table

UNCHANGED, DOUBLED, AFTER = "unchanged, told", "doubled, told", "after days"
#: So many source-years of each kind stand behind the page.
ON_THE_PAGE = 400
#: What a source may cost in false alarms, in percent of years.
PROMISED = 5.0


def test_of_two_dozen_unchanged_years_at_most_two_are_told_of():
    kind = KINDS["2 a day, after two weeks, weekly"]
    assert sum(seems_to_move(kind, number) for number in range(24)) <= 2


def test_a_doubled_delay_of_ten_records_a_day_is_told_of_within_three_months():
    kind = KINDS["10 a day, after a week"]
    days = [day_of_doubling(kind, number) for number in range(3)]
    assert all(day is not None and day <= 91 for day in days)


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_years_are_told_of_than_promised(kind):
    [percent] = table(UNCHANGED)[kind, UNCHANGED]
    assert percent <= PROMISED + 3 * sqrt(PROMISED * (100 - PROMISED) / ON_THE_PAGE)


@pytest.mark.parametrize("kind", [name for name, each in KINDS.items() if each.per_day >= 5])
def test_from_five_records_a_day_on_a_doubled_delay_is_always_told_of(kind):
    found = table(UNCHANGED)
    assert found[kind, DOUBLED] == (100.0,)
    assert found[kind, AFTER][0] <= 91
