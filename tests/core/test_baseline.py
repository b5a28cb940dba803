from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from watcher.core.baseline import Baseline
from watcher.core.indicator import Indicator
from watcher.core.period import Period

DEATHS = Indicator(indicator="deaths", sum="fatalities")
ATTACKS = Indicator(indicator="attacks", count="events")


def baseline(**fields) -> Baseline:
    return Baseline(**{"baseline": "b", "period": 2019, "fatalities": 660, "cite": "article", **fields})


@pytest.mark.parametrize("year", [2019, "2019"], ids=["a number", "text"])
def test_a_year_stands_for_its_days(year):
    assert baseline(period=year).days == Period.of_year(2019)


def test_a_part_of_a_year_says_whether_its_end_is_assumed():
    so_far = baseline(period={"from": date(2020, 1, 1), "to": date(2020, 7, 6), "cutoff": "assumed"})
    assert (so_far.days.days, so_far.period.cutoff) == (188, "assumed")
    assert baseline().period.cutoff == "stated"


def test_each_indicator_takes_its_own_number():
    both, deaths_only = baseline(attacks=309), baseline()
    assert (both.total_for(DEATHS), both.total_for(ATTACKS)) == (660, 309)
    assert deaths_only.total_for(ATTACKS) is None


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        pytest.param({"fatalities": None}, "states 'fatalities', 'attacks' or both", id="it says nothing"),
        pytest.param(
            {"period": {"from": date(2020, 2, 1), "to": date(2020, 1, 1)}},
            "'to' lies before 'from'",
            id="its days run backwards",
        ),
        pytest.param({"fatalities": -1}, "greater than or equal to 0", id="a number below zero"),
        pytest.param({"cite": None}, "cite", id="nobody says so"),
    ],
)
def test_it_is_refused_when(fields, why):
    with pytest.raises(ValidationError, match=why):
        baseline(**fields)
