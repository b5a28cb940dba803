"""The names that the records hold, on either engine."""

from __future__ import annotations

from datetime import date

import pytest

from tests.store.records import clash, deletion, keep
from watcher.core.event import Actor, Role
from watcher.store.actors import name_actors
from watcher.store.vocabulary import KINDS, find_vocabulary


@pytest.fixture
def recorded(store):
    """Three clashes, one of them in two sources, one taken back, one revised."""
    keep(
        store,
        clash("BFO1", day="2020-10-01"),
        clash("BFO2", day="2020-10-03", actors=(Actor(Role.A, "JNIM"), Actor(Role.WITH_A, "JNIM"))),
        clash("BFO3", day="2020-10-05", admin1="Est", sub_event_type="", actors=()),
        clash("BFO4", day="2020-10-07", admin1="Nord"),
    )
    keep(store, deletion("BFO4", stamp="2020-10-20"), clash("BFO1", day="2020-10-02", stamp="2020-10-20"))
    keep(store, clash("x1", day="2020-10-09", source="log", iso3="MLI", country="Mali", admin1="Mopti"))
    return store


def found(store, kind: str, **options) -> list[tuple[object, ...]]:
    with store.reading() as tx:
        entries = find_vocabulary(tx, kind, **options)
    return [(*each.names.values(), each.events, str(each.first), str(each.last)) for each in entries]


def test_only_current_records_count_and_each_once(recorded):
    assert found(recorded, "countries") == [
        ("Burkina Faso", "BFA", 3, "2020-10-02", "2020-10-05"),
        ("Mali", "MLI", 1, "2020-10-09", "2020-10-09"),
    ]
    assert found(recorded, "admin1") == [
        ("Sahel", "Burkina Faso", 2, "2020-10-02", "2020-10-03"),
        ("Est", "Burkina Faso", 1, "2020-10-05", "2020-10-05"),
        ("Mopti", "Mali", 1, "2020-10-09", "2020-10-09"),
    ]


def test_a_type_that_is_not_told_further_stands_by_itself(recorded):
    assert found(recorded, "types", sources=["acled"]) == [
        ("Armed clash", "Battles", 2, "2020-10-02", "2020-10-03"),
        ("", "Battles", 1, "2020-10-05", "2020-10-05"),
    ]


def test_an_actor_that_stands_twice_in_an_event_is_one_event(recorded):
    assert found(recorded, "actors", sources=["acled"])[0] == ("JNIM", "", 2, "2020-10-02", "2020-10-03")


def test_an_actor_is_known_by_the_name_that_the_rules_give_it(recorded):
    with recorded.writing() as tx:
        name_actors(tx, {"jnim": ["jnim", "JNIM"]})
    names = {row[0]: row[1] for row in found(recorded, "actors")}
    assert names == {"JNIM": "jnim", "Military Forces of Burkina Faso": ""}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_limited_to_sources(recorded, kind):
    assert {row[-1] for row in found(recorded, kind, sources=["log"])} == {"2020-10-09"}
    assert len(found(recorded, kind, sources=["log", "acled"])) == len(found(recorded, kind))
    assert found(recorded, kind, sources=["nobody"]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_store_has_no_names(store, kind):
    assert found(store, kind) == []


def test_a_day_is_a_date(recorded):
    with recorded.reading() as tx:
        [burkina, _] = find_vocabulary(tx, "countries")
    assert (burkina.first, burkina.last) == (date(2020, 10, 2), date(2020, 10, 5))
