from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.selections import COMPOSITE, EVENT, ISGS, JNIM, NAMES, actors, events, wheres
from tests.store.by_key import UNSHRUNK, each_key, varied_events
from watcher.core.indicator import Indicator
from watcher.core.selector import selector
from watcher.store.dispatch import Dispatch, Scope
from watcher.store.measure import counts


def scope(where, *, number: int = 1, source: tuple[str, ...] = ()) -> Scope:
    return Scope(number, Indicator(indicator="tested", count="events", where=selector(where, NAMES), source=source))


def is_asked(where, event, **limits) -> bool:
    """Whether the selector is asked about the event at all."""
    return bool(Dispatch([scope(where, **limits)]).candidates(event))


@st.composite
def _scopes(draw: st.DrawFn) -> list[Scope]:
    drawn = draw(st.lists(st.tuples(wheres(), st.sampled_from([(), ("acled",), ("ucdp", "acled")])), max_size=12))
    return [scope(where, number=number, source=source) for number, (where, source) in enumerate(drawn)]


@settings(deadline=None)
@given(scopes=_scopes(), drawn=st.lists(events(), min_size=1, max_size=8))
def test_no_scope_misses_an_event_that_counts_for_it(scopes, drawn):
    dispatch = Dispatch(scopes)
    for event in (*drawn, *drawn):
        asked = [each.id for each in dispatch.candidates(event)]
        assert {each.id for each in scopes if counts(each.indicator, event)} <= set(asked)
        assert len(asked) == len(set(asked))


@settings(max_examples=20, deadline=None, phases=UNSHRUNK)
@given(drawn=st.lists(varied_events(), min_size=8, max_size=24), by_key=each_key())
def test_no_key_makes_a_scope_miss_an_event(drawn, by_key):
    for key, where in by_key.items():
        alone, beside = scope(where), scope({"country": ["Mali", "Mozambique"], "all": [where]}, number=2)
        dispatch = Dispatch([alone, beside])
        for event in drawn:
            asked = set(dispatch.candidates(event))
            assert {each for each in (alone, beside) if counts(each.indicator, event)} <= asked, (key, where, event)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"country": "Niger"}, id="a country"),
        pytest.param({"country": ["Niger", "Mozambique"]}, id="countries"),
        pytest.param({"event_type": "Riots"}, id="an event type"),
        pytest.param({"sub_event_type": "Suicide bomb"}, id="a sub-event type"),
        pytest.param({"disorder_type": "Demonstrations"}, id="a disorder type"),
        pytest.param({"source": "ucdp"}, id="a source"),
        pytest.param({"admin1": "Ménaka"}, id="a first-level unit"),
        pytest.param({"location": "Gao"}, id="a place by name"),
        pytest.param({"country": "Mali", "event_type": "Riots"}, id="the second of two fields"),
        pytest.param({"actor": "$ansar_al_sunna"}, id="an actor whose names hold for certain days"),
        pytest.param({"side_a": "Ansarul Islam"}, id="an actor on one side"),
        pytest.param({"actor": "Ansarul Islam", "ambiguous": "include"}, id="who an ambiguous actor may be"),
        pytest.param({"dyad": ["$isgs", "Ansarul Islam"]}, id="the second actor of a dyad"),
        pytest.param({"dyad": [{"contains": "x"}, "Ansarul Islam"]}, id="the named actor of a dyad"),
        pytest.param({"place": "$cabo_delgado"}, id="a named area"),
        pytest.param([{"country": "Niger"}, {"event_type": "Riots"}], id="neither of two maps"),
        pytest.param({"country": "Niger", "not": {"event_type": "Riots"}}, id="a country beside an exception"),
        pytest.param({"all": [{"event_type": "Battles"}, {"event_type": "Riots"}]}, id="what no event can be"),
        pytest.param({"country": "Niger", "fatalities": {"above": 3}}, id="a country beside a number"),
    ],
)
def test_a_selector_is_not_asked_about_an_event_that_lacks(where):
    assert not is_asked(where, EVENT)


@pytest.mark.parametrize(
    ("where", "event"),
    [
        pytest.param({"event_type": "BATTLES"}, EVENT, id="another case"),
        pytest.param({"admin1": "menaka"}, EVENT._replace(admin1="Ménaka"), id="other accents"),
        pytest.param({"actor": "$isgs"}, EVENT, id="another spelling of an actor"),
        pytest.param({"dyad": ["$jnim", "$isgs"]}, EVENT, id="a dyad in the other order"),
        pytest.param(
            {"actor": "$isgs", "ambiguous": "include"}, EVENT._replace(actors=actors(a=COMPOSITE)), id="who it may be"
        ),
        pytest.param({"actor": {"exists": False}}, EVENT._replace(actors=()), id="nobody"),
        pytest.param({"actor": [{"exists": False}, "x"]}, EVENT._replace(actors=()), id="nobody or a name"),
        pytest.param({"country": {"contains": "al"}}, EVENT, id="a part of a country's name"),
        pytest.param([{"country": "Niger"}, {"fatalities": 9}], EVENT, id="a number among the maps"),
        pytest.param({"event_type": ["Riots", {"startswith": "bat"}]}, EVENT, id="a name or a part of one"),
        pytest.param({"actor": [f"x{number}" for number in range(200)] + [ISGS]}, EVENT, id="one of many names"),
    ],
)
def test_a_selector_is_asked_about_an_event_that_it_picks_by(where, event):
    assert selector(where, NAMES).matches(event)
    assert is_asked(where, event)


def test_a_scope_is_not_asked_about_another_source():
    assert is_asked({"country": "Mali"}, EVENT, source=("acled",))
    assert not is_asked({"country": "Mali"}, EVENT, source=("ucdp",))


def test_a_scope_that_an_event_reaches_in_two_ways_is_asked_once():
    two_ways = scope([{"country": "Mali"}, {"actor": [ISGS, JNIM]}, {"event_type": "Battles"}])
    assert [each.id for each in Dispatch([two_ways]).candidates(EVENT)] == [1]


def test_one_of_a_thousand_scopes_is_asked():
    scopes = [
        scope({"country": "Mali", "admin1": f"Area {number % 250}", "event_type": event_type}, number=number)
        for number, event_type in enumerate(["Battles", "Riots", "Protests", "Strategic developments"] * 250)
    ]
    here = EVENT._replace(admin1="Area 8")
    assert [each.id for each in Dispatch(scopes).candidates(here)] == [
        each.id for each in scopes if counts(each.indicator, here)
    ]


def test_lists_that_combine_into_very_many_are_entered_by_the_fields_that_single_out_most():
    areas = [f"Area {number}" for number in range(500)]
    many = scope({"admin1": areas, "event_type": ["Battles", "Riots", "Protests"], "country": ["Mali", "Niger"]})
    asked = {
        "as wanted": EVENT._replace(admin1="Area 3"),
        "another area": EVENT,
        "another country": EVENT._replace(admin1="Area 3", iso3="MOZ"),
        "another type": EVENT._replace(admin1="Area 3", event_type="Strategic developments"),
    }
    dispatch = Dispatch([many])
    assert [name for name, event in asked.items() if dispatch.candidates(event)] == ["as wanted", "another area"]


def test_more_places_than_are_remembered_are_found_all_the_same(monkeypatch):
    monkeypatch.setattr("watcher.store.dispatch._REMEMBERED", 3)
    dispatch = Dispatch([scope({"location": "place 7"})])
    found = [bool(dispatch.candidates(EVENT._replace(location=f"Place {number % 10}"))) for number in range(30)]
    assert found == [number % 10 == 7 for number in range(30)]
