"""A snapshot over plain lists: the whole protocol, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from watcher.core.baseline import Baseline, BaselineVersion
from watcher.core.event import Basis, Event, EventVersion
from watcher.core.fact import Fact, FactVersion
from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import NO_LABELS, Labels, labels
from watcher.core.period import DAY, Period, day_start
from watcher.core.snapshot import Episode
from watcher.core.statistics.delay import Completeness


@dataclass(frozen=True)
class MemorySnapshot:
    """What was known at a moment of a list of record versions."""

    as_known: datetime
    versions: tuple[EventVersion, ...] = ()
    told: tuple[FactVersion, ...] = ()
    stated: tuple[BaselineVersion, ...] = ()
    #: By the identity of the rule.
    past: Mapping[str, Sequence[Episode]] = field(default_factory=dict)
    query_offset: timedelta = timedelta()
    horizon: date | None = None
    basis: str = ""
    #: How complete the days are, by their age.
    complete: Completeness = Completeness(missing="nothing tells the delay")  # noqa: RUF009 - it is frozen
    #: Since when the history is kept.
    begun: datetime | None = None

    def watermark(self, indicator: Indicator) -> date | None:
        events = [version.event for version in self._live(indicator)]
        if not events:
            return None
        newest = min(max(e.date_end for e in events if e.source == name) for name in {e.source for e in events})
        return min(newest, (self.as_known - self.query_offset).date(), self.horizon or date.max)

    def coverage(self, indicator: Indicator) -> Period | None:
        watermark = self.watermark(indicator)
        if watermark is None or not any(indicator.where.matches(v.event) for v in self._live(indicator)):
            return None
        return Period.between(min(version.event.date_end for version in self._live(indicator)), watermark)

    def groups(self, indicator: Indicator) -> Sequence[Labels]:
        picked = [v for v in self._live(indicator) if indicator.where.matches(v.event)]
        return sorted({group for v in picked for group in _groups(indicator, v.event)}) if indicator.by else [NO_LABELS]

    def events(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        picked = [
            version
            for version in self._live(indicator)
            if version.event.date_end in period
            and indicator.covers(version.event.date_end)
            and indicator.where.matches(version.event)
            and group in _groups(indicator, version.event)
        ]
        return sorted(picked, key=lambda version: (version.event.date_end, version.event.external_id))

    def totals(self, indicator: Indicator, group: Labels, period: Period) -> Totals:
        events = self.events(indicator, group, period)
        values = [value for version in events if (value := _value(indicator, version.event)) is not None]
        days = {version.event.date_end for version in events}
        return Totals(len(events), len(values), sum(values), sum(value * value for value in values), len(days))

    def daily(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[tuple[date, int]]:
        sums: dict[date, int] = {}
        for version in self.events(indicator, group, period):
            sums[version.event.date_end] = sums.get(version.event.date_end, 0) + (_value(indicator, version.event) or 0)
        return sorted(sums.items())

    def by_day(self, indicator: Indicator, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        found = {}
        for group in self.groups(indicator):
            events = [version.event for version in self.events(indicator, group, period)]
            by_day = {
                day: [_value(indicator, e) for e in events if e.date_end == day] for day in {e.date_end for e in events}
            }
            found[group] = [
                DayTotals(day, len(values), sum(v is not None for v in values), sum(v or 0 for v in values))
                for day, values in sorted(by_day.items())
            ]
        return {group: days for group, days in found.items() if days}

    def largest(self, indicator: Indicator, group: Labels, period: Period) -> int | None:
        values = [_value(indicator, version.event) for version in self.events(indicator, group, period)]
        return max((value for value in values if value is not None), default=None)

    def straddling(self, indicator: Indicator, group: Labels, edge: date) -> Sequence[EventVersion]:
        every = self.events(indicator, group, Period(date.min, date.max))
        return [v for v in every if v.event.possible_days.start < edge < v.event.possible_days.end]

    def first_known(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        return [
            version._replace(known_from=min(each.known_from for each in self._revisions(version)))
            for version in self.events(indicator, group, period)
        ]

    def _revisions(self, version: EventVersion) -> list[EventVersion]:
        return [
            each
            for each in self.versions
            if each.event.external_id == version.event.external_id and each.revision <= version.revision
        ]

    def numbered(self, numbers: Sequence[int]) -> Sequence[EventVersion]:
        found = [version for version in self.versions if version.version in numbers]
        return sorted(found, key=lambda version: (version.event.date_end, version.event.external_id))

    def sources(self) -> Sequence[str]:
        return sorted({version.event.source for version in self.versions if version.known_from <= self.as_known})

    def arrivals(self, source: str, since: datetime) -> Sequence[datetime]:
        mine = [version for version in self.versions if version.event.source == source]
        moments = {moment for version in mine for moment in (version.known_from, version.known_to) if moment}
        return sorted(moment for moment in moments if since < moment <= self.as_known)

    def episodes(self, rule: str, since: datetime) -> Sequence[Episode]:
        known = [each for each in self.past.get(rule, ()) if each.fired_at <= self.as_known]
        return [each for each in known if each.ended_at is None or each.fired_at > since]

    def facts(self, state: str) -> Sequence[FactVersion]:
        live = [each for each in self.told if each.fact.state == state and _is_known(each, self.as_known)]
        return sorted(live, key=lambda each: (each.fact.key, each.fact.since.first or date.min))

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        reach = self.horizon or date.max
        live = [each for each in self.stated if _is_known(each, self.as_known) and each.baseline.period.last <= reach]
        speaking = [each for each in live if indicator.indicator in each.baseline.indicators]
        return sorted(speaking, key=lambda each: each.baseline.period.first)

    def basis_note(self, indicator: Indicator) -> str:
        return self.basis

    def completeness(self, indicator: Indicator) -> Completeness:
        return self.complete

    def kept_since(self, indicator: Indicator) -> datetime | None:
        return self.begun

    def reported_before(self, source: str, day: date, *, publisher: str = "") -> bool:
        known = (v.event for v in self.versions if v.known_from <= self.as_known and v.event.source == source)
        return any(e.date_end < day and (not publisher or publisher in e.publishers.split("; ")) for e in known)

    def up_to(self, horizon: date) -> MemorySnapshot:
        return replace(self, horizon=horizon)

    def known_at(self, moment: datetime) -> MemorySnapshot:
        return replace(self, as_known=moment)

    def _live(self, indicator: Indicator) -> list[EventVersion]:
        return [
            version
            for version in self.versions
            if _is_known(version, self.as_known)
            and (not indicator.sources or version.event.source in indicator.sources)
        ]


def at(text: str) -> datetime:
    """``2020-07-07`` or ``2020-07-07T03:00`` as a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(number: int, day: date, deaths: int | None = 0, **fields: Any) -> Event:
    """An event with the fields that tests care about."""
    plain = Event(
        source="acled",
        external_id=f"MOZ{number}",
        date_start=day,
        date_end=day,
        time_precision=1,
        iso3="MOZ",
        country="Mozambique",
        admin1="Cabo Delgado",
        admin2="Palma",
        admin3="",
        location="Palma",
        latitude=-10.77,
        longitude=40.47,
        geo_precision=1,
        disorder_type="Political violence",
        event_type="Battles",
        sub_event_type="Armed clash",
        actors=(),
        fatalities=deaths,
        fatalities_low=None,
        fatalities_high=None,
        civilian_targeting=None,
        publishers="Zitamar",
        url="",
        notes="",
        tags="",
        stamp=None,
    )
    return plain._replace(**fields)


def known(events: Iterable[Event], *, on: datetime | None = None) -> tuple[EventVersion, ...]:
    """First versions of events, known on a day, or each on the day after it happened."""
    return tuple(
        EventVersion(number, each, 1, on or day_start(each.date_end + DAY), None, Basis.LOAD, at("2020-01-01"))
        for number, each in enumerate(events, start=1)
    )


def spread(first: date, last: date, *, events: int, deaths: int, number: int = 1, **fields: Any) -> list[Event]:
    """Events spread evenly over some days, the first and the last among them, and deaths evenly over the events."""
    days = (last - first).days
    shares = [deaths * (i + 1) // events - deaths * i // events for i in range(events)]
    steps = [days * i // max(1, events - 1) for i in range(events)]
    return [
        event(number + i, first + timedelta(days=step), share, **fields)
        for i, (step, share) in enumerate(zip(steps, shares, strict=True))
    ]


def stated(*baselines: Baseline, on: str = "2020-07-13") -> tuple[BaselineVersion, ...]:
    """Baselines as versions, known on a day."""
    return tuple(
        BaselineVersion(number, "file:pack.yaml", each, at(on), None, Basis.STAMP, at(on))
        for number, each in enumerate(baselines, start=1)
    )


def asserted(*facts: Fact, on: str = "2020-07-13", source: str = "file:pack.yaml") -> tuple[FactVersion, ...]:
    """Facts as versions, each known on its own ``known`` day, else on the one given."""
    return tuple(
        FactVersion(
            number,
            source,
            each,
            day_start(each.known.last) if each.known and each.known.last else at(on),
            None,
            Basis.STAMP,
            at(on),
        )
        for number, each in enumerate(facts, start=1)
    )


def _is_known(version: EventVersion | FactVersion | BaselineVersion, moment: datetime) -> bool:
    return version.known_from <= moment and (version.known_to is None or moment < version.known_to)


def _groups(indicator: Indicator, each: Event) -> list[Labels]:
    group: dict[str, str] = {name: str(getattr(each, name)) for name in indicator.by if name != "actor"}
    if "actor" not in indicator.by:
        return [labels(group)]
    return [labels({**group, "actor": name}) for name in dict.fromkeys(actor.name for actor in each.actors) or [""]]


def _value(indicator: Indicator, each: Event) -> int | None:
    return getattr(each, indicator.sum) if indicator.sum else 1
