"""``match`` rules over records, three ways: ``python -m tests.bench.matching WAY FILE RULES``, each in a process of its own.

All take the same records, parsed once, and must find the same. The rules are of three kinds, as people write them: a
kind of event in a province, an actor in a country, a place by name.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.measure import NOW, Figures, tell, timed
from tests.bench.records import COUNTRIES, EVENT_TYPES, PROVINCES, province
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import match
from watcher.core.event import Event
from watcher.sources import acled
from watcher.store.dispatch import Dispatch, Scope
from watcher.store.measure import counts

_KINDS = 3
_ACTORS = 300
_PLACES = 40
_ROUNDS = 5


def selections(rules: int) -> list[dict[str, str]]:
    """What each rule asks for."""
    return [_selection(number % _KINDS, number // _KINDS) for number in range(rules)]


def _selection(kind: int, number: int) -> dict[str, str]:
    country, area = COUNTRIES[number % len(COUNTRIES)], number // len(COUNTRIES) % PROVINCES
    if kind == 0:
        event_type = list(EVENT_TYPES)[number % len(EVENT_TYPES)]
        return {"country": country, "admin1": province(country, area), "event_type": event_type}
    if kind == 1:
        return {"country": country, "actor": f"Group {number % _ACTORS}"}
    return {"location": f"{province(country, area)} {number % _PLACES}"}


def dispatched(file: str, rules: str) -> Figures:
    """As watcher does it: an index over what selectors ask to be equal, and the selector decides."""
    reading, events = _read(file)
    scopes = _scopes(int(rules))
    # With a new index each time, which remembers nothing.
    seconds, answer = _best(lambda: _found(events, Dispatch(scopes).candidates))
    return {"seconds": seconds, "answer": answer, "reading": reading}


def every_rule(file: str, rules: str) -> Figures:
    """Every selector is asked about every record."""
    _, events = _read(file)
    scopes = _scopes(int(rules))
    seconds, answer = timed(lambda: _found(events, lambda _: scopes))
    return {"seconds": seconds, "answer": answer}


def _best(find: Callable[[], list[int]]) -> tuple[float, list[int]]:
    """The shortest time of several, and the answer."""
    return min(timed(find) for _ in range(_ROUNDS))


def _found(events: Iterable[Event], candidates: Callable[[Event], Iterable[Scope]]) -> list[int]:
    """How many pairs of a record and a rule there are, and the sum of the rules' numbers."""
    pairs = total = 0
    for event in events:
        for scope in candidates(event):
            if counts(scope.indicator, event):
                pairs += 1
                total += scope.id
    return [pairs, total]


def dicts(file: str, rules: str) -> Figures:
    """The floor: three dicts, made for these rules and no others, looked into once for each record."""
    _, events = _read(file)
    by_province, by_actor, by_place = _tables(int(rules))

    def find() -> list[int]:
        pairs = total = 0
        for event in events:
            found = [
                *by_province.get((event.country, event.admin1, event.event_type), ()),
                *by_place.get(event.location, ()),
                *(rule for name in {a.name for a in event.actors} for rule in by_actor.get((event.country, name), ())),
            ]
            pairs += len(found)
            total += sum(found)
        return [pairs, total]

    seconds, answer = _best(find)
    return {"seconds": seconds, "answer": answer}


def csv_and_dicts(file: str, rules: str) -> Figures:
    """The same with the reading: csv.reader over the file, nothing validated, no names folded."""
    by_province, by_actor, by_place = _tables(int(rules))

    def find() -> list[int]:
        pairs = total = 0
        with Path(file).open(newline="", encoding="utf-8") as stream:
            reader = csv.reader(stream)
            names = next(reader)
            wanted = ("country", "admin1", "event_type", "location", "actor1", "actor2")
            country, admin1, event_type, location, *actors = (names.index(name) for name in wanted)
            for row in reader:
                found = [
                    *by_province.get((row[country], row[admin1], row[event_type]), ()),
                    *by_place.get(row[location], ()),
                    *(r for name in {row[n] for n in actors} for r in by_actor.get((row[country], name), ())),
                ]
                pairs += len(found)
                total += sum(found)
        return [pairs, total]

    seconds, answer = _best(find)
    return {"seconds": seconds, "answer": answer}


_Table = Mapping[Any, list[int]]


def _tables(rules: int) -> tuple[_Table, _Table, _Table]:
    tables: tuple[defaultdict[Any, list[int]], ...] = (defaultdict(list), defaultdict(list), defaultdict(list))
    for number, where in enumerate(selections(rules)):
        key = tuple(where.values())
        tables[number % _KINDS][key[0] if len(key) == 1 else key].append(number)
    by_province, by_actor, by_place = tables
    return by_province, by_actor, by_place


def _read(file: str) -> tuple[float, list[Event]]:
    with Path(file).open("rb") as stream:
        records = acled.read(stream, source="acled", today=NOW.date(), settings=acled.Settings())
        return timed(lambda: [record for record in records if isinstance(record, Event)])


def _scopes(rules: int) -> list[Scope]:
    parameters = [match.Parameters.model_validate({"where": where}) for where in selections(rules)]
    return [Scope(number, match.indicators(each, Catalogue())[0]) for number, each in enumerate(parameters)]


WAYS: Mapping[str, Callable[..., Figures]] = {
    way.__name__: way for way in (dispatched, every_rule, dicts, csv_and_dicts)
}

if __name__ == "__main__":
    tell(WAYS)
