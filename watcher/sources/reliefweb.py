"""ReliefWeb: reports and disasters as its API gives them, one JSON object per line or a saved answer.

A report is a record of its primary country; the other countries it is about stand among its tags. No report says how many
people were killed in a way that a machine could read, so that reports are counted, and never their deaths.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, BinaryIO

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import DataError
from watcher.core.event import A_DISASTER, A_REPORT, Event, Record
from watcher.sources import cells, days
from watcher.sources.cells import BadCell, named, needed
from watcher.sources.lines import MAX_LINE, Lines
from watcher.sources.names import Countries
from watcher.sources.objects import read_nested, text_of
from watcher.sources.source import SourceDefaults

KIND = "reliefweb"

DEFAULTS = SourceDefaults(
    query_offset=timedelta(days=2),
    trust_stamp=True,
    title="ReliefWeb",
    licence="Reports belong to those who wrote them: titles may be quoted with attribution and a link, texts not passed on.",
    citation="ReliefWeb (United Nations Office for the Coordination of Humanitarian Affairs), https://reliefweb.int",
    tells_deaths=False,
)

#: What is read of a report, and of a disaster.
REPORT = (
    *("title", "date", "primary_country", "country", "source", "format", "theme", "disaster", "language"),
    *("url", "url_alias"),
)
DISASTER = (
    *("name", "date", "primary_country", "country", "primary_type", "type", "glide", "status"),
    *("url", "url_alias"),
)
#: Every key that the objects of ReliefWeb have had; another one means that it has changed its layout.
KNOWN = frozenset(
    {
        *REPORT,
        *DISASTER,
        *(
            "id",
            "body",
            "body-html",
            "headline",
            "image",
            "file",
            "origin",
            "ocha_product",
            "feature",
            "vulnerable_groups",
        ),
        *("disaster_type", "redirects", "description", "description-html", "profile", "current", "featured"),
        *("related_glide", "history"),
    }
)
#: An answer of more bytes is no page of a thousand reports.
MOST = 64 << 20
_WHEN = ("original", "event", "created")
_ADVICE = "save the API's answer whole, or one object per line"


class Settings(Document):
    """Options of a ReliefWeb source."""

    earliest: date = date(1970, 1, 1)
    """Reports of days before this one are rejected."""


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the reports or disasters of JSON Lines, or of an answer of the API.

    :raises DataError: when it is neither.
    """
    head = stream.readline(MAX_LINE + 1), stream.readline(MAX_LINE + 1)
    stream.seek(0)
    lines = Lines(stream)
    if _is_answer(*head):
        lines = Lines(_rows_of(stream.read(MOST + 1)))
    else:
        lines.first()
    yield from read_nested(lines, _Reader(source, today, settings).read)


def _is_answer(first: bytes, second: bytes) -> bool:
    """Whether JSON that begins with these lines is one answer, and not one object per line."""
    if not first.removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"[")) or second.startswith(b"{"):
        return False
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return True
    return not isinstance(found, dict) or "data" in found


def _rows_of(answer: bytes) -> BinaryIO:
    """The rows of an answer, one per line."""
    if len(answer) > MOST:
        raise DataError(f"the answer is longer than {MOST >> 20} MB", todo=_ADVICE)
    try:
        found = json.loads(answer.decode("utf-8-sig"))
    except RecursionError:
        raise DataError("the JSON is nested too deep", todo=_ADVICE) from None
    except ValueError as error:
        raise DataError(f"this is no JSON, or not the whole of it: {error}", todo=_ADVICE) from None
    rows = found.get("data") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise DataError("no layout we know: there is no list of reports under 'data'", todo=_ADVICE)
    return io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


class _Reader:
    """Reads objects of ReliefWeb."""

    def __init__(self, source: str, today: date, settings: Settings) -> None:
        self.source = source
        self.day = named("date", days.day(("%Y-%m-%d",), earliest=settings.earliest, today=today))
        self.stamp = named("date.changed", days.stamp(today))
        self.key = named("id", cells.identifier)
        self.name = named("name", cells.name())
        self.title = named("title", needed(str.strip))
        self.countries = Countries()

    def read(self, found: Mapping[str, Any]) -> Event:
        """A report or a disaster as a record.

        :raises BadCell: when it is neither.
        """
        fields = found.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise BadCell("fields", "there is nothing of a report in it")
        is_disaster = "title" not in fields and "name" in fields
        key = self.key(text_of("id", found.get("id") or fields.get("id")))
        start, changed = self._dates(_object("date", fields.get("date") or {}))
        kind = _named("primary_type", fields) or _named("type", fields) if is_disaster else _named("format", fields)
        where = _named("primary_country", fields) or _named("country", fields)
        return Event(
            source=self.source,
            external_id=f"disaster {key}" if is_disaster else key,
            date_start=start,
            date_end=start,
            time_precision=1,
            iso3=self._iso3(fields),
            country=self.name(where[0] if where else ""),
            admin1="",
            admin2="",
            admin3="",
            location="",
            latitude=None,
            longitude=None,
            geo_precision=None,
            disorder_type=A_DISASTER if is_disaster else A_REPORT,
            event_type=self.name(kind[0]) if kind else "Disaster" if is_disaster else "Report",
            sub_event_type=self.name(text_of("status", fields.get("status"))) if is_disaster else "",
            actors=(),
            fatalities=None,
            fatalities_low=None,
            fatalities_high=None,
            civilian_targeting=None,
            publishers="; ".join(_named("source", fields, "shortname", "name")),
            url=_text_of_first(fields, "url_alias", "url") or text_of("href", found.get("href")),
            notes=self.title(text_of("title", fields.get("name" if is_disaster else "title"))),
            tags=_tags(fields, where),
            stamp=self.stamp(changed) if changed else None,
        )

    def _dates(self, dates: Mapping[str, Any]) -> tuple[date, str]:
        """The day, and when it was changed last."""
        said = next((text for name in _WHEN if (text := text_of(f"date.{name}", dates.get(name)))), "")
        if not said:
            raise BadCell("date", "there is no date")
        return self.day(said.partition("T")[0]), text_of("date.changed", dates.get("changed"))

    def _iso3(self, fields: Mapping[str, Any]) -> str:
        where = _objects("primary_country", fields.get("primary_country")) or _objects("country", fields.get("country"))
        if not where:
            raise BadCell("primary_country", "there is no country")
        code, name = (text_of(f"primary_country.{part}", where[0].get(part)) for part in ("iso3", "name"))
        found = country.by_iso3(code)
        return self.countries.agreed(name or code, (code, found), (name, country.by_name(name) if not found else None))


def _tags(fields: Mapping[str, Any], where: list[str]) -> str:
    """What else is said: ``country: Niger; theme: Protection and Human Rights``."""
    said = {
        "country": [name for name in _named("country", fields) if name not in where[:1]],
        "theme": _named("theme", fields),
        "disaster": _named("disaster", fields),
        "glide": [glide] if (glide := text_of("glide", fields.get("glide"))) else [],
        "language": _named("language", fields, "code", "name"),
    }
    return "; ".join(f"{word}: {name}" for word, names in said.items() for name in names)


def _named(key: str, fields: Mapping[str, Any], *names: str) -> list[str]:
    """The names of what stands under a key, which holds one object or several; a semicolon would part a list."""
    found = (_text_of_first(each, *(names or ("name", "shortname", "iso3"))) for each in _objects(key, fields.get(key)))
    return [" ".join(name.replace(";", ",").split()) for name in found if name]


def _text_of_first(found: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := text_of(name, found.get(name)))), "")


def _objects(key: str, value: object) -> list[Mapping[str, Any]]:
    several = value if isinstance(value, list) else [] if value is None else [value]
    return [_object(key, each) for each in several]


def _object(key: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadCell(key, "there is no object {...} where one should be")
    return value
