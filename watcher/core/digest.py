"""Digests: what is told once a day, at an hour of the reader's clock.

Each local date has one moment: the first at which the clock there shows the hour or a later one of that date. So the
hour that comes twice in autumn counts once, and the one that spring leaves out is the first minute after the gap. A
date that a country leaves out altogether has none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from watcher.core.document import Document
from watcher.core.interval import Minute, Zone
from watcher.core.period import DAY

_MINUTE = timedelta(minutes=1)
_LAST_MINUTE = 24 * 60 - 1


class Digest(Document):
    """When a receiver hears everything of a day in one message."""

    at: Annotated[Minute, Field(le=_LAST_MINUTE)]
    """The hour of the day: '07:00'."""
    timezone: Zone | None = None
    """The time zone of the hour; absent: the installation's own."""
    critical: bool = False
    """Whether what is critical waits for the digest as well; else it is told at once."""

    def moment(self, day: date, zone: str) -> datetime | None:
        """When the digest of a local date is due; None when there is no such date there."""
        place = ZoneInfo(self.timezone or zone)
        wanted = datetime.combine(day, time(*divmod(self.at, 60)))
        # In a gap the clock before it shows the hour later than the clock after it.
        early, late = sorted(wanted.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
        found = early if _shows(early, place) >= wanted else _end_of_gap(early, late, wanted, place)
        return found if _shows(found, place).date() == day else None

    def newest(self, now: datetime, zone: str) -> tuple[date, datetime]:
        """The newest local date whose digest is due, and when it was."""
        day = now.astimezone(ZoneInfo(self.timezone or zone)).date()
        while (moment := self.moment(day, zone)) is None or moment > now:
            day -= DAY
        return day, moment

    def following(self, now: datetime, zone: str) -> datetime:
        """When the next digest after a moment is due."""
        day = self.newest(now, zone)[0] + DAY
        while (moment := self.moment(day, zone)) is None or moment <= now:
            day += DAY
        return moment

    def is_due(self, *, waiting_since: datetime, last: datetime | None, now: datetime, zone: str) -> bool:
        """Whether a digest is due that has not gone out, and that comes no earlier than what waits for it.

        :param last: when the last digest went out; however often it is asked, a date has one.
        """
        day, moment = self.newest(now, zone)
        return waiting_since <= moment and (last is None or last > now or self.newest(last, zone)[0] < day)


def _shows(moment: datetime, place: ZoneInfo) -> datetime:
    """What a clock there shows."""
    return moment.astimezone(place).replace(tzinfo=None)


def _end_of_gap(early: datetime, late: datetime, wanted: datetime, place: ZoneInfo) -> datetime:
    """The first minute after ``early``, and at the latest ``late``, at which the clock shows the hour or a later one."""
    while late - early > _MINUTE:
        middle = early + (late - early) // 2 // _MINUTE * _MINUTE
        early, late = (early, middle) if _shows(middle, place) >= wanted else (middle, late)
    return late
