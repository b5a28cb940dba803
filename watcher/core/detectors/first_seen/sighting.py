"""Sightings: on which days a value was seen, and from which of them on it was new.

Pure arithmetic over days: the series say on which days a value was seen, the records of the few that may be new say
when that was known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from watcher.core.catalogue import ActorEntry
from watcher.core.detectors.first_seen.parameters import AtLeast, Parameters
from watcher.core.event import EventVersion
from watcher.core.indicator import DayTotals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.selector.text import folded, members


class Naming:
    """Which values a name stands for: by the alias lists, and by what the rule says of "A and/or B"."""

    def __init__(self, parameters: Parameters, actors: Iterable[ActorEntry]) -> None:
        self._ignored = parameters.ignore.test
        self._lenient = parameters.ambiguous == "include"
        self._is_actor = parameters.field == "actor"
        self._entries: defaultdict[str, list[ActorEntry]] = defaultdict(list)
        for entry in actors if self._is_actor else ():
            for spelling in entry.spellings:
                self._entries[folded(spelling)].append(entry)

    def values(self, name: str, day: date) -> tuple[str, ...]:
        """The values that a name stands for on a day; none for nobody, for who is ignored, and for "A and/or B"."""
        named = [value for each in self._members(name) if (value := self._value(each, day))]
        return tuple(dict.fromkeys(named))

    def _members(self, name: str) -> tuple[str, ...]:
        if not self._is_actor or "and/or" not in name.lower():
            return (name,)
        return members(name) if self._lenient else ()

    def _value(self, name: str, day: date) -> str:
        entry = next((each for each in self._entries.get(folded(name), ()) if _holds(each, day)), None)
        value = entry.name if entry else name
        return "" if self._ignored.accepts(name) or self._ignored.accepts(value) else value


def _holds(entry: ActorEntry, day: date) -> bool:
    after = entry.valid_from is None or entry.valid_from <= day
    return after and (entry.valid_until is None or day <= entry.valid_until)


class Seen(NamedTuple):
    """A value in a place, and the groups of the series that it was seen in, with the days."""

    #: The labels of ``by``.
    place: Labels
    value: str
    groups: Mapping[Labels, Collection[date]]

    @property
    def days(self) -> list[date]:
        """Every day on which it was seen, ascending."""
        return sorted({day for days in self.groups.values() for day in days})


def seen(by_day: Mapping[Labels, Sequence[DayTotals]], field: str, naming: Naming) -> Iterator[Seen]:
    """The values of a field with the days on which each was seen, by place, then by value."""
    found: dict[tuple[Labels, str], dict[Labels, set[date]]] = {}
    for group, totals in by_day.items():
        name = next((text for label, text in group if label == field), "")
        place = tuple(pair for pair in group if pair[0] != field)
        for each in totals if name else ():
            for value in naming.values(name, each.day):
                found.setdefault((place, value), {}).setdefault(group, set()).add(each.day)
    for place, value in sorted(found):
        yield Seen(place, value, found[place, value])


def appearances(days: Sequence[date], lookback: timedelta) -> list[Period]:
    """Ascending days as appearances: each begins on a day before which there was none for the whole lookback."""
    starts = [day for before, day in pairwise([date.min, *days]) if before == date.min or day - before > lookback]
    return [Period(first, following) for first, following in pairwise([*starts, date.max])]


def became_known(versions: Sequence[EventVersion], asked: AtLeast) -> datetime | None:
    """When the events asked for were known; None while there are not so many.

    Of each stretch of days that holds enough events, the last one needed counts.
    """
    ordered = sorted(versions, key=lambda version: version.event.date_end)
    moments = []
    for number, first in enumerate(ordered):
        end = None if asked.within is None else first.event.date_end + timedelta(days=asked.within.days)
        known = sorted(each.known_from for each in ordered[number:] if end is None or each.event.date_end < end)
        if len(known) >= asked.events:
            moments.append(known[asked.events - 1])
    return min(moments, default=None)
