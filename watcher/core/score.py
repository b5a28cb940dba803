"""Scores: alerts held against episodes that people say were there.

Two ways of counting, because they answer two questions. *By episode*: of what happened, how much was found, how late,
and how many alerts were about nothing? *By day*: on how many days did the alert say what the labels say? Of a long
label an alert that fires on its last day finds the episode, and hardly any of its days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import NamedTuple

from watcher.core.label import Labels
from watcher.core.period import DAY, Period, day_start


class Labelled(NamedTuple):
    """An episode that people say was there."""

    period: Period
    #: What an alert's group must say; labels that are not named may be anything.
    group: Labels = ()

    def speaks_of(self, group: Labels) -> bool:
        """Whether an alert of this group may be about it."""
        known = dict(group)
        return all(known.get(name) == value for name, value in self.group)


class Fired(NamedTuple):
    """An alert's episode: from when it fired until it ended."""

    group: Labels
    since: datetime
    #: None while it goes on.
    until: datetime | None = None

    def meets(self, period: Period, *, early: timedelta = timedelta()) -> bool:
        """Whether it goes on at any time of a period, or fired so short a time before its beginning and ended again."""
        begins, ends = day_start(period.start) - early, day_start(period.end)
        return self.since < ends and (self.until is None or self.until > begins)


class Rates(NamedTuple):
    """How many there were of what, and the shares that follow."""

    #: Found and there.
    right: int
    #: Found and not there.
    wrong: int
    #: There and found.
    found: int
    #: There and not found.
    missed: int

    @property
    def precision(self) -> float | None:
        """The share of what was told that was there; None when nothing was told."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """The share of what was there that was found, the hit rate; None when nothing was there."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None when neither can be said."""
        precision, recall = self.precision, self.recall
        if precision is None or recall is None:
            return None
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """What alerts are worth, held against labels."""

    by_episode: Rates
    by_day: Rates
    #: Of each label that was found, how long after its beginning an alert fired; below zero: before it.
    delays: tuple[timedelta, ...]
    #: Labels of which no day is among those gone through.
    outside: int

    @property
    def median_delay(self) -> timedelta | None:
        """Of the labels whose alert fired at their beginning or later; None when there is none."""
        late = [each for each in self.delays if each >= timedelta()]
        return median_low(late) if late else None

    @property
    def median_lead(self) -> timedelta | None:
        """How long before their beginning, of the labels whose alert was there already; None when there is none."""
        early = [-each for each in self.delays if each < timedelta()]
        return median_low(early) if early else None


def score(
    fired: Sequence[Fired],
    labels: Sequence[Labelled],
    *,
    days: Period,
    groups: Iterable[Labels],
    early: timedelta = timedelta(),
) -> Score:
    """Hold alerts against labels.

    :param days: the days gone through; of labels only what lies in them counts.
    :param groups: the groups that were judged.
    :param early: an alert that ended this short a time before a label began still found it.
    """
    inside = [each for each in (_clipped(each, days) for each in labels) if each is not None]
    found = {place: _finders(each, fired, early) for place, each in enumerate(inside)}
    right = {number for numbers in found.values() for number in numbers}
    hits = [place for place, numbers in found.items() if numbers]
    delays = (min(fired[number].since for number in found[hit]) - day_start(inside[hit].period.start) for hit in hits)
    return Score(
        by_episode=Rates(len(right), len(fired) - len(right), len(hits), len(inside) - len(hits)),
        by_day=_by_day(fired, inside, days, groups),
        delays=tuple(sorted(delays)),
        outside=len(labels) - len(inside),
    )


def _clipped(label: Labelled, days: Period) -> Labelled | None:
    start, end = max(label.period.start, days.start), min(label.period.end, days.end)
    return label._replace(period=Period(start, end)) if start < end else None


def _finders(label: Labelled, fired: Sequence[Fired], early: timedelta) -> list[int]:
    return [
        number
        for number, each in enumerate(fired)
        if label.speaks_of(each.group) and each.meets(label.period, early=early)
    ]


def _by_day(fired: Sequence[Fired], labels: Sequence[Labelled], days: Period, groups: Iterable[Labels]) -> Rates:
    told, there = _days_told(fired, days), _days_labelled(labels, {*groups, *(each.group for each in fired)})
    right = sum(len(told[group] & there.get(group, set())) for group in told)
    wrong = sum(map(len, told.values())) - right
    return Rates(right, wrong, right, sum(map(len, there.values())) - right)


def _days_told(fired: Sequence[Fired], days: Period) -> Mapping[Labels, set[date]]:
    told: dict[Labels, set[date]] = defaultdict(set)
    for each in fired:
        first = each.since.date()
        last = days.last if each.until is None else max(first, (each.until - timedelta(milliseconds=1)).date())
        told[each.group].update(_dates(first, last))
    return told


def _days_labelled(labels: Sequence[Labelled], groups: set[Labels]) -> Mapping[Labels, set[date]]:
    """The labelled days of each group; of a label that speaks of no group at all, under its own."""
    there: dict[Labels, set[date]] = defaultdict(set)
    for label in labels:
        for group in [each for each in groups if label.speaks_of(each)] or [label.group]:
            there[group].update(_dates(label.period.start, label.period.last))
    return there


def _dates(first: date, last: date) -> Iterable[date]:
    return (first + number * DAY for number in range((last - first).days + 1))
