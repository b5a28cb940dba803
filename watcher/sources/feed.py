"""Feeds: the items of RSS and Atom, in a file as it was published, or one JSON object per line.

An item is a record of what somebody wrote, and on which day; whether anything has happened, and how many were killed, no
feed says in a way that a machine could read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, BinaryIO, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import Field, field_validator

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import DataError
from watcher.core.event import A_REPORT, Event, Record
from watcher.sources import cells, days
from watcher.sources.cells import BadCell, named, needed
from watcher.sources.feed_items import MOST, NAMES, lines_of_feed
from watcher.sources.lines import Lines
from watcher.sources.objects import read_objects
from watcher.sources.source import SourceDefaults

KIND = "feed"

DEFAULTS = SourceDefaults(
    query_offset=timedelta(days=1),
    trust_stamp=False,
    title="A feed",
    licence="Whatever its publisher allows; titles may be quoted with attribution and a link, texts not passed on.",
    citation="",
    tells_deaths=False,
)

#: So much of a stream is looked at to tell XML from JSON.
_START = 1_024
_XML = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<")
#: What links carry that says who followed them, and not where they lead.
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_[ce]id|at_\w+|xtor", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_PORTS = {"http": ":80", "https": ":443"}

#: The parts of an event that are the same for all items.
Part = Literal["disorder_type", "event_type", "sub_event_type", "admin1", "admin2", "admin3", "location", "publishers"]


class Settings(Document):
    """Options of a feed."""

    countries: Annotated[tuple[str, ...], Field(min_length=1)]
    """Which countries it is about, by name or ISO 3166 code. One: every item is about it. Several: an item is about the
    one that it names first, in its title, else among its categories, else in its summary; an item that names none of
    them is passed over."""
    constants: Mapping[Part, str] = {}
    """Parts that are the same in every record: `event_type: Analysis`; without it, Article. With another `disorder_type`
    than Report or Disaster, messages quote no titles."""
    identity: Literal["guid", "link"] = "guid"
    """By what an item is known when it comes again: its `guid` (the link where it has none), or the link, for feeds that
    give an old item a new guid."""
    earliest: date = date(2000, 1, 1)
    """Items of days before this one are rejected."""

    @field_validator("countries")
    @classmethod
    def _are_countries(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        country.find_countries(names)
        return names


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the items of a feed.

    :raises DataError: when it is none, or is made to do harm.
    """
    start = stream.read(_START)
    stream.seek(0)
    if _XML.match(start):
        items = lines_of_feed(stream.read(MOST + 1))
        if not items:
            return
        stream = io.BytesIO(b"".join(items))
    lines = Lines(stream)
    if not lines.first().lstrip().startswith("{"):
        raise DataError("this is neither XML nor JSON Lines", todo="save the feed as it comes from its address")
    yield from read_objects(lines, NAMES, _Reader(source, today, settings).read)


class _Reader:
    """Reads the items of a feed."""

    def __init__(self, source: str, today: date, settings: Settings) -> None:
        self.source = source
        self.settings = settings
        self.countries = country.find_countries(settings.countries)
        self.day = days.day(("%Y-%m-%d",), earliest=settings.earliest, today=today)
        self.stamp = days.stamp(today)
        self.key = named("id", needed(cells.name(nulls=())))
        self.title = named("title", needed(str.strip))

    def read(self, row: list[str]) -> Event | None:
        """An item as a record; None when it is about none of the countries.

        :raises BadCell: when it is neither.
        """
        said = dict(zip(NAMES, row, strict=False))
        about = self._about(said)
        if about is None:
            return None
        published, updated = (self._moment(name, said[name]) for name in ("published", "updated"))
        first = published or updated
        if first is None:
            raise BadCell("published", "there is no date")
        title = self.title(said["title"] or said["summary"])
        start = named("published", self.day)(first.date().isoformat())
        parts = {"disorder_type": A_REPORT, "event_type": "Article", "publishers": said["publisher"]}
        parts |= {str(part): text for part, text in self.settings.constants.items()}
        return Event(
            source=self.source,
            external_id=self._id(said),
            date_start=start,
            date_end=start,
            time_precision=1,
            iso3=about.iso3,
            country=about.name,
            admin1=parts.get("admin1", ""),
            admin2=parts.get("admin2", ""),
            admin3=parts.get("admin3", ""),
            location=parts.get("location", ""),
            latitude=None,
            longitude=None,
            geo_precision=None,
            disorder_type=parts["disorder_type"],
            event_type=parts["event_type"],
            sub_event_type=parts.get("sub_event_type", ""),
            actors=(),
            fatalities=None,
            fatalities_low=None,
            fatalities_high=None,
            civilian_targeting=None,
            publishers=parts["publishers"],
            # Nothing but addresses of pages: a link may also be made to do harm where somebody follows it.
            url=said["link"] if _WEB.match(said["link"]) else "",
            notes="\n".join(dict.fromkeys(filter(None, (title, said["summary"])))),
            tags="; ".join(f"category: {name}" for name in said["categories"].split("; ") if name),
            stamp=updated or published,
        )

    def _about(self, said: Mapping[str, str]) -> country.Country | None:
        if len(self.countries) == 1:
            return self.countries[0]
        texts = (said[name] for name in ("title", "categories", "summary"))
        return next((found for text in texts for found in country.named_in(text) if found in self.countries), None)

    def _moment(self, name: str, text: str) -> datetime | None:
        """A date of an item, which was put into ISO 8601 when it could be read."""
        if not text:
            return None
        if not _DAY.match(text):
            raise BadCell(name, f"{cells.shown(text)} is no date as feeds write them")
        return named(name, self.stamp)(text)

    def _id(self, said: Mapping[str, str]) -> str:
        link = canonical(said["link"])
        chosen = said["id"] if self.settings.identity == "guid" else link
        if not (chosen or link):
            raise BadCell("id", "there is neither a guid nor a link")
        return self.key(chosen or link)


def canonical(link: str) -> str:
    """A link without what does not say where it leads."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return link.strip()
    host = parts.netloc.lower().removesuffix(_PORTS.get(parts.scheme.lower(), " "))
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if not _TRACKING.fullmatch(name)]
    return urlunsplit((parts.scheme.lower(), host, parts.path.rstrip("/"), urlencode(query), ""))
