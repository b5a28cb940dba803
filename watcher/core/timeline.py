"""Timelines: what the facts of one key say of each day, and which changes they make.

Facts stand in the order of the first day on which they may have begun, and a later ``from`` closes the earlier fact.
A change needs a date: a value whose ``from`` is unknown is what was there before, and no news.

What is derived from records stands in where no fact is asserted, or where the one that is has gone stale: nobody has
confirmed it for the state's ``review_after``. Until a derived value follows, a stale fact is still the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from watcher.core.fact import DERIVED, DESK, FactVersion, StateDefinition
from watcher.core.period import DAY, PartialDate, day_start


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
    def is_derived(self) -> bool:
        """Whether nobody asserts it."""
        return self.fact.source == DERIVED

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


def stale_days(versions: Sequence[FactVersion], review: timedelta | None) -> dict[int, date]:
    """The first day on which each asserted fact of a key is stale, by version; without those that were over before."""
    if review is None:
        return {}
    days = ((each, end, confirmed_on(each, versions) + review) for each, _, end in spans_of(versions))
    return {each.version: day for each, end, day in days if day < end}


def confirmed_on(version: FactVersion, versions: Sequence[FactVersion]) -> date:
    """The day on which a fact was confirmed last: the last word of the desk, or of a file, that says the same of it."""
    same = (each for each in _twins(version, versions) if each.fact.value == version.fact.value)
    return max(each.known_from for each in same).date()


def effective(
    asserted: Sequence[FactVersion], derived: Sequence[FactVersion], review: timedelta | None
) -> list[FactVersion]:
    """The facts of a key, with what is derived where it counts: where no asserted fact covers the day, or a stale one.

    :param derived: by day; each holds until the next.
    """
    covers = _covers(asserted, review)
    ends = [*((each.fact.since.first or date.min) for each in derived[1:]), date.max]
    return [*asserted, *(part for each, end in zip(derived, ends, strict=False) for part in _parts(each, end, covers))]


def forbidden(state: StateDefinition, versions: Iterable[FactVersion]) -> Iterator[tuple[FactVersion, FactVersion]]:
    """Neighbours on the timeline of a key of which the second may not follow the first."""
    for before, after in pairwise(timeline(versions)):
        if not _is_over_before(before, after) and not state.allows(before.fact.value, after.fact.value):
            yield before, after


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
    return until is not None and until.last is not None and since.first is not None and since.first - until.last > DAY


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


class _Cover(NamedTuple):
    """The days on which an asserted fact counts, and not what is derived."""

    start: date
    #: The first day after them.
    end: date
    #: When it was known that it ends there.
    known: datetime


def _covers(asserted: Sequence[FactVersion], review: timedelta | None) -> list[_Cover]:
    stale = stale_days(asserted, review)
    found = []
    for version, start, over in spans_of(asserted):
        end = min(over, stale.get(version.version, date.max))
        if start < end:
            found.append(_Cover(start, end, max(version.known_from, day_start(end))))
    return found


def spans_of(versions: Sequence[FactVersion]) -> Iterator[tuple[FactVersion, date, date]]:
    """Each fact with the first day on which it may hold, and the first on which it does so no longer."""
    told = timeline(versions)
    starts = [each.fact.since.first or date.min for each in told]
    for version, start, following in zip(told, starts, [*starts[1:], date.max], strict=False):
        until = version.fact.until
        over = min(until.last, date.max - DAY) + DAY if until is not None and until.last is not None else date.max
        yield version, start, min(over, following)


def _parts(version: FactVersion, end: date, covers: Sequence[_Cover]) -> Iterator[FactVersion]:
    """The parts of a derived value that no asserted fact covers, each from its own first day on."""
    start, known = version.fact.since.first or date.min, version.known_from
    for cover in covers:
        if cover.start > start:
            yield from _part(version, start, end, known)
        if cover.end > start:
            start, known = cover.end, max(known, cover.known)
    yield from _part(version, start, end, known)


def _part(version: FactVersion, start: date, end: date, known: datetime) -> Iterator[FactVersion]:
    if start < end:
        since = PartialDate(start, start, start.isoformat())
        yield version._replace(fact=version.fact.model_copy(update={"since": since}), known_from=known)
