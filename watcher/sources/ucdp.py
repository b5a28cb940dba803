"""UCDP GED: releases of the Georeferenced Event Dataset, final and candidate, as CSV or JSON Lines. CC BY 4.0.

A release restates earlier events under the same ``id`` and says nothing of when it changed them. Where a row tells its
release, as rows do that were pulled, that stands in the place of a stamp: an older release never replaces a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import BinaryIO, TypeVar

from watcher.core import country
from watcher.core.document import Document
from watcher.core.event import Deletion, Event, Record, Role
from watcher.sources import cells, days
from watcher.sources.cells import BadCell, Memo, column, named, optional, whole
from watcher.sources.lines import Lines
from watcher.sources.names import Countries, actors
from watcher.sources.objects import is_row, read_layouts
from watcher.sources.rows import Reader, check_columns, picker, read_lines
from watcher.sources.source import SourceDefaults
from watcher.sources.ucdp_release import Release

V = TypeVar("V")

KIND = "ucdp"

DEFAULTS = SourceDefaults(
    query_offset=timedelta(days=31),
    trust_stamp=False,
    title="UCDP Georeferenced Event Dataset (GED)",
    licence="CC BY 4.0: rows may be passed on with the citation.",
    citation="Sundberg, R. and Melander, E. (2013). Introducing the UCDP Georeferenced Event Dataset. Journal of Peace"
    " Research 50(4); Davies, S., Pettersson, T. and Oberg, M. (2023). Organized violence 1989-2022, and the return of"
    " conflict between states. Journal of Peace Research 60(4).",
)

#: All are material: without one of them every stored event would look revised.
NEEDED = (
    *("id", "date_start", "date_end", "date_prec", "type_of_violence", "side_a", "side_b"),
    *("country", "country_id", "adm_1", "adm_2", "where_coordinates", "latitude", "longitude", "where_prec"),
    *("best", "low", "high"),
)
_IDENTITY = ("id", "date_start", "date_end", "date_prec", "country_id", "country")
_PLACE = ("adm_1", "adm_2", "where_coordinates", "latitude", "longitude", "where_prec")
_DEED = ("type_of_violence", "side_a", "side_b", "best", "low", "high")
_REPORT = ("source_office", "where_description", "source_headline", "source_article")
_TAGS = ("conflict_new_id", "conflict_name", "dyad_new_id", "dyad_name", "event_clarity", "code_status")
#: What a row that was pulled has beside UCDP's own: its release, and whether that release lacks the event.
RELEASE, REMOVED = "release", "removed"
_REMOVAL = ("id", RELEASE)
#: Every column that is read.
READ = frozenset({*_IDENTITY, *_PLACE, *_DEED, *_REPORT, *_TAGS, RELEASE, REMOVED})
#: Every column that GED has; another one means that it has changed its layout.
KNOWN = READ | {
    *("relid", "year", "active_year", "conflict_dset_id", "dyad_dset_id", "side_a_dset_id", "side_a_new_id"),
    *("side_b_dset_id", "side_b_new_id", "number_of_sources", "source_date", "source_original", "geom_wkt"),
    *("priogrid_gid", "region", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "gwnoa", "gwnob"),
}

#: UCDP's words for its three numbers, and whether the violence is aimed at civilians by definition.
_VIOLENCE = {
    1: ("State-based conflict", False),
    2: ("Non-state conflict", False),
    3: ("One-sided violence", True),
}
#: UCDP: 1 the day, 2 two to six days, 3 the week, 4 a month or eight to thirty days, 5 more than that, up to a year.
#: Ours: 1 the day, 2 the week, 3 the month, 4 the quarter, 5 the year.
TIME_PRECISION = {1: 1, 2: 2, 3: 2, 4: 3, 5: 5}
#: UCDP: 1 the place, 2 within some 25 km of it, 3 the second-order division, 4 the first-order division, 5 a line or an
#: area without borders, 6 the country, 7 the sea or the air. Ours: 1 the place is known, 2 nearby, 3 the region.
GEO_PRECISION = {1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 3, 7: 3}


class Settings(Document):
    """Options of a UCDP source."""

    earliest: date = date(1989, 1, 1)
    """Rows before this day are rejected: GED begins in 1989."""


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the events of a release, CSV or JSON Lines, and those that a later release lacks as deletions.

    :raises DataError: when the header is not GED's.
    """

    def bind(names: Sequence[str]) -> Reader:
        if REMOVED in names:
            removals = _Removals(names, source=source)
            return Reader(removals.read, removals.read)
        events = _Events(names, source=source, today=today, settings=settings)
        return Reader(events.read, events.read)

    lines = Lines(stream)
    if is_row(first := lines.first(), "id"):
        yield from read_layouts(lines, READ, bind)
    else:
        yield from read_lines(lines, first, bind)


def _stamp(release: str) -> datetime:
    return Release.read(release).stamp


_ID = named("id", whole(1, 10**15))


class _Events:
    """Reads the rows of events."""

    def __init__(self, names: Sequence[str], *, source: str, today: date, settings: Settings) -> None:
        check_columns(names, NEEDED)
        parts = (_IDENTITY, _PLACE, _DEED, _REPORT, _TAGS)
        self.identity, self.place, self.deed, self.report, self.labels = (picker(names, part) for part in parts)
        self.release = picker(names, (RELEASE, RELEASE))
        self.source = source
        self.external_id = _ID
        self.stamp = column(RELEASE, optional(_stamp))
        self.day = column("date_start or date_end", days.day(days.ISO_DATES, earliest=settings.earliest, today=today))
        self.time_precision = column("date_prec", _one_of(TIME_PRECISION))
        self.country = Memo(_Country().of)
        self.admin = column("adm_1 or adm_2", cells.name())
        self.location = column("where_coordinates", cells.name(nulls={""}))
        self.latitude = column("latitude", optional(cells.latitude))
        self.longitude = column("longitude", optional(cells.longitude))
        self.geo_precision = column("where_prec", _one_of(GEO_PRECISION))
        self.violence = column("type_of_violence", _one_of(_VIOLENCE))
        self.side_a = column("side_a", actors(Role.A, ","))
        self.side_b = column("side_b", actors(Role.B, ","))
        self.deaths = column("best, low or high", optional(cells.deaths))
        self.tags = Memo(_tags)

    def read(self, row: list[str]) -> Event:
        """One row as an event, by position.

        :raises BadCell: when it is none.
        """
        external_id, date_start, date_end, date_prec, country_id, country_name = self.identity(row)
        adm_1, adm_2, location, latitude, longitude, where_prec = self.place(row)
        violence, side_a, side_b, best, low, high = self.deed(row)
        offices, *texts = self.report(row)
        first, last = self.day[date_start], self.day[date_end]
        if last < first:
            raise BadCell("date_end", f"{date_end!r} is before the start, {date_start!r}")
        event_type, aims_at_civilians = self.violence[violence]
        return Event(
            self.source,
            str(self.external_id(external_id)),
            first,
            last,
            self.time_precision[date_prec],
            self.country[country_id, country_name],
            country_name.strip(),
            self.admin[adm_1],
            self.admin[adm_2],
            "",
            self.location[location],
            self.latitude[latitude],
            self.longitude[longitude],
            self.geo_precision[where_prec],
            "",
            event_type,
            "",
            self.side_a[side_a] + self.side_b[side_b],
            self.deaths[best],
            self.deaths[low],
            self.deaths[high],
            aims_at_civilians,
            "; ".join(filter(None, map(str.strip, offices.split(";")))),
            "",
            _notes(*texts),
            self.tags[self.labels(row)],
            self.stamp[self.release(row)[0]],
        )


class _Removals:
    """Reads which events of earlier releases a release has no more."""

    def __init__(self, names: Sequence[str], *, source: str) -> None:
        check_columns(names, _REMOVAL)
        self.pick = picker(names, _REMOVAL)
        self.source = source
        self.stamp = column(RELEASE, _stamp)

    def read(self, row: list[str]) -> Deletion:
        """One row as a deletion."""
        external_id, release = self.pick(row)
        return Deletion(self.source, str(_ID(external_id)), self.stamp[release])


class _Country:
    """The country by its name and its Gleditsch-Ward number."""

    def __init__(self) -> None:
        self.countries = Countries()
        self.gw = named("country_id", optional(whole(0, 9_999)))

    def of(self, said: tuple[str, str]) -> str:
        country_id, name = said
        number = self.gw(country_id)
        by_gw = country.by_gw(number) if number is not None else None
        return self.countries.agreed(name, (name, country.by_name(name)), (country_id, by_gw))


def _one_of(codes: Mapping[int, V]) -> Callable[[str], V]:
    number = whole(min(codes), max(codes))
    return lambda text: codes[number(text)]


def _notes(where: str, headline: str, article: str) -> str:
    """Where it was and what the reports say; before 2013 only the full reference is given."""
    return "\n".join(filter(None, map(str.strip, (where, headline or article))))


def _tags(labels: tuple[str, ...]) -> str:
    """What ties the event to UCDP's other datasets: ``conflict 14864: IS - JNIM; dyad 16207: IS - JNIM; ...``."""
    conflict_id, conflict, dyad_id, dyad, clarity, status = (label.strip().removesuffix(".0") for label in labels)
    parts = {
        f"conflict {conflict_id}": conflict,
        f"dyad {dyad_id}": dyad,
        "clarity": clarity,
        "status": status,
    }
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)
