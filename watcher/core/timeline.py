"""Timelines: what the facts of one key say of each day, and which changes they make.

Facts stand in the order of the first day on which they may have begun, and a later ``from`` closes the earlier fact.
A change needs a date: a value whose ``from`` is unknown is what was there before, and no news.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from watcher.core.fact import DESK, FactVersion
from watcher.core.period import DAY, PartialDate


class Change(NamedTuple):
    """One change of a key's value."""

    #: The value before; empty when it was not known, or nothing held.
    before: str
    #: The value after; empty when it ended and nothing followed.
    after: str
    #: When.
    since: PartialDate
    #: How the value before ended: killed, captured, replaced; empty when nobody says.
    ended: str
    #: The fact that says so.
    fact: FactVersion
    #: The fact that held before; None when none did.
    previous: FactVersion | None
    #: When it became known.
    known_at: datetime

    @property
    def held_days(self) -> int | None:
        """Days the value before had held; None when one of the two days is not known."""
        if self.previous is None:
            return None
        begun = self.previous.fact.since
        if not (begun.is_exact and self.since.is_exact) or begun.first is None or self.since.first is None:
            return None
        days = (self.since.first - begun.first).days
        return days if self.after else days + 1


def by_key(versions: Iterable[FactVersion]) -> Iterator[tuple[tuple[str, ...], list[FactVersion]]]:
    """The facts of a state, key by key, in the order of the keys."""
    for key, each in groupby(sorted(versions, key=lambda version: version.fact.key), key=lambda each: each.fact.key):
        yield key, list(each)


def timeline(versions: Iterable[FactVersion]) -> list[FactVersion]:
    """One version for each fact of a key, in the order of their first possible days.

    Where the desk and a file both tell a fact, the desk wins; among files the one that was known last.
    """
    best: dict[str, FactVersion] = {}
    for version in sorted(versions, key=lambda each: (each.source == DESK, each.known_from, each.version)):
        best[str(version.fact.since)] = version
    return sorted(best.values(), key=_order)


def value_on(versions: Iterable[FactVersion], day: date) -> FactVersion | None:
    """The fact of a key that may hold on a day: the latest that may have begun, unless it is over for certain."""
    begun = [each for each in timeline(versions) if (each.fact.since.first or date.min) <= day]
    return begun[-1] if begun and begun[-1].fact.holds_on(day) is not False else None


def changes(versions: Sequence[FactVersion], today: date) -> list[Change]:
    """The changes of a key up to a day, in order: every new value with a date, and every ending without a successor."""
    found: list[Change] = []
    previous: FactVersion | None = None
    for version in timeline(versions):
        if (version.fact.since.first or date.min) > today:
            break
        if previous is not None and _is_over_before(previous, version):
            found += _ending(previous, versions, today)
            previous = None
        found += _beginning(version, previous, versions)
        previous = version
    return found + (_ending(previous, versions, today) if previous else [])


def _order(version: FactVersion) -> tuple[date, date, int]:
    since = version.fact.since
    return (since.first or date.min, since.last or date.min, version.version)


def _is_over_before(version: FactVersion, successor: FactVersion) -> bool:
    """Whether at least a day lies for certain between the end of a fact and the beginning of the next."""
    until, since = version.fact.until, successor.fact.since
    return until is not None and until.last is not None and since.first is not None and until.last + DAY < since.first


def _beginning(version: FactVersion, previous: FactVersion | None, versions: Sequence[FactVersion]) -> list[Change]:
    fact, before = version.fact, previous.fact.value if previous else ""
    if fact.since.first is None or fact.value == before:
        return []
    known_at = min(each.known_from for each in _twins(version, versions) if each.fact.value == fact.value)
    ended = previous.fact.ended if previous else ""
    return [Change(before, fact.value, fact.since, ended, version, previous, known_at)]


def _ending(version: FactVersion, versions: Sequence[FactVersion], today: date) -> list[Change]:
    fact = version.fact
    if not fact.ended or fact.until is None or fact.until.first is None or fact.until.first > today:
        return []
    told = (fact.until, fact.ended)
    known_at = min(each.known_from for each in _twins(version, versions) if (each.fact.until, each.fact.ended) == told)
    return [Change(fact.value, "", fact.until, fact.ended, version, version, known_at)]


def _twins(version: FactVersion, versions: Sequence[FactVersion]) -> Iterator[FactVersion]:
    """Everybody who tells the same fact, the version itself included."""
    return (each for each in versions if str(each.fact.since) == str(version.fact.since))
