"""HDX HAPI: conflict events added up by calendar month, place and type of event; the yearly CSV, or JSON Lines.

A row is an aggregate, and its types of event overlap: what aims at civilians is political violence as well. Each row stands
for one record that lasts; a row of nothing, of a month that goes on, or of another admin level than is wanted says that
there is no such record, or none any more.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import BinaryIO, Literal

from watcher.core import country
from watcher.core.document import Document
from watcher.core.event import Deletion, Event, Record
from watcher.core.period import DAY
from watcher.sources import cells, days
from watcher.sources.cells import BadCell, Memo, column, optional, whole
from watcher.sources.lines import Lines
from watcher.sources.names import Countries
from watcher.sources.objects import is_row, read_layouts
from watcher.sources.rows import Bind, Reader, check_columns, picker, read_lines
from watcher.sources.source import Part, SourceDefaults

KIND = "hapi"


def _part_of(external_id: str) -> Part | None:
    """The country's month that an aggregate is about: what its id begins and ends with."""
    iso3, _, rest = external_id.partition("/")
    try:
        return Part(iso3, date.fromisoformat(f"{rest.rpartition('/')[2]}-01"))
    except ValueError:
        return None


DEFAULTS = SourceDefaults(
    # Records lie on the last days of months that are over: an offset in days would leave windows without any.
    query_offset=timedelta(),
    trust_stamp=False,
    title="HDX HAPI: conflict events by month",
    licence="ACLED's terms of use: rows must not be passed on; alerts may quote figures with attribution.",
    citation="OCHA Centre for Humanitarian Data. HDX Humanitarian API: conflict events, from data of the Armed Conflict"
    " Location & Event Data (ACLED) project.",
    # The most that the API gives at a time.
    page_sizes=frozenset({10_000}),
    overlapping="event_type",
    part_of=_part_of,
)

_DATE_STYLES = (*days.ISO_DATES, "%Y-%m-%dT%H:%M:%S")
_PLACE = ("location_code", "provider_admin1_name", "provider_admin2_name", "admin1_code", "admin2_code", "admin_level")
_MONTH = ("reference_period_start", "reference_period_end")
_FIGURES = ("event_type", "events", "fatalities")
#: Names and codes make a row the same again; the others are what it says.
NEEDED = (*_PLACE, *_MONTH, *_FIGURES)
#: What a layout may lack: files have no names of countries, and answers no remarks.
_BESIDE = ("location_name", "admin1_name", "admin2_name", "warning", "error")
READ = frozenset({*NEEDED, *_BESIDE})
#: Every column that HAPI has; another one means that it has changed its layout.
KNOWN = READ | {
    *("has_hrp", "in_gho", "location_ref", "admin1_ref", "admin2_ref", "dataset_hdx_id", "resource_hdx_id"),
}
_FINEST_LEVEL = 2
_A_MONTH = 3
_A_REGION = 3
_AIMS_AT_CIVILIANS = "civilian_targeting"


class Settings(Document):
    """Options of an HDX HAPI source."""

    admin_level: Literal["finest", 0, 1, 2] = "finest"
    """Rows of which admin level are taken: 0 the country, 1, 2, or the finest that there is of a country's month."""
    earliest: date = date(1997, 1, 1)
    """Rows before this day are rejected: the data begin in 1997."""


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the aggregates of a file as events, and those that are none, or none any more, as deletions.

    :raises DataError: when the header is not HAPI's.
    """
    levels = _Levels()
    if settings.admin_level == "finest":
        for _ in _rows(stream, levels.bind):
            pass
        stream.seek(0)
    wanted = levels.finest if settings.admin_level == "finest" else lambda *_: settings.admin_level

    def bind(names: Sequence[str]) -> Reader:
        rows = _Aggregates(names, source=source, today=today, earliest=settings.earliest, wanted=wanted)
        return Reader(rows.read, rows.read)

    yield from _rows(stream, bind)


def _rows(stream: BinaryIO, bind: Bind) -> Iterator[Record]:
    lines = Lines(stream)
    if is_row(first := lines.first(), "location_code"):
        return read_layouts(lines, READ, bind)
    return read_lines(lines, first, bind)


_LEVEL = column("admin_level", whole(0, _FINEST_LEVEL))
#: Says which admin level is taken of a country's month, as both are written.
Wanted = Callable[[str, str], object]


class _Levels:
    """Notes the finest admin level of each country's month: coarser rows say the same once more."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], int] = {}

    def bind(self, names: Sequence[str]) -> Reader:
        check_columns(names, NEEDED)
        pick = picker(names, ("location_code", "reference_period_start", "admin_level"))

        def note(row: list[str]) -> None:
            code, start, level = pick(row)
            self._found[code, start] = max(_LEVEL[level], self._found.get((code, start), 0))

        return Reader(note, note)

    def finest(self, code: str, start: str) -> int | None:
        return self._found.get((code, start))


class _Aggregates:
    """Reads the rows under a header."""

    def __init__(self, names: Sequence[str], *, source: str, today: date, earliest: date, wanted: Wanted) -> None:
        check_columns(names, NEEDED)
        self.place, self.month, self.figures, self.beside = (
            picker(names, part) for part in (_PLACE, _MONTH, _FIGURES, _BESIDE)
        )
        self.source = source
        self.today = today
        self.wanted = wanted
        # The end of a month that goes on lies in the future, and is none to be refused.
        ahead = today + timedelta(days=monthrange(today.year, today.month)[1])
        self.day = column("reference_period_start or _end", days.day(_DATE_STYLES, earliest=earliest, today=ahead))
        self.country = Memo(_country(Countries()))
        self.full_name = Memo(_full_name)
        self.name = column("a name or a code of a place", cells.name())
        self.event_type = column("event_type", cells.needed(cells.name()))
        self.events = column("events", cells.deaths)
        self.fatalities = column("fatalities", optional(cells.deaths))

    def read(self, row: list[str]) -> Event | Deletion:
        """One row as an aggregate, or as none.

        :raises BadCell: when it is neither.
        """
        code, *places, level_said = self.place(row)
        start_said, end_said = self.month(row)
        type_said, events_said, deaths_said = self.figures(row)
        country_said, admin1_said, admin2_said, warning, error = self.beside(row)
        if error.strip():
            raise BadCell("error", f"HDX itself says that the row is wrong: {cells.shown(error.strip())}")
        start, end = self._month(start_said, end_said)
        admin1, admin2, code1, code2 = (self.name[text] for text in places)
        level, event_type = _LEVEL[level_said], self.event_type[type_said]
        events, fatalities = self.events[events_said], self.fatalities[deaths_said]
        iso3 = self.country[code, country_said]
        external_id = "/".join((iso3, str(level), code1, code2, admin1, admin2, event_type, f"{start:%Y-%m}"))
        is_other = level != self.wanted(code, start_said)
        if is_other or end >= self.today or not (events or fatalities):
            return Deletion(self.source, external_id, None)
        return Event(
            self.source,
            external_id,
            start,
            end,
            _A_MONTH,
            iso3,
            country_said.strip() or self.full_name[iso3],
            admin1 or self.name[admin1_said],
            admin2 or self.name[admin2_said],
            "",
            "",
            None,
            None,
            _A_REGION,
            "",
            event_type,
            "",
            (),
            fatalities,
            None,
            None,
            True if event_type == _AIMS_AT_CIVILIANS else None,
            "ACLED",
            "",
            warning.strip(),
            "; ".join(filter(None, (code1, code2))),
            None,
            events,
        )

    def _month(self, start_said: str, end_said: str) -> tuple[date, date]:
        start, end = self.day[start_said], self.day[end_said]
        last = start.replace(day=monthrange(start.year, start.month)[1])
        if start.day != 1 or end != last:
            raise BadCell("reference_period_start or _end", f"{start} to {end} is no calendar month")
        if start > self.today + DAY:
            raise BadCell("reference_period_start", f"{start} lies in the future: today is {self.today}")
        return start, end


def _country(countries: Countries) -> Callable[[tuple[str, str]], str]:
    def find(said: tuple[str, str]) -> str:
        code, name = said
        return countries.agreed(code, (code, country.by_iso3(code)), (name, country.by_name(name)))

    return find


def _full_name(iso3: str) -> str:
    found = country.by_iso3(iso3)
    return found.name if found is not None else iso3
