"""Tables: a desk's own CSV, workbook, JSON Lines or JSON array, with a mapping from its columns to parts of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, BinaryIO, Literal, Self, cast

from pydantic import BeforeValidator, model_validator

from watcher.core import country
from watcher.core.document import Document
from watcher.core.event import Deletion, Event, Record, Role
from watcher.sources import cells, days, workbook
from watcher.sources.arrays import Elements, is_array
from watcher.sources.cells import BadCell, Memo, column, named, optional, whole
from watcher.sources.lines import Lines
from watcher.sources.names import Countries, actors
from watcher.sources.objects import read_objects
from watcher.sources.rows import Reader, check_columns, fold_name, picker, read_lines
from watcher.sources.source import SourceDefaults

KIND = "table"

DEFAULTS = SourceDefaults(
    query_offset=timedelta(0),
    trust_stamp=False,
    title="A table of your own",
    licence="Whatever was agreed with its author.",
    citation="",
)

#: So much is looked at to tell what a file is.
_START = 1_024
_FLAGS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


class Columns(Document):
    """Which column gives which part of an event; names are compared without case."""

    id: str
    """The record's own lasting key: the same id again is a revision of the same event."""
    date: str
    """The day, or the first of several."""
    date_end: str = ""
    """The last day."""
    time_precision: str = ""
    """1 the day is known, 2 the week, 3 the month, 4 the quarter, 5 the year; 1 when nothing is said."""
    country: str = ""
    """The country, written as `country_as` says."""
    admin1: str = ""
    admin2: str = ""
    admin3: str = ""
    location: str = ""
    latitude: str = ""
    longitude: str = ""
    geo_precision: str = ""
    """1 the place is known, 2 nearby, 3 the region."""
    disorder_type: str = ""
    event_type: str = ""
    sub_event_type: str = ""
    actor1: str = ""
    """The first side; several names are separated by `actor_separator`."""
    assoc_actor_1: str = ""
    """Who stands with the first side."""
    actor2: str = ""
    assoc_actor_2: str = ""
    fatalities: str = ""
    """Reported deaths; an empty cell is unknown, not zero."""
    fatalities_low: str = ""
    fatalities_high: str = ""
    incidents: str = ""
    """How many incidents a row speaks of, where rows are aggregates such as a country's month."""
    civilian_targeting: str = ""
    """true or false, yes or no, 1 or 0."""
    publishers: str = ""
    url: str = ""
    notes: str = ""
    tags: str = ""
    stamp: str = ""
    """When the row was last changed: seconds since 1970, or ISO 8601; without a zone it is UTC."""
    deleted: str = ""
    """true when the record is taken back."""


#: The parts of an event that a column or a constant can give.
PARTS = tuple(Columns.model_fields)


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


class Settings(Document):
    """Options of a table."""

    columns: Columns
    """Which column gives which part of an event."""
    constants: Mapping[str, Annotated[str, BeforeValidator(_as_text)]] = {}
    """Parts that are the same in every row: `country: Mozambique`."""
    format: Literal["auto", "csv", "jsonl"] = "auto"
    """CSV (`,` `;` or tab), or JSON: one object per line, or an array of them; auto looks at the first character. A
    workbook is always known by its first bytes."""
    sheet: str = ""
    """Of a workbook, the name of the sheet; the first one when nothing is said."""
    date_formats: tuple[str, ...] = days.ISO_DATES
    """How dates are written: %Y or %y, %m or %B, and %d, as in `%d/%m/%Y`."""
    country_as: Literal["name", "iso3", "iso2", "numeric", "gw", "fips"] = "name"
    """How countries are written: name also takes ISO 3166 alpha-3; gw is Gleditsch-Ward; fips is FIPS 10-4."""
    actor_separator: str = ";"
    """What stands between several actors in one cell."""
    nulls: tuple[str, ...] = ("", "NA")
    """What stands for nothing; never in the columns id, date and country."""
    earliest: date = date(1900, 1, 1)
    """Rows before this day are rejected."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if unknown := sorted(set(self.constants) - set(PARTS) | set(self.constants) & {"id"}):
            msg = f"constants: {', '.join(unknown)} cannot be constant; known parts are {', '.join(PARTS[1:])}"
            raise ValueError(msg)
        if not (self.columns.country or self.constants.get("country")):
            msg = "say which column holds the country, or give it under constants"
            raise ValueError(msg)
        if not self.date_formats:
            msg = "date_formats must not be empty"
            raise ValueError(msg)
        if pair := days.clash(self.date_formats):
            msg = f"date_formats {pair[0]!r} and {pair[1]!r} read the same text as different days; keep one of them"
            raise ValueError(msg)
        return self


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the events of a table, and the deletions it marks.

    :raises DataError: when a column that the settings name is absent.
    """
    start = stream.read(_START)
    stream.seek(0)
    if start.startswith(workbook.START):
        dated = {fold_name(name) for part, name in _mapped(settings) if part in {"date", "date_end"}}
        stream = workbook.as_csv(stream, sheet=settings.sheet, days=dated, style=settings.date_formats[0])
    elif settings.format != "csv" and is_array(start):
        if b"".join(start.split()) == b"[]":
            return
        stream = cast("BinaryIO", Elements(stream))
    lines = Lines(stream)
    first = lines.first()
    if settings.format == "jsonl" or (settings.format == "auto" and first.lstrip().startswith("{")):
        names = sorted({fold_name(name) for _, name in _mapped(settings)})
        events = _Events(names, source=source, today=today, settings=settings)
        yield from read_objects(lines, names, events.read)
    else:
        yield from read_lines(lines, first, lambda names: _reader(names, source=source, today=today, settings=settings))


def _reader(names: Sequence[str], *, source: str, today: date, settings: Settings) -> Reader:
    check_columns(names, [fold_name(name) for _, name in _mapped(settings)])
    events = _Events(names, source=source, today=today, settings=settings)
    return Reader(events.read, events.read)


def _mapped(settings: Settings) -> list[tuple[str, str]]:
    return [(part, name) for part in PARTS if (name := getattr(settings.columns, part))]


class _Events:
    """Reads the rows of a table."""

    def __init__(self, names: Sequence[str], *, source: str, today: date, settings: Settings) -> None:
        self.source = source
        #: Stand behind a row's cells, so that a constant is picked like a column.
        self.constants = (*settings.constants.values(), "")
        constants = [f"constant {part}" for part in settings.constants]
        mapped = {part: fold_name(name) for part, name in _mapped(settings)}
        wanted = [mapped.get(part, f"constant {part}") for part in PARTS]
        self.pick = picker([*names, "", *constants], wanted)
        self.parsers = _parsers(settings, today)

    def read(self, row: list[str]) -> Event | Deletion:
        """One row as an event, or as the deletion of one.

        :raises BadCell: when it is neither.
        """
        said = dict(zip(PARTS, self.pick([*row, *self.constants]), strict=True))
        if self.parsers["deleted"](said["deleted"]):
            return Deletion(self.source, self.parsers["id"](said["id"]), self.parsers["stamp"](said["stamp"]))
        part = {name: self.parsers[name](text) for name, text in said.items()}
        last = part["date_end"] or part["date"]
        if last < part["date"]:
            raise BadCell("date_end", f"{said['date_end']!r} is before the start, {said['date']!r}")
        return Event(
            self.source,
            part["id"],
            part["date"],
            last,
            part["time_precision"] or 1,
            part["country"],
            said["country"].strip(),
            part["admin1"],
            part["admin2"],
            part["admin3"],
            part["location"],
            part["latitude"],
            part["longitude"],
            part["geo_precision"],
            part["disorder_type"],
            part["event_type"],
            part["sub_event_type"],
            part["actor1"] + part["assoc_actor_1"] + part["actor2"] + part["assoc_actor_2"],
            part["fatalities"],
            part["fatalities_low"],
            part["fatalities_high"],
            part["civilian_targeting"],
            part["publishers"],
            part["url"],
            part["notes"],
            part["tags"],
            part["stamp"],
            part["incidents"],
        )


def _parsers(settings: Settings, today: date) -> dict[str, Callable[[str], Any]]:
    nulls, separator = frozenset(settings.nulls), settings.actor_separator
    day = days.day(settings.date_formats, earliest=settings.earliest, today=today)
    names = ("admin1", "admin2", "admin3", "location", "disorder_type", "event_type", "sub_event_type")
    sides = {"actor1": Role.A, "assoc_actor_1": Role.WITH_A, "actor2": Role.B, "assoc_actor_2": Role.WITH_B}
    texts = ("publishers", "url", "notes", "tags")
    optionals: dict[str, Callable[[str], Any]] = {
        "date_end": day,
        "time_precision": whole(1, 5),
        "latitude": cells.latitude,
        "longitude": cells.longitude,
        "geo_precision": whole(1, 3),
        "fatalities": cells.deaths,
        "fatalities_low": cells.deaths,
        "fatalities_high": cells.deaths,
        "incidents": cells.deaths,
        "civilian_targeting": _flag,
        "stamp": days.stamp(today),
        "deleted": _flag,
    }
    memos: dict[str, Memo[str, Any]] = {
        "date": column("date", day),
        "country": Memo(_Country(settings.country_as).of),
        **{part: column(part, cells.name(nulls)) for part in names},
        **{part: column(part, actors(role, separator, nulls)) for part, role in sides.items()},
        **{part: column(part, optional(parse, nulls)) for part, parse in optionals.items()},
    }
    return {
        "id": named("id", cells.identifier),
        **{part: lambda text: "" if text.strip() in nulls else text for part in texts},
        **{part: memo.__getitem__ for part, memo in memos.items()},
    }


def _flag(text: str) -> bool:
    try:
        return _FLAGS[text.strip().lower()]
    except KeyError:
        msg = "is neither true nor false"
        raise ValueError(msg) from None


class _Country:
    """The country, written as the settings say."""

    def __init__(self, written: str) -> None:
        self.countries = Countries()
        number = named("country", whole(0, 9_999))
        self.find: Callable[[str], country.Country | None] = {
            "name": lambda text: country.by_name(text) or country.by_iso3(text),
            "iso3": country.by_iso3,
            "iso2": country.by_iso2,
            "fips": country.by_fips,
            "numeric": lambda text: country.by_numeric(number(text)),
            "gw": lambda text: country.by_gw(number(text)),
        }[written]

    def of(self, text: str) -> str:
        return self.countries.agreed(text, (text, self.find(text)))
