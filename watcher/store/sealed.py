"""The store as it was when a transition was written: what was known at its tick, of what had been recorded by then.

Later corrections of our own, records that came in late with an old stamp, and deletions cannot leak in. Sums are added up
from the events: the ledger of series is a cache, and says nothing of the order in which it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from watcher.core.baseline import BaselineVersion
from watcher.core.event import Basis, Event, EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import Indicator, Measure
from watcher.core.period import Period
from watcher.core.snapshot import Episode
from watcher.core.statistics.delay import YEAR
from watcher.store.alerts import find_episodes
from watcher.store.arrivals import Arrival, find_arrivals, kept_since
from watcher.store.baselines import find_baselines
from watcher.store.bulk import select_rows
from watcher.store.event_row import SELECT, read_versions
from watcher.store.events import imprecise_near, straddling
from watcher.store.facts import find_facts
from watcher.store.order import Bound, events_known
from watcher.store.prefilter import prefilter
from watcher.store.revision import SIDE_FIELDS
from watcher.store.schema import event as events
from watcher.store.schema import former_side, from_ms, to_ms
from watcher.store.snapshot import Span, StoreSnapshot
from watcher.store.sums import Sums

_SOURCES = "select distinct source from event where version <= ? order by source"
_BASES = "select 1 from event where source = ? and basis = ? and version <= ? limit 1"
_MOMENTS = (
    "select known_from from event where source = ? and version <= ? and known_from > ? and known_from <= ? union "
    "select known_to from event where source = ? and version <= ? and closed_after < ? and known_to > ? and known_to <= ?"
)


class SealedSnapshot(StoreSnapshot):
    """What the store held at a tick when a transition was written.

    :param bound: the transition's place in the order of recording.
    """

    def __init__(
        self,
        tx: Connection,
        bound: Bound,
        *,
        as_known: datetime,
        offsets: Mapping[str, timedelta],
        query_offset: timedelta | None = None,
        horizon: date | None = None,
        hindsight: datetime | None = None,
    ) -> None:
        super().__init__(
            tx,
            as_known=as_known,
            offsets=offsets,
            query_offset=query_offset,
            horizon=horizon,
            hindsight=hindsight,
        )
        self._bound = bound

    def numbered(self, numbers: Sequence[int]) -> Sequence[EventVersion]:
        """Record versions by their numbers, as they read then."""
        return [self._as_it_read(each) for each in super().numbered(numbers)]

    def arrivals(self, source: str, since: datetime) -> Sequence[datetime]:
        """The moments after ``since`` at which anything of a source became known or was taken back, ascending."""
        bound, span = self._bound, (to_ms(since), self._moment)
        began, ended = (source, bound.version, *span), (source, bound.version, bound.transition, *span)
        return [from_ms(moment) for moment in sorted(row[0] for row in select_rows(self._tx, _MOMENTS, *began, *ended))]

    def facts(self, state: str) -> Sequence[FactVersion]:
        """The facts of a state, all keys, by key and first possible day."""
        return find_facts(self._tx, as_known=self._as_known, state=state, bound=self._bound)

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers that speak for an indicator, by first day; none that goes beyond the horizon."""
        found = find_baselines(self._tx, as_known=self._as_known, indicator=indicator.indicator, bound=self._bound)
        return [each for each in found if self._horizon is None or each.baseline.days.last <= self._horizon]

    def reported_before(self, source: str, day: date, *, publisher: str = "") -> bool:
        """Whether a source has a record of an earlier day, of a publisher where one is named."""
        recorded = and_(events.c.version <= self._bound.version, events.c.known_from <= self._as_known)
        query = SELECT.where(events.c.source == source, events.c.date_end < day, recorded)
        if not publisher:
            return self._tx.execute(query.limit(1)).first() is not None
        names = (self._as_it_read(each).event.publishers for each in read_versions(self._tx, query))
        return any(publisher in each.split("; ") for each in names)

    # --- what is looked up otherwise ----------------------------------------------------------------------------------

    def _like(self, as_known: datetime, horizon: date | None) -> SealedSnapshot:
        return SealedSnapshot(
            self._tx,
            self._bound,
            as_known=as_known,
            offsets=self._offsets,
            query_offset=self._query_offset,
            horizon=horizon,
            hindsight=self._hindsight,
        )

    def _episodes_at(self, rule: str, since: datetime, moment: datetime) -> Sequence[Episode]:
        return find_episodes(self._tx, rule, since=since, up_to=moment, bound=self._bound)

    @cached_property
    def _spans(self) -> dict[str, Span | None]:
        found = select_rows(self._tx, _SOURCES, self._bound.version)
        return {source: self._span_at(source, self._as_known.date(), self._moment) for (source,) in found}

    def _span_at(self, source: str, last: date, moment: int) -> Span | None:
        known = events_known(from_ms(moment), self._bound)
        query = select(events.c.date_end).where(events.c.source == source, events.c.date_end <= last, known).limit(1)
        oldest, newest = (
            self._tx.execute(query.order_by(order)).scalar() for order in (events.c.date_end, events.c.date_end.desc())
        )
        return None if oldest is None or newest is None else Span(oldest, newest)

    def _rests_on(self, source: str, basis: Basis) -> bool:
        return bool(select_rows(self._tx, _BASES, source, basis.value, self._bound.version))

    def _kept_since(self, source: str) -> datetime | None:
        return kept_since(self._tx, source, up_to=to_ms(self._bound.recorded_at))

    def _arrived(self, source: str) -> Sequence[Arrival]:
        today = self._as_known.date()
        return find_arrivals(
            self._tx,
            source,
            after=today - timedelta(days=YEAR),
            up_to=today,
            moment=self._moment,
            newest=self._bound.version,
        )

    def _add_up(self, indicator: Indicator) -> Sums:
        return self._from_events(indicator)

    def _history(self, event: Event) -> Sequence[EventVersion]:
        same = and_(events.c.source == event.source, events.c.external_id == event.external_id)
        query = SELECT.where(same, events.c.version <= self._bound.version).order_by(events.c.revision)
        return [self._as_it_read(each) for each in read_versions(self._tx, query)]

    def _find(
        self,
        indicator: Indicator,
        *,
        period: Period | None,
        as_known: datetime,
        heaviest_first: Measure | None = None,
    ) -> Iterator[EventVersion]:
        # A note that was written over may have been what the selector asked for.
        reads_otherwise = events.c.version.in_(sorted(self._former)) if self._former else false()
        query = SELECT.where(or_(prefilter(indicator.where), reads_otherwise), events_known(as_known, self._bound))
        if period is not None:
            query = query.where(events.c.date_end >= period.start, events.c.date_end < period.end)
        if indicator.sources:
            query = query.where(events.c.source.in_(sorted(indicator.sources)))
        order: list[ColumnElement[Any]] = [events.c.date_end, events.c.external_id, events.c.source]
        if heaviest_first is not None:
            weight = events.c[heaviest_first]
            query, order = query.where(weight.is_not(None)), [weight.desc(), *order]
        found = map(self._as_it_read, read_versions(self._tx, query.order_by(*order)))
        return (version for version in found if indicator.where.matches(version.event))

    def _find_straddling(self, edge: date) -> list[EventVersion]:
        query = SELECT.where(imprecise_near(edge), events_known(self._as_known, self._bound))
        order = (events.c.date_end, events.c.external_id, events.c.source)
        return list(straddling(map(self._as_it_read, read_versions(self._tx, query.order_by(*order))), edge))

    @cached_property
    def _former(self) -> dict[int, dict[str, Any]]:
        """What was written over since in record versions: their fields as they read then."""
        query = select(former_side).where(former_side.c.after >= self._bound.transition)
        rows = self._tx.execute(query.order_by(former_side.c.id.desc())).mappings()
        # The oldest of what was written over since is what it read then.
        return {row["event"]: {name: row[name] for name in SIDE_FIELDS} for row in rows}

    def _as_it_read(self, version: EventVersion) -> EventVersion:
        former = self._former.get(version.version)
        if former is None:
            return version
        flag = former["civilian_targeting"]
        said = {**former, "civilian_targeting": None if flag is None else bool(flag)}
        return version._replace(event=version.event._replace(**said))
