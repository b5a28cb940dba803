"""Indicators: named measures over the events that a selector picks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from watcher.core.coverage import CoverageGap, in_order, lying_in, within
from watcher.core.document import Document
from watcher.core.period import Period
from watcher.core.selector import EVERYTHING, Selector

Measure = Literal["fatalities", "fatalities_low", "fatalities_high", "incidents"]
GroupField = Literal[
    "source", "country", "admin1", "admin2", "admin3", "location", "event_type", "sub_event_type", "actor"
]


class Totals(NamedTuple):
    """What an indicator adds up to over a period. Missing fatalities are not zero: they are not in ``valued``."""

    #: Events counted.
    events: int
    #: Events among them that carry a value for the measure.
    valued: int
    #: Sum of the measure; equal to ``events`` for a count.
    total: int
    #: Sum of the squares of the measure, event by event.
    squares: int
    #: Days with at least one event.
    active_days: int

    @property
    def missing(self) -> int:
        """Events without a value."""
        return self.events - self.valued

    def without(self, other: Totals) -> Totals:
        """What is left when part of the period is left out."""
        return Totals(*(mine - its for mine, its in zip(self, other, strict=True)))


NOTHING = Totals(0, 0, 0, 0, 0)


class DayTotals(NamedTuple):
    """What an indicator adds up to on one day with at least one event."""

    day: date
    #: Events counted.
    events: int
    #: Events among them that carry a value for the measure.
    valued: int
    #: Sum of the measure; equal to ``events`` for a count.
    total: int


def _one_or_many(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _ascending(days: tuple[date, ...]) -> tuple[date, ...]:
    return tuple(sorted(days))


class Indicator(Document):
    """A named measure: ``count: events`` or ``sum: fatalities``, of the events that ``where`` picks."""

    indicator: str
    """Its name."""
    title: str = ""
    """What a person calls it."""
    count: Literal["events", "days"] | None = None
    """Count events, or days with at least one event."""
    sum: Measure | None = None
    """Add up reported deaths, or the incidents that the records of an aggregating source speak of."""
    where: Selector = Field(default_factory=lambda: EVERYTHING)
    """Which events count."""
    by: tuple[GroupField, ...] = ()
    """One series, and one alert, per value of these fields; an event counts for each of its actors."""
    source: tuple[str, ...] | str = ()
    """Which source; absent means every source that carries events."""
    unit: str = ""
    """Word for what is counted, in messages: ``deaths``, ``attacks``."""
    coverage_gaps: Annotated[tuple[CoverageGap, ...], AfterValidator(in_order)] = ()
    """Days that the sources did not cover: nothing of them is counted, and they are no exposure."""
    coverage_change: Annotated[
        tuple[date, ...],
        BeforeValidator(_one_or_many, json_schema_input_type=tuple[date, ...] | date),
        AfterValidator(_ascending),
    ] = ()
    """Days from which on the sources report otherwise than before: the newest of them cuts every baseline."""

    @model_validator(mode="after")
    def _one_measure(self) -> Indicator:
        if (self.count is None) == (self.sum is None):
            msg = "an indicator has exactly one of 'count' (events, days) and 'sum' (fatalities, ...)"
            raise ValueError(msg)
        return self

    @property
    def name(self) -> str:
        """The title, else the name with spaces."""
        return self.title or self.indicator.replace("_", " ")

    @property
    def is_sum(self) -> bool:
        """Whether it adds up deaths, whose sizes vary wildly; incidents are counted, by whoever aggregated them."""
        return self.sum not in {None, "incidents"}

    @property
    def noun(self) -> str:
        """What one unit is called: ``deaths``, ``attacks``, ``incidents``, ``days``."""
        if self.unit:
            return self.unit
        return "deaths" if self.is_sum else self.count or self.sum or "events"

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources it is limited to; empty means all."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def scope_key(self) -> str:
        """Two indicators with the same key have the same series, whatever they are called."""
        measure = self.sum or "events"
        gaps = [f"without {gap.days}" for gap in self.coverage_gaps]
        return "|".join([measure, ",".join(self.by), ",".join(sorted(self.sources)), self.where.key, *gaps])

    def covers(self, day: date) -> bool:
        """Whether a day is counted: it lies in no coverage gap."""
        return not self.coverage_gaps or not any(day in gap.days for gap in self.coverage_gaps)

    def gaps_in(self, period: Period) -> tuple[CoverageGap, ...]:
        """The coverage gaps that take days from a period, by their first day."""
        return tuple(gap for gap in self.coverage_gaps if within(gap, period).days)

    def missing_days(self, period: Period) -> int:
        """How many days of a period lie in coverage gaps."""
        return sum(days.days for days in lying_in(self.coverage_gaps, period))

    def changed_on(self, last: date) -> date | None:
        """The newest day, up to one, from which on the sources report otherwise than before; None without any."""
        return next((day for day in reversed(self.coverage_change) if day <= last), None)

    def comparable(self, period: Period) -> Period:
        """The days of a period that were reported as its last one was."""
        changed = self.changed_on(period.last)
        return period if changed is None else Period(max(period.start, changed), period.end)
