"""What a replay finds: the episodes of a rule on past days, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from watcher.core.alert import Alert, State, Step
from watcher.core.catalogue import Catalogue
from watcher.core.label import Labels
from watcher.core.period import Period, day_start
from watcher.core.reading import Kind, Value
from watcher.core.rule import Finding, Rule
from watcher.core.severity import Severity


@dataclass(frozen=True, slots=True)
class PastEpisode:
    """One episode that would have been."""

    fingerprint: str
    group: Labels
    #: n-th of its group.
    number: int
    #: The tick at which it fired.
    since: datetime
    #: What was found then: values, and what there is to say.
    finding: Finding
    #: Each severity it had, with the tick from which.
    severities: tuple[tuple[datetime, Severity], ...]
    #: The tick at which it ended; None while it goes on at the end of the replay.
    until: datetime | None = None
    #: How it ended.
    end: State | None = None
    #: The tick at which it was taken back, where that was after it had ended.
    taken_back: datetime | None = None

    def is_taken_back_by(self, moment: datetime) -> bool:
        """Whether it had been taken back at a moment."""
        when = self.taken_back or self.until
        return self.end is State.RETRACTED and when is not None and when <= moment

    @property
    def values(self) -> Mapping[str, Value]:
        """The outputs when it fired."""
        return self.finding.reading.values

    @property
    def worst(self) -> Severity:
        """The worst severity it had."""
        return max((severity for _, severity in self.severities), key=lambda each: each.rank)

    def severity_at(self, moment: datetime) -> Severity:
        """The severity it had at a moment."""
        return next(severity for since, severity in reversed(self.severities) if since <= moment or since == self.since)


class Point(NamedTuple):
    """The output that a rule watches first, at a tick."""

    tick: datetime
    value: float


class PastStep(NamedTuple):
    """One change of an alert, as a turn would have stored it."""

    tick: datetime
    change: Step

    @property
    def alert(self) -> Alert:
        """How the alert stands afterwards."""
        return self.change.alert

    @property
    def notify(self) -> bool:
        """Whether receivers would have been told."""
        return self.change.notify


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule would have done."""

    rule: Rule
    #: The days gone through: each day's first tick is its first instant.
    days: Period
    #: By firing time.
    episodes: tuple[PastEpisode, ...]
    #: At how many ticks, one a day unless said otherwise, each group could be judged.
    judged: Mapping[Labels, int]
    #: The output that is watched, and its course by group, a point at each tick that was judged.
    output: str
    course: Mapping[Labels, tuple[Point, ...]]
    #: Why it could not be judged at the last tick; empty when it could.
    problem: str = ""
    #: Every change of an alert's state, in the order in which it came.
    steps: tuple[PastStep, ...] = ()

    def firing_days(self, group: Labels) -> int:
        """On how many days a group's alert was going on."""
        end = day_start(self.days.end)
        mine = (each for each in self.episodes if each.group == group)
        return sum(((each.until or end) - each.since).days for each in mine)

    def changes(self, group: Labels) -> int:
        """How many times a group's alert began or ended."""
        return sum(2 if each.until else 1 for each in self.episodes if each.group == group)


def watched_output(rule: Rule, catalogue: Catalogue) -> str:
    """The output that a rule's condition compares first, else the detector's first, where it is a number; or ''."""
    condition = rule.defaults(catalogue).condition
    compared = [each.output for each in condition.comparisons()] if condition else []
    outputs = rule.detector.OUTPUTS
    numbers = (name for name in (*compared, *outputs) if outputs[name].kind not in {Kind.TEXT, Kind.DATE})
    return next(numbers, "")
