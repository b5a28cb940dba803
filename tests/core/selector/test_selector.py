from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.core.selections import COMPOSITE, EVENT, ISGS, JNIM, NAMES, actors, events, picks, wheres
from watcher.config.meaning import meanings
from watcher.core.event import Actor, Event, Role
from watcher.core.label import fold
from watcher.core.selector import EVERYTHING, Names, Place, Selector, SelectorError, Spelling, selector
from watcher.core.selector.key import READERS
from watcher.core.selector.shape import Where
from watcher.core.selector.text import folded
from watcher.sources import acled

BURKINA = Path(__file__).parents[4] / "shared" / "data" / "acled" / "burkina_faso_released_2020-12-08.csv"

CLASH = {"actors": actors(a=ISGS, b=JNIM)}


def row(where, changes=None, *, picked=True, id):
    return pytest.param(where, changes or {}, picked, id=id)


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row({"source": "ACLED"}, id="a source, whatever its case"),
        row({"country": "Mali"}, id="a country by name"),
        row({"country": "mli"}, id="a country by code"),
        row({"country": "Republic of Mali"}, id="a country by an alias that the record does not use"),
        row({"country": "Niger"}, picked=False, id="another country"),
        row({"country": ["Niger", "Mali"]}, id="one country of a list"),
        row({"country": ["Niger", {"startswith": "ma"}]}, id="a name and a modifier in one list"),
        row({"country": {"contains": "ali"}}, id="a part of the country's name"),
        row({"country": {"exists": False}}, {"country": ""}, id="no country's name"),
        row({"iso3": "MLI"}, id="a country by its ISO code"),
        row({"iso3": ["MLI", "NER"]}, {"iso3": "NER"}, id="one ISO code of a list"),
        row({"iso3": {"startswith": "M"}}, {"iso3": "MOZ"}, id="a part of the ISO code"),
        row({"admin1": "gao"}, id="a first-level unit"),
        row({"admin1": "Menaka"}, {"admin1": "Ménaka"}, id="accents of the record do not matter"),
        row({"admin1": "Ménaka"}, {"admin1": "MENAKA"}, id="accents and case of the selector do not matter"),
        row({"admin1": "Ga"}, picked=False, id="equality asks for the whole text"),
        row({"admin2": "Ansongo", "admin3": {"exists": False}}, id="second and third level"),
        row({"location": "In-Tillit"}, id="a location"),
        row({"event_type": "Battles", "sub_event_type": "Armed clash"}, id="both levels of the event type"),
        row({"disorder_type": "Political violence"}, id="a disorder type"),
        row({"event_type": "$organised_violence"}, id="a vocabulary list"),
        row(
            {"event_type": "$organised_violence"},
            {"event_type": "Riots"},
            picked=False,
            id="not in the vocabulary list",
        ),
        row({"country": "$sahel"}, {"iso3": "BFA"}, id="a vocabulary list of countries"),
        row({"publishers": "agence france presse"}, id="one publisher of several"),
        row({"publishers": "France"}, picked=False, id="a part of a publisher is not a publisher"),
        row({"publishers": {"contains_all": ["France", "Mena"]}}, picked=False, id="all words in one publisher"),
        row({"publishers": {"exists": False}}, {"publishers": " ; "}, id="a list of nothing is empty"),
        row(
            {"publishers": {"exists": False}},
            {"publishers": "AFP; "},
            picked=False,
            id="a list that ends with a semicolon",
        ),
        row({"tags": "women targeted"}, {"tags": "crowd size=100;women targeted"}, id="a tag after a bare semicolon"),
        row({"civilian_targeting": True}, {"civilian_targeting": True}, id="civilians targeted"),
        row(
            {"civilian_targeting": False},
            {"civilian_targeting": None},
            picked=False,
            id="unknown targeting is not false",
        ),
        row(
            {"civilian_targeting": {"exists": False}},
            {"civilian_targeting": None},
            id="unknown targeting can be asked for",
        ),
        row({"civilian_targeting": [True, False]}, id="either targeting"),
    ],
)
def test_a_field(where, changes, picked):
    assert selector(where, NAMES).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row({"notes": {"contains": "drone"}}, id="contains a word"),
        row({"notes": {"contains": ["UAV", "DRONE"]}}, id="contains any of a list, whatever the case"),
        row({"notes": {"contains": "$drones"}}, id="contains any of a vocabulary list"),
        row({"notes": {"contains": "in  tillit"}}, picked=False, id="contains what it says, hyphens included"),
        row({"notes": {"contains": "uav"}}, picked=False, id="does not contain"),
        row({"notes": {"contains_all": ["drone", "clashed"]}}, id="contains all"),
        row({"notes": {"contains_all": ["drone", "UAV"]}}, picked=False, id="contains one of all"),
        row({"notes": {"startswith": ["On", "Around"]}}, id="starts with one of a list"),
        row({"notes": {"endswith": "seen."}}, id="ends with"),
        row({"notes": {"startswith": "On", "endswith": "here."}}, picked=False, id="every modifier of a map must hold"),
        row({"notes": {"contains": "drone", "startswith": "on"}}, id="two modifiers that hold"),
        row({"notes": {"matches": r"\bdrone\b"}}, id="a regular expression is found anywhere"),
        row({"notes": {"matches": "DRONE"}}, picked=False, id="a regular expression minds the case"),
        row({"notes": {"matches": "(?i)DRONE"}}, id="unless it says so"),
        row({"notes": {"matches": ["UAV", "^On"]}}, id="one regular expression of a list"),
        row(
            {"admin1": {"matches": "Menaka"}},
            {"admin1": "Ménaka"},
            picked=False,
            id="a regular expression minds accents",
        ),
        row({"admin3": {"exists": True}}, picked=False, id="an empty text does not exist"),
        row({"admin2": [{"exists": False}, "Gao"]}, {"admin2": ""}, id="no unit, or this one"),
    ],
)
def test_a_modifier(where, changes, picked):
    assert selector(where, NAMES).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row({"fatalities": 9}, id="equality"),
        row({"fatalities": 9.0}, id="a whole number with a point"),
        row({"fatalities": [1, 9]}, id="one of a list"),
        row({"fatalities": {"above": 9}}, picked=False, id="above leaves the bound out"),
        row({"fatalities": {"above": 8.5}}, id="above a fraction"),
        row({"fatalities": {"below": 9}}, picked=False, id="below leaves the bound out"),
        row({"fatalities": {"above": 8, "below": 10}}, id="between"),
        row({"fatalities": [0, {"above": 8}]}, id="a number or a range"),
        row({"fatalities": {"below": 5}}, {"fatalities": None}, picked=False, id="unknown is not few"),
        row({"fatalities": 0}, {"fatalities": None}, picked=False, id="unknown is not zero"),
        row({"fatalities": {"exists": False}}, {"fatalities": None}, id="unknown can be asked for"),
        row({"fatalities": {"exists": True}}, {"fatalities": 0}, id="zero is known"),
        row({"fatalities_low": {"exists": False}, "fatalities_high": 12}, id="low and high"),
        row({"time_precision": {"below": 3}, "geo_precision": [1, 2]}, id="precisions"),
    ],
)
def test_a_number(where, changes, picked):
    assert selector(where).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("when", "picked"),
    [
        pytest.param("2020-04-17", True, id="the day"),
        pytest.param(date(2020, 4, 17), True, id="the day, as YAML libraries may read it"),
        pytest.param("2020-04", True, id="the month"),
        pytest.param("2020-H1", True, id="the half-year"),
        pytest.param(2020, True, id="the year"),
        pytest.param([2018, 2019], False, id="other years"),
        pytest.param({"from": "2020-04-17"}, True, id="from its day"),
        pytest.param({"from": "2020-05"}, False, id="from a later month"),
        pytest.param({"until": "2020-04-17"}, True, id="until its day"),
        pytest.param({"from": 2019, "until": "2020-03"}, False, id="until an earlier month"),
    ],
)
def test_a_date(when, picked):
    assert selector({"date": when}).matches(EVENT) is picked


def test_a_longer_event_counts_on_its_last_day():
    long = EVENT._replace(date_start=date(2019, 12, 30), date_end=date(2020, 1, 2))

    assert selector({"date": 2020}).matches(long)
    assert not selector({"date": 2019}).matches(long)


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row({"actor": ISGS}, id="a first side"),
        row({"actor": "$jnim"}, id="a second side, by all its spellings"),
        row({"actor": "fulani militia (mali)"}, id="an ally"),
        row({"actor": "$jihadists"}, {"actors": actors(b="Ansarul Islam")}, id="a list of actors and their spellings"),
        row({"actor": {"startswith": "Islamic State"}}, id="a part of a name"),
        row({"actor": "JNIM"}, picked=False, id="a short name that the record does not use"),
        row({"actor": {"exists": False}}, {"actors": ()}, id="nobody is named"),
        row({"actor": {"contains_all": ["Islamic", "Muslims"]}}, picked=False, id="all words in one name"),
        row({"side_a": "$isgs"}, id="the first side"),
        row({"side_b": "$isgs"}, picked=False, id="not the second side"),
        row({"side_a": {"startswith": "Fulani"}}, id="allies stand on their side"),
        row({"side_b": {"exists": False}}, {"actors": actors(a="Rioters (Mali)")}, id="nobody on the second side"),
        row({"actor": "$isgs"}, {"actors": actors(a=COMPOSITE)}, picked=False, id="and/or does not prove an actor"),
        row({"actor": COMPOSITE}, {"actors": actors(a=COMPOSITE)}, id="and/or has a name of its own"),
        row({"actor": {"contains": "Greater Sahara"}}, {"actors": actors(a=COMPOSITE)}, id="and/or contains both"),
        row(
            {"actor": "$isgs", "ambiguous": "include"},
            {"actors": actors(a=COMPOSITE)},
            id="and/or counts when included",
        ),
        row(
            {"side_b": "$isgs", "ambiguous": "include"},
            {"actors": actors(a=COMPOSITE)},
            picked=False,
            id="on its side only",
        ),
        row(
            {"any": [{"actor": "$isgs"}], "actor": "$jnim", "ambiguous": "include"},
            {"actors": actors(a=COMPOSITE)},
            picked=False,
            id="ambiguous speaks for its own map only",
        ),
        row(
            {"actor": "A", "ambiguous": "include"},
            {"actors": (Actor(Role.A, "A and/or B"),)},
            picked=False,
            id="a name that the source does not call ambiguous is one name",
        ),
    ],
)
def test_an_actor(where, changes, picked):
    assert selector(where, NAMES).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row({"dyad": ["$isgs", "$jnim"]}, CLASH, id="in the order of the record"),
        row({"dyad": ["$jnim", "$isgs"]}, CLASH, id="in the other order"),
        row({"dyad": ["$isgs", "$isgs"]}, CLASH, picked=False, id="an actor against itself"),
        row({"dyad": ["$isgs", "$isgs"]}, {"actors": actors(a=ISGS, b="ISGS")}, id="infighting"),
        row(
            {"dyad": ["$isgs", "$jnim"]},
            {"actors": actors(a="x", with_a=ISGS, b=JNIM)},
            picked=False,
            id="an ally of one side",
        ),
        row({"dyad": ["$isgs", "$jnim"]}, {"actors": actors(a=ISGS, with_a=JNIM)}, picked=False, id="on the same side"),
        row({"dyad": ["$isgs", "$jnim"]}, {"actors": actors(a=ISGS)}, picked=False, id="one of them alone"),
        row(
            {"dyad": ["$isgs", {"startswith": "Military"}]},
            {"actors": actors(a="Military Forces", b=ISGS)},
            id="a part of a name",
        ),
        row({"dyad": ["$isgs", ["$jnim", "x"]]}, {"actors": actors(a="x", b=ISGS)}, id="one of a list"),
        row({"dyad": ["$isgs", {"exists": True}]}, {"actors": actors(a="x", b=ISGS)}, id="against anybody"),
        row(
            {"dyad": ["$isgs", "$jnim"]}, {"actors": actors(a=COMPOSITE, b=JNIM)}, picked=False, id="and/or is no clash"
        ),
        row(
            {"dyad": [COMPOSITE, "$jnim"]},
            {"actors": actors(a=COMPOSITE, b=JNIM)},
            picked=False,
            id="not even by its own name",
        ),
        row(
            {"dyad": ["$isgs", "$jnim"], "ambiguous": "include"},
            {"actors": actors(a=COMPOSITE, b=JNIM)},
            id="and/or is one of the two when included",
        ),
        row(
            {"dyad": ["$isgs", "$jnim"], "ambiguous": "include"},
            {"actors": actors(a=COMPOSITE, b="x")},
            picked=False,
            id="and/or does not fight itself",
        ),
    ],
)
def test_a_dyad(where, changes, picked):
    assert selector(where, NAMES).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("name", "day", "picked"),
    [
        pytest.param("Ansar al-Sunna", date(2015, 1, 1), True, id="a spelling without dates holds always"),
        pytest.param("Islamist Militia (Mozambique)", date(2019, 12, 31), True, id="on its last day"),
        pytest.param("Islamist Militia (Mozambique)", date(2020, 1, 1), False, id="on the day after"),
        pytest.param("Islamic State (Mozambique)", date(2019, 12, 31), False, id="on the day before"),
        pytest.param("Islamic State (Mozambique)", date(2020, 1, 1), True, id="on its first day"),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"actor": "$ansar_al_sunna"}, id="as an actor"),
        pytest.param({"side_a": ["y", "$ansar_al_sunna"]}, id="on a side"),
        pytest.param({"dyad": ["$ansar_al_sunna", "x"]}, id="as the first of a dyad"),
        pytest.param({"dyad": ["x", "$ansar_al_sunna"]}, id="as the second of a dyad"),
    ],
)
def test_a_dated_spelling_holds_on_its_days_only(where, name, day, picked):
    event = EVENT._replace(actors=actors(a=name, b="x"), date_start=day, date_end=day)

    assert selector(where, NAMES).matches(event) is picked


@pytest.mark.parametrize(
    ("where", "changes", "picked"),
    [
        row(
            {"place": "$cabo_delgado"},
            {"iso3": "MOZ", "admin1": "cabo delgado province"},
            id="another source's spelling",
        ),
        row({"place": "$cabo_delgado"}, {"iso3": "MLI", "admin1": "Cabo Delgado"}, picked=False, id="another country"),
        row(
            {"place": "pemba"}, {"latitude": -12.5, "longitude": 40.5}, id="inside its circle, without the dollar sign"
        ),
        row({"place": "$pemba"}, {"latitude": -12.4, "longitude": 40.5}, picked=False, id="outside its circle"),
        row({"place": ["$pemba", "$cabo_delgado"]}, {"iso3": "MOZ", "admin1": "Cabo Delgado"}, id="one of two places"),
        row(
            {"within": {"km": 112, "of": [0, 0]}},
            {"latitude": 1.0, "longitude": 0.0},
            id="a degree of latitude is 111.2 km",
        ),
        row({"within": {"km": 111, "of": [0, 0]}}, {"latitude": 1.0, "longitude": 0.0}, picked=False, id="and not 111"),
        row(
            {"within": {"km": 60, "of": [60, 0]}},
            {"latitude": 60.0, "longitude": 1.0},
            id="longitudes are closer up north",
        ),
        row(
            {"within": {"km": 50, "of": [0, 179.9]}},
            {"latitude": 0.0, "longitude": -179.9},
            id="across the antimeridian",
        ),
        row({"within": {"km": 50, "of": [89.9, 0]}}, {"latitude": 89.9, "longitude": 180.0}, id="across the pole"),
        row(
            {"within": {"km": 9e9, "of": [0, 0]}},
            {"latitude": None, "longitude": None},
            picked=False,
            id="without coordinates",
        ),
    ],
)
def test_a_place(where, changes, picked):
    assert selector(where, NAMES).matches(EVENT._replace(**changes)) is picked


@pytest.mark.parametrize(
    ("where", "picked"),
    [
        pytest.param({"country": "Mali", "event_type": "Battles"}, True, id="a map is AND"),
        pytest.param({"country": "Mali", "event_type": "Riots"}, False, id="a map with one field that fails"),
        pytest.param([{"country": "Niger"}, {"event_type": "Battles"}], True, id="a list is OR"),
        pytest.param([{"country": "Niger"}, {"event_type": "Riots"}], False, id="a list of which nothing holds"),
        pytest.param({"any": [{"country": "Niger"}, {"admin1": "Gao"}]}, True, id="any"),
        pytest.param({"all": [{"actor": ISGS}, {"actor": JNIM}]}, True, id="all, for a key that stands twice"),
        pytest.param({"not": {"country": "Mali"}}, False, id="not"),
        pytest.param({"not": [{"country": "Niger"}, {"admin1": "Gao"}]}, False, id="not a list is none of it"),
        pytest.param({"not": {"country": "Niger", "admin1": "Gao"}}, True, id="not a map is not all of it"),
        pytest.param({"not": {"not": {"country": "Mali"}}}, True, id="twice no"),
        pytest.param({"country": "Mali", "not": {"notes": {"contains": "drone"}}}, False, id="a map with an exception"),
        pytest.param({}, True, id="an empty selector picks everything"),
    ],
)
def test_combinations(where, picked):
    assert selector(where).matches(EVENT) is picked


@pytest.mark.parametrize(
    ("where", "path", "says", "hint"),
    [
        pytest.param("Mali", (), "expected a map", "", id="a bare word"),
        pytest.param(None, (), "not nothing", "", id="nothing at all"),
        pytest.param([], (), "empty list", "leave the key out", id="an empty list of maps"),
        pytest.param([{"country": "Mali"}, 5], (1,), "not 5", "", id="a number among maps"),
        pytest.param({"not": {}}, ("not",), "empty map matches everything", "leave it out", id="an empty map inside"),
        pytest.param({"any": {"country": "Mali"}}, ("any",), "expected a map such as", "", id="any without a list"),
        pytest.param(
            {"contry": "Mali"},
            ("contry",),
            "unknown field 'contry'",
            "did you mean 'country'?",
            id="a field with a slip",
        ),
        pytest.param({"actor1": "x"}, ("actor1",), "unknown field", "side_a", id="a field by the source's name"),
        pytest.param({"year": 2020}, ("year",), "unknown field", "date: 2020", id="a field that is called otherwise"),
        pytest.param({"qqqq": 1}, ("qqqq",), "unknown field", "known: ", id="a field like no other"),
        pytest.param({5: "x"}, (5,), "unknown field 5", "", id="a number as a field"),
        pytest.param(
            {"country": "Mozambiqe"},
            ("country",),
            "unknown country",
            "did you mean 'Mozambique'?",
            id="a country with a slip",
        ),
        pytest.param({"country": "qqqq"}, ("country",), "unknown country", "ISO code", id="a country like no other"),
        pytest.param(
            {"country": ["Mali", "NO WAY"]}, ("country", 1), "unknown country", "", id="the second country of a list"
        ),
        pytest.param(
            {"country": "$half_right"}, ("country",), "unknown country 'Atlantis'", "", id="a country in the vocabulary"
        ),
        pytest.param({"iso3": "Mali"}, ("iso3",), "no ISO alpha-3 code", "did you mean 'MLI'?", id="a name for a code"),
        pytest.param({"iso3": "QQQ"}, ("iso3",), "no ISO alpha-3 code", "write country", id="a code like no other"),
        pytest.param({"admin1": 5}, ("admin1",), "the number 5", "quotes: '5'", id="a number for a text"),
        pytest.param({"admin1": True}, ("admin1",), "not true", "", id="a truth for a text"),
        pytest.param({"admin1": None}, ("admin1",), "not nothing", "exists: false", id="nothing for a text"),
        pytest.param({"admin1": " "}, ("admin1",), "expected text", "exists: false", id="blanks for a text"),
        pytest.param({"admin1": []}, ("admin1",), "empty list", "", id="an empty list of texts"),
        pytest.param({"admin1": {}}, ("admin1",), "empty map", "contains", id="an empty map of modifiers"),
        pytest.param({"actor": "a\0b"}, ("actor",), "no record can hold", "", id="a null character"),
        pytest.param({"actor": "\ud800"}, ("actor",), "no record can hold", "", id="half a character"),
        pytest.param(
            {"admin1": {"match": "x"}},
            ("admin1", "match"),
            "unknown modifier",
            "'matches'",
            id="a modifier with a slip",
        ),
        pytest.param(
            {"admin1": {"above": 5}}, ("admin1", "above"), "this field is text", "", id="a number's modifier on a text"
        ),
        pytest.param({"notes": {"contains": {}}}, ("notes", "contains"), "expected text", "", id="a map for words"),
        pytest.param({"notes": {"exists": "yes"}}, ("notes", "exists"), "true or false", "", id="a word for a truth"),
        pytest.param(
            {"notes": {"exists": True, "contains": "x"}},
            ("notes",),
            "stands alone",
            "imply",
            id="exists and another modifier",
        ),
        pytest.param(
            {"notes": {"matches": "("}}, ("notes", "matches"), "RE2 refuses '(': missing )", "", id="half an expression"
        ),
        pytest.param(
            {"notes": {"matches": ["x", "(?=x)"]}},
            ("notes", "matches", 1),
            "RE2 refuses",
            "look-around",
            id="a look-around",
        ),
        pytest.param(
            {"notes": {"matches": "(x)\\1"}},
            ("notes", "matches"),
            "RE2 refuses",
            "back-references",
            id="a back-reference",
        ),
        pytest.param(
            {"actor": "$ansr_al_sunna"}, ("actor",), "unknown name", "'$ansar_al_sunna'?", id="a name with a slip"
        ),
        pytest.param(
            {"actor": ["x", {"contains": "$qqqq"}]},
            ("actor", 1, "contains"),
            "unknown name",
            "known: $",
            id="a name like no other",
        ),
        pytest.param({"actor": "$nothing"}, ("actor",), "stands for nothing", "empty", id="a name for an empty list"),
        pytest.param(
            {"actor": "$hen"},
            ("actor",),
            "'$hen' refers to itself",
            "$hen -> $egg -> $hen",
            id="a name that stands for itself",
        ),
        pytest.param(
            {"actor": {"contains": "$ansar_al_sunna"}},
            ("actor", "contains"),
            "certain days only",
            "plain",
            id="dated words",
        ),
        pytest.param({"dyad": ["$isgs"]}, ("dyad",), "list of two", "$jnim", id="half a dyad"),
        pytest.param({"dyad": "$isgs"}, ("dyad",), "list of two", "", id="a dyad that is no list"),
        pytest.param({"dyad": ["x", "$qqqq"]}, ("dyad", 1), "unknown name", "", id="the second side of a dyad"),
        pytest.param({"ambiguous": "include"}, ("ambiguous",), "needs an actor", "dyad", id="ambiguous alone"),
        pytest.param({"actor": "x", "ambiguous": True}, ("ambiguous",), "expected 'include'", "", id="ambiguous: true"),
        pytest.param({"fatalities": "5"}, ("fatalities",), "expected a number", "", id="a text for a number"),
        pytest.param({"fatalities": True}, ("fatalities",), "expected a number", "", id="a truth for a number"),
        pytest.param({"fatalities": float("nan")}, ("fatalities",), "expected a number", "", id="not a number"),
        pytest.param({"fatalities": 2.5}, ("fatalities",), "whole number", "above", id="half a death"),
        pytest.param(
            {"fatalities": {"above": 5, "below": 5}}, ("fatalities",), "no number is", "", id="an empty range"
        ),
        pytest.param(
            {"fatalities": {"over": 5}}, ("fatalities", "over"), "unknown key", "above", id="an unknown bound"
        ),
        pytest.param({"fatalities": {}}, ("fatalities",), "empty map", "above", id="no bound"),
        pytest.param(
            {"fatalities": {"exists": True, "above": 1}}, ("fatalities",), "stands alone", "", id="exists and a bound"
        ),
        pytest.param(
            {"civilian_targeting": "yes"}, ("civilian_targeting",), "true or false", "", id="a word for a flag"
        ),
        pytest.param(
            {"civilian_targeting": {"is": 1}},
            ("civilian_targeting", "is"),
            "unknown key",
            "exists",
            id="a flag's modifier",
        ),
        pytest.param({"date": "unknown"}, ("date",), "unknown date", "2020-06", id="an unknown date"),
        pytest.param({"date": "2020-13"}, ("date",), "is no date", "", id="a thirteenth month"),
        pytest.param(
            {"date": {"since": 2020}}, ("date", "since"), "unknown key", "from, until", id="an unknown bound of a date"
        ),
        pytest.param({"date": {"from": 2020, "until": 2019}}, ("date",), "before", "", id="days backwards"),
        pytest.param({"place": "$pembra"}, ("place",), "unknown place", "'$pemba'?", id="a place with a slip"),
        pytest.param(
            {"within": {"km": -5, "of": [0, 0]}}, ("within", "km"), "above 0", "km: 50", id="a negative radius"
        ),
        pytest.param(
            {"within": {"km": 5, "of": [91, 0]}},
            ("within", "of", 0),
            "between -90 and 90",
            "",
            id="beyond the pole",
        ),
        pytest.param({"within": 5}, ("within",), "a point and a radius", "km: 50", id="a radius without a centre"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_a_cure(where, path, says, hint):
    with pytest.raises(SelectorError) as refused:
        selector(where, NAMES)

    assert refused.value.path == path
    assert says in refused.value.summary
    assert hint in refused.value.hint
    assert str(refused.value).startswith(refused.value.summary)


def test_an_unknown_name_without_any_names_says_that_there_is_none():
    with pytest.raises(SelectorError, match="unknown name '\\$isgs'; none is defined"):
        selector({"actor": "$isgs"})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            {"country": "Mali", "admin1": "Gao"}, {"admin1": "GAO", "country": "MLI"}, id="order and spelling"
        ),
        pytest.param({"country": ["Niger", "Mali"]}, {"iso3": ["MLI", "NER", "NER"]}, id="names and codes"),
        pytest.param(
            {"all": [{"country": "Mali"}, {"all": [{"admin1": "Gao"}]}]},
            {"country": "Mali", "admin1": "Gao"},
            id="nesting",
        ),
        pytest.param([{"country": "Mali"}], {"country": "Mali"}, id="a list of one"),
        pytest.param(
            {"any": [{"source": "a"}, {"source": "b"}]}, [{"source": "b"}, {"source": "a"}], id="any and a list"
        ),
        pytest.param(
            {"not": [{"source": "a"}, {"admin1": "b"}]},
            {"all": [{"not": {"admin1": "b"}}, {"not": {"source": "a"}}]},
            id="none of",
        ),
        pytest.param({"not": {"not": {"source": "a"}}}, {"source": "a"}, id="twice no"),
        pytest.param({"dyad": ["$jnim", "$isgs"]}, {"dyad": ["$isgs", "$jnim"]}, id="a dyad has no order"),
        pytest.param({"actor": "$isgs"}, {"actor": [ISGS, "isgs"]}, id="a name and what it stands for"),
        pytest.param(
            {"actor": ["a", {"contains": "b"}]}, {"actor": [{"contains": "B"}, "A"]}, id="a list with modifiers"
        ),
        pytest.param(
            {"fatalities": {"above": 5}}, {"fatalities": [{"above": 5}]}, id="a range and a list of one range"
        ),
        pytest.param({"date": 2020}, {"date": {"from": "2020-01-01", "until": "2020-12"}}, id="a year and its days"),
        pytest.param(
            {"actor": [{"contains": "a"}, {"endswith": "b"}]},
            {"actor": [{"endswith": "b"}, {"contains": "a"}]},
            id="a list of modifiers has no order",
        ),
    ],
)
def test_selectors_that_say_the_same_have_the_same_key(one, other):
    assert selector(one, NAMES).key == selector(other, NAMES).key
    assert selector(one, NAMES) == selector(other, NAMES)
    assert hash(selector(one, NAMES)) == hash(selector(other, NAMES))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"country": "Mali"}, {"country": {"contains": "Mali"}}, id="equality and a part"),
        pytest.param({"side_a": "x"}, {"side_b": "x"}, id="the two sides"),
        pytest.param({"actor": "x"}, {"actor": "x", "ambiguous": "include"}, id="and/or in and out"),
        pytest.param({"notes": {"matches": "a"}}, {"notes": {"matches": "A"}}, id="an expression minds the case"),
        pytest.param({"fatalities": {"above": 1}}, {"fatalities": {"below": 1}}, id="above and below"),
        pytest.param({"notes": {"contains": ["a", "b"]}}, {"notes": {"contains_all": ["a", "b"]}}, id="any and all"),
        pytest.param(
            {"actor": "$ansar_al_sunna"},
            {"actor": ["Ansar al-Sunna", "Islamist Militia (Mozambique)"]},
            id="dated or not",
        ),
        pytest.param({"civilian_targeting": True}, {"civilian_targeting": False}, id="true and false"),
        pytest.param(
            {"all": [{"actor": "a", "ambiguous": "include"}, {"side_b": "b"}]},
            {"actor": "a", "side_b": "b", "ambiguous": "include"},
            id="and/or in for one actor, and for both",
        ),
    ],
)
def test_selectors_that_say_different_things_have_different_keys(one, other):
    assert selector(one, NAMES).key != selector(other, NAMES).key


def test_everything_has_no_key_and_an_empty_document():
    assert selector({}) == EVERYTHING
    assert EVERYTHING.key == ""
    assert EVERYTHING.document == {}
    assert EVERYTHING.matches(EVENT)


def test_the_document_reads_as_a_person_would_write_it():
    where = {"iso3": "MOZ", "event_type": "$organised_violence", "not": {"actor": "$isgs"}, "fatalities": {"above": 3}}

    assert selector(where, NAMES).document == {
        "country": "Mozambique",
        "event_type": ["Battles", "Explosions/Remote violence", "Violence against civilians"],
        "fatalities": {"above": 3},
        "not": {"actor": ["ISGS", ISGS]},
    }


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(
            {"all": [{"actor": "a", "ambiguous": "include"}, {"side_b": "b"}]}, id="one of two actors is lenient"
        ),
        pytest.param({"all": [{"actor": "a"}, {"actor": "b"}]}, id="one key twice"),
        pytest.param(
            {"all": [{"any": [{"source": "a"}, {"admin1": "b"}]}, {"any": [{"source": "c"}, {"admin1": "d"}]}]},
            id="two choices",
        ),
        pytest.param({"actor": "$ansar_al_sunna"}, id="a dated actor"),
        pytest.param({"country": {"exists": False}, "fatalities": {"exists": False}}, id="what does not exist"),
    ],
)
def test_a_document_that_needs_more_than_one_map_reads_back(where):
    tree = selector(where, NAMES)

    assert selector(tree.document).key == tree.key


def test_a_selector_is_a_field_of_a_model():
    class Model(BaseModel):
        where: Selector = EVERYTHING

    model = Model.model_validate({"where": {"actor": "$isgs"}}, context={"names": NAMES})

    assert model.where == selector({"actor": "$isgs"}, NAMES)
    assert json.loads(model.model_dump_json()) == {"where": {"actor": ["ISGS", ISGS]}}
    assert Model.model_validate(model.model_dump()).where == model.where
    assert Model.model_validate({"where": model.where}).where is model.where
    assert Model().model_dump(exclude_defaults=True) == {}


def test_a_model_without_names_knows_none_and_says_where_it_stopped():
    class Model(BaseModel):
        where: Selector

    with pytest.raises(ValidationError) as refused:
        Model.model_validate({"where": {"any": [{"actor": "$isgs"}]}})

    error = refused.value.errors()[0]["ctx"]["error"]
    assert isinstance(error, SelectorError)
    assert error.path == ("any", 0, "actor")


def test_editors_know_every_field_that_the_reader_knows():
    class Model(BaseModel):
        where: Selector

    schema = Model.model_json_schema()["$defs"]["Where"]

    assert set(schema["properties"]) == {*READERS, "ambiguous"}
    assert schema["additionalProperties"] is False
    assert all("default" not in each for each in schema["properties"].values())
    assert set(meanings(Where)) == set(Where.model_fields)


def test_a_selector_is_read_by_editors_as_it_is_by_us():
    where = {"dyad": ["$isgs", {"contains": "x"}], "not": [{"fatalities": [1, {"above": 2}]}], "date": {"from": "2020"}}

    assert Where.model_validate(where)


def test_a_place_holds_when_all_that_is_given_holds():
    place = Place.model_validate(
        {"place": "gourma", "country": "Mali", "admin2": ["Ansongo", "Gourma"], "location": "In-Tillit"}
    )
    gourma = selector({"place": "$gourma"}, Names(places={"gourma": place}))

    assert gourma.matches(EVENT)
    assert not gourma.matches(EVENT._replace(location="Gao"))
    assert not gourma.matches(EVENT._replace(admin2="Gao"))


def test_a_number_of_any_length_is_a_number():
    assert not selector({"fatalities": {"above": 10**400}}).matches(EVENT)


def test_lists_that_name_each_other_many_times_are_read_once():
    lists = {f"v{level}": (f"$v{level + 1}",) * 9 for level in range(40)} | {"v40": ("Battles",)}

    assert selector({"event_type": "$v0"}, Names(vocabulary=lists)).document == {"event_type": "Battles"}


@pytest.mark.parametrize("spellings", [(), (Spelling(""),)], ids=["no spelling", "a spelling without a letter"])
def test_an_actor_without_a_name_is_refused(spellings):
    with pytest.raises(SelectorError):
        selector({"actor": "$nobody"}, Names(actors={"nobody": spellings}))


def test_an_actor_and_a_list_of_one_name_leave_the_actor():
    names = Names(vocabulary={"isgs": ("from the list",)}, actors={"isgs": (Spelling("from the actor"),)})

    assert selector({"actor": "$isgs"}, names).document == {"actor": "from the actor"}


@pytest.mark.skipif(not BURKINA.is_file(), reason="no real data beside the repository")
def test_real_clashes_are_told_from_what_is_only_ambiguous():
    with BURKINA.open("rb") as stream:
        records = list(acled.read(stream, source="acled", today=date(2020, 12, 10), settings=acled.Settings()))
    stored = [record for record in records if isinstance(record, Event)]

    def picked(where):
        tree = selector(where, NAMES)
        return [event for event in stored if tree.matches(event)]

    clashes = picked({"dyad": ["$isgs", "$jnim"]})
    with_allies = picked({"any": [{"side_a": "$isgs", "side_b": "$jnim"}, {"side_a": "$jnim", "side_b": "$isgs"}]})

    assert (len(clashes), sum(event.fatalities or 0 for event in clashes)) == (52, 263)
    assert sum(event.event_type == "Battles" for event in clashes) == 47
    assert len(with_allies) == 54, "in two more, one of them is an ally of the army or of a third group"
    assert len(picked({"actor": COMPOSITE})) >= 524
    assert not {event.external_id for event in picked({"side_a": COMPOSITE})} & {event.external_id for event in clashes}


@settings(deadline=None)
@given(wheres(), st.lists(events(), min_size=1, max_size=8))
def test_the_tree_picks_what_the_language_says(where, drawn):
    tree = selector(where, NAMES)

    assert [tree.matches(event) for event in drawn] == [picks(where, event) for event in drawn]


@settings(deadline=None)
@given(wheres(), events())
def test_a_document_reads_back_as_the_same_selector(where, event):
    tree = selector(where, NAMES)
    again = selector(json.loads(json.dumps(tree.document)))

    assert again.key == tree.key
    assert again.document == tree.document
    assert again.matches(event) == tree.matches(event)


@given(
    st.one_of(
        st.text(),
        st.text(st.characters(max_codepoint=127), min_size=201, max_size=250),
        st.text(min_size=201, max_size=250),
    )
)
def test_a_remembered_folding_is_the_folding(text):
    assert folded(text) == fold(text)
