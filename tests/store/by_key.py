"""Selectors of one key each, for every key of the language, and events that some of them find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import Phase
from hypothesis import strategies as st

from tests.core.selections import COMPOSITE, ISGS, JNIM, PEMBA, events, wheres
from watcher.core.event import Event

#: Thirty selectors at once take minutes to make smaller, and the failing one is named anyway.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)

_WORDS = ["Gao", "menaka", "BATTLES", "Ménaka", "Armed clash", "a drone", "x"]
_PARTS = ["a", "É", "drone", "isl", "$drones"]
_SPELLINGS = [
    "$isgs",
    "$jnim",
    "$jihadists",
    "$ansar_al_sunna",
    "Ansar al-Sunna",
    "Ünîon",
    "union",
    ISGS,
    JNIM,
    COMPOSITE,
]

_modified = st.one_of(
    st.dictionaries(
        st.sampled_from(["contains", "contains_all", "startswith", "endswith"]),
        st.one_of(st.sampled_from(_PARTS), st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3)),
        min_size=1,
        max_size=3,
    ),
    st.fixed_dictionaries({"matches": st.sampled_from(["a", "^$", "(?i)gao|x", "^Isl"])}),
    st.fixed_dictionaries({"exists": st.booleans()}),
)


def _listed(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value, st.lists(value, min_size=1, max_size=3))


_text = _listed(st.one_of(st.sampled_from([*_WORDS, "$ansar_al_sunna"]), _modified))
_actor = _listed(st.one_of(st.sampled_from(_SPELLINGS), _modified))
_number = _listed(
    st.one_of(
        st.sampled_from([0, 1, 2, 3, 4, -1, 2**31 - 1, 2**31, -(2**40)]),
        st.sampled_from([{"above": 1}, {"above": 0.5}, {"below": 2}, {"below": 2.5}, {"above": 0, "below": 3}]),
        st.sampled_from([{"above": 2**40}, {"below": 2**40}, {"above": -(2**40)}, {"exists": True}, {"exists": False}]),
    )
)
_inner = wheres()

#: By key, the values that it takes.
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["source", "admin1", "admin2", "admin3", "location", "notes", "publishers", "tags"], _text),
    **dict.fromkeys(["event_type", "sub_event_type", "disorder_type"], _text),
    **dict.fromkeys(["actor", "side_a", "side_b"], _actor),
    **dict.fromkeys(["fatalities", "fatalities_low", "fatalities_high", "time_precision", "geo_precision"], _number),
    "dyad": st.lists(_actor, min_size=2, max_size=2),
    "country": _listed(st.one_of(st.sampled_from(["Mali", "MOZ", "burkina", "$sahel"]), _modified)),
    "iso3": _listed(st.one_of(st.sampled_from(["MLI", "moz"]), _modified)),
    "place": _listed(st.sampled_from(["$cabo_delgado", "$pemba"])),
    "within": st.builds(
        lambda km, of: {"km": km, "of": of},
        st.sampled_from([0.1, PEMBA["km"], 700, 9_000, 30_000]),
        st.sampled_from([PEMBA["of"], [0, 179.95], [0, -179.95], [89.9, 0], [-90, 0], [15.9, -0.2]]),
    ),
    "civilian_targeting": st.one_of(_listed(st.booleans()), st.builds(lambda known: {"exists": known}, st.booleans())),
    "date": st.sampled_from(
        [
            *("2020-04-17", "2020-04", 2019, "2020-H1", ["2019", "2020-12"]),
            *({"from": "2020-01-01"}, {"until": "2020-02"}, {"from": "2019-07", "until": "2020-04"}),
        ]
    ),
    "any": st.lists(_inner, min_size=1, max_size=3),
    "all": st.lists(_inner, min_size=1, max_size=3),
    "not": _inner,
}
ABOUT_ACTORS = ("actor", "side_a", "side_b", "dyad")


def each_key() -> st.SearchStrategy[dict[str, Any]]:
    """A selector for each key, by the key; those about actors a second time with ``ambiguous: include``."""
    lenient = {f"{key}, ambiguous": _alone(key, ambiguous="include") for key in ABOUT_ACTORS}
    return st.fixed_dictionaries({**{key: _alone(key) for key in VALUES}, **lenient})


def _alone(key: str, **beside: str) -> st.SearchStrategy[dict[str, Any]]:
    return VALUES[key].map(lambda value: {key: value, **beside})


def varied_events() -> st.SearchStrategy[Event]:
    """Events that differ in every field that a key looks at."""
    names = st.sampled_from(["", "Gao", "Ménaka", "menaka", "Ansar al-Sunna", "Islamic State (Mozambique)"])
    return st.builds(
        lambda event, fields: event._replace(**fields),
        events(),
        st.fixed_dictionaries(
            {
                "admin3": names,
                "location": names,
                "sub_event_type": st.sampled_from(["Armed clash", "ARMED CLASH", "Attack", ""]),
                "disorder_type": st.sampled_from(["Political violence", "x", ""]),
                "tags": st.sampled_from(["", "gao", "x; a drone", ";"]),
                "fatalities_high": st.one_of(st.none(), st.sampled_from([0, 1, 3, 2**31 - 1])),
            }
        ),
    )
