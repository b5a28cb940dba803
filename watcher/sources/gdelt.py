"""GDELT 2.0: exports of events, as attention: one record for each article, country and day. It knows of no deaths.

An export has a row for each thing that a machine reads out of an article, five of them on average, and may read one thing
twice. So the rows of one article that speak of one country become one record, dated on the day on which GDELT found the
article. Counting such records counts articles.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import BinaryIO
from urllib.parse import urlsplit

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import DataError
from watcher.core.event import Event, Record, Rejection, Role
from watcher.core.period import DAY
from watcher.sources import cells, unpack
from watcher.sources.cells import BadCell, Memo, column, named, optional
from watcher.sources.gdelt_article import joined
from watcher.sources.lines import Damaged, Lines
from watcher.sources.names import Countries, actors
from watcher.sources.source import SourceDefaults

KIND = "gdelt"

DEFAULTS = SourceDefaults(
    # The day that goes on has not all of its articles.
    query_offset=timedelta(days=1),
    trust_stamp=True,
    title="GDELT 2.0 Event Database: articles",
    licence="Free for any use with a citation of GDELT and a link to it.",
    citation="Leetaru, K. and Schrodt, P. (2013). GDELT: Global Data on Events, Language, and Tone, 1979-2012."
    " International Studies Association Annual Convention.",
    tells_deaths=False,
    joined=joined,
)

#: An export has so many fields, separated by tabs, without header and without quotation marks.
FIELDS = 61
#: Those that are read, by GDELT's names, and where they stand.
READ = {
    "GLOBALEVENTID": 0,
    "SQLDATE": 1,
    "Actor1Name": 6,
    "Actor2Name": 16,
    "EventCode": 26,
    "EventRootCode": 28,
    "QuadClass": 29,
    "NumMentions": 31,
    "ActionGeo_Type": 51,
    "ActionGeo_FullName": 52,
    "ActionGeo_CountryCode": 53,
    "ActionGeo_Lat": 56,
    "ActionGeo_Long": 57,
    "DATEADDED": 59,
    "SOURCEURL": 60,
}
QUAD_CLASSES = {
    "1": "Verbal cooperation",
    "2": "Material cooperation",
    "3": "Verbal conflict",
    "4": "Material conflict",
}
#: It happened at sea, or GDELT found no place for it.
_NOWHERE = frozenset({"", "OS"})
#: GDELT's types of places: 1 a country, 2 and 5 a state or province, 3 and 4 a town. Ours: 2 nearby, 3 the region.
_NEARBY, _REGION = 2, 3
_TOWNS = frozenset({"3", "4"})
_CAMEO = re.compile(r"(?:0[1-9]|1\d|20)\d{0,2}", re.ASCII)
_ROOT_DIGITS = 2
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_MOMENT = re.compile(r"\d{14}", re.ASCII)
_WEB = re.compile(r"https?://", re.IGNORECASE)
#: Some write the names of the fields above their copies.
_HEADER = "globaleventid"
_LONGEST_URL = 8_000
_SHOWN = 100
#: More articles than any export has; what is held back beyond this comes out.
_MOST_ARTICLES = 20_000


class Settings(Document):
    """Options of a GDELT source."""

    earliest: date = date(2015, 2, 18)
    """Articles before this day are rejected: GDELT 2.0 begins in 2015."""


def read(stream: BinaryIO, *, source: str, today: date, settings: Settings) -> Iterator[Record]:
    """Yield the articles of one export or of several, packed or not; rows without a place are passed over.

    :raises DataError: when it is no export.
    """
    start = stream.read(len(unpack.START))
    stream.seek(0)
    lines = Lines(unpack.unpacked(stream) if start == unpack.START else stream)
    found = lines.first().count("\t") + 1
    if found != FIELDS:
        what = f"no layout we know: an export of GDELT has {FIELDS} fields with tabs between them and no header, not {found:,}"
        raise DataError(what, todo="download the export itself: its name ends in .export.CSV.zip")
    yield from _articles(lines, _Rows(source=source, today=today, earliest=settings.earliest))


def _articles(lines: Lines, rows: _Rows) -> Iterator[Record]:
    """One record for the rows of an article; those of one export stand together."""
    waiting: dict[str, Event] = {}
    stamp: datetime | None = None
    for found in _read_lines(lines, rows):
        if isinstance(found, Rejection):
            yield found
            continue
        if found.stamp != stamp or len(waiting) >= _MOST_ARTICLES:
            yield from waiting.values()
            waiting.clear()
            stamp = found.stamp
        known = waiting.get(found.external_id)
        waiting[found.external_id] = found if known is None else joined(known, found)
    yield from waiting.values()


def _read_lines(lines: Lines, rows: _Rows) -> Iterator[Event | Rejection]:
    lines.retreat(0)
    row = 0
    for line in lines.feed():
        if line.strip("\ufeff \t\r\n"):
            row += 1
            found: Event | Rejection | None
            try:
                found = rows.read(line)
            except BadCell as bad:
                raw = line.rstrip("\r\n").replace("\0", "\u2400")
                found = Rejection(row, lines.number, bad.column, bad.reason, raw)
            lines.done()
            if found is not None:
                yield found
        lines.done()


class _Rows:
    """Reads the rows of exports."""

    def __init__(self, *, source: str, today: date, earliest: date) -> None:
        self.source = source
        self.pick = itemgetter(*READ.values())
        self.stamp = column("DATEADDED", _moment(earliest, today))
        self.country = Memo(_country(Countries()))
        self.number = named("GLOBALEVENTID", _digits)
        self.cameo = column("EventCode or EventRootCode", _cameo)
        self.quad_class = column("QuadClass", _quad_class)
        self.latitude = column("ActionGeo_Lat", optional(cells.latitude))
        self.longitude = column("ActionGeo_Long", optional(cells.longitude))
        self.place = column("ActionGeo_FullName", cells.name())
        self.side_a = column("Actor1Name", actors(Role.A))
        self.side_b = column("Actor2Name", actors(Role.B))
        self.url = named("SOURCEURL", _url)

    def read(self, line: str) -> Event | None:
        """One row, or nothing where it speaks of no country.

        :raises BadCell: when it is none.
        """
        if isinstance(line, Damaged):
            raise BadCell("", f"the line {line.reason}")
        fields = line.lstrip("\ufeff").rstrip("\r\n").split("\t")
        if len(fields) != FIELDS:
            raise BadCell("", f"the row has {len(fields):,} fields, and an export of GDELT has {FIELDS}")
        if fields[0].strip().lower() == _HEADER:
            return None
        number, dated, actor1, actor2, code, root, quad_class, mentions, *where, added, url = self.pick(fields)
        geo_type, name, fips, latitude, longitude = where
        event_id, event_code, root_code = self.number(number), self.cameo[code], self.cameo[root]
        if len(root_code) != _ROOT_DIGITS or not event_code.startswith(root_code):
            raise BadCell("EventRootCode", f"{root!r} is not the root of {code!r}")
        stamp, address = self.stamp[added], self.url(url)
        if fips.strip() in _NOWHERE:
            return None
        iso3 = self.country[fips]
        location, admin1, said = _place(self.place[name], geo_type)
        return Event(
            self.source,
            f"{stamp:%Y%m%d}-{iso3}-{hashlib.blake2b(address.encode(), digest_size=12).hexdigest()}",
            stamp.date(),
            stamp.date(),
            1,
            iso3,
            said or iso3,
            admin1,
            "",
            "",
            location,
            self.latitude[latitude],
            self.longitude[longitude],
            _NEARBY if geo_type in _TOWNS else _REGION,
            self.quad_class[quad_class],
            root_code,
            event_code,
            self.side_a[actor1] + self.side_b[actor2],
            None,
            None,
            None,
            None,
            _publisher(address),
            address if _WEB.match(address) else "",
            "",
            f"event {event_id}; dated {dated.strip()}; mentions {mentions.strip()}",
            stamp,
        )


def _digits(text: str) -> str:
    text = cells.identifier(text)
    if _DIGITS.fullmatch(text) is None:
        msg = "is no number of an event"
        raise ValueError(msg)
    return text


def _moment(earliest: date, today: date) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        text = cells.identifier(text)
        try:
            moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if _MOMENT.fullmatch(text) else None
        except ValueError:
            moment = None
        if moment is None:
            msg = "is no moment as GDELT writes them (20191024143000)"
            raise ValueError(msg)
        if not earliest <= moment.date() <= today + DAY:
            msg = f"is no moment between {earliest} and tomorrow"
            raise ValueError(msg)
        return moment

    return read


def _cameo(text: str) -> str:
    if _CAMEO.fullmatch(text := text.strip()) is None:
        msg = "is no code of CAMEO (such as 043 or 19); a spreadsheet may have dropped its zero"
        raise ValueError(msg)
    return text


def _quad_class(text: str) -> str:
    try:
        return QUAD_CLASSES[text.strip()]
    except KeyError:
        msg = "is no class between 1 and 4"
        raise ValueError(msg) from None


def _url(text: str) -> str:
    text = text.strip()
    if not text or len(text) > _LONGEST_URL:
        msg = "is no address of an article"
        raise ValueError(msg)
    return text


def _country(countries: Countries) -> Callable[[str], str]:
    return lambda fips: countries.agreed(fips, (fips, country.by_fips(fips)))


def _place(name: str, geo_type: str) -> tuple[str, str, str]:
    """Town, province and country of ``Palma, Cabo Delgado, Mozambique``; what is not there is empty."""
    *parts, said = (part.strip() for part in name.split(","))
    parts = [part for part in parts if not part.endswith("(general)")]
    if len(parts) > 1:
        return parts[0], parts[-1], said
    if parts:
        return (parts[0], "", said) if geo_type in _TOWNS else ("", parts[0], said)
    return "", "", said


def _publisher(address: str) -> str:
    """The site of an article, or what GDELT names in its place."""
    try:
        return (urlsplit(address).hostname or address[:_SHOWN]).removeprefix("www.")
    except ValueError:
        return address[:_SHOWN]
