"""A sign of life: a note once a week that says that watcher is at work, what fires, and up to when it has data.

Silence from a watcher is good news or a dead watcher; whoever asks for the note can tell which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, field_validator

from watcher.core.document import Document
from watcher.core.severity import Severity

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class Alive(Document):
    """When a sign of life is sent."""

    every: Literal["weekly"] = "weekly"
    """How often; once in each week, that begins on Monday."""
    on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    """The day of the week, where the readers are (``timezone``)."""
    at: str = "08:00"
    """The time of that day; quoted, or YAML may take it for a number."""

    @field_validator("at")
    @classmethod
    def _a_time(cls, value: str) -> str:
        if not _TIME.fullmatch(value):
            msg = f"{value!r} is no time; write '08:00'"
            raise ValueError(msg)
        return value

    def last_due(self, now: datetime, zone: str) -> Due:
        """The last moment up to ``now`` at which a note was due."""
        local = now.astimezone(ZoneInfo(zone))
        day = local.date() - timedelta(days=(local.weekday() - _DAYS.index(self.on)) % 7)
        due = self._moment(day, zone)
        return (
            Due.of(due, day)
            if due <= now
            else Due.of(self._moment(day - timedelta(days=7), zone), day - timedelta(days=7))
        )

    def _moment(self, day: date, zone: str) -> datetime:
        return datetime.combine(day, time.fromisoformat(self.at), ZoneInfo(zone)).astimezone(UTC)


class Due(NamedTuple):
    """A note that is due."""

    at: datetime
    #: ISO year and week, where the readers are: in each there is one note, whatever the clock does.
    week: str

    @classmethod
    def of(cls, at: datetime, day: date) -> Due:
        """The note of the week that a day lies in."""
        year, week, _ = day.isocalendar()
        return cls(at, f"{year}-W{week:02}")


def _read(value: object) -> Any:
    return {"every": value} if isinstance(value, str) else value


#: As people write it: ``weekly``, or ``{every: weekly, on: friday, at: '07:30'}``.
WrittenAlive = Annotated[Alive, BeforeValidator(_read)]


class Pulse(NamedTuple):
    """How an installation stands, in the few words of a sign of life."""

    #: How many alerts fire, by severity.
    firing: Mapping[Severity, int]
    #: Each source with the newest day it has records of, and why it cannot be read; empty when it can.
    sources: tuple[tuple[str, date | None, str], ...]
    #: Messages that were given up.
    dead: int
    rules: int

    @property
    def data_to(self) -> date | None:
        """The day up to which every source has brought records; None when one has brought none."""
        days = [day for _, day, _ in self.sources]
        return None if not days or None in days else min(day for day in days if day is not None)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing fires and nothing is wrong."""
        return not any(self.firing.values()) and not self.dead and not any(why for _, _, why in self.sources)
