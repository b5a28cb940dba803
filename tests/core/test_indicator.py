from __future__ import annotations

import pytest
from pydantic import ValidationError

from watcher.core.indicator import Indicator, Totals
from watcher.core.selector import selector

DEATHS = Indicator(indicator="moz_deaths", sum="fatalities")
ATTACKS = Indicator(indicator="moz_attacks", count="events", unit="attacks", title="Attacks in Mozambique")


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
    ],
)
def test_indicators_share_a_series_unless_they_differ_in_more_than(keys, same):
    plain = {"indicator": "i", "sum": "fatalities", "source": ("a", "b")}
    assert (Indicator(**{**plain, **keys}).scope_key == Indicator(**plain).scope_key) is same


def test_counting_days_and_counting_events_share_a_series():
    assert Indicator(indicator="a", count="days").scope_key == Indicator(indicator="b", count="events").scope_key


def test_missing_deaths_are_not_zero():
    assert Totals(events=5, valued=3, total=12, squares=60, active_days=4).missing == 2
