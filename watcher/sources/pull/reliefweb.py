"""ReliefWeb's API: what was changed since the last time, the longest ago first, page after page.

Each page begins at the stamp that the one before ended with, so that a report that is changed meanwhile shifts no other
out of sight, and no page lies deep. Only within one stamp are rows passed over, all but the last, by which it is seen
whether they are still the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from watcher.core import country
from watcher.core.document import Document
from watcher.core.errors import SourceUnavailable
from watcher.core.period import Duration, day_start
from watcher.net import Reply
from watcher.sources.pull.asking import (
    ApiAddress,
    ask,
    check,
    host_of,
    is_page,
    lines_of,
    read_json,
    refusal,
    unknown_keys,
)
from watcher.sources.pull.pull import Page, PullDefaults, Request
from watcher.sources.pull.reliefweb_answer import Answer, Place, code_of, fields_of, message_of, whole_number
from watcher.sources.reliefweb import DISASTER, KNOWN, REPORT

DEFAULTS = PullDefaults(every=timedelta(hours=1), stale_after=timedelta(days=7))

_DEADLINE = timedelta(seconds=60)
_PAUSE = timedelta(milliseconds=250)
_SITE = "https://api.reliefweb.int"
_REQUEST_FORM = "https://apidoc.reliefweb.int/parameters#appname"
_OK = 200
_FORBIDDEN = 403
_GONE = 410
_WALL = "something stands before it that lets only browsers through"
_MOVED = range(300, 400)
_FAULTS = range(400, 600)
#: So often rows may slip through within one pull.
_SHIFTS = 5
#: What is said of no country in particular.
_WORLD = "wld"


class Settings(Document):
    """Who asks, and what is asked for."""

    appname: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    """The name by which ReliefWeb knows you; it has to be approved before anybody is answered."""
    begin: Annotated[date, Field(alias="from", ge=date(1970, 1, 1))]
    """What was posted from this day on."""
    content: Literal["reports", "disasters"] = "reports"
    """Reports, or disasters; for both, write two sources."""
    countries: tuple[str, ...] = ()
    """Only what is about these first of all, by name or ISO 3166 code; absent: all countries."""
    formats: tuple[str, ...] = ()
    """Only reports of these formats: `Situation Report`."""
    themes: tuple[str, ...] = ()
    """Only reports with one of these themes: `Protection and Human Rights`."""
    query: str = ""
    """Only what has these words in its title or text, in ReliefWeb's query language: `attack OR clash`."""
    limit: Annotated[int, Field(ge=2, le=1_000)] = 1_000
    """How many are asked for at a time; a day has 1,000 calls."""
    overlap: Annotated[Duration, Field(ge=timedelta())] = timedelta(days=1)
    """How far before the newest change the next pull begins: a change may come out later than it was stamped."""
    url: ApiAddress = _SITE
    """Where the API is."""

    @field_validator("countries")
    @classmethod
    def _are_countries(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        country.find_countries(names)
        return names

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.content == "disasters" and (self.formats or self.themes):
            msg = "only reports have formats and themes; leave them out for disasters"
            raise ValueError(msg)
        return self

    @property
    def codes(self) -> list[str]:
        """The countries, as the API has them."""
        return [found.iso3.lower() for found in country.find_countries(self.countries)]

    @property
    def conditions(self) -> list[dict[str, Any]]:
        """What is asked for, as the API has it, but for the time."""
        codes = self.codes
        where: dict[str, Any] = {"field": "primary_country.iso3", "value": codes or _WORLD}
        where |= {"operator": "OR"} if codes else {"negate": True}
        listed = {"format.name": self.formats, "theme.name": self.themes}
        chosen = [{"field": name, "value": [*each], "operator": "OR"} for name, each in listed.items() if each]
        return [where, *chosen]

    @property
    def question(self) -> str:
        """What is asked for, in words: when it is something else than before, everything is asked for anew."""
        return json.dumps([self.content, str(self.begin), self.query, self.conditions], sort_keys=True)


def pull(request: Request) -> Iterator[Page]:
    """Everything that is new or changed since the last time."""
    asking = _Asking(request)
    place = asking.begin()
    while True:
        answer = asking.page(place)
        asking.doubt(place, answer)
        if place.has_shifted(answer):
            place = asking.again(place)
            yield Page(b"", 0, place.text)
            continue
        rows = asking.new_of(answer)
        onward = place.behind(answer)
        cursor = asking.cursor(place, answer) if onward is None else ""
        place = onward or place
        yield Page(lines_of(rows), len(rows), place.text, cursor, unknown_keys([*map(fields_of, answer.rows)], KNOWN))
        if cursor:
            return


class _Asking:
    """One pull: what is asked, and what came on the page before."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.settings
        self._access = request.access
        self._where = host_of(self._settings.url)
        self._url = f"{self._settings.url}/v2/{self._settings.content}"
        self._before: frozenset[str] = frozenset()
        self._has_asked = False
        self._shifts = 0

    def begin(self) -> Place:
        """Where this pull begins, or goes on."""
        known = self._newest() if self._request.since is None else None
        start = self._posted_since() if known is None else known - self._settings.overlap
        return Place.read(self._request.position) or Place(start)

    def cursor(self, place: Place, answer: Answer) -> str:
        """Where the next pull begins, behind the last page; a stamp of the future moves it no further than to now."""
        if self._request.since is not None:
            # What was asked anew are some days; the others have been read no further than before.
            return self._request.cursor or "{}"
        newest = min(max([place.since, *answer.stamps]), self._access.now())
        newest = max(newest, self._newest() or newest)
        return json.dumps({"asked": self._settings.question, "changed": newest.isoformat()}, sort_keys=True)

    def page(self, place: Place) -> Answer:
        """One page.

        :raises SourceUnavailable: when it does not come whole.
        """
        answer = self._ask(place)
        expected = min(max(answer.total - place.offset, 0), self._settings.limit)
        if len(answer.rows) != expected:
            what = f"a page has {len(answer.rows):,} rows and should have {expected:,}"
            todo = "if this stays, try a smaller limit under pull"
            raise self._fault(f"{what}, so nothing of this pull is stored", todo)
        stamps = answer.stamps
        if stamps != sorted(stamps):
            what = "it does not give them in the order that was asked for, so nothing of this pull is stored"
            raise self._fault(what, "see whether a newer watcher knows it", needs_person=True)
        codes = self._settings.codes
        if codes and (stray := next((code for row in answer.rows if (code := code_of(row)) not in [*codes, ""]), "")):
            what = f"it gives what is about other countries than were asked for ({stray})"
            raise self._fault(what, "see whether a newer watcher knows it", needs_person=True)
        return answer

    def again(self, place: Place) -> Place:
        """The beginning of a stamp of which rows have slipped through.

        :raises SourceUnavailable: when that goes on.
        """
        self._shifts += 1
        if self._shifts > _SHIFTS:
            what = "its pages do not follow each other, so nothing of this pull is stored"
            raise self._fault(what, "if this stays, see whether a newer watcher knows its pages")
        self._before = frozenset()
        return Place(place.since)

    def doubt(self, place: Place, answer: Answer) -> None:
        """Refuse to take for a quiet time what is no answer at all.

        :raises SourceUnavailable: when a first pull brings nothing.
        """
        is_first = self._newest() is None and self._request.since is None and place == Place(self._posted_since())
        if is_first and not answer.total:
            what = f"it answers, and has none of its {self._settings.content} of what is asked"
            raise self._fault(what, "see the options under pull", needs_person=True)

    def new_of(self, answer: Answer) -> list[Any]:
        """The rows of a page that did not stand on the page before: both hold what was changed in one second."""
        keys = {json.dumps(row, sort_keys=True): row for row in answer.rows}
        rows = [row for key, row in keys.items() if key not in self._before]
        self._before = frozenset(keys)
        return rows

    def _newest(self) -> datetime | None:
        """The newest change that was read before, when the same was asked."""
        try:
            known = json.loads(self._request.cursor or "{}")
            return datetime.fromisoformat(known["changed"]) if known["asked"] == self._settings.question else None
        except (KeyError, TypeError, ValueError):
            return None

    def _posted_since(self) -> datetime:
        return day_start(max(self._settings.begin, self._request.since or self._settings.begin))

    def _ask(self, place: Place) -> Answer:
        if self._has_asked:
            self._access.wait(_PAUSE)
        self._has_asked = True
        settings = self._settings
        fields = REPORT if settings.content == "reports" else DISASTER
        asked: dict[str, Any] = {
            "fields": {"include": [*fields]},
            "filter": {"operator": "AND", "conditions": [*self._dates(place), *settings.conditions]},
            "sort": ["date.changed:asc", "id:asc"],
            "limit": settings.limit,
            "offset": place.offset,
        }
        asked |= {"query": {"value": settings.query, "operator": "AND"}} if settings.query else {}
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        named, body = {"appname": settings.appname}, json.dumps(asked).encode()
        reply = ask(self._access, self._url, parameters=named, headers=headers, body=body, deadline=_DEADLINE)
        return self._read(reply)

    def _dates(self, place: Place) -> Iterator[dict[str, Any]]:
        for name, moment in {"date.created": self._posted_since(), "date.changed": place.since}.items():
            yield {"field": name, "value": {"from": moment.isoformat(timespec="seconds")}}

    def _read(self, reply: Reply) -> Answer:
        if reply.status in _FAULTS and not is_page(reply):
            raise self._refusal(reply.status, message_of(reply), reply)
        if reply.status in _MOVED:
            todo = "see url under pull, and whether a newer watcher knows where it is now"
            raise self._fault(f"it has moved ({reply.status})", todo, needs_person=True)
        check(reply, self._url, now=self._access.now())
        if reply.status != _OK or not reply.body.strip():
            what = f"it answers without data ({reply.status}): {_WALL}"
            raise self._fault(what, "ask ReliefWeb whether it blocks this address", needs_person=True)
        envelope = read_json(reply, self._url)
        found = envelope if isinstance(envelope, dict) else {}
        if (status := whole_number(found.get("status"))) in _FAULTS or found.get("error"):
            raise self._refusal(status, message_of(reply), reply)
        rows, total = found.get("data"), whole_number(found.get("totalCount"))
        if not isinstance(rows, list) or total < 0:
            what = "there are no rows, or no number of them, where they should be"
            raise self._fault(what, "see whether a newer watcher knows it", needs_person=True)
        return Answer(rows, total)

    def _refusal(self, status: int, message: str, reply: Reply) -> SourceUnavailable:
        """What a fault in an envelope means, whatever the status of HTTP."""
        said = f": {message}" if message else ""
        if status == _FORBIDDEN:
            what = f"it does not know the appname {self._settings.appname!r} ({status}{said})"
            return self._fault(what, f"have it approved: {_REQUEST_FORM}", needs_person=True)
        if status == _GONE:
            what = f"this version of its API is gone ({status}{said})"
            todo = "see url under pull, and whether a newer watcher knows the next"
            return self._fault(what, todo, needs_person=True)
        if status not in _FAULTS:
            return self._fault(f"it reports a fault: {message or 'without saying which'}")
        return refusal(Reply(status, reply.headers, message.encode()), self._url, now=self._access.now())

    def _fault(self, what: str, todo: str = "", *, needs_person: bool = False) -> SourceUnavailable:
        return SourceUnavailable(what, where=self._where, todo=todo, needs_person=needs_person)
