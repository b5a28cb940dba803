"""Indicators: named measures over the events that a selector picks."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from watcher.core.document import Document
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
        return "|".join([measure, ",".join(self.by), ",".join(sorted(self.sources)), self.where.key])
