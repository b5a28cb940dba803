"""Muting: what keeps an alert from being told for a while, and why.

A silence is a person's word, an inhibition is another alert's. Both hold what they mute: it is told when they are over,
unless the alert is over before anybody was told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from pydantic import model_validator

from watcher.core.document import Document
from watcher.core.interval import Intervals, any_holds
from watcher.core.matcher import Matcher, Matchers, all_match

#: The labels of an alert: everything it is routed by.
AlertLabels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that a person does not want to be told of for a while."""

    id: int
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    #: None: until somebody ends it.
    ends_at: datetime | None
    author: str
    comment: str
    #: The time interval of notify.yaml that it is confined to; empty: it holds all the time.
    during: str = ""

    def is_over(self, moment: datetime) -> bool:
        """Whether it mutes nothing any more."""
        return self.ends_at is not None and self.ends_at <= moment

    def is_active(self, moment: datetime, intervals: Intervals) -> bool:
        """Whether it mutes at a moment; one whose time interval is gone from the file never does."""
        if moment < self.starts_at or self.is_over(moment):
            return False
        return not self.during or any_holds([self.during], intervals, moment) is not None

    def matches(self, labels: AlertLabels) -> bool:
        """Whether it is about an alert."""
        return all_match(self.matchers, labels)


def is_about_everything(tests: Sequence[Matcher]) -> bool:
    """Whether each of these tests passes where there is no label at all: a slip of the pen would mute everything."""
    return all(each.matches({}) for each in tests)


class Inhibition(Document):
    """While alerts fire that match the source, those that match the target are not told."""

    name: str = ""
    """What it is called where it holds something up; absent: its matchers."""
    source_matchers: Matchers = ()
    """Tests of labels: an alert that passes all of them, and fires, mutes others."""
    target_matchers: Matchers = ()
    """Tests of labels: an alert that passes all of them is muted."""
    equal: tuple[str, ...] = ()
    """Labels that both must have the same value of; one that both lack is the same."""

    @model_validator(mode="after")
    def _names_both_sides(self) -> Self:
        if not self.source_matchers or not self.target_matchers:
            msg = "an inhibition needs 'source_matchers' and 'target_matchers', or every alert would mute every other"
            raise ValueError(msg)
        return self

    def source_of(self, target: AlertLabels, firing: Iterable[AlertLabels]) -> AlertLabels | None:
        """The alert that mutes a target; None when none does.

        Two alerts that match both sides do not mute each other: nobody would hear of either.
        """
        if not all_match(self.target_matchers, target):
            return None
        on_both_sides = all_match(self.source_matchers, target)
        for source in firing:
            if not all_match(self.source_matchers, source) or not self._agree(source, target):
                continue
            if not (on_both_sides and all_match(self.target_matchers, source)):
                return source
        return None

    def _agree(self, source: AlertLabels, target: AlertLabels) -> bool:
        return all(source.get(name, "") == target.get(name, "") for name in self.equal)


class Muted(NamedTuple):
    """Why an alert is not told now."""

    #: ``silence 3 of amina, until 2026-12-01 00:00 UTC: maintenance``.
    why: str
    #: The silence's number; 0 for an inhibition.
    silence: int = 0
    #: When that is over; None when nobody can tell.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hush:
    """Everything that mutes single alerts at a moment."""

    silences: Sequence[Silence]
    inhibitions: Sequence[Inhibition]
    #: The labels of every alert that fires and may mute others.
    firing: Sequence[AlertLabels]
    intervals: Intervals

    def mutes(self, labels: AlertLabels, moment: datetime) -> Muted | None:
        """Why an alert is not told now; None when it is told."""
        for silence in self.silences:
            if silence.matches(labels) and silence.is_active(moment, self.intervals):
                return Muted(_silence_text(silence), silence.id, silence.ends_at)
        for inhibition in self.inhibitions:
            if (source := inhibition.source_of(labels, self.firing)) is not None:
                rule = f" ({inhibition.name})" if inhibition.name else ""
                return Muted(f"inhibited by {_name_of(source)}{rule}")
        return None


def _silence_text(silence: Silence) -> str:
    until = f"until {silence.ends_at:%Y-%m-%d %H:%M} UTC" if silence.ends_at else "without an end"
    during = f", during {silence.during}" if silence.during else ""
    return f"silence {silence.id} of {silence.author}, {until}{during}: {silence.comment}"


def _name_of(labels: AlertLabels) -> str:
    group = ", ".join(value for name, value in sorted(labels.items()) if name not in {"alertname", "severity"})
    return f"{labels.get('alertname', '')!r}{f' ({group})' if group else ''}"
