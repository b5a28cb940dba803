from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from watcher.core.indicator import Indicator, Totals
from watcher.core.period import Period
from watcher.core.selector import selector

DEATHS = Indicator(indicator="moz_deaths", sum="fatalities")
ATTACKS = Indicator(indicator="moz_attacks", count="events", unit="attacks", title="Attacks in Mozambique")
BARE = {"indicator": "moz_attacks", "count": "events"}
GAP = {"from": "2020-03-01", "to": "2020-03-14", "because": "the source paused"}


@pytest.mark.parametrize("keys", [{}, {"count": "events", "sum": "fatalities"}], ids=["none", "both"])
def test_an_indicator_measures_one_thing(keys):
    with pytest.raises(ValidationError, match="exactly one of 'count'"):
        Indicator(indicator="i", **keys)


@pytest.mark.parametrize(
    ("indicator", "name", "noun", "is_sum"),
    [
        pytest.param(DEATHS, "moz deaths", "deaths", True, id="a sum without further words"),
        pytest.param(ATTACKS, "Attacks in Mozambique", "attacks", False, id="a count with a title and a unit"),
        pytest.param(Indicator(indicator="d", count="days"), "d", "days", False, id="days"),
        pytest.param(Indicator(indicator="i", sum="incidents"), "i", "incidents", False, id="incidents of aggregates"),
    ],
)
def test_it_is_called(indicator, name, noun, is_sum):
    assert (indicator.name, indicator.noun, indicator.is_sum) == (name, noun, is_sum)


@pytest.mark.parametrize(
    ("source", "sources"),
    [("acled", ("acled",)), (("ucdp", "acled"), ("ucdp", "acled")), ((), ())],
    ids=["one", "two", "all"],
)
def test_its_sources_may_be_one_several_or_all(source, sources):
    assert Indicator(indicator="i", count="events", source=source).sources == sources


@pytest.mark.parametrize(
    ("keys", "same"),
    [
        pytest.param({"indicator": "other", "title": "Other", "unit": "dead"}, True, id="another name"),
        pytest.param({"source": ("b", "a")}, True, id="the sources in another order"),
        pytest.param({"source": "a"}, False, id="other sources"),
        pytest.param({"by": ("country",)}, False, id="groups"),
        pytest.param({"sum": "fatalities_high"}, False, id="another measure"),
        pytest.param({"sum": "incidents"}, False, id="incidents instead of deaths"),
        pytest.param({"where": selector({"country": "Mali"})}, False, id="other events"),
        pytest.param({"coverage_gaps": [GAP]}, False, id="a coverage gap, of which nothing is counted"),
        pytest.param({"coverage_change": ["2020-03-01"]}, True, id="a change of coverage, which takes nothing away"),
    ],
)
def test_indicators_share_a_series_unless_they_differ_in_more_than(keys, same):
    plain = {"indicator": "i", "sum": "fatalities", "source": ("a", "b")}
    assert (Indicator(**{**plain, **keys}).scope_key == Indicator(**plain).scope_key) is same


def test_counting_days_and_counting_events_share_a_series():
    assert Indicator(indicator="a", count="days").scope_key == Indicator(indicator="b", count="events").scope_key


def test_missing_deaths_are_not_zero():
    assert Totals(events=5, valued=3, total=12, squares=60, active_days=4).missing == 2


def test_days_of_a_coverage_gap_are_not_covered():
    indicator = Indicator.model_validate({**BARE, "coverage_gaps": [GAP]})
    days = [date(2020, 2, 29), date(2020, 3, 1), date(2020, 3, 14), date(2020, 3, 15)]
    assert [indicator.covers(day) for day in days] == [True, False, False, True]


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        pytest.param("2020-01-01", "2020-12-31", 14, id="a period around the gap"),
        pytest.param("2020-03-14", "2020-12-31", 1, id="a period that begins in it"),
        pytest.param("2020-01-01", "2020-03-02", 2, id="a period that ends in it"),
        pytest.param("2020-03-05", "2020-03-06", 2, id="a period inside"),
        pytest.param("2020-03-15", "2020-12-31", 0, id="a period behind it"),
        pytest.param("2020-01-01", "2020-02-29", 0, id="a period before it"),
    ],
)
def test_a_period_lacks_the_days_that_it_shares_with_a_gap(first, last, missing):
    indicator = Indicator.model_validate({**BARE, "coverage_gaps": [GAP]})
    period = Period.between(date.fromisoformat(first), date.fromisoformat(last))
    assert indicator.missing_days(period) == missing
    assert len(indicator.gaps_in(period)) == (missing > 0)


@pytest.mark.parametrize(
    ("gaps", "match"),
    [
        pytest.param([{**GAP, "to": "2020-02-01"}], "'to' lies before 'from'", id="a gap that ends before it begins"),
        pytest.param(
            [GAP, {**GAP, "from": "2020-03-14", "to": "2020-03-20"}], "share days", id="gaps that share a day"
        ),
        pytest.param([{"from": "2020-03-01", "to": "2020-03-02"}], "because", id="a gap without a reason"),
    ],
)
def test_gaps_are_days_with_a_reason_and_apart(gaps, match):
    with pytest.raises(ValidationError, match=match):
        Indicator.model_validate({**BARE, "coverage_gaps": gaps})


@pytest.mark.parametrize(
    ("last", "start"),
    [
        pytest.param("2019-05-31", "2019-01-01", id="before the first change"),
        pytest.param("2019-06-01", "2019-06-01", id="on the day of a change"),
        pytest.param("2020-06-30", "2020-02-01", id="after two of them"),
        pytest.param("2018-12-31", "2018-12-31", id="of a day before all"),
    ],
)
def test_the_newest_change_cuts_what_came_before(last, start):
    indicator = Indicator.model_validate({**BARE, "coverage_change": ["2020-02-01", "2019-06-01"]})
    last_day = date.fromisoformat(last)
    period = Period.between(min(date(2019, 1, 1), last_day), last_day)
    assert indicator.comparable(period) == Period.between(date.fromisoformat(start), last_day)


def test_one_change_needs_no_list():
    assert Indicator.model_validate({**BARE, "coverage_change": "2020-02-01"}).coverage_change == (date(2020, 2, 1),)
