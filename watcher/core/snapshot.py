"""A snapshot: the store as known at a moment, read-only. The only thing a detector may look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from watcher.core.baseline import BaselineVersion
from watcher.core.event import EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Period


class Snapshot(Protocol):
    """What was known at ``as_known``, up to the day ``horizon`` where one is set."""

    @property
    def as_known(self) -> datetime:
        """The knowledge moment."""

    def watermark(self, indicator: Indicator) -> date | None:
        """The day up to which the indicator's sources are complete, the least of them; None without any record.

        Of one source it is min(its newest event date, as-known date - its query offset): over the whole source,
        never over the indicator's selection.
        """

    def coverage(self, indicator: Indicator) -> Period | None:
        """The days from the sources' oldest event to their watermark; None when no record of the selection exists."""

    def groups(self, indicator: Indicator) -> Sequence[Labels]:
        """The groups of ``by`` that have at least one event, sorted; one empty group without ``by``."""

    def totals(self, indicator: Indicator, group: Labels, period: Period) -> Totals:
        """What the group adds up to over a period."""

    def daily(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[tuple[date, int]]:
        """(day, sum of the measure) of each day with an event, ascending."""

    def events(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        """The record versions behind a total, by event date, then external id."""

    def facts(self, state: str) -> Sequence[FactVersion]:
        """The facts of a state, all keys, by key and first possible day."""

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers that speak for an indicator, by first day."""

    def basis_note(self, indicator: Indicator) -> str:
        """What the knowledge times of the records rest on, when not all are stamps; empty otherwise."""

    def up_to(self, horizon: date) -> Snapshot:
        """The same knowledge, with every watermark held back to ``horizon``."""
