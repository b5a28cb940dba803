"""How far a pull from GDELT has come: which quarters of an hour are left, and which are missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

QUARTER = timedelta(minutes=15)
_STYLE = "%Y%m%d%H%M%S"
#: A missing export is asked for again so long, and spoken of so long.
_AGAIN = timedelta(days=1)
_REMEMBERED = timedelta(days=7)
#: It may come late; before this nobody is told.
_LATE = timedelta(hours=2)
#: So many are remembered; more of them are no gap but another source.
_MOST = 500


class Missing(NamedTuple):
    """A quarter of an hour of which there is no export."""

    stamp: datetime
    #: When that was noticed.
    since: datetime


class Newest(NamedTuple):
    """What a mirror says of its newest export."""

    stamp: datetime
    size: int
    md5: str


class Place(NamedTuple):
    """Where to go on."""

    #: Missing ones that are asked for again; the first of them comes first.
    again: tuple[datetime, ...]
    #: Behind these, every quarter of an hour from this one up to the newest.
    next: datetime
    newest: Newest
    missing: tuple[Missing, ...] = ()

    @classmethod
    def start(cls, first: datetime, newest: Newest, missing: Iterable[Missing], now: datetime) -> Place:
        """Where a pull begins."""
        kept = tuple(each for each in missing if now - each.since < _REMEMBERED)[-_MOST:]
        again = tuple(each.stamp for each in kept if now - each.since < _AGAIN)
        return cls(again, first, newest, kept)

    @classmethod
    def read(cls, text: str, newest: Newest) -> Place | None:
        """A place as it was written down; None when it is none."""
        try:
            known = json.loads(text)
            return cls(tuple(map(moment, known["again"])), moment(known["next"]), newest, _missing(known))
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The place, to be written down; which export is the newest is asked for anew."""
        again = [name(stamp) for stamp in self.again]
        return json.dumps({"again": again, "next": name(self.next), "missing": _pairs(self.missing)})

    def cursor(self, question: str) -> str:
        """Where the next pull begins when it is asked the same question."""
        # A mirror may be behind what was read from another.
        newest = max(self.newest.stamp, self.next - QUARTER)
        return json.dumps({"asked": question, "newest": name(newest), "missing": _pairs(self.missing)})

    @property
    def asked(self) -> datetime | None:
        """The quarter of an hour that is asked for now; None at the end."""
        if self.again:
            return self.again[0]
        return self.next if self.next <= self.newest.stamp else None

    def behind(self, *, found: bool, now: datetime) -> Place:
        """The place behind the one that is asked for, which was there or was not."""
        stamp = self.asked
        known = [each for each in self.missing if each.stamp != stamp]
        if not found and stamp is not None:
            since = next((each.since for each in self.missing if each.stamp == stamp), now)
            known = sorted([*known, Missing(stamp, since)])[-_MOST:]
        onward = self._replace(missing=tuple(known))
        return onward._replace(again=self.again[1:]) if self.again else onward._replace(next=self.next + QUARTER)


def read_cursor(text: str, question: str) -> tuple[datetime | None, tuple[Missing, ...]]:
    """The newest export that was read, and those that are missing, when the same was asked."""
    try:
        known = json.loads(text or "{}")
        return (moment(known["newest"]), _missing(known)) if known["asked"] == question else (None, ())
    except (KeyError, TypeError, ValueError):
        return None, ()


def gaps(cursor: str, now: datetime) -> Sequence[str]:
    """The quarters of an hour that a cursor speaks of as missing, as text, when they are too late to come."""
    try:
        found = _missing(json.loads(cursor or "{}"))
    except (KeyError, TypeError, ValueError):
        return ()
    return [f"{each.stamp:%Y-%m-%d %H:%M}" for each in found if now - each.since >= _LATE]


def moment(text: str) -> datetime:
    """The moment that stands in the name of an export.

    :raises ValueError: when it is none.
    """
    return datetime.strptime(text, _STYLE).replace(tzinfo=UTC)


def name(stamp: datetime) -> str:
    """The same moment as it stands in the name."""
    return f"{stamp:{_STYLE}}"


def _missing(known: Any) -> tuple[Missing, ...]:
    return tuple(Missing(moment(stamp), moment(since)) for stamp, since in known["missing"])


def _pairs(missing: Iterable[Missing]) -> list[list[str]]:
    return [[name(each.stamp), name(each.since)] for each in missing]
