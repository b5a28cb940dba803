"""From what stands in YAML to nodes: one reader per field, all of them in :data:`READERS`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import re2

from watcher.core.country import by_iso3, find_country, several_countries, suggest
from watcher.core.document import UnreadableError, shown
from watcher.core.period import date_as_text, partial_date
from watcher.core.selector.node import (
    ACTOR_KEYS,
    SIDES,
    Actors,
    Countries,
    Days,
    Dyad,
    Flag,
    Listed,
    Node,
    Numbers,
    Range,
    Text,
    Within,
    all_of,
    any_of,
    none_of,
    place_node,
)
from watcher.core.selector.place import Circle, circle
from watcher.core.selector.spot import Spot, did_you_mean
from watcher.core.selector.text import Equals, Matches, Present, TextTest, Words, either, every

_DYAD = 2

# --- maps and lists -----------------------------------------------------------------------------------------------------


def read_where(raw: object, spot: Spot) -> Node:
    """A map is AND, a list of maps is OR."""
    return _map(raw, spot) if isinstance(raw, Mapping) else _any(raw, spot)


def _any(raw: object, spot: Spot) -> Node:
    return any_of(
        read_where(item, at) for item, at in spot.items(raw, "a map such as {country: Mali}, or a list of maps")
    )


def _all(raw: object, spot: Spot) -> Node:
    return all_of(read_where(item, at) for item, at in spot.items(raw, "a list of maps"))


def _not(raw: object, spot: Spot) -> Node:
    return none_of([read_where(raw, spot)])


def _map(raw: Mapping[Any, object], spot: Spot) -> Node:
    if not raw:
        raise spot.error("an empty map matches everything", "leave it out, or write at least one field")
    spot = replace(spot, ambiguous=_ambiguous(raw, spot))
    return all_of(_reader(key, spot)(value, spot.at(key)) for key, value in raw.items() if key != "ambiguous")


def _ambiguous(raw: Mapping[Any, object], spot: Spot) -> bool:
    if "ambiguous" not in raw:
        return False
    here = spot.at("ambiguous")
    if raw["ambiguous"] != "include":
        raise here.error(f"expected 'include', not {shown(raw['ambiguous'])}", "leave it out to exclude")
    if ACTOR_KEYS.isdisjoint(raw):
        raise here.error("'ambiguous' needs an actor beside it", f"one of: {', '.join(sorted(ACTOR_KEYS))}")
    return True


def _reader(key: Any, spot: Spot) -> Callable[[object, Spot], Node]:
    if key in READERS:
        return READERS[key]
    hint = f"write {INSTEAD[key]}" if key in INSTEAD else did_you_mean(str(key), [*READERS, "ambiguous"])
    raise spot.at(key).error(f"unknown field {shown(key)}", hint)


# --- texts --------------------------------------------------------------------------------------------------------------


def _tests(raw: object, spot: Spot) -> dict[Days | None, TextTest]:
    """The tests of a value, by the days for which its spellings hold; None is always."""
    texts: defaultdict[Days | None, list[str]] = defaultdict(list)
    modified: list[TextTest] = []
    for item, at in spot.alternatives(raw):
        if isinstance(item, Mapping):
            modified.append(_modified(item, at))
            continue
        for each in at.spellings(item):
            texts[Days(each.valid_from, each.valid_until) if each.is_dated else None].append(each.name)
    tests: dict[Days | None, TextTest] = {days: Equals(tuple(names)) for days, names in texts.items()}
    if modified:
        tests[None] = either([*modified, *([tests[None]] if None in tests else [])])
    return tests


def _modified(raw: Mapping[Any, object], spot: Spot) -> TextTest:
    if not raw:
        raise spot.error("an empty map says nothing", f"one of: {', '.join(MODIFIERS)}")
    if "exists" in raw and len(raw) > 1:
        raise spot.error("'exists' stands alone", "the other modifiers imply it")
    return every(_modifier(key, spot)(value, spot.at(key)) for key, value in raw.items())


def _modifier(key: Any, spot: Spot) -> Callable[[object, Spot], TextTest]:
    if key in MODIFIERS:
        return MODIFIERS[key]
    if key in {"above", "below"}:
        raise spot.at(key).error(f"{key!r} compares numbers, and this field is text")
    raise spot.at(key).error(f"unknown modifier {shown(key)}", did_you_mean(str(key), MODIFIERS))


def _words(how: str, raw: object, spot: Spot) -> TextTest:
    words: list[str] = []
    for item, at in spot.alternatives(raw):
        spellings = at.spellings(item)
        if any(each.is_dated for each in spellings):
            raise at.error(f"{shown(item)} has names that hold for certain days only", "write it as a plain value")
        words += [each.name for each in spellings]
    return Words(how, tuple(words))


def _matches(raw: object, spot: Spot) -> TextTest:
    patterns = []
    for item, at in spot.alternatives(raw):
        pattern = at.text(item)
        try:
            Matches((pattern,))
        except re2.error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise at.error(
                f"RE2 refuses {shown(pattern)}: {reason}", "RE2 has no look-around and no back-references"
            ) from None
        patterns.append(pattern)
    return Matches(tuple(patterns))


def _exists(raw: object, spot: Spot) -> TextTest:
    return Present(_bool(raw, spot))


#: What a map under a text field may say.
MODIFIERS: Mapping[str, Callable[[object, Spot], TextTest]] = {
    **{how: partial(_words, how) for how in ("contains", "contains_all", "startswith", "endswith")},
    "matches": _matches,
    "exists": _exists,
}


def _on_days(node: Node, *days: Days | None) -> Node:
    return all_of([node, *(each for each in days if each is not None)])


def _text(key: str, raw: object, spot: Spot) -> Node:
    return any_of(_on_days(Text(key, test), days) for days, test in _tests(raw, spot).items())


def _listed(key: str, raw: object, spot: Spot) -> Node:
    return any_of(_on_days(Listed(key, test), days) for days, test in _tests(raw, spot).items())


def _actors(key: str, raw: object, spot: Spot) -> Node:
    return any_of(_on_days(Actors(key, test, spot.ambiguous), days) for days, test in _tests(raw, spot).items())


def _dyad(raw: object, spot: Spot) -> Node:
    if not isinstance(raw, list | tuple) or len(raw) != _DYAD:
        raise spot.error(f"a dyad is a list of two actors, not {shown(raw)}", "write dyad: [$isgs, $jnim]")
    first, second = (_tests(side, spot.at(index)).items() for index, side in enumerate(raw))
    return any_of(
        _on_days(Dyad(one, other, spot.ambiguous), once, then) for (once, one), (then, other) in product(first, second)
    )


# --- countries and places -----------------------------------------------------------------------------------------------


def _country(find: Callable[[str, Spot], str], key: str, raw: object, spot: Spot) -> Node:
    codes: set[str] = set()
    nodes: list[Node] = []
    for item, at in spot.alternatives(raw):
        if isinstance(item, Mapping):
            nodes.append(Text(key, _modified(item, at)))
        else:
            codes |= {find(each.name, at) for each in at.spellings(item)}
    return any_of([Countries(frozenset(codes)), *nodes] if codes else nodes)


def _by_name(name: str, spot: Spot) -> str:
    if country := find_country(name):
        return country.iso3
    raise spot.error(f"unknown country {name!r}", several_countries(name) or _near_country(name))


def _near_country(name: str) -> str:
    near = suggest(name)
    return f"did you mean {near!r}?" if near else "write its name or its ISO code"


def _by_code(code: str, spot: Spot) -> str:
    if country := by_iso3(code):
        return country.iso3
    near = find_country(code)
    raise spot.error(
        f"{code!r} is no ISO alpha-3 code", f"did you mean {near.iso3!r}?" if near else "write country: and its name"
    )


def _place(raw: object, spot: Spot) -> Node:
    places = spot.names.places
    nodes = []
    for item, at in spot.alternatives(raw):
        name = at.text(item).removeprefix("$")
        if name not in places:
            raise at.error(f"unknown place {shown(item)}", did_you_mean(name, places, mark="$"))
        nodes.append(place_node(places[name]))
    return any_of(nodes)


def _within(raw: object, spot: Spot) -> Node:
    try:
        return Within(Circle.model_validate(raw if isinstance(raw, Circle) else circle(raw)))
    except UnreadableError as error:
        raise spot.at(*error.path).error(error.summary, error.hint) from None


# --- numbers, flags and dates -------------------------------------------------------------------------------------------


def _number(key: str, raw: object, spot: Spot) -> Node:
    values: set[int] = set()
    nodes: list[Node] = []
    for item, at in spot.alternatives(raw):
        if isinstance(item, Mapping):
            nodes.append(_range(key, item, at))
        else:
            values.add(_whole(item, at))
    return any_of([Numbers(key, frozenset(values)), *nodes] if values else nodes)


def _whole(raw: object, spot: Spot) -> int:
    number = _finite(raw, spot)
    if number != int(number):
        raise spot.error(f"expected a whole number, not {number}", "write {above: ...} or {below: ...}")
    return int(number)


def _finite(raw: object, spot: Spot) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or (isinstance(raw, float) and not math.isfinite(raw)):
        raise spot.error(f"expected a number, not {shown(raw)}", "write 5, [1, 2] or {above: 5}")
    return raw


def _range(key: str, raw: Mapping[Any, object], spot: Spot) -> Node:
    _only(raw, ("above", "below", "exists"), spot)
    if "exists" in raw:
        if len(raw) > 1:
            raise spot.error("'exists' stands alone", "'above' and 'below' imply it")
        return Range(key) if _bool(raw["exists"], spot.at("exists")) else none_of([Range(key)])
    bounds = {name: _finite(value, spot.at(name)) for name, value in raw.items()}
    if len(bounds) > 1 and bounds["above"] >= bounds["below"]:
        raise spot.error(f"no number is above {bounds['above']} and below {bounds['below']}")
    return Range(key, **bounds)


def _flag(key: str, raw: object, spot: Spot) -> Node:
    if isinstance(raw, Mapping):
        _only(raw, ("exists",), spot)
        known = Flag(key, frozenset({True, False}))
        return known if _bool(raw["exists"], spot.at("exists")) else none_of([known])
    return Flag(key, frozenset(_bool(item, at) for item, at in spot.alternatives(raw)))


def _bool(raw: object, spot: Spot) -> bool:
    if not isinstance(raw, bool):
        raise spot.error(f"expected true or false, not {shown(raw)}")
    return raw


def _date(raw: object, spot: Spot) -> Node:
    if not isinstance(raw, Mapping):
        return any_of(Days(*_partial(item, at)) for item, at in spot.alternatives(raw))
    _only(raw, ("from", "until"), spot)
    first = _partial(raw["from"], spot.at("from"))[0] if "from" in raw else None
    last = _partial(raw["until"], spot.at("until"))[1] if "until" in raw else None
    if first and last and last < first:
        raise spot.error("'until' lies before 'from'")
    return Days(first, last)


def _partial(raw: object, spot: Spot) -> tuple[date | None, date | None]:
    try:
        day = partial_date(date_as_text(raw))
    except ValueError as error:
        raise spot.error(str(error)) from None
    if day.first is None:
        raise spot.error("an unknown date selects nothing", "write 2020-06-03, 2020-06, 2019-H2 or 2019")
    return day.first, day.last


def _only(raw: Mapping[Any, object], known: tuple[str, ...], spot: Spot) -> None:
    if not raw:
        raise spot.error("an empty map says nothing", f"one of: {', '.join(known)}")
    for key in raw:
        if key not in known:
            raise spot.at(key).error(f"unknown key {shown(key)}", f"one of: {', '.join(known)}")


_TEXTS = ("source", "admin1", "admin2", "admin3", "location", "event_type", "sub_event_type", "disorder_type", "notes")
_NUMBERS = ("fatalities", "fatalities_low", "fatalities_high", "time_precision", "geo_precision")

#: Every key of a map, with the reader of its value; ``ambiguous`` is read by the map itself.
READERS: Mapping[str, Callable[[object, Spot], Node]] = {
    **{key: partial(_text, key) for key in _TEXTS},
    **{key: partial(_listed, key) for key in ("publishers", "tags")},
    **{key: partial(_actors, key) for key in SIDES},
    **{key: partial(_number, key) for key in _NUMBERS},
    "dyad": _dyad,
    "country": partial(_country, _by_name, "country"),
    "iso3": partial(_country, _by_code, "iso3"),
    "place": _place,
    "within": _within,
    "civilian_targeting": partial(_flag, "civilian_targeting"),
    "date": _date,
    "any": _any,
    "all": _all,
    "not": _not,
}

#: What people write for a field, and what it is called here.
INSTEAD: Mapping[str, str] = {
    "actor1": "side_a, or actor for either side",
    "actor2": "side_b, or actor for either side",
    "deaths": "fatalities",
    "region": "admin1",
    "province": "admin1",
    "district": "admin2",
    "year": "date: 2020",
    "type": "event_type",
    "iso": "iso3",
    "or": "any: [...]",
    "and": "all: [...]",
}
