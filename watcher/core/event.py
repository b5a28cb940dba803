"""An event: one reported incident at a place and a date, as one source tells it at one revision."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from watcher.core.period import Period

#: Time precision → the months in which an event of one date may have happened; the week is taken for the day.
_MONTHS = {3: 1, 4: 3, 5: 12}


#: Disorder types of records that are texts about something, and no incidents.
A_REPORT, A_DISASTER = "Report", "Disaster"


class Role(StrEnum):
    """On which side of an event an actor stands."""

    #: The first named side (ACLED actor1, UCDP side_a).
    A = "a"
    #: The second named side (ACLED actor2, UCDP side_b).
    B = "b"
    #: Named as allied or associated with the first side.
    WITH_A = "with_a"
    #: Named as allied or associated with the second side.
    WITH_B = "with_b"


class Actor(NamedTuple):
    """A named group taking part, as the source writes it."""

    role: Role
    #: As written in the source.
    name: str
    #: Recorded as "A and/or B": it may be either, so it proves neither.
    ambiguous: bool = False


class Event(NamedTuple):
    """What a source says of one incident.

    Names keep the source's spelling; ``iso3`` is the key for countries. Unknown text is an empty string,
    unknown numbers are None: a missing count of fatalities is not zero.
    """

    source: str
    #: The source's own stable key (ACLED event_id_cnty, UCDP id).
    external_id: str
    date_start: date
    #: The last day; equal to ``date_start`` for most events.
    date_end: date
    #: 1 the day is known, 2 the week, 3 the month, 4 the quarter, 5 the year.
    time_precision: int
    #: ISO 3166 alpha-3; XKX for Kosovo.
    iso3: str
    country: str
    admin1: str
    admin2: str
    admin3: str
    location: str
    latitude: float | None
    longitude: float | None
    #: 1 the place is known, 2 nearby, 3 the region (ACLED); UCDP's seven levels are mapped onto these three.
    geo_precision: int | None
    disorder_type: str
    event_type: str
    sub_event_type: str
    actors: tuple[Actor, ...]
    #: Reported deaths, the source's best figure.
    fatalities: int | None
    fatalities_low: int | None
    fatalities_high: int | None
    civilian_targeting: bool | None
    #: The publishers the source names, separated by "; ".
    publishers: str
    url: str
    notes: str
    tags: str
    #: The source's own time stamp of this revision; None when it gives none.
    stamp: datetime | None
    #: How many incidents an aggregate speaks of; None for a single one.
    incidents: int | None = None

    def number(self, measure: str) -> int | None:
        """What the source says of a measure, ``fatalities`` or ``incidents``; None when it does not say.

        What is no aggregate is one incident.
        """
        if measure == "incidents":
            return 1 if self.incidents is None else self.incidents
        value: int | None = getattr(self, measure)
        return value

    @property
    def title(self) -> str:
        """What a report is called, the first line of its notes; empty for an incident, whose notes are not ours to pass on."""
        is_text = self.disorder_type in {A_REPORT, A_DISASTER}
        return self.notes.partition("\n")[0].strip() if is_text else ""

    @property
    def possible_days(self) -> Period:
        """The days on which it may have happened: those it spans, else its month, quarter or year if no more is known."""
        if self.date_start < self.date_end or self.time_precision not in _MONTHS:
            return Period.between(self.date_start, self.date_end)
        months = _MONTHS[self.time_precision]
        first = self.date_end.replace(month=(self.date_end.month - 1) // months * months + 1, day=1)
        last = first.replace(month=first.month + months - 1)
        return Period(first, (last + timedelta(days=31)).replace(day=1))

    @property
    def content_hash(self) -> str:
        """Hash over the material fields only: dates, place, actors, type, deaths, and of an aggregate its incidents.

        A source that re-stamps a record, or adds a publisher or a note, makes no revision.
        """
        place = (self.iso3, self.admin1, self.admin2, self.admin3, self.location, self.latitude, self.longitude)
        kind = (self.disorder_type, self.event_type, self.sub_event_type)
        deaths = (self.fatalities, self.fatalities_low, self.fatalities_high)
        sides = sorted((actor.role.value, actor.name, actor.ambiguous) for actor in self.actors)
        material = (
            "1",
            self.date_start,
            self.date_end,
            self.time_precision,
            self.geo_precision,
            place,
            kind,
            deaths,
            sides,
            *(() if self.incidents is None else (self.incidents,)),
        )
        return hashlib.blake2b(repr(material).encode(), digest_size=16).hexdigest()


class Deletion(NamedTuple):
    """A source takes an event back."""

    source: str
    external_id: str
    #: When the source says it did so; None when it does not say.
    stamp: datetime | None


class Rejection(NamedTuple):
    """A row that could not be read, on its way to quarantine; nothing of it is lost."""

    #: 1-based number of the row in its file, the header not counted.
    row: int
    #: 1-based line of the file where the row begins.
    line: int
    #: The column at fault; empty when the row as a whole is.
    column: str
    #: Why, as a sentence a person can act on.
    reason: str
    #: The row as it stood.
    raw: str
    #: The header line it stood under, so that it can be read again.
    header: str = ""


#: What a source yields.
Record = Event | Deletion | Rejection


class Basis(StrEnum):
    """What the knowledge time of a record version rests on."""

    #: The source's own, trustworthy stamp.
    STAMP = "stamp"
    #: Event date plus the source's configured lag.
    LAG = "lag"
    #: The time of loading.
    LOAD = "load"


class EventVersion(NamedTuple):
    """An event at one revision, with both clocks: when it happened and when it was known."""

    #: Store-wide number of this record version, ascending in the order of recording.
    version: int
    event: Event
    #: 1 for the first version of this external id.
    revision: int
    known_from: datetime
    #: None while this is the current version.
    known_to: datetime | None
    basis: Basis
    recorded_at: datetime
