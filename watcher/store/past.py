"""Snapshots of many past moments, one after another: what a replay of a rule asks again and again is read once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection

from watcher.core.baseline import BaselineVersion
from watcher.core.event import EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import Indicator
from watcher.core.label import NO_LABELS, Labels
from watcher.core.period import DAY, Period, day_start
from watcher.core.snapshot import Episode
from watcher.core.statistics.delay import YEAR, Completeness
from watcher.store.arrivals import Arrival, find_arrivals
from watcher.store.baselines import moments_of_baselines
from watcher.store.events import any_imprecise
from watcher.store.ledger import Ledger, LedgerSums, read_days, read_ledger
from watcher.store.schema import to_ms
from watcher.store.snapshot import Span, StoreSnapshot
from watcher.store.sums import Sums

#: Milliseconds of a moment that no record is known after.
_LAST = 2**62
#: The episodes of a rule by its identity, as they stood at the second moment, since the first.
Episodes = Callable[[str, datetime, datetime], Sequence[Episode]]

#: So many ledgers are kept: a rule asks for one or two, and of all rules' together there may be millions of rows.
_LEDGERS = 8
_COMPLETE = Completeness(curve=(1.0,))


@dataclass(slots=True)
class Memory:
    """What the snapshots of one replay share."""

    episodes: Episodes
    #: Of the indicators that were asked for last, everything that was ever known, by scope.
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    #: What each source held, by moment.
    spans: dict[datetime, dict[str, Span | None]] = field(default_factory=dict)
    #: On which days each source ever had records.
    days: dict[str, Ledger] = field(default_factory=dict)
    #: The first versions of each source's events, by event day.
    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    #: When the first load of each source was done.
    kept_since: dict[str, datetime | None] = field(default_factory=dict)
    #: When anything changes in what is known of stated numbers, and these by indicator and changes gone by.
    baselines_change: list[datetime] | None = None
    baselines: dict[tuple[str, int], Sequence[BaselineVersion]] = field(default_factory=dict)
    #: Whether the store holds any event of which the day is not known.
    any_imprecise: bool | None = None
    #: Whether a detector asked what day it is: then a day that brought nothing may still change its answer.
    asked_the_time: bool = False


class PastSnapshot(StoreSnapshot):
    """What the store held at a past moment. The alerts are those of the replay, not those of the store."""

    def __init__(
        self,
        tx: Connection,
        memory: Memory,
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
        self._memory = memory

    @property
    def as_known(self) -> datetime:
        """The knowledge moment."""
        self._memory.asked_the_time = True
        return self._as_known

    def arrivals(self, source: str, since: datetime) -> Sequence[datetime]:
        """The moments after ``since`` at which anything of a source became known or was taken back, ascending."""
        self._memory.asked_the_time = True
        return super().arrivals(source, since)

    def _episodes_at(self, rule: str, since: datetime, moment: datetime) -> Sequence[Episode]:
        """The replayed episodes of a rule."""
        self._memory.asked_the_time = True
        return self._memory.episodes(rule, since, moment)

    def _like(self, as_known: datetime, horizon: date | None) -> PastSnapshot:
        return PastSnapshot(
            self._tx,
            self._memory,
            as_known=as_known,
            offsets=self._offsets,
            query_offset=self._query_offset,
            horizon=horizon,
        )

    def _arrived(self, source: str) -> Sequence[Arrival]:
        """The first versions of the last year's events of a source: all of them are read once, by event day."""
        self._memory.asked_the_time = True
        arrived, today = self._memory.arrivals, self._as_known.date()
        if source not in arrived:
            arrived[source] = find_arrivals(self._tx, source, after=date.min, up_to=date.max, moment=_LAST)
        found = arrived[source]
        first, last = (bisect_right(found, day, key=_event_day) for day in (today - YEAR * DAY, today))
        return [each for each in found[first:last] if each.known_from <= self._as_known]

    def _find_baselines(self, indicator: str) -> Sequence[BaselineVersion]:
        """The stated numbers: between two moments at which any of them changes they are the same."""
        memory = self._memory
        if memory.baselines_change is None:
            memory.baselines_change = moments_of_baselines(self._tx)
        key = (indicator, bisect_right(memory.baselines_change, self._read_at))
        if key not in memory.baselines:
            memory.baselines[key] = super()._find_baselines(indicator)
        return memory.baselines[key]

    def _find_straddling(self, edge: date) -> list[EventVersion]:
        memory = self._memory
        if memory.any_imprecise is None:
            memory.any_imprecise = any_imprecise(self._tx)
        return super()._find_straddling(edge) if memory.any_imprecise else []

    def _kept_since(self, source: str) -> datetime | None:
        if source not in self._memory.kept_since:
            self._memory.kept_since[source] = super()._kept_since(source)
        return self._memory.kept_since[source]

    @cached_property
    def _spans(self) -> dict[str, Span | None]:
        """The sources with what they held at this moment: the same for every rule."""
        spans = self._memory.spans
        if self._as_known not in spans:
            spans[self._as_known] = super()._spans
        return spans[self._as_known]

    def _span_at(self, source: str, last: date, moment: int) -> Span | None:
        days = self._memory.days
        if source not in days:
            days[source] = read_days(self._tx, source)
        days[source].go_to(moment)
        found = days[source].span(NO_LABELS, last)
        return Span(*found) if found else None

    def _add_up(self, indicator: Indicator) -> Sums:
        return LedgerSums(self._ledger(indicator), self._moment)

    def _ledger(self, indicator: Indicator) -> Ledger:
        ledgers, key = self._memory.ledgers, indicator.scope_key
        if key not in ledgers:
            if len(ledgers) == _LEDGERS:
                del ledgers[next(iter(ledgers))]
            ledgers[key] = read_ledger(self._tx, indicator)
        return ledgers[key]


class HindsightSnapshot(PastSnapshot):
    """A past day by what is known of it now: each record counts from the end of its day, as it reads now.

    Nothing of days that were not over by then is seen, so that it differs from what was known then in one thing only:
    when records came in, and what became of them.

    :param as_known: the moment that is judged.
    :param now: the moment by whose knowledge.
    """

    def __init__(
        self,
        tx: Connection,
        memory: Memory,
        *,
        as_known: datetime,
        now: datetime,
        offsets: Mapping[str, timedelta],
        query_offset: timedelta | None = None,
        horizon: date | None = None,
        hindsight: datetime | None = None,
    ) -> None:
        super().__init__(
            tx,
            memory,
            as_known=as_known,
            offsets=offsets,
            query_offset=query_offset,
            horizon=horizon,
            hindsight=hindsight,
        )
        self._now = now

    def largest(self, indicator: Indicator, group: Labels, period: Period) -> int | None:
        """The largest value of the measure that one event of a period carries; None when none carries any."""
        return super().largest(indicator, group, self._over(period))

    def facts(self, state: str) -> Sequence[FactVersion]:
        """The facts of a state that had begun."""
        found, today = super().facts(state), self._as_known.date()
        begun = (each for each in found if each.fact.since.first is None or each.fact.since.first < today)
        return [each._replace(known_from=min(each.known_from, self._as_known)) for each in begun]

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers whose period was over."""
        today = self._as_known.date()
        return [each for each in super().baselines(indicator) if each.baseline.days.last < today]

    def reported_before(self, source: str, day: date, *, publisher: str = "") -> bool:
        """Whether a source has a record of an earlier day, of a publisher where one is named."""
        at_the_end = PastSnapshot(self._tx, self._memory, as_known=self._now, offsets=self._offsets)
        return at_the_end.reported_before(source, min(day, self._as_known.date()), publisher=publisher)

    @property
    def _read_at(self) -> datetime:
        return self._now

    def _like(self, as_known: datetime, horizon: date | None) -> HindsightSnapshot:
        return HindsightSnapshot(
            self._tx,
            self._memory,
            as_known=as_known,
            now=self._now,
            offsets=self._offsets,
            query_offset=self._query_offset,
            horizon=horizon,
        )

    def _over(self, period: Period) -> Period:
        """The part of a period that was over."""
        return Period(period.start, max(period.start, min(period.end, self._as_known.date())))

    def _span(self, source: str, oldest: str | None, newest: str | None, newest_known: int) -> Span | None:  # noqa: ARG002 - as the class above has it
        return self._span_at(source, self._as_known.date() - DAY, to_ms(self._now))

    def _completeness(self, source: str) -> Completeness:  # noqa: ARG002 - as the class above has it
        """By hindsight every day is complete."""
        return _COMPLETE

    def _by_group(self, indicator: Indicator, period: Period) -> dict[Labels, list[EventVersion]]:
        found = super()._by_group(indicator, self._over(period))
        return {group: [_known_at_once(each) for each in versions] for group, versions in found.items()}

    def _first_known(self, version: EventVersion, indicator: Indicator, group: Labels) -> EventVersion:  # noqa: ARG002 - as the class above has it
        return version

    def _ledger(self, indicator: Indicator) -> Ledger:
        is_new = indicator.scope_key not in self._memory.ledgers
        ledger = super()._ledger(indicator)
        if is_new:
            ledger = self._memory.ledgers[indicator.scope_key] = ledger.by_hindsight(to_ms(self._now))
        return ledger


def _known_at_once(version: EventVersion) -> EventVersion:
    return version._replace(known_from=day_start(version.event.date_end + DAY))


def _event_day(arrival: Arrival) -> date:
    return arrival.event_day
