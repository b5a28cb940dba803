"""A snapshot: the store as known at a moment, read-only. The only thing a detector may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from watcher.core.baseline import BaselineVersion
from watcher.core.event import EventVersion
from watcher.core.fact import FactVersion
from watcher.core.indicator import DayTotals, Indicator, Totals
from watcher.core.label import Labels
from watcher.core.period import Period
from watcher.core.statistics.delay import Completeness


class Episode(NamedTuple):
    """One episode of an alert, as other rules see it."""

    fingerprint: str
    #: The alert's group.
    labels: Labels
    #: n-th time the alert fired.
    episode: int
    severity: str
    fired_at: datetime
    #: None while it goes on.
    ended_at: datetime | None
    #: Whether its ground was taken away: it should never have fired.
    was_retracted: bool
    headline: str


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

    def by_day(self, indicator: Indicator, period: Period) -> Mapping[Labels, Sequence[DayTotals]]:
        """Each group's days with an event over a period, ascending; the groups sorted. One search for all groups."""

    def largest(self, indicator: Indicator, group: Labels, period: Period) -> int | None:
        """The largest value of the measure that one event of a period carries; None when none carries any."""

    def events(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        """The record versions behind a total, by event date, then external id."""

    def straddling(self, indicator: Indicator, group: Labels, edge: date) -> Sequence[EventVersion]:
        """The record versions that may have happened before a day as well as on it or after: their day is not known.

        Spans of more than a year are not looked for; those end on their last day.
        """

    def first_known(self, indicator: Indicator, group: Labels, period: Period) -> Sequence[EventVersion]:
        """The same record versions, each with the knowledge time of the first of its revisions that was in the group.

        A revision of what was known already makes nothing news: an occurrence is known from the time when its record,
        in whatever revision, began to belong to it.
        """

    def numbered(self, numbers: Sequence[int]) -> Sequence[EventVersion]:
        """Record versions by their numbers, by event date, then external id."""

    def sources(self) -> Sequence[str]:
        """The sources that ever held a record, by name."""

    def arrivals(self, source: str, since: datetime) -> Sequence[datetime]:
        """The moments after ``since`` at which anything of a source became known or was taken back, ascending."""

    def episodes(self, rule: str, since: datetime) -> Sequence[Episode]:
        """The episodes of a rule's alerts, by its identity, that went on or fired after ``since``, by firing time."""

    def facts(self, state: str) -> Sequence[FactVersion]:
        """The facts of a state, all keys, by key and first possible day."""

    def baselines(self, indicator: Indicator) -> Sequence[BaselineVersion]:
        """The stated numbers that speak for an indicator, by first day."""

    def basis_note(self, indicator: Indicator) -> str:
        """What the knowledge times of the records rest on, when not all are stamps; empty otherwise."""

    def completeness(self, indicator: Indicator) -> Completeness:
        """Which share of what will be known of a day its sources have reported by the day's age, or why nobody can say."""

    def kept_since(self, indicator: Indicator) -> datetime | None:
        """Since when changes of all its sources were stored as they came: before it, nobody can say what was known.

        The end of the last of the sources' first loads; None while one of them has none, or rests on an assumed lag.
        """

    def reported_before(self, source: str, day: date, *, publisher: str = "") -> bool:
        """Whether a source has a record of an earlier day, of a publisher where one is named."""

    def up_to(self, horizon: date) -> Snapshot:
        """The same knowledge, with every watermark held back to ``horizon``."""

    def known_at(self, moment: datetime) -> Snapshot:
        """What was known at another moment."""
