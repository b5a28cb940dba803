"""ACLED's API: page after page of what is new or changed, and then of what was deleted.

A first pull takes the whole history, year by year; later ones what was stamped since, with an overlap. Rows go on as they
came, events and deletions as lines of one batch. An answer that is too much for the server is asked for in smaller pages,
then for fewer days, for the rest of that pull.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, field_validator

from watcher.core.document import Document
from watcher.core.errors import SourceUnavailable
from watcher.core.period import Duration
from watcher.core.secret import SecretReference
from watcher.sources.acled import KNOWN
from watcher.sources.pull.acled_answer import Answer, read_answer
from watcher.sources.pull.acled_place import DELETIONS, Place, Step
from watcher.sources.pull.asking import ApiAddress, TooMuch, ask, host_of, lines_of, page_instead, unknown_keys
from watcher.sources.pull.login import Account, Login
from watcher.sources.pull.numbered import numbers_of, stray_value
from watcher.sources.pull.pull import Page, PullDefaults, Request

DEFAULTS = PullDefaults(every=timedelta(hours=6), stale_after=timedelta(days=14))

#: By the numbers that stand in its rows; 6, 8 and 10 are none.
REGIONS = {
    "western africa": 1,
    "middle africa": 2,
    "eastern africa": 3,
    "southern africa": 4,
    "northern africa": 5,
    "south asia": 7,
    "southeast asia": 9,
    "middle east": 11,
    "europe": 12,
    "caucasus and central asia": 13,
    "central america": 14,
    "south america": 15,
    "caribbean": 16,
    "east asia": 17,
    "north america": 18,
    "oceania": 19,
    "antarctica": 20,
}
_EVENTS_PATH = "/api/acled/read"
_DELETIONS_PATH = "/api/deleted/read"
_DEADLINE = timedelta(seconds=100)
_PAUSE = timedelta(milliseconds=250)
_SITE = "https://acleddata.com"
#: Rows of so many pages are known again: pages overlap at their edges when a row is added meanwhile.
_REMEMBERED = 50_000
#: After so many pages without anything new it is not paging at all.
_REPEATED = 3
_UNAUTHORISED = 401


class Settings(Document):
    """Whose account it is, and what is asked for."""

    user: SecretReference
    """The e-mail address of the account."""
    password: SecretReference
    """Its password."""
    begin: Annotated[date, Field(alias="from", ge=date(1997, 1, 1))]
    """Events from this day on."""
    countries: tuple[str, ...] = ()
    """Only these, by name or ISO 3166 code; absent: all that the account may read."""
    regions: tuple[str, ...] = ()
    """Only ACLED's regions of these names: `Western Africa`."""
    event_types: tuple[Annotated[str, Field(pattern=r"^[^|=&]+$")], ...] = ()
    """Only events of these types: `Battles`."""
    limit: Annotated[int, Field(ge=1, le=50_000)] = 5_000
    """How many rows are asked for at a time."""
    overlap: Annotated[Duration, Field(ge=timedelta())] = timedelta(days=2)
    """How far before the newest time stamp the next pull begins: rows may come out later than they were stamped."""
    url: ApiAddress = _SITE
    """Where the API is."""

    @field_validator("countries")
    @classmethod
    def _have_numbers(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _isos(names)
        return names

    @field_validator("regions")
    @classmethod
    def _are_regions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in names if name.strip().lower() not in REGIONS]:
            msg = f"{unknown[0]!r} is no region of ACLED; they are: {', '.join(name.title() for name in REGIONS)}"
            raise ValueError(msg)
        return names

    @property
    def filters(self) -> dict[str, str]:
        """What is asked for, as the API has it."""
        regions = [REGIONS[name.strip().lower()] for name in self.regions]
        columns: dict[str, Sequence[object]] = {"iso": _isos(self.countries), "region": regions}
        columns["event_type"] = self.event_types
        asked = {name: "|".join(map(str, values)) for name, values in columns.items() if values}
        return asked | ({"event_type_where": "="} if self.event_types else {})

    @property
    def question(self) -> str:
        """What is asked for, in words: when it is something else than before, everything is asked for anew."""
        return json.dumps(self.filters | {"from": str(self.begin)}, sort_keys=True)


def _isos(names: Sequence[str]) -> list[int]:
    return numbers_of(names, lambda found: [found.numeric], whose="ACLED")


def pull(request: Request) -> Iterator[Page]:
    """Everything that is new, changed or deleted since the last time."""
    asking = _Asking(request)
    place = asking.begin()
    while place.left:
        try:
            answer = asking.rows(place)
        except TooMuch:
            smaller = place.smaller(asking.today)
            if smaller is None:
                raise
            place = smaller
            asking.forget()
            yield Page(b"", 0, place.text)
            continue
        if place.is_short(answer):
            # From the beginning of these days, for nobody knows which rows are missing.
            yield Page(b"", 0, place.again().text)
            raise asking.cut_off()
        asking.doubt(place, answer)
        rows = asking.new_of(answer)
        place = place.behind(answer, new=len(rows), now=request.access.now())
        yield Page(lines_of(rows), len(rows), place.text, asking.cursor(place), unknown_keys(answer.rows, KNOWN))


class _Asking:
    """One pull: what is asked, with which account, and what came twice."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.settings
        self._access = request.access
        url, user, password = self._settings.url, self._settings.user, self._settings.password
        self._login = Login(self._access, Account(f"{url}/oauth/token", "acled", "authenticated", user, password))
        self._where = host_of(url)
        self._seen: dict[str, None] = {}
        self._repeated = 0
        self._has_asked = False
        self.today = self._access.now().date()

    def begin(self) -> Place:
        """Where this pull begins, or goes on."""
        begin = max(self._settings.begin, self._request.since or self._settings.begin)
        known = self._request.cursor if self._request.since is None else ""
        start = Place.start(known, begin, self.today, limit=self._settings.limit, question=self._settings.question)
        return Place.read(self._request.position) or start

    def cursor(self, place: Place) -> str:
        """Where the next pull begins; empty while this one goes on."""
        if place.left:
            return ""
        # What was asked anew are some days; the others have been read no further than before.
        return place.cursor(self._settings.question) if self._request.since is None else self._request.cursor or "{}"

    def rows(self, place: Place) -> Answer:
        """One page.

        :raises SourceUnavailable: when it does not come whole.
        """
        path = _DELETIONS_PATH if place.left[0] == DELETIONS else _EVENTS_PATH
        asked = place.asked(self._settings.overlap)
        answer = self._ask(path, asked if path == _DELETIONS_PATH else {**self._settings.filters, **asked})
        if place.is_cut(answer):
            raise self.cut_off()
        if stray := stray_value(answer.rows, "iso", _isos(self._settings.countries)):
            what = f"it gives events of other countries than were asked for (iso {stray})"
            raise SourceUnavailable(
                what, where=self._where, todo="see whether a newer watcher knows it", needs_person=True
            )
        return answer

    def cut_off(self) -> SourceUnavailable:
        """An answer without all the rows that it speaks of."""
        what = "it gives fewer rows than it says there are, so nothing of this pull is stored"
        return SourceUnavailable(what, where=self._where, todo="if this stays, try a smaller limit under pull")

    def doubt(self, place: Place, answer: Answer) -> None:
        """Refuse to take for a quiet week what is no answer at all.

        :raises SourceUnavailable: when the account is shown no event, of any time.
        """
        if answer.rows or place.brought or not place.is_last_of_events:
            return
        probe = Place((Step(self._settings.begin),), limit=1)
        if self._ask(_EVENTS_PATH, {**self._settings.filters, **probe.asked(timedelta())}).rows:
            return
        what = "it answers, and shows this account no event at all of what is asked"
        todo = "see from, countries, regions and event_types under pull, and what the account may read"
        raise SourceUnavailable(what, where=self._where, todo=todo, needs_person=True)

    def new_of(self, answer: Answer) -> list[Any]:
        """The rows of a page that did not come before: pages overlap when a row is added meanwhile.

        :raises SourceUnavailable: when page after page has none.
        """
        rows = [row for row in answer.rows if self._is_new(row)]
        self._repeated = 0 if rows or not answer.rows else self._repeated + 1
        if self._repeated >= _REPEATED:
            what = "it gives the same rows on every page, so nothing of this pull is stored"
            raise SourceUnavailable(what, where=self._where, todo="see whether a newer watcher knows its pages")
        return rows

    def forget(self) -> None:
        """What came before comes once more."""
        self._seen.clear()

    def _is_new(self, row: Any) -> bool:
        key = _key(row)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True

    def _ask(self, path: str, asked: Mapping[str, str]) -> Answer:
        answer = self._once(path, asked)
        if answer.refused and self._login.renew():
            answer = self._once(path, asked)
        if answer.refused:
            raise self._refusal(answer, "events" if path == _EVENTS_PATH else "what was deleted")
        return answer

    def _once(self, path: str, asked: Mapping[str, str]) -> Answer:
        if self._has_asked:
            self._access.wait(_PAUSE)
        self._has_asked = True
        token = self._login.token()
        url = f"{self._settings.url}{path}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        reply = ask(self._access, url, parameters={"_format": "json", **asked}, headers=headers, deadline=_DEADLINE)
        return read_answer(reply, url, now=self._access.now(), hide=token)

    def _refusal(self, answer: Answer, sought: str) -> SourceUnavailable:
        """The login was taken, and its token was not: what that means to whoever has the account."""
        if answer.is_page:
            return page_instead(self._settings.url)
        said = f": {answer.said}" if answer.said else ""
        if answer.refused == _UNAUTHORISED:
            what = f"the login is good, and the token that it hands out is refused (401{said})"
            todo = "see whether a newer watcher knows it; the login or the address of the API may have changed"
        else:
            what = f"the login is good, and the account may not read {sought} (403{said})"
            todo = "log in in a browser: accept the terms of use, complete the profile, and see that the account has the API"
        return SourceUnavailable(what, where=self._where, todo=todo, needs_person=True)


def _key(row: Any) -> str:
    """What a row is known by when it comes again: its id and its stamp."""
    if isinstance(row, dict) and row.get("event_id_cnty"):
        return f"{row['event_id_cnty']} {row.get('timestamp', row.get('deleted_timestamp'))}"
    return json.dumps(row)
