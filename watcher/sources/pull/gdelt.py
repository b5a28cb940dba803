"""GDELT 2.0: the exports that appear every quarter of an hour, one after the other, and of each the rows that are wanted.

The newest is named, with its size and checksum, by ``lastupdate.txt``; the names of those before it lie on a grid. One that
is not there is asked for again for a day, and told of.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import DataError, SourceUnavailable
from watcher.core.period import day_start
from watcher.net import Reply
from watcher.sources.gdelt import FIELDS, READ
from watcher.sources.pull.asking import ApiAddress, ask, check, host_of, is_page
from watcher.sources.pull.gdelt_place import QUARTER, Newest, Place, gaps, moment, name, read_cursor
from watcher.sources.pull.pull import Page, PullDefaults, Request
from watcher.sources.unpack import unpacked

DEFAULTS = PullDefaults(every=QUARTER, stale_after=timedelta(days=1), gaps=gaps)

_NEWEST = "lastupdate.txt"
_EXPORT = re.compile(r"^(\d{1,12}) ([0-9a-f]{32}) \S*?(\d{14})\.export\.CSV\.zip\s*$", re.MULTILINE | re.IGNORECASE)
_DEADLINE = timedelta(seconds=100)
_PAUSE = timedelta(milliseconds=100)
_MOST_LIST = 1 << 20
_MOST_EXPORT = 32 << 20
#: An export of an average quarter of an hour has 150 kilobytes.
_STOPPED = timedelta(hours=3)
#: How far our clocks may lie apart.
_SKEW = timedelta(minutes=5)
#: How far back a first pull goes that is not told from when.
_FIRST = timedelta(days=1)
#: A store of files that may not be listed says 403 of one that is not there.
_ABSENT = frozenset({403, 404, 410})
_ROOT, _QUAD, _COUNTRY = (READ[field] for field in ("EventRootCode", "QuadClass", "ActionGeo_CountryCode"))


def _two_digits(value: object) -> object:
    """A code of CAMEO: in YAML, `18` is a number, and `04` is text."""
    return f"{value:02}" if isinstance(value, int) and not isinstance(value, bool) else value


RootCode = Annotated[str, BeforeValidator(_two_digits), Field(pattern=r"^(0[1-9]|1[0-9]|20)$")]


class Settings(Document):
    """Which rows of the exports are kept; GDELT needs no account."""

    countries: Annotated[tuple[str, ...], Field(min_length=1)]
    """Only what happened in these, by name or ISO 3166 code: the whole world is a million rows a week."""
    root_codes: tuple[RootCode, ...] = ("18", "19", "20")
    """Only events of these root codes of CAMEO: 18 assault, 19 fight, 20 mass violence; 14 is protest."""
    quad_classes: tuple[Literal[1, 2, 3, 4], ...] = ()
    """Only these: 1 verbal and 2 material cooperation, 3 verbal and 4 material conflict."""
    begin: Annotated[date | None, Field(alias="from", ge=date(2015, 2, 19))] = None
    """Exports from this day on, 96 a day; absent: from a day before the first pull."""
    url: ApiAddress = "https://storage.googleapis.com/data.gdeltproject.org/gdeltv2"
    """The folder of the exports, or of a mirror of them."""

    @field_validator("countries")
    @classmethod
    def _have_codes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _codes(names)
        return names

    @property
    def question(self) -> str:
        """What is kept, in words: when it is something else than before, the exports are read anew from the beginning."""
        kept = [sorted(_codes(self.countries)), sorted(self.root_codes), sorted(self.quad_classes)]
        return json.dumps([*kept, str(self.begin or "")])


def _codes(names: Sequence[str]) -> frozenset[str]:
    """The FIPS codes of countries that a person names."""
    found = country.find_countries(names)
    if unknown := [meant.name for meant in found if not meant.fips]:
        msg = f"{unknown[0]!r} is no country that GDELT has a code for"
        raise ValueError(msg)
    return frozenset(code for meant in found for code in meant.fips)


def pull(request: Request) -> Iterator[Page]:
    """The wanted rows of every export since the last time."""
    asking = _Asking(request)
    newest = asking.newest()
    place = Place.read(request.position, newest) or asking.begin(newest)
    while (stamp := place.asked) is not None:
        rows = asking.rows(stamp, place.newest)
        place = place.behind(found=rows is not None, now=request.access.now())
        yield Page(b"".join(rows or ()), len(rows or ()), place.text)
    yield Page(b"", 0, place.text, cursor=asking.cursor(place))


class _Asking:
    """One pull: which exports there are, and which of their rows are kept."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.settings
        self._access = request.access
        self._has_asked = False
        self._codes = frozenset(code.encode() for code in _codes(self._settings.countries))
        self._roots = frozenset(root.encode() for root in self._settings.root_codes)
        self._quads = frozenset(str(quad).encode() for quad in self._settings.quad_classes)

    def newest(self) -> Newest:
        """What is said of the newest export.

        :raises SourceUnavailable: when it is too old, or of the future.
        """
        newest, now = self._newest(), self._access.now()
        if newest.stamp > now + _SKEW:
            what = f"its newest export is of the future ({newest.stamp:%Y-%m-%d %H:%M} UTC)"
            raise self._fault(what, "see whether our clock is right: watcher doctor")
        if now - newest.stamp > _STOPPED:
            what = f"it has stopped: its newest export is of {newest.stamp:%Y-%m-%d %H:%M} UTC"
            raise self._fault(what, "if this stays, try another url under pull")
        return newest

    def begin(self, newest: Newest) -> Place:
        """Where this pull begins."""
        now = self._access.now()
        if self._request.since is not None:
            return Place.start(day_start(self._request.since), newest, (), now)
        read, missing = read_cursor(self._request.cursor, self._settings.question)
        return Place.start(self._first(newest) if read is None else read + QUARTER, newest, missing, now)

    def cursor(self, place: Place) -> str:
        """Where the next pull begins."""
        if self._request.since is not None:
            # What was asked anew are some days; the others have been read no further than before.
            return self._request.cursor or "{}"
        return place.cursor(self._settings.question)

    def rows(self, stamp: datetime, newest: Newest) -> list[bytes] | None:
        """The rows of an export that are kept; None when it is not there, or damaged for good.

        :raises SourceUnavailable: when it does not come whole.
        """
        url = f"{self._settings.url}/{name(stamp)}.export.CSV.zip"
        reply = self._ask(url, limit=_MOST_EXPORT)
        is_newest = stamp == newest.stamp
        if reply.status in _ABSENT and not is_page(reply):
            if is_newest:
                raise self._fault("the export that it names as its newest is not there yet")
            return None
        body = check(reply, url, now=self._access.now()).body
        if is_newest:
            self._compare(body, newest)
        try:
            lines = unpacked(BytesIO(body)).readlines()
        except DataError as error:
            if is_newest:
                raise self._fault(f"the export of {stamp:%Y-%m-%d %H:%M} UTC is none: {error.what}") from None
            return None
        return [line if line.endswith(b"\n") else line + b"\n" for line in lines if self._is_wanted(line)]

    def _first(self, newest: Newest) -> datetime:
        """The first export of a first pull."""
        begin = self._settings.begin
        return newest.stamp - _FIRST + QUARTER if begin is None else day_start(begin)

    def _newest(self) -> Newest:
        url = f"{self._settings.url}/{_NEWEST}"
        text = check(self._ask(url, limit=_MOST_LIST), url, now=self._access.now()).body.decode("utf-8", "replace")
        found = _EXPORT.search(text)
        try:
            stamp = moment(found[3]) if found else None
        except ValueError:
            stamp = None
        if found is None or stamp is None or (stamp - day_start(stamp.date())) % QUARTER:
            what = f"{_NEWEST} names no export where it should"
            raise self._fault(
                what, "see url under pull, and whether a newer watcher knows its layout", needs_person=True
            )
        return Newest(stamp, int(found[1]), found[2].lower())

    def _compare(self, body: bytes, newest: Newest) -> None:
        """Hold the newest export against what was said of it."""
        if len(body) != newest.size:
            raise self._fault(f"the newest export has {len(body):,} bytes, and should have {newest.size:,}")
        if hashlib.md5(body, usedforsecurity=False).hexdigest() != newest.md5:
            raise self._fault("the newest export is not the one that its checksum (MD5) speaks of")

    def _is_wanted(self, line: bytes) -> bool:
        """Whether a row is kept; one that is none goes on to whoever reads it, and refuses it."""
        fields = line.rstrip(b"\r\n").split(b"\t")
        if len(fields) != FIELDS:
            return bool(line.strip())
        return (
            fields[_COUNTRY] in self._codes
            and (not self._roots or fields[_ROOT] in self._roots)
            and (not self._quads or fields[_QUAD] in self._quads)
        )

    def _ask(self, url: str, *, limit: int) -> Reply:
        if self._has_asked:
            self._access.wait(_PAUSE)
        self._has_asked = True
        return ask(self._access, url, deadline=_DEADLINE, limit=limit)

    def _fault(self, what: str, todo: str = "", *, needs_person: bool = False) -> SourceUnavailable:
        return SourceUnavailable(what, where=host_of(self._settings.url), todo=todo, needs_person=needs_person)
