"""The store as known at a moment: what detectors look at.

Sums come from the ledger of series. An indicator that no live rule names has none there and is added up from its
events; both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import Connection

from watcher.core.baseline import BaselineVersion
from watcher.core.event import Basis, Event, EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import DayTotals, Indicator, Measure, Totals
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period
from watcher.core.snapshot import Episode
from watcher.core.statistics.delay import YEAR, Completeness, estimate, pooled, reported_to
from watcher.store.alerts import find_episodes
from watcher.store.arrivals import Arrival, find_arrivals, kept_since, reports
from watcher.store.baselines import find_baselines
from watcher.store.bulk import select_rows
from watcher.store.events import event_versions, find_events, find_straddling, history
from watcher.store.facts import find_facts
from watcher.store.measure import counts, groups_of
from watcher.store.schema import from_ms, to_ms
from watcher.store.sums import EntrySums, SeriesSums, Sums, entries_of

_SOURCES = "select name, oldest_event, newest_event, newest_known from source where newest_known is not null"
_KNOWN = "known_from <= ? and (known_to is null or known_to > ?)"
_OLDEST = f"select date_end from event where source = ? and date_end <= ? and {_KNOWN} order by date_end limit 1"
_NEWEST = f"select date_end from event where source = ? and date_end <= ? and {_KNOWN} order by date_end desc limit 1"
_BASIS = "select 1 from event where source = ? and basis <> 'stamp' and basis = ? limit 1"
_SCOPE = "select id from scope where key = ?"
_ARRIVALS = "select known_from from release where source = ? and known_from > ? and known_from <= ? order by known_from"
_REPORTED = "select 1 from event where source = ? and date_end < ? and known_from <= ?"
_PUBLISHED = f"{_REPORTED} and replace('; ' || publishers || '; ', ?, '') <> '; ' || publishers || '; ' limit 1"
_BEGINNING = from_ms(0)
_RESTS_ON = {Basis.LAG: "the event date plus a lag", Basis.LOAD: "the time of loading"}


class Span(NamedTuple):
    """The first and last event day of a source's known records."""

    oldest: date
    newest: date


class StoreSnapshot:
    """What the store held at a knowledge moment; implements :class:`watcher.core.snapshot.Snapshot`.

    :param offsets: by source, how many of the newest days are not complete.
    :param query_offset: the rule's or the group's own, which wins over the sources'.
    :param horizon: a day that no watermark goes beyond.
    :param hindsight: up to when it is known which alerts were taken back; absent means the knowledge moment.
    """

    def __init__(
        self,
        tx: Connection,
        *,
        as_known: datetime,
        offsets: Mapping[str, timedelta],
        query_offset: timedelta | None = None,
        horizon: date | None = None,
        hindsight: datetime | None = None,
    ) -> None:
        self._tx = tx
        self._as_known = as_known
        self._moment = to_ms(as_known)
        self._offsets = offsets
        self._query_offset = query_offset
        self._horizon = horizon
        self._hindsight = hindsight
        self._sums: dict[str, Sums] = {}
        self._straddling: dict[date, list[EventVersion]] = {}
        self._straddling_by_group: dict[tuple[str, date], dict[Labels, list[EventVersion]]] = {}
        self._behind: dict[tuple[str, Period], dict[Labels, list[EventVersion]]] = {}
        self._complete_by_age: dict[str, Completeness] = {}

    @property
    def as_known(self) -> datetime:
        """The knowledge moment."""
        return self._as_known

    @property
    def _read_at(self) -> datetime:
        """The moment by whose knowledge single records, facts and numbers are read."""
        return self._as_known

    def watermark(self, indicator: Indicator) -> date | None:
        """The day up to which the indicator's sources are complete, the least of them; None without any record."""
        spans = self._of(indicator)
        days = [self._complete(name, span) for name, span in spans.items() if span is not None]
        if not days or None in spans.values():
            return None
        return min(days if self._horizon is None else [*days, self._horizon])

    def coverage(self, indicator: Indicator) -> Period | None:
        """The days that all of the indicator's sources cover; None when no record of the selection exists."""
        last = self.watermark(indicator)
        if last is None or not self._sums_of(indicator).any():
            return None
        first = max(span.oldest for span in self._of(indicator).values() if span is not None)
        return Period.between(first, last) if first <= last else None

    def groups(self, indicator: Indicator) -> Sequence[Labels]:
        """The groups of ``by`` that have at least one event, sorted; one empty group without ``by``."""
        return self._sums_of(indicator).groups() if indicator.by else [NO_LABELS]

    def totals(self, indicator: Indicator, group: Labels, period: Period) -> Totals:
        """What the group adds up to over a period."""
        return self._sums_of(indicator).totals(group, period)

    def daily(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[tuple[date, int]]:
        """(day, sum of the measure) of each day with an event, ascending; 1 a day where days are counted."""
        days = self._sums_of(indicator).days(group, period)
        return [(each.day, 1 if indicator.count == "days" else each.total) for each in days]

    def by_day(self, indicator: Indicator, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """Each group's days with an event over a period, ascending; the groups sorted."""
        return self._sums_of(indicator).by_day(period)

    def largest(self, indicator: Indicator, group: Labels, period: Period) -> int | None:
        """The largest value of the measure that one event of a period carries; None when none carries any."""
        measure = indicator.sum
        if measure is None:
            return 1 if self.totals(indicator, group, period).events else None
        found = self._find(indicator, period=period, as_known=self._read_at, heaviest_first=measure)
        mine = (version.event for version in found if _is_in(version.event, indicator, group))
        return next((event.number(measure) for event in mine), None)

    def straddling(self, indicator: Indicator, group: Labels, edge: date) -> Sequence[EventVersion]:
        """The record versions that may have happened before a day as well as on it or after."""
        if edge not in self._straddling:
            # Few, and the same edges for every rule: read once for all of them.
            self._straddling[edge] = self._find_straddling(edge)
        found, wanted = self._straddling[edge], (indicator.scope_key, edge)
        if found and wanted not in self._straddling_by_group:
            self._straddling_by_group[wanted] = _grouped(
                indicator, (each for each in found if counts(indicator, each.event))
            )
        return self._straddling_by_group[wanted].get(group, []) if found else []

    def first_known(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        """The same versions, each with the knowledge time of the first of its revisions that was in the group."""
        return [self._first_known(version, indicator, group) for version in self.events(indicator, group, period)]

    def numbered(self, numbers: Sequence[int]) -> Sequence[EventVersion]:
        """Record versions by their numbers, by event date, then external id."""
        found = event_versions(self._tx, numbers)
        return sorted(found, key=lambda version: (version.event.date_end, version.event.external_id))

    def sources(self) -> Sequence[str]:
        """The sources that ever held a record, by name."""
        return sorted(name for name, span in self._spans.items() if span is not None)

    def arrivals(self, source: str, since: datetime) -> Sequence[datetime]:
        """The moments after ``since`` at which anything of a source became known or was taken back, ascending."""
        rows = select_rows(self._tx, _ARRIVALS, source, to_ms(since), self._moment)
        return [from_ms(moment) for (moment,) in rows]

    def episodes(self, rule: str, since: datetime) -> Sequence[Episode]:
        """The episodes of a rule's alerts that went on or fired after ``since``, by firing time."""
        found = self._episodes_at(rule, since, self._as_known)
        if self._hindsight is None:
            return found
        # One that has gone on since before ``since`` has ended by now, if it was taken back.
        later = self._episodes_at(rule, _BEGINNING, self._hindsight)
        taken_back = {(each.fingerprint, each.episode) for each in later if each.was_retracted}
        return [each._replace(was_retracted=(each.fingerprint, each.episode) in taken_back) for each in found]

    def _episodes_at(self, rule: str, since: datetime, moment: datetime) -> Sequence[Episode]:
        return find_episodes(self._tx, rule, since=since, up_to=moment)

    def events(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        """The record versions behind a total, by event date, then external id."""
        wanted = (indicator.scope_key, period)
        if self._behind.get(wanted) is None:
            # Kept for the next group: each is asked about in turn, and all of them come out of one search.
            self._behind = {wanted: self._by_group(indicator, period)}
        return self._behind[wanted].get(group, [])

    def facts(self, state: str) -> Sequence[FactVersion]:
        """The facts of a state, all keys, by key and first possible day."""
        return find_facts(self._tx, as_known=self._read_at, state=state)

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers that speak for an indicator, by first day; none that goes beyond the horizon."""
        found = self._find_baselines(indicator.indicator)
        return [each for each in found if self._horizon is None or each.baseline.days.last <= self._horizon]

    def _find_baselines(self, indicator: str) -> Sequence[BaselineVersion]:
        return find_baselines(self._tx, as_known=self._read_at, indicator=indicator)

    def basis_note(self, indicator: Indicator) -> str:
        """What the knowledge times of the records rest on, when not all are stamps; empty otherwise."""
        parts = [
            f"{source}: {words}"
            for source in self._of(indicator)
            for basis, words in _RESTS_ON.items()
            if self._rests_on(source, basis)
        ]
        return f"not all records have a stamp that says when they were known ({'; '.join(parts)})" if parts else ""

    def completeness(self, indicator: Indicator) -> Completeness:
        """Which share of what will be known of a day its sources have reported by the day's age, or why nobody can say."""
        return pooled({source: self._completeness(source) for source in sorted(self._of(indicator))})

    def kept_since(self, indicator: Indicator) -> datetime | None:
        """Since when changes of all its sources were stored as they came; None while one has none, or an assumed lag."""
        begun = [
            None if self._rests_on(source, Basis.LAG) else self._kept_since(source) for source in self._of(indicator)
        ]
        known = [moment for moment in begun if moment is not None]
        return max(known) if known and len(known) == len(begun) else None

    def reported_before(self, source: str, day: date, *, publisher: str = "") -> bool:
        """Whether a source has a record of an earlier day, of a publisher where one is named."""
        where = (source, day.isoformat(), self._moment)
        if not publisher:
            return bool(select_rows(self._tx, f"{_REPORTED} limit 1", *where))
        return bool(select_rows(self._tx, _PUBLISHED, *where, f"; {publisher}; "))

    def up_to(self, horizon: date) -> StoreSnapshot:
        """The same knowledge, with every watermark held back to ``horizon``."""
        return self._like(self._as_known, horizon if self._horizon is None else min(horizon, self._horizon))

    def known_at(self, moment: datetime) -> StoreSnapshot:
        """What was known at another moment."""
        return self._like(moment, self._horizon)

    def _like(self, as_known: datetime, horizon: date | None) -> StoreSnapshot:
        return StoreSnapshot(
            self._tx,
            as_known=as_known,
            offsets=self._offsets,
            query_offset=self._query_offset,
            horizon=horizon,
            hindsight=self._hindsight,
        )

    # --- sources ----------------------------------------------------------------------------------------------------

    @cached_property
    def _spans(self) -> dict[str, Span | None]:
        """The sources that ever held a record, with what they held at this moment."""
        return {row[0]: self._span(*row) for row in select_rows(self._tx, _SOURCES)}

    def _span(self, source: str, oldest: str | None, newest: str | None, newest_known: int) -> Span | None:
        if self._moment < newest_known:
            return self._span_at(source, self._as_known.date(), self._moment)
        if oldest is None or newest is None:
            return None
        return Span(date.fromisoformat(oldest), date.fromisoformat(newest))

    def _span_at(self, source: str, last: date, moment: int) -> Span | None:
        """The same, looked up: of the days up to one, as known at a moment in milliseconds."""
        known = (source, last.isoformat(), moment, moment)
        found = [row[0] for query in (_OLDEST, _NEWEST) for row in select_rows(self._tx, query, *known)]
        return Span(*map(date.fromisoformat, found)) if found else None

    def _of(self, indicator: Indicator) -> dict[str, Span | None]:
        """The indicator's sources; when it names none, those with records."""
        if indicator.sources:
            return {name: self._spans.get(name) for name in indicator.sources}
        return {name: span for name, span in self._spans.items() if span is not None}

    def _complete(self, source: str, span: Span) -> date:
        offset = self._offsets.get(source, timedelta()) if self._query_offset is None else self._query_offset
        return min(span.newest, (self._as_known - offset).date())

    # --- delay ------------------------------------------------------------------------------------------------------

    def _completeness(self, source: str) -> Completeness:
        if source not in self._complete_by_age:
            found = reports(self._arrived(source), self._kept_since(source))
            self._complete_by_age[source] = estimate(found, as_of=reported_to(self._as_known))
        return self._complete_by_age[source]

    def _arrived(self, source: str) -> Sequence[Arrival]:
        """The first versions of the last year's events of a source."""
        today = self._as_known.date()
        return find_arrivals(self._tx, source, after=today - YEAR * DAY, up_to=today, moment=self._moment)

    def _rests_on(self, source: str, basis: Basis) -> bool:
        """Whether any knowledge time of a source has a basis that is no stamp."""
        return bool(select_rows(self._tx, _BASIS, source, basis.value))

    def _kept_since(self, source: str) -> datetime | None:
        return kept_since(self._tx, source)

    # --- sums -------------------------------------------------------------------------------------------------------

    def _sums_of(self, indicator: Indicator) -> Sums:
        key = indicator.scope_key
        if key not in self._sums:
            self._sums[key] = self._add_up(indicator)
        return self._sums[key]

    def _add_up(self, indicator: Indicator) -> Sums:
        for (scope,) in select_rows(self._tx, _SCOPE, indicator.scope_key):
            return SeriesSums(self._tx, scope, self._moment)
        return self._from_events(indicator)

    def _from_events(self, indicator: Indicator) -> EntrySums:
        found = self._find(indicator, period=None, as_known=self._as_known)
        return EntrySums(
            [
                entry
                for version in found
                if counts(indicator, version.event)
                for entry in entries_of(indicator, version.event)
            ]
        )

    def _find(
        self,
        indicator: Indicator,
        *,
        period: Period | None,
        as_known: datetime,
        heaviest_first: Measure | None = None,
    ) -> Iterator[EventVersion]:
        """The events that an indicator picks, by event date, or those that weigh most first."""
        return find_events(
            self._tx,
            indicator.where,
            period=period,
            as_known=as_known,
            sources=indicator.sources,
            heaviest_first=heaviest_first,
        )

    def _by_group(self, indicator: Indicator, period: Period) -> dict[Labels, list[EventVersion]]:
        """Every event of an indicator over a period, by its group."""
        found = self._find(indicator, period=period, as_known=self._read_at)
        return _grouped(indicator, (version for version in found if counts(indicator, version.event)))

    def _history(self, event: Event) -> Sequence[EventVersion]:
        """Every version of one event, the oldest first."""
        return history(self._tx, event.source, event.external_id)

    def _find_straddling(self, edge: date) -> list[EventVersion]:
        return find_straddling(self._tx, edge, as_known=self._read_at)

    def _first_known(self, version: EventVersion, indicator: Indicator, group: Labels) -> EventVersion:
        if version.revision == 1:
            return version
        earlier = self._history(version.event)[: version.revision - 1]
        belonged = takewhile(lambda each: _is_in(each.event, indicator, group), reversed(earlier))
        return version._replace(known_from=min([version.known_from, *(each.known_from for each in belonged)]))


def _grouped(indicator: Indicator, versions: Iterable[EventVersion]) -> dict[Labels, list[EventVersion]]:
    """Versions that an indicator counts, by their groups."""
    found: dict[Labels, list[EventVersion]] = {}
    for version in versions:
        for group in groups_of(indicator, version.event):
            found.setdefault(group, []).append(version)
    return found


def _is_in(event: Event, indicator: Indicator, group: Labels) -> bool:
    return counts(indicator, event) and group in groups_of(indicator, event)
