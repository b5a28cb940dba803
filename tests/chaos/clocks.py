"""Digests on the days on which clocks change, in places whose hours are left out or come twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.chaos.rows import Figures, row
from tests.installation import SETTINGS, installed

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
#: New alerts come so often, more often near the change, and a new process takes over.
NEWS, NEWS_NEAR, RESTART = 4 * HOUR, 25 * MINUTE, 35 * MINUTE
#: A turn in each minute at most so far from the change; farther off one in a quarter of an hour.
NEAR = 3 * HOUR


class Change(NamedTuple):
    """A place, the hour of its digest, and the moment at which its clocks change."""

    zone: str
    at: str
    moment: datetime


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CHANGES = (
    Change("Europe/Berlin", "02:30", _moment("2026-10-25T01:00")),
    Change("Europe/Berlin", "02:30", _moment("2026-03-29T01:00")),
    Change("America/New_York", "02:30", _moment("2026-03-08T07:00")),
    Change("America/New_York", "01:30", _moment("2026-11-01T06:00")),
    Change("Australia/Lord_Howe", "02:15", _moment("2026-10-03T15:30")),
    Change("Australia/Lord_Howe", "01:45", _moment("2026-04-04T15:00")),
    Change("America/Asuncion", "00:00", _moment("2023-10-01T04:00")),
    Change("Pacific/Apia", "07:00", _moment("2011-12-30T10:00")),
    Change("UTC", "00:00", _moment("2028-02-29T00:00")),
)


@row(
    "C11",
    "the clocks change: digests in six places, two days of turns, in each minute of the hours around it",
    slices=len(CHANGES),
)
def digests(seed: int, folder: Path, around: timedelta = 24 * HOUR) -> Figures:
    change = CHANGES[seed]
    folder.mkdir(parents=True, exist_ok=True)
    start = change.moment - around
    minutes = [start + n * MINUTE for n in range(int(2 * around / MINUTE))]
    moments = [now for now in minutes if not now.minute % 15 or abs(now - change.moment) < NEAR]
    own = f"receivers: {{desk: {{digest: {{at: '{change.at}', timezone: {change.zone}}}}}}}\n"
    with installed(folder, settings=SETTINGS + own) as it:
        it.release(_text(start - 2 * HOUR), _attack(0, start, deaths=1))
        it.turn(_text(start - 2 * HOUR))
        told = []
        for now in moments:
            age = now - start
            # Between an hour and the same hour again something must have come: a digest with nothing in it is none.
            if not age % (NEWS_NEAR if abs(now - change.moment) < NEAR else NEWS):
                it.release(_text(now), _attack(1 + age // MINUTE, now))
            if not age % RESTART:
                it.restart()
            if it.turn(_text(now)).messages:
                told += [now for each in it.told() if each["notification_reason"] == "digest"]
    wanted = list(_hours(change, moments))
    assert told == wanted, f"{change.zone}: digests at {told}, wanted at {wanted}"
    return {"turns": len(moments), "dates": len(wanted), "digests": len(told), "lost": 0}


def _hours(change: Change, moments: list[datetime]) -> Iterator[datetime]:
    """The first turn of each date, by the clock on the wall there, at which that shows the hour or more."""
    zone, last = ZoneInfo(change.zone), _shown(change, moments[0] - MINUTE)
    for now in moments:
        there = now.astimezone(zone)
        if f"{there:%H:%M}" >= change.at and there.date() != last:
            last = there.date()
            yield now


def _shown(change: Change, before: datetime) -> date | None:
    """The date that had its hour before the first turn."""
    there = before.astimezone(ZoneInfo(change.zone))
    return there.date() if f"{there:%H:%M}" >= change.at else None


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _attack(number: int, now: datetime, deaths: int = 12) -> str:
    return f"MOZ{number}  {now - timedelta(days=1):%Y-%m-%d}  {deaths}  Place{number}"
