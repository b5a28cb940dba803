"""Events and selectors to test with, and the selector language told a second time, slowly and plainly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from math import acos, cos, radians, sin
from typing import Any

from hypothesis import strategies as st

from watcher.core.country import find_country
from watcher.core.event import Actor, Event, Role
from watcher.core.label import fold
from watcher.core.selector import Names, Place, Spelling

ISGS = "Islamic State (Greater Sahara)"
JNIM = "JNIM: Group for Support of Islam and Muslims"
COMPOSITE = f"{JNIM} and/or {ISGS}"

PEMBA = {"km": 60, "of": [-12.97, 40.52]}

NAMES = Names(
    vocabulary={
        "organised_violence": ("Battles", "Explosions/Remote violence", "Violence against civilians"),
        "sahel": ("Mali", "Burkina Faso", "Niger"),
        "jihadists": ("$isgs", "$jnim", "Ansarul Islam"),
        "drones": ("drone", "UAV"),
        "nothing": (),
        "hen": ("$egg",),
        "egg": ("$hen",),
        "half_right": ("Mali", "Atlantis"),
    },
    actors={
        "isgs": (Spelling("ISGS"), Spelling(ISGS)),
        "jnim": (Spelling("JNIM"), Spelling(JNIM)),
        "ansar_al_sunna": (
            Spelling("Ansar al-Sunna"),
            Spelling("Islamist Militia (Mozambique)", valid_until=date(2019, 12, 31)),
            Spelling("Islamic State (Mozambique)", valid_from=date(2020, 1, 1)),
        ),
    },
    places={
        "cabo_delgado": Place.model_validate(
            {"place": "cabo_delgado", "country": "Mozambique", "admin1": ["Cabo Delgado", "Cabo Delgado province"]}
        ),
        "pemba": Place.model_validate({"place": "pemba", "within": PEMBA}),
    },
)

EVENT = Event(
    source="acled",
    external_id="MLI1",
    date_start=date(2020, 4, 17),
    date_end=date(2020, 4, 17),
    time_precision=1,
    iso3="MLI",
    country="Mali",
    admin1="Gao",
    admin2="Ansongo",
    admin3="",
    location="In-Tillit",
    latitude=15.9,
    longitude=-0.2,
    geo_precision=2,
    disorder_type="Political violence",
    event_type="Battles",
    sub_event_type="Armed clash",
    actors=(Actor(Role.A, ISGS), Actor(Role.WITH_A, "Fulani Militia (Mali)"), Actor(Role.B, JNIM)),
    fatalities=9,
    fatalities_low=None,
    fatalities_high=12,
    civilian_targeting=False,
    publishers="Menastream; Agence France Presse",
    url="",
    notes="On 17 April 2020, fighters clashed near In-Tillit. A drone was seen.",
    tags="",
    stamp=None,
)


def actors(*, a: str = "", b: str = "", with_a: str = "", with_b: str = "") -> tuple[Actor, ...]:
    """The actors of an event; "and/or" in a name makes it ambiguous, as sources do."""
    named = {Role.A: a, Role.WITH_A: with_a, Role.B: b, Role.WITH_B: with_b}
    return tuple(Actor(role, name, " and/or " in name) for role, name in named.items() if name)


# --- the language told again --------------------------------------------------------------------------------------------


def picks(raw: Any, event: Event) -> bool:
    """Whether a selector, as it stands in YAML, picks an event."""
    if isinstance(raw, list):
        return any(picks(each, event) for each in raw)
    return all(
        _holds(key, value, event, lenient="ambiguous" in raw) for key, value in raw.items() if key != "ambiguous"
    )


def _holds(key: str, value: Any, event: Event, *, lenient: bool) -> bool:
    if key in _ACTORS:
        return _ACTORS[key](value, event, lenient)
    if key in _NUMBERS:
        return _of(value, lambda each: _number(each, event, key))
    if key in _OTHERS:
        return _OTHERS[key](value, event)
    return _text(value, getattr(event, key), event)


def _of(value: Any, holds: Callable[[Any], bool]) -> bool:
    return any(holds(each) for each in value) if isinstance(value, list) else holds(value)


def _spelled(text: str, event: Event) -> Iterator[str]:
    name = text[1:]
    if not text.startswith("$"):
        yield text
    elif name in NAMES.actors:
        for spelling in NAMES.actors[name]:
            if (spelling.valid_from or date.min) <= event.date_end <= (spelling.valid_until or date.max):
                yield spelling.name
    else:
        for each in NAMES.vocabulary[name]:
            yield from _spelled(each, event)


def _words(value: Any, event: Event) -> list[str]:
    return [fold(word) for text in (value if isinstance(value, list) else [value]) for word in _spelled(text, event)]


def _text(value: Any, text: str, event: Event) -> bool:
    if isinstance(value, list):
        return any(_text(each, text, event) for each in value)
    if isinstance(value, str):
        return fold(text) in _words(value, event)
    plain = fold(text)
    modifiers = {
        "contains": lambda wanted: any(word in plain for word in _words(wanted, event)),
        "contains_all": lambda wanted: all(word in plain for word in _words(wanted, event)),
        "startswith": lambda wanted: any(plain.startswith(word) for word in _words(wanted, event)),
        "endswith": lambda wanted: any(plain.endswith(word) for word in _words(wanted, event)),
        "matches": lambda wanted: re.search(wanted, text) is not None,
        "exists": lambda wanted: (text != "") == wanted,
    }
    return all(modifiers[key](wanted) for key, wanted in value.items())


def _stands(value: Any, event: Event, side: str, lenient: bool, *, proven: bool) -> bool:
    present = [each for each in event.actors if side == "actor" or each.role.value[-1] == side]
    if proven:
        present = [each for each in present if each.role.value == side]
    if not proven and not present:
        return _text(value, "", event)
    for actor in present:
        if proven and actor.ambiguous and not lenient:
            continue
        readings = [actor.name, *(actor.name.split(" and/or ") if lenient and actor.ambiguous else [])]
        if any(_text(value, name, event) for name in readings):
            return True
    return False


def _country(value: Any, event: Event) -> bool:
    if isinstance(value, dict):
        return _text(value, event.country, event)
    return event.iso3 in {country.iso3 for name in _spelled(value, event) if (country := find_country(name))}


def _place(place: Place, event: Event) -> bool:
    if place.within is not None:
        return _near(PEMBA, event)
    return event.iso3 in place.country and fold(event.admin1) in {fold(name) for name in place.admin1}


def _near(circle: Any, event: Event) -> bool:
    """By the vectors of both points, unlike the code."""
    if event.latitude is None or event.longitude is None:
        return False

    def vector(latitude: float, longitude: float) -> tuple[float, float, float]:
        north, east = radians(latitude), radians(longitude)
        return cos(north) * cos(east), cos(north) * sin(east), sin(north)

    product = sum(x * y for x, y in zip(vector(*circle["of"]), vector(event.latitude, event.longitude), strict=True))
    return bool(6371.0088 * acos(max(-1.0, min(1.0, product))) <= circle["km"])


def _dated(value: Any, event: Event) -> bool:
    if isinstance(value, dict):
        day = event.date_end.isoformat()
        return str(value.get("from", "")) <= day and day[: len(str(value.get("until", "")))] <= str(
            value.get("until", "9")
        )
    return _of(value, lambda each: event.date_end.isoformat().startswith(str(each)))


def _known(value: Any, event: Event, key: str) -> bool:
    return bool((getattr(event, key) is not None) == value["exists"])


def _number(value: Any, event: Event, key: str) -> bool:
    number = getattr(event, key)
    if not isinstance(value, dict):
        return bool(number == value)
    if "exists" in value:
        return _known(value, event, key)
    return number is not None and value.get("above", -1e9) < number < value.get("below", 1e9)


def _listed(value: Any, text: str, event: Event) -> bool:
    return any(_text(value, each, event) for each in [each.strip() for each in text.split(";") if each.strip()] or [""])


def _flag(value: Any, event: Event) -> bool:
    key = "civilian_targeting"
    return _of(
        value, lambda each: _known(each, event, key) if isinstance(each, dict) else event.civilian_targeting is each
    )


def _dyad(value: Any, event: Event, lenient: bool) -> bool:
    return any(
        _stands(one, event, here, lenient, proven=True) and _stands(other, event, there, lenient, proven=True)
        for one, other in (value, value[::-1])
        for here, there in ("ab",)
    )


_NUMBERS = {"fatalities", "fatalities_low", "fatalities_high", "time_precision", "geo_precision"}
_ACTORS: dict[str, Callable[[Any, Event, bool], bool]] = {
    "dyad": _dyad,
    "actor": lambda value, event, lenient: _stands(value, event, "actor", lenient, proven=False),
    "side_a": lambda value, event, lenient: _stands(value, event, "a", lenient, proven=False),
    "side_b": lambda value, event, lenient: _stands(value, event, "b", lenient, proven=False),
}
_OTHERS: dict[str, Callable[[Any, Event], bool]] = {
    "any": picks,
    "all": lambda value, event: all(picks(each, event) for each in value),
    "not": lambda value, event: not picks(value, event),
    "country": lambda value, event: _of(value, lambda each: _country(each, event)),
    "place": lambda value, event: _of(value, lambda each: _place(NAMES.places[each.removeprefix("$")], event)),
    "within": _near,
    "date": _dated,
    "publishers": lambda value, event: _listed(value, event.publishers, event),
    "tags": lambda value, event: _listed(value, event.tags, event),
    "civilian_targeting": _flag,
}


# --- what hypothesis draws ----------------------------------------------------------------------------------------------

_PLACES = ["Cabo Delgado", "CABO DELGADO PROVINCE", "Ménaka", "menaka", "Gao", ""]
_GROUPS = [
    ISGS,
    "isgs",
    JNIM,
    COMPOSITE,
    "Islamist Militia (Mozambique)",
    "Islamic State (Mozambique)",
    "Civilians (Mali)",
    "Ünîon",
]
_TEXTS = ["Gao", "menaka", "Battles", "Cabo Delgado", "a drone", "GAO", "Riots"]
_SOME_WORDS = ["a", "delgado", "Islamic", "DRONE", "é", "$drones"]

_drawn_number = st.one_of(st.none(), st.integers(0, 4))
_coordinates = st.one_of(
    st.just((None, None)),
    st.sampled_from([(-12.97, 40.52), (-12.5, 40.4), (-13.4, 40.9), (89.9, 10.0), (0.0, 179.9), (0.0, -179.9)]),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
_drawn_actors = st.lists(
    st.builds(
        lambda role, name: Actor(role, name, " and/or " in name), st.sampled_from(list(Role)), st.sampled_from(_GROUPS)
    ),
    max_size=3,
).map(tuple)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Events over few values, so that selectors find some."""
    iso3 = draw(st.sampled_from(["MOZ", "MLI", "BFA"]))
    latitude, longitude = draw(_coordinates)
    place = st.sampled_from(_PLACES)
    return EVENT._replace(
        source=draw(st.sampled_from(["acled", "ucdp"])),
        date_end=draw(st.dates(date(2019, 6, 1), date(2020, 12, 31))),
        time_precision=draw(st.integers(1, 5)),
        iso3=iso3,
        country={"MOZ": "Mozambique", "MLI": "Mali", "BFA": "Burkina Faso"}[iso3],
        admin1=draw(place),
        admin2=draw(place),
        latitude=latitude,
        longitude=longitude,
        geo_precision=draw(_drawn_number),
        event_type=draw(st.sampled_from(["Battles", "BATTLES", "Riots", ""])),
        actors=draw(_drawn_actors),
        fatalities=draw(_drawn_number),
        fatalities_low=draw(_drawn_number),
        civilian_targeting=draw(st.sampled_from([True, False, None])),
        publishers=draw(st.sampled_from(["", "Gao", "AFP; Gao", " ; ", "a drone;AFP"])),
        notes=draw(st.sampled_from(["", "A drone was seen.", "nothing"])),
    )


def _one_or_more(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value, st.lists(value, min_size=1, max_size=3))


_modifiers = st.one_of(
    st.dictionaries(
        st.sampled_from(["contains", "contains_all", "startswith", "endswith"]),
        _one_or_more(st.sampled_from(_SOME_WORDS)),
        min_size=1,
        max_size=2,
    ),
    st.fixed_dictionaries({"matches": st.sampled_from(["a", "^$", "(?i)GAO", "Islam.*"])}),
    st.fixed_dictionaries({"exists": st.booleans()}),
)
_text_value = _one_or_more(st.one_of(st.sampled_from(_TEXTS), _modifiers))
_actor_value = _one_or_more(
    st.one_of(st.sampled_from([*_GROUPS, "$isgs", "$jnim", "$jihadists", "$ansar_al_sunna"]), _modifiers)
)
_number_value = _one_or_more(
    st.one_of(
        st.integers(0, 4),
        st.sampled_from(
            [{"above": 1}, {"below": 2.5}, {"above": 0.5, "below": 3}, {"exists": True}, {"exists": False}]
        ),
        st.sampled_from([{"above": 2**40}, {"below": 2**40}, 2**40]),
    )
)
_days = st.one_of(st.dates(date(2019, 6, 1), date(2020, 12, 31)).map(str), st.sampled_from(["2020-04", "2019", 2020]))
_fields = st.one_of(
    *(
        st.tuples(st.just(key), _text_value)
        for key in ("source", "admin1", "admin2", "event_type", "notes", "publishers")
    ),
    *(st.tuples(st.just(key), _actor_value) for key in ("actor", "side_a", "side_b")),
    *(
        st.tuples(st.just(key), _number_value)
        for key in ("fatalities", "fatalities_low", "time_precision", "geo_precision")
    ),
    st.tuples(st.just("dyad"), st.lists(_actor_value, min_size=2, max_size=2)),
    st.tuples(st.just("country"), _one_or_more(st.one_of(st.sampled_from(["Mali", "MOZ", "$sahel"]), _modifiers))),
    st.tuples(st.just("place"), _one_or_more(st.sampled_from(["$cabo_delgado", "$pemba"]))),
    st.tuples(
        st.just("within"),
        st.fixed_dictionaries(
            {
                "km": st.sampled_from([1, 60, 700, 9_000]),
                "of": st.sampled_from([[-12.97, 40.52], [0, 179.5], [88, 0], [-89, 120]]),
            }
        ),
    ),
    st.tuples(st.just("civilian_targeting"), st.one_of(_one_or_more(st.booleans()), st.just({"exists": True}))),
    st.tuples(
        st.just("date"),
        st.one_of(
            _one_or_more(_days), st.just({"from": "2020-01-01"}), st.just({"from": "2019-07", "until": "2020-04"})
        ),
    ),
)


def _with_ambiguous(where: dict[str, Any], lenient: bool) -> dict[str, Any]:
    about_actors = not {"actor", "side_a", "side_b", "dyad"}.isdisjoint(where)
    return {**where, "ambiguous": "include"} if lenient and about_actors else where


_maps = st.builds(_with_ambiguous, st.lists(_fields, min_size=1, max_size=3).map(dict), st.booleans())


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        lists,
        st.fixed_dictionaries({"any": lists}),
        st.fixed_dictionaries({"all": lists}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"not": inner, "country": st.just("Mali")}),
    )


def wheres() -> st.SearchStrategy[Any]:
    """Selectors as they stand in YAML, dated spellings and all."""
    return st.recursive(_maps, _nested, max_leaves=5)
