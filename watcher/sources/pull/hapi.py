"""HDX HAPI: the months of some countries that are over, asked for anew each time, for HDX restates them.

It says nothing of what changed and nothing of how many rows there are: every pull takes the months since a day, page after
page, until one is empty. Rows go on as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import SourceUnavailable
from watcher.core.period import DAY, Duration
from watcher.core.secret import SecretReference
from watcher.net import Reply
from watcher.sources.hapi import KNOWN, NEEDED
from watcher.sources.pull.asking import (
    ApiAddress,
    TooMuch,
    ask,
    check,
    host_of,
    is_page,
    lines_of,
    read_json,
    unknown_keys,
)
from watcher.sources.pull.pull import Page, PullDefaults, Request

DEFAULTS = PullDefaults(every=timedelta(days=1), stale_after=timedelta(days=62))

_PATH = "/api/v2/coordination-context/conflict-events"
_HEADER = "X-HDX-HAPI-APP-IDENTIFIER"
_DEADLINE = timedelta(seconds=100)
_PAUSE = timedelta(milliseconds=250)
_MOST = 10_000
_YEAR = 12
_MONTH = timedelta(days=31)
#: Of a country's code that is none.
_SHOWN = 10
#: Pages of fewer rows than this make no difference to the server.
_LEAST = 500
_SMALLER = 4
_TOO_MANY = 429
_DENIED = frozenset({400, 401, 403, 422})
_FORBIDDEN = frozenset({401, 403})
_IDENTIFIER = re.compile(rb"identifier", re.IGNORECASE)
#: By these a row is known when it comes again.
_KEY = tuple(name for name in NEEDED if name not in {"events", "fatalities"})
_INSTEAD = (
    "HDX turns many servers away: ask from another network, or download the dataset hdx-hapi-conflict-event as CSV into a "
    "folder that stands under paths"
)


class Settings(Document):
    """Who asks, and what for."""

    app_identifier: SecretReference
    """The identifier that HAPI's site makes of an application's name and an e-mail address."""
    begin: Annotated[date, Field(alias="from", ge=date(1997, 1, 1))]
    """Months from the one of this day on."""
    countries: tuple[str, ...] = ()
    """Only these, by name or ISO 3166 code; absent: all that there are, which is some 15,000 rows a month."""
    again: Duration = timedelta(days=366)
    """How far back months are asked for anew each time, because their figures are restated."""
    limit: Annotated[int, Field(ge=1, le=_MOST)] = _MOST
    """How many rows are asked for at a time."""
    url: ApiAddress = "https://hapi.humdata.org"
    """Where the API is."""

    @field_validator("countries")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _codes(names)
        return names

    @field_validator("again")
    @classmethod
    def _is_a_month(cls, span: timedelta) -> timedelta:
        if span < _MONTH:
            msg = "it must be 31d or more: a month is asked for whole"
            raise ValueError(msg)
        return span

    @property
    def question(self) -> str:
        """What is asked for, in words: when it is something else than before, everything is asked for anew."""
        return json.dumps({"countries": _codes(self.countries), "from": str(self.begin)})


def _codes(names: Sequence[str]) -> list[str]:
    return sorted({meant.iso3 for meant in country.find_countries(names)})


class Step(NamedTuple):
    """One question, asked page by page: the months of a country."""

    #: ISO3; empty for all.
    code: str
    first: date
    last: date


class Place(NamedTuple):
    """Where to go on."""

    #: The first of them is being asked.
    left: tuple[Step, ...]
    #: The last day of the last month that is over.
    until: date
    limit: int
    offset: int = 0
    #: How many rows have come in all.
    brought: int = 0

    @classmethod
    def read(cls, text: str) -> Place | None:
        """A place as it was written down; None when it is none."""
        try:
            known = json.loads(text)
            steps = tuple(Step(code, *map(date.fromisoformat, days)) for code, *days in known.pop("left"))
            return cls(steps, date.fromisoformat(known.pop("until")), **known)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The place, to be written down."""
        return json.dumps(self._asdict(), default=str, sort_keys=True)

    def behind(self, rows: int) -> Place:
        """The place behind a page: the next page, or the next step behind an empty one."""
        if not rows:
            return self._replace(left=self.left[1:], offset=0)
        return self._replace(offset=self.offset + rows, brought=self.brought + rows)

    def smaller(self) -> Place | None:
        """The same place, asked for in smaller pages; None where there are none."""
        return self._replace(limit=max(self.limit // _SMALLER, _LEAST)) if self.limit > _LEAST else None


def pull(request: Request) -> Iterator[Page]:
    """The months that are over, with what was restated."""
    asking = _Asking(request)
    place = Place.read(request.position) or asking.begin()
    while place.left:
        try:
            rows = asking.page(place)
        except TooMuch:
            smaller = place.smaller()
            if smaller is None:
                raise
            place = smaller
            yield Page(b"", 0, place.text)
            continue
        if asking.has_seen(rows):
            # From the beginning of these months, for nobody knows which rows are missing.
            yield Page(b"", 0, place._replace(offset=0).text)
            raise asking.fault("its pages do not go together, so nothing of this pull is stored")
        if not rows:
            asking.forget()
        place = place.behind(len(rows))
        yield Page(lines_of(rows), len(rows), place.text, unknown=unknown_keys(rows, KNOWN))
    asking.doubt(place)
    yield Page(b"", 0, place.text, cursor=asking.cursor(place))


class _Asking:
    """One pull: what is asked, and what came of a step."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.settings
        self._access = request.access
        self._identifier = self._access.secret(self._settings.app_identifier).get_secret_value()
        self._url = f"{self._settings.url}{_PATH}"
        self._codes = _codes(self._settings.countries)
        self._has_asked = False
        self._seen: set[tuple[str, ...]] = set()

    def begin(self) -> Place:
        """Where this pull begins: so far back that what was restated comes along."""
        settings, since = self._settings, self._request.since
        read = self._read_until()
        back = since or (None if read is None else read - settings.again)
        begin = max(settings.begin, back or settings.begin)
        until = self._access.now().date().replace(day=1) - DAY
        if self._codes:
            steps = [Step(code, *days) for code in self._codes for days in _spans(begin, until, months=12)]
        else:
            steps = [Step("", *days) for days in _spans(begin, until, months=1)]
        return Place(tuple(steps), until, settings.limit)

    def cursor(self, place: Place) -> str:
        """Where the next pull begins."""
        if self._request.since is not None:
            # What was asked anew are some months; the others have been read no further than before.
            return self._request.cursor or "{}"
        return json.dumps({"asked": self._settings.question, "until": str(place.until)})

    def page(self, place: Place) -> list[dict[str, Any]]:
        """The rows of one page.

        :raises SourceUnavailable: when it does not come.
        """
        step = place.left[0]
        asked = {"output_format": "json", "limit": str(place.limit), "offset": str(place.offset)}
        # A month ends a second before midnight, which is later than its last day when that is taken for a moment.
        asked |= {"start_date": str(step.first), "end_date": str(step.last + DAY)}
        rows = self._rows(self._send(asked | ({"location_code": step.code} if step.code else {})))
        stray = next((code for row in rows if (code := str(row.get("location_code", ""))) not in {step.code, ""}), "")
        if step.code and stray:
            what = f"it gives rows of another country than was asked for ({stray[:_SHOWN]})"
            raise self.fault(what, "see whether a newer watcher knows it", needs_person=True)
        return rows

    def has_seen(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Whether a row of this step has come before: the pages have moved against each other."""
        keys = [tuple(str(row.get(name)) for name in _KEY) for row in rows]
        repeats = len({*keys}) < len(keys) or not self._seen.isdisjoint(keys)
        self._seen.update(keys)
        return repeats

    def forget(self) -> None:
        """Another step has other rows."""
        self._seen.clear()

    def doubt(self, place: Place) -> None:
        """Refuse to take for quiet months what is no answer at all: months without an event have rows, too.

        :raises SourceUnavailable: when nothing came.
        """
        if place.brought or self._request.since is not None or place.until < self._settings.begin:
            return
        todo = "see from and countries under pull"
        raise self.fault("it answers, and has no row at all of what is asked", todo, needs_person=True)

    def fault(self, what: str, todo: str = "", *, needs_person: bool = False) -> SourceUnavailable:
        """What is wrong with an answer."""
        return SourceUnavailable(what, where=host_of(self._url), todo=todo, needs_person=needs_person)

    def _read_until(self) -> date | None:
        """The last day that was read, when the same was asked."""
        try:
            known = json.loads(self._request.cursor or "{}")
            return date.fromisoformat(known["until"]) if known["asked"] == self._settings.question else None
        except (KeyError, TypeError, ValueError):
            return None

    def _send(self, asked: Mapping[str, str]) -> Reply:
        if self._has_asked:
            self._access.wait(_PAUSE)
        self._has_asked = True
        headers = {_HEADER: self._identifier, "Accept": "application/json"}
        reply = ask(self._access, self._url, parameters=asked, headers=headers, deadline=_DEADLINE)
        if reply.status in _DENIED and not is_page(reply) and _IDENTIFIER.search(reply.body):
            todo = "see app_identifier under pull; HAPI's site makes one of a name and an e-mail address"
            raise self.fault(f"it refuses the app identifier ({reply.status})", todo, needs_person=True)
        try:
            return check(reply, self._url, now=self._access.now(), hide=(self._identifier,))
        except SourceUnavailable as error:
            if reply.status not in {*_FORBIDDEN, _TOO_MANY}:
                raise
            raise SourceUnavailable(
                error.what, where=error.where, todo=_INSTEAD, wait=error.wait, needs_person=error.needs_person
            ) from None

    def _rows(self, reply: Reply) -> list[dict[str, Any]]:
        found = read_json(reply, self._url)
        rows = found.get("data") if isinstance(found, dict) else None
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        what = "there are no rows where they should be"
        raise self.fault(what, "see whether a newer watcher knows it", needs_person=True)


def _spans(begin: date, until: date, *, months: int) -> Iterator[tuple[date, date]]:
    """The months from one to the last that is over, so many together."""
    numbers = range(begin.year * _YEAR + begin.month - 1, until.year * _YEAR + until.month, months)
    starts = [*(date(number // _YEAR, number % _YEAR + 1, 1) for number in numbers), until + DAY]
    for first, following in pairwise(starts):
        yield first, following - DAY
