from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from tests.core.selections import COMPOSITE, EVENT, ISGS, JNIM, NAMES, actors, events, wheres
from tests.store.by_key import UNSHRUNK, VALUES, each_key, varied_events
from watcher.core.event import Event
from watcher.core.selector import EVERYTHING, selector
from watcher.core.selector.key import READERS
from watcher.store.engine import Store
from watcher.store.events import record_events
from watcher.store.prefilter import prefilter
from watcher.store.schema import event
from watcher.store.sources import ensure_source

NOW = datetime(2021, 1, 1, tzinfo=UTC)
NUMBERS = count()


def keep(store: Store, drawn: Iterable[Event]) -> list[Event]:
    """Store events under ids of their own."""
    named = [each._replace(external_id=f"E{next(NUMBERS)}") for each in drawn]
    with store.writing() as tx:
        for source in sorted({each.source for each in named}):
            ensure_source(tx, source, kind="acled")
            records = [each for each in named if each.source == source]
            record_events(tx, records, source=source, now=NOW, lag=None, trust_stamp=False)
    return named


def let_through(store: Store, where: object, among: Iterable[Event]) -> set[str]:
    """The ids of the events that the prefilter lets through."""
    condition = prefilter(selector(where, NAMES))
    ids = [each.external_id for each in among]
    with store.reading() as tx:
        return set(tx.execute(select(event.c.external_id).where(condition, event.c.external_id.in_(ids))).scalars())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(events(), min_size=1, max_size=8), each=st.lists(wheres(), min_size=1, max_size=4))
def test_whatever_the_selector_picks_the_database_lets_through(store, drawn, each):
    stored = keep(store, drawn)

    for where in each:
        tree = selector(where, NAMES)
        assert {one.external_id for one in stored if tree.matches(one)} <= let_through(store, where, stored)


def test_every_key_of_the_language_is_tried():
    assert VALUES.keys() == READERS.keys()


@settings(max_examples=8, deadline=None, phases=UNSHRUNK, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(varied_events(), min_size=8, max_size=24), by_key=each_key())
def test_whatever_each_key_picks_or_leaves_the_database_lets_through(store, drawn, by_key):
    stored = keep(store, drawn)

    for key, alone in by_key.items():
        for where in (alone, {"not": alone}, {"country": ["Mali", "Mozambique"], "not": alone}):
            tree = selector(where, NAMES)
            missed = {one.external_id for one in stored if tree.matches(one)} - let_through(store, where, stored)
            assert missed == set(), (key, where, [one for one in stored if one.external_id in missed])


def row(where, *, id, **changes):
    return pytest.param(where, EVENT._replace(**changes), id=id)


@pytest.mark.parametrize(
    ("where", "stored"),
    [
        row({"country": "Niger"}, id="another country"),
        row({"country": ["Niger", "Mali"]}, iso3="MOZ", id="none of several countries"),
        row({"not": {"country": "Mali"}}, id="a country that is excepted"),
        row({"fatalities": [1, 2]}, id="another number"),
        row({"fatalities": {"above": 9}}, id="a number on the lower bound"),
        row({"fatalities": {"above": 9.5}}, id="a number under a fraction"),
        row({"fatalities": {"below": 9}}, id="a number on the upper bound"),
        row({"fatalities": {"below": 8.5}}, id="a number over a fraction"),
        row({"fatalities": {"below": 5}}, fatalities=None, id="an unknown number"),
        row({"fatalities": {"exists": True}}, fatalities=None, id="an unknown number that should be known"),
        row({"fatalities": {"exists": False}}, fatalities=0, id="a known number that should be unknown"),
        row({"not": {"fatalities": {"above": 5}}}, id="a number that is excepted"),
        row({"fatalities": 2**40}, fatalities=None, id="an unknown number, against one that is too large for a column"),
        row(
            {"fatalities": {"above": 2**40}}, fatalities=None, id="an unknown number, against a bound that is too large"
        ),
        row({"civilian_targeting": True}, id="another flag"),
        row({"civilian_targeting": False}, civilian_targeting=None, id="an unknown flag"),
        row({"not": {"civilian_targeting": True}}, civilian_targeting=True, id="a flag that is excepted"),
        row({"date": "2020-05"}, id="an earlier day"),
        row({"date": {"until": "2020-03"}}, id="a later day"),
        row({"date": 2019}, date_start=date(2019, 12, 31), id="a longer event's first day"),
        row({"admin1": {"exists": False}}, id="a text that should be empty"),
        row({"admin3": {"exists": True}}, id="a text that should not be empty"),
        row({"within": {"km": 50, "of": [0, 0]}}, id="a far place"),
        row({"within": {"km": 9_000, "of": [80, 0]}}, latitude=None, id="an unknown place"),
        row({"within": {"km": 500, "of": [89, 0]}}, id="a place far from the pole"),
        row({"place": "$cabo_delgado"}, id="another country than the place's"),
        row({"actor": "$ansar_al_sunna"}, id="another actor"),
        row(
            {"actor": "$ansar_al_sunna"},
            actors=actors(a="Islamic State (Mozambique)"),
            date_end=date(2019, 5, 5),
            id="a name before its time",
        ),
        row({"not": {"actor": "$isgs"}}, id="an actor that is excepted"),
        row({"side_b": "$isgs"}, id="the actor's other side"),
        row({"actor": {"exists": False}}, id="an actor that should not be there"),
        row({"actor": {"exists": True}}, actors=(), id="nobody"),
        row({"not": {"actor": {"exists": False}}}, actors=(), id="nobody, excepted"),
        row({"actor": "$isgs"}, actors=actors(a=COMPOSITE), id="an ambiguous actor"),
        row(
            {"actor": "$isgs", "ambiguous": "include"}, actors=actors(b=JNIM), id="an actor that is not even ambiguous"
        ),
        row({"actor": [{"exists": False}, "x"]}, id="somebody, where nobody or one name is asked for"),
        row({"dyad": ["$isgs", "$ansar_al_sunna"]}, id="half a dyad"),
        row({"dyad": ["$isgs", "$jnim"]}, actors=actors(a=ISGS, with_a=JNIM), id="a dyad on one side"),
        row({"dyad": ["$isgs", "$jnim"]}, actors=actors(a=COMPOSITE, b=JNIM), id="an ambiguous side of a dyad"),
        row({"dyad": [COMPOSITE, "$jnim"]}, actors=actors(a=COMPOSITE, b=JNIM), id="an ambiguous side by its own name"),
        row({"dyad": ["$isgs", {"contains": "x"}]}, actors=actors(a=ISGS), id="a dyad whose other side is empty"),
        row({"not": {"dyad": ["$isgs", "$jnim"]}}, id="a dyad that is excepted"),
        row({"country": "Mali", "any": [{"date": 2019}, {"fatalities": 0}]}, id="neither of two fields"),
        row([{"country": "Niger"}, {"fatalities": 0}], id="neither of two maps"),
    ],
)
def test_the_database_leaves_out(sqlite_store, where, stored):
    assert not selector(where, NAMES).matches(stored)
    assert let_through(sqlite_store, where, keep(sqlite_store, [stored])) == set()


@pytest.mark.parametrize(
    ("where", "stored"),
    [
        row({"event_type": "Riots"}, id="a text, which is compared without accents"),
        row({"not": {"event_type": "Battles"}}, id="a text that is excepted"),
        row({"country": {"contains": "Niger"}}, id="a part of a country's name"),
        row({"publishers": "x"}, id="a publisher"),
        row({"actor": {"startswith": "x"}}, id="a part of an actor's name"),
        row({"not": {"actor": {"startswith": "Islamic"}}}, id="a part of an actor's name that is excepted"),
        row({"actor": [{"contains": "x"}, "y"]}, id="a part of a name, or a name"),
        row({"actor": {"contains": "x", "startswith": "y"}}, id="two parts of a name"),
        row({"dyad": [{"contains": "x"}, {"contains": "y"}]}, id="parts of the names of a dyad"),
        row({"actor": "x", "ambiguous": "include"}, actors=actors(a=COMPOSITE), id="who an ambiguous actor may be"),
        row(
            {"dyad": ["x", "$jnim"], "ambiguous": "include"},
            actors=actors(a=COMPOSITE, b=JNIM),
            id="who an ambiguous side may be",
        ),
        row(
            {"not": {"actor": "$isgs", "ambiguous": "include"}},
            actors=actors(a=COMPOSITE),
            id="an ambiguous actor that is excepted",
        ),
        row(
            {"within": {"km": 100, "of": [15, -0.9]}}, latitude=15.8, longitude=-0.1, id="the corners of a circle's box"
        ),
        row({"not": {"within": {"km": 50, "of": [15.9, -0.2]}}}, id="a circle that is excepted"),
        row({"fatalities": 2**40}, id="a number that is too large for a column"),
        row({"fatalities": {"above": 2**40}}, id="a bound that is too large for a column"),
        row({"not": {"fatalities": {"below": 2**40}}}, id="a bound that is too large, excepted"),
        row({"fatalities": list(range(10, 1_200))}, id="a list of numbers that is too long"),
        row({"actor": [f"x{number}" for number in range(1_200)]}, id="a list of names that is too long"),
    ],
)
def test_the_database_leaves_to_the_selector(sqlite_store, where, stored):
    kept = keep(sqlite_store, [stored])

    assert not selector(where, NAMES).matches(stored)
    assert let_through(sqlite_store, where, kept) == {kept[0].external_id}


@pytest.mark.parametrize(
    ("where", "stored"),
    [
        row({"country": ["Niger", "Mali"]}, id="one of several countries"),
        row({"not": {"country": "Niger"}}, id="all but a country"),
        row({"fatalities": [1, 9]}, id="one of several numbers"),
        row({"fatalities": {"above": 8.5, "below": 9.5}}, id="between two fractions"),
        row({"fatalities": {"above": 8, "below": 10}}, id="between two numbers"),
        row({"fatalities": {"above": -(2**40)}}, id="above a bound that is too small for a column"),
        row({"fatalities": {"exists": False}}, fatalities=None, id="an unknown number"),
        row({"not": {"fatalities": 9}}, fatalities=None, id="an unknown number is not this one"),
        row({"not": {"fatalities": {"below": 5}}}, fatalities=None, id="an unknown number is not small"),
        row({"civilian_targeting": False}, id="a flag"),
        row({"not": {"civilian_targeting": True}}, civilian_targeting=None, id="an unknown flag is not set"),
        row({"date": "2020-04-17"}, id="its day"),
        row({"date": {"until": "2020-04-17"}}, id="until its day"),
        row({"admin3": {"exists": False}}, id="an empty text"),
        row({"admin2": {"exists": True}}, id="a text"),
        row({"within": {"km": 1, "of": [15.9, -0.2]}}, id="its place"),
        row(
            {"within": {"km": 200, "of": [0, 179.5]}},
            latitude=0.0,
            longitude=-179.5,
            id="a place across the antimeridian",
        ),
        row(
            {"not": {"within": {"km": 1, "of": [15.9, -0.2]}}},
            latitude=None,
            longitude=None,
            id="an unknown place is not there",
        ),
        row({"actor": "$jnim"}, id="an actor"),
        row({"side_b": "$jnim"}, id="an actor on its side"),
        row({"actor": [{"contains": "x"}, ISGS.upper()]}, id="an actor by name, beside a part of a name"),
        row({"actor": {"exists": False}}, actors=(), id="nobody"),
        row({"side_b": {"exists": False}}, actors=actors(a=ISGS), id="nobody on one side"),
        row({"side_b": {"matches": "^$"}}, actors=actors(a=ISGS), id="a nameless side"),
        row({"actor": "$isgs", "ambiguous": "include"}, actors=actors(a=COMPOSITE), id="an ambiguous actor"),
        row({"actor": "$ansar_al_sunna"}, actors=actors(a="Islamic State (Mozambique)"), id="a dated name on its days"),
        row({"dyad": ["$isgs", "$jnim"]}, id="a dyad"),
        row({"dyad": ["$jnim", "$isgs"]}, id="a dyad in the other order"),
        row({"dyad": [{"startswith": "Islamic"}, "$jnim"]}, id="a dyad with a part of a name"),
        row(
            {"dyad": ["$isgs", "$jnim"], "ambiguous": "include"},
            actors=actors(a=JNIM, b=COMPOSITE),
            id="a dyad with an ambiguous side",
        ),
        row(
            {"not": {"dyad": ["$isgs", "$jnim"]}}, actors=actors(a=COMPOSITE, b=JNIM), id="an ambiguous side is no dyad"
        ),
        row([{"country": "Niger"}, {"event_type": "battles"}], id="one of two maps"),
    ],
)
def test_the_database_lets_through(sqlite_store, where, stored):
    kept = keep(sqlite_store, [stored])

    assert selector(where, NAMES).matches(stored)
    assert let_through(sqlite_store, where, kept) == {kept[0].external_id}


def test_everything_is_no_condition(sqlite_store):
    kept = keep(sqlite_store, [EVENT, EVENT._replace(iso3="MOZ")])

    assert let_through(sqlite_store, EVERYTHING, kept) == {each.external_id for each in kept}


@pytest.mark.parametrize(
    ("where", "index"),
    [
        pytest.param({"country": "Mali", "date": 2020}, "ix_event_iso3_date_end", id="a country and its days"),
        pytest.param({"date": 2020}, "ix_event_date_end", id="days"),
        pytest.param({"actor": "$isgs"}, "ix_event_actor_actor", id="an actor"),
        pytest.param({"dyad": ["$isgs", "$jnim"]}, "ix_actor_folded", id="a dyad"),
    ],
)
def test_an_index_answers(sqlite_store, where, index):
    query = select(event.c.version).where(prefilter(selector(where, NAMES)))
    sql = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with sqlite_store.reading() as tx:
        plan = " ".join(step[-1] for step in tx.exec_driver_sql(f"explain query plan {sql}"))

    assert index in plan
