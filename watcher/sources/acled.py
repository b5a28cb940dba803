"""ACLED: exports in the layouts of 2016, 2019 and 2023 and their variants, and the list of deleted events.

They come as CSV, or as JSON Lines, in which events and deletions may stand in any order. ACLED's rows are not redistributable. An event is known by ``event_id_cnty``; ``data_id`` changes with every revision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import BinaryIO

from watcher.core import country
from watcher.core.document import Document
from watcher.core.event import Actor, Deletion, Event, Record, Role
from watcher.sources import cells, days
from watcher.sources.cells import BadCell, Memo, column, named, optional, whole
from watcher.sources.lines import Lines
from watcher.sources.names import Countries, actors
from watcher.sources.objects import is_row, read_layouts
from watcher.sources.rows import Reader, check_columns, picker, read_lines
from watcher.sources.source import SourceDefaults

KIND = "acled"

DEFAULTS = SourceDefaults(
    query_offset=timedelta(days=14),
    trust_stamp=True,
    title="Armed Conflict Location & Event Data (ACLED)",
    licence="ACLED's terms of use: rows must not be passed on; alerts may quote figures with attribution.",
    citation="Raleigh, C., Kishi, R. and Linke, A. (2023). Political instability patterns are obscured by conflict"
    " dataset scope conditions, sources, and coding choices. Humanities and Social Sciences Communications 10, 74.",
    # The second is the API's default; files of the first are pages of it that were saved without their last row.
    page_sizes=frozenset({4_999, 5_000}),
)

DATE_STYLES = ("%d %B %Y", *days.ISO_DATES, "%d-%B-%Y", "%d %B %y", "%d-%B-%y")

#: All layouts have these, and all are material: without one of them every stored event would look revised.
NEEDED = (
    *("event_id_cnty", "event_date", "time_precision", "country"),
    *("admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision"),
    *("event_type", "actor1", "fatalities"),
)
#: What a row says, in the order of an event. A layout may lack what is not needed; what else it has is passed over.
_IDENTITY = ("event_id_cnty", "event_date", "time_precision", "iso3", "iso", "gwno", "country")
_PLACE = ("admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision")
_DEED = ("disorder_type", "event_type", "sub_event_type", "actor1", "assoc_actor_1", "actor2", "assoc_actor_2")
_REPORT = ("fatalities", "civilian_targeting", "source", "notes", "tags", "timestamp")
DELETION = ("event_id_cnty", "deleted_timestamp")
_FORMER_NAMES = {"ally_actor_1": "assoc_actor_1", "ally_actor_2": "assoc_actor_2"}
#: Every column that is read, in some layout.
READ = frozenset({*_IDENTITY, *_PLACE, *_DEED, *_REPORT, *DELETION, *_FORMER_NAMES})
#: Every column that ACLED has had; another one means that it has changed its layout.
KNOWN = READ | {
    *("data_id", "event_id_no_cnty", "year", "region", "inter1", "inter2", "interaction", "source_scale"),
    *("population_1km", "population_2km", "population_5km", "population_best"),
}
#: `BFO4158`; `8188RTA` in the files of 2016. Digits, E, digits would be a number that a spreadsheet has rounded.
_EVENT_ID = re.compile(r"[A-Z]{2,8}[_-]?\d{1,9}|\d{1,9}[A-Z]{2,8}", re.ASCII)
#: A word we do not know says neither yes nor no.
_TARGETING = {"Civilian targeting": True, "": False, "NA": False}
#: How far apart the two rows of an event may stand in a monadic export.
_MONADIC_WINDOW = 10_000


class Settings(Document):
    """Options of an ACLED source."""

    earliest: date = date(1997, 1, 1)
    """Rows before this day are rejected: ACLED begins in 1997, and `0025-03-01` is a slip of a pen."""


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the events and the deletions of an export, CSV or JSON Lines.

    :raises DataError: when the header is not ACLED's.
    """
    layout = _Layout(source=source, today=today, settings=settings)
    lines = Lines(stream)
    if is_row(first := lines.first(), "event_id_cnty"):
        yield from read_layouts(lines, READ, layout.bind)
    else:
        yield from read_lines(lines, first, layout.bind)
    yield from layout.waiting.values()


class _Layout:
    """Chooses how the rows are read."""

    def __init__(self, *, source: str, today: date, settings: Settings) -> None:
        self.source = source
        self.today = today
        self.settings = settings
        #: Events of a monadic export whose other row may still come.
        self.waiting: dict[str, Event] = {}

    def bind(self, names: Sequence[str]) -> Reader:
        names = [_FORMER_NAMES.get(name, name) for name in names]
        if "deleted_timestamp" in names and "event_date" not in names:
            deletions = _Deletions(names, source=self.source, today=self.today)
            return Reader(deletions.read, deletions.read)
        events = _Events(names, source=self.source, today=self.today, settings=self.settings)
        if "actor2" in names:
            return Reader(events.read, events.read)
        return Reader(_Monadic(events, self.waiting).read, events.read)


class _Events:
    """Reads the rows of events, whichever of the layouts they have."""

    def __init__(self, names: Sequence[str], *, source: str, today: date, settings: Settings) -> None:
        check_columns(names, NEEDED)
        self.identity, self.place, self.deed, self.report = (
            picker(names, part) for part in (_IDENTITY, _PLACE, _DEED, _REPORT)
        )
        self.source = source
        self.day = column("event_date", days.day(DATE_STYLES, earliest=settings.earliest, today=today))
        self.time_precision = column("time_precision", whole(1, 3))
        self.country = Memo(_Country().of)
        self.admin = column("admin1, admin2 or admin3", cells.name())
        self.location = column("location", cells.name(nulls={""}))
        self.latitude = column("latitude", optional(cells.latitude))
        self.longitude = column("longitude", optional(cells.longitude))
        self.geo_precision = column("geo_precision", optional(whole(1, 3)))
        self.event_type = column("event_type", cells.needed(cells.name()))
        self.other_type = column("disorder_type or sub_event_type", cells.name())
        self.actor1 = column("actor1", actors(Role.A))
        self.actor2 = column("actor2", actors(Role.B))
        self.with1 = column("assoc_actor_1", actors(Role.WITH_A, ";"))
        self.with2 = column("assoc_actor_2", actors(Role.WITH_B, ";"))
        self.fatalities = column("fatalities", optional(cells.deaths))
        self.targeting = _TARGETING if "civilian_targeting" in names else {}
        self.stamp = column("timestamp", optional(days.unix_stamp(today)))

    def read(self, row: list[str]) -> Event:
        """One row as an event, by position: this runs a million times.

        :raises BadCell: when it is none.
        """
        external_id, event_date, time_precision, iso3, iso, gwno, country_name = self.identity(row)
        admin1, admin2, admin3, location, latitude, longitude, geo_precision = self.place(row)
        disorder_type, event_type, sub_event_type, actor1, with1, actor2, with2 = self.deed(row)
        deaths, targeting, publishers, notes, tags, stamp = self.report(row)
        day = self.day[event_date]
        return Event(
            self.source,
            _event_id(external_id),
            day,
            day,
            self.time_precision[time_precision],
            self.country[iso3, iso, gwno, country_name],
            country_name.strip(),
            self.admin[admin1],
            self.admin[admin2],
            self.admin[admin3],
            self.location[location],
            self.latitude[latitude],
            self.longitude[longitude],
            self.geo_precision[geo_precision],
            self.other_type[disorder_type],
            self.event_type[event_type],
            self.other_type[sub_event_type],
            self.actor1[actor1] + self.with1[with1] + self.actor2[actor2] + self.with2[with2],
            self.fatalities[deaths],
            None,
            None,
            self.targeting.get(targeting),
            "" if publishers == "NA" else publishers,
            "",
            "" if notes == "NA" else notes,
            "" if tags == "NA" else tags,
            self.stamp[stamp],
        )


class _Country:
    """The country by whichever of its columns a layout has."""

    def __init__(self) -> None:
        self.countries = Countries()
        self.numeric = named("iso", optional(whole(0, 999)))
        self.gw = named("gwno", optional(whole(0, 9_999)))

    def of(self, said: tuple[str, str, str, str]) -> str:
        iso3, iso, gwno, name = said
        numeric, gw = self.numeric(iso), self.gw(gwno)
        claims = [(iso3, country.by_iso3(iso3)), (name, country.by_name(name))]
        if numeric:
            claims.append((iso, country.by_numeric(numeric)))  # 0 is Kosovo and others: known by name only
        if gw:
            claims.append((gwno, country.by_gw(gw)))
        return self.countries.agreed(name, *claims)


class _Deletions:
    """Reads the list of events that ACLED has taken back."""

    def __init__(self, names: Sequence[str], *, source: str, today: date) -> None:
        check_columns(names, DELETION)
        self.pick = picker(names, DELETION)
        self.source = source
        self.stamp = column("deleted_timestamp", optional(days.unix_stamp(today)))

    def read(self, row: list[str]) -> Deletion:
        external_id, stamp = self.pick(row)
        return Deletion(self.source, _event_id(external_id), self.stamp[stamp])


class _Monadic:
    """Puts the rows of a monadic export together.

    Such an export lacks the second actor and repeats each event once per actor; taken as it stands it doubles the
    deaths. Rows of one event become one event; the sides are the order of the rows, which says nothing of who attacked.
    Rows that stand further apart come out by themselves: the store completes the event it knows.
    """

    def __init__(self, events: _Events, waiting: dict[str, Event]) -> None:
        self.events = events
        self.waiting = waiting

    def read(self, row: list[str]) -> Event | None:
        event = self.events.read(row)
        key = event.external_id
        if key in self.waiting:
            self.waiting[key] = _joined(self.waiting[key], event)
            return None
        self.waiting[key] = event
        return self.waiting.pop(next(iter(self.waiting))) if len(self.waiting) > _MONADIC_WINDOW else None


def _joined(first: Event, second: Event) -> Event:
    known = {actor.name for actor in first.actors}
    further = (
        Actor(Role.B if actor.role is Role.A else Role.WITH_B, actor.name, actor.ambiguous)
        for actor in second.actors
        if actor.name not in known
    )
    newer = second if first.stamp and second.stamp and second.stamp > first.stamp else first
    return newer._replace(actors=(*first.actors, *further))


def _event_id(text: str) -> str:
    if _EVENT_ID.fullmatch(text) or _EVENT_ID.fullmatch(text := text.strip()):
        return text
    raise BadCell("event_id_cnty", f"{cells.shown(text)} is no event id of ACLED (such as MZM2390)")
