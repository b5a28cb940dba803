"""UCDP's API: the newest final release, and the candidates since.

A release never changes, so that each is taken once; which there are is found by asking for them. Each row goes on with
the name of its release, and what a newer release has no more goes on as removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, field_validator

from watcher.core.document import Document
from watcher.core.errors import SourceUnavailable
from watcher.core.secret import SecretReference
from watcher.net import Reply
from watcher.sources.pull.asking import ApiAddress, ask, check, host_of, is_page, lines_of, read_json, unknown_keys
from watcher.sources.pull.numbered import numbers_of, stray_value
from watcher.sources.pull.pull import Page, PullDefaults, Request
from watcher.sources.pull.ucdp_place import Place, named, names
from watcher.sources.ucdp import KNOWN, RELEASE, REMOVED
from watcher.sources.ucdp_release import FIRST_DAY, LAST_MONTH, Kind, Release

DEFAULTS = PullDefaults(every=timedelta(days=1), stale_after=timedelta(days=62))

#: How far back a newest final release is looked for.
_YEARS = 4
_TYPES = {"state-based": 1, "non-state": 2, "one-sided": 3}
_HEADER = "x-ucdp-access-token"
_DEADLINE = timedelta(seconds=90)
_PROBE_DEADLINE = timedelta(seconds=15)
_PAUSE = timedelta(milliseconds=250)
#: An event may begin so long before the days that its release covers.
_LONGEST_EVENT = timedelta(days=366)
_REFUSED = frozenset({401, 403})
#: No number of rows has more.
_DIGITS = 9
_UNPUBLISHED = frozenset({400, 404})


class Settings(Document):
    """Whose token it is, and what is asked for."""

    token: SecretReference
    """The token that UCDP hands out by e-mail."""
    begin: Annotated[date, Field(alias="from", ge=FIRST_DAY)] = FIRST_DAY
    """Events from this day on."""
    countries: tuple[str, ...] = ()
    """Only these, by name or ISO 3166 code."""
    types_of_violence: tuple[Literal["state-based", "non-state", "one-sided"], ...] = ()
    """Only these."""
    candidates: bool = True
    """Whether the candidates since the newest final release are taken as well."""
    pagesize: Annotated[int, Field(ge=1, le=1_000)] = 1_000
    """How many rows are asked for at a time."""
    url: ApiAddress = "https://ucdpapi.pcr.uu.se"
    """Where the API is."""

    @field_validator("countries")
    @classmethod
    def _have_numbers(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _gws(names)
        return names

    @property
    def filters(self) -> dict[str, str]:
        """What is asked for, as the API has it."""
        types = sorted(_TYPES[each] for each in self.types_of_violence)
        asked = {"Country": sorted({*_gws(self.countries)}), "TypeOfViolence": types}
        start = {"StartDate": str(self.begin)} if self.begin > FIRST_DAY else {}
        return start | {name: ",".join(map(str, values)) for name, values in asked.items() if values}

    @property
    def question(self) -> str:
        """What is asked for, in words: when it is something else than before, every release is taken anew."""
        return json.dumps(self.filters, sort_keys=True)


def _gws(names: Sequence[str]) -> list[int]:
    return numbers_of(names, lambda found: found.gw, whose="UCDP")


def pull(request: Request) -> Iterator[Page]:
    """The rows of every release that is new, and what it has no more."""
    asking = _Asking(request)
    place = Place.read(request.position) or asking.begin()
    while place.left:
        answer = asking.page(place.left[0], place.page)
        if asking.is_odd(place, answer):
            # From its beginning, for nobody knows which rows are missing.
            yield Page(b"", 0, place.again().text)
            raise asking.fault("its pages do not make one release, so nothing of this pull is stored")
        rows = [{**row, RELEASE: place.left[0].name} for row in answer.rows]
        place = place.behind(len(rows), answer.total, asking.pagesize)
        yield Page(lines_of(rows), len(rows), place.text, unknown=unknown_keys(answer.rows, KNOWN))
    asking.doubt(place)
    for release, replaced in place.replacements.items():
        for gone in asking.removed(release, replaced):
            if gone is None:
                # Nothing yet, but we are still at it.
                yield Page(b"", 0, place.text)
            else:
                place = place.without(replaced)
                yield Page(lines_of(gone), len(gone), place.text)
    yield Page(b"", 0, place.text, cursor=asking.cursor(place))


class _Answer(NamedTuple):
    rows: list[dict[str, Any]]
    #: How many rows there are on all pages.
    total: int


class _Asking:
    """One pull: what is asked, and what has come of a release."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings: Settings = request.settings
        self._access = request.access
        self._where = host_of(self._settings.url)
        self._token = self._access.secret(self._settings.token).get_secret_value()
        self._has_asked = False
        self._ids: set[str] = set()
        self._begin = max(self._settings.begin, request.since or self._settings.begin)
        self.pagesize = self._settings.pagesize

    def begin(self) -> Place:
        """Where this pull begins: which releases there are, and which of them are new."""
        taken = self._taken()
        releases = self._published(taken)
        anew = self._request.since is not None
        new = [each for each in releases if anew or each not in taken]
        replaced = [each for each in taken if not anew and each not in releases]
        # The best first: what an older one says of the same event is then left out, and makes no version of its own.
        return Place(tuple(reversed(new)), tuple(releases), tuple(replaced))

    def cursor(self, place: Place) -> str:
        """Where the next pull begins."""
        if self._request.since is not None:
            # What was asked anew are some days; the others have been read no further than before.
            return self._request.cursor or "{}"
        return json.dumps({"asked": self._settings.question, "releases": names(place.releases)})

    def page(self, release: Release, number: int, *, start: date | None = None) -> _Answer:
        """One page of a release.

        :param start: only events from this day on, where that is later than what is asked for.
        :raises SourceUnavailable: when it does not come whole.
        """
        begin = max(self._begin, start or self._begin)
        asked = {**self._settings.filters, "pagesize": str(self.pagesize), "page": str(number)}
        if begin > FIRST_DAY:
            asked["StartDate"] = str(begin)
        url, reply = self._send(release, asked, _DEADLINE)
        answer = self._read(url, check(reply, url, now=self._access.now(), hide=(self._token,)))
        expected = min(max(answer.total - number * self.pagesize, 0), self.pagesize)
        if len(answer.rows) != expected:
            what = f"it gives {len(answer.rows):,} of the {expected:,} rows of page {number} of {release.name}"
            todo = "if this stays, try a smaller pagesize under pull"
            raise self.fault(f"{what}, so nothing of this pull is stored", todo)
        if stray := stray_value(answer.rows, "country_id", _gws(self._settings.countries)):
            what = f"it gives events of other countries than were asked for (country_id {stray})"
            raise self.fault(what, "see whether a newer watcher knows it", needs_person=True)
        return answer

    def is_odd(self, place: Place, answer: _Answer) -> bool:
        """Whether a page does not go with those before it: another total, an event that came already, or nothing."""
        if place.page == 0:
            self._ids.clear()
        ids = _ids_of(answer.rows)
        repeats = len({*ids}) < len(ids) or not self._ids.isdisjoint(ids)
        self._ids.update(ids)
        is_empty = not answer.total and not self._settings.filters and self._request.since is None
        return repeats or is_empty or (place.page > 0 and answer.total != place.total)

    def doubt(self, place: Place) -> None:
        """Refuse to take for quiet years what is no answer at all.

        :raises SourceUnavailable: when a first pull brings nothing.
        """
        if place.brought or self._taken() or self._request.since is not None:
            return
        todo = "see from, countries and types_of_violence under pull"
        raise self.fault("it answers, and has no event at all of what is asked", todo, needs_person=True)

    def removed(self, release: Release, replaced: list[Release]) -> Iterator[list[Any] | None]:
        """The events of older releases that a newer one lacks, after a None for each page that was looked at.

        A release that is not handed out any more cannot be looked at: what was removed from it stays.
        """
        before: set[str] = set()
        after: set[str] = set()
        for old in filter(self._is_published, replaced):
            for ids in self._all_ids(old, None):
                before |= ids
                yield None
        for ids in self._all_ids(release, min(old.begins for old in replaced) - _LONGEST_EVENT):
            after |= ids
            yield None
        yield [{"id": each, RELEASE: release.name, REMOVED: True} for each in sorted(before - after)]

    def fault(self, what: str, todo: str = "", *, needs_person: bool = False) -> SourceUnavailable:
        """What is wrong with an answer."""
        return SourceUnavailable(what, where=self._where, todo=todo, needs_person=needs_person)

    def _taken(self) -> tuple[Release, ...]:
        """The releases that were taken before, when the same was asked."""
        try:
            known = json.loads(self._request.cursor or "{}")
            return named(known["releases"]) if known["asked"] == self._settings.question else ()
        except (KeyError, TypeError, ValueError):
            return ()

    def _published(self, taken: tuple[Release, ...]) -> list[Release]:
        """The releases that are to be believed now, the least first."""
        today = self._access.now().date()
        finals = map(Release.final, range(today.year, today.year - _YEARS, -1))
        newest = self._first(finals, taken)
        if newest is None:
            todo = "see url under pull, and whether a newer watcher knows its releases"
            raise self.fault(f"it has no final release of the last {_YEARS} years", todo, needs_person=True)
        found = [newest]
        for year in range(newest.year + 1, today.year + 1) if self._settings.candidates else ():
            months = range(1, (LAST_MONTH if year < today.year else today.month) + 1)
            cumulative = self._first((Release(year, month, Kind.CUMULATIVE) for month in reversed(months)), taken)
            found += [] if cumulative is None else [cumulative]
            later = months if cumulative is None else months[cumulative.month :]
            single = (Release(year, month, Kind.MONTH) for month in later)
            found += [each for each in single if each in taken or self._is_published(each)]
        return found

    def _first(self, releases: Iterable[Release], taken: tuple[Release, ...]) -> Release | None:
        return next((each for each in releases if each in taken or self._is_published(each)), None)

    def _is_published(self, release: Release) -> bool:
        """Whether there is a release; an answer without rows is none."""
        url, reply = self._send(release, {"pagesize": "1", "page": "0"}, _PROBE_DEADLINE)
        if reply.status in _UNPUBLISHED and not is_page(reply):
            return False
        return bool(self._read(url, check(reply, url, now=self._access.now(), hide=(self._token,))).rows)

    def _all_ids(self, release: Release, start: date | None) -> Iterator[set[str]]:
        number, total = 0, 1
        while number * self.pagesize < total:
            rows, total = self.page(release, number, start=start)
            number += 1
            yield set(_ids_of(rows))

    def _send(self, release: Release, asked: Mapping[str, str], deadline: timedelta) -> tuple[str, Reply]:
        if self._has_asked:
            self._access.wait(_PAUSE)
        self._has_asked = True
        url = f"{self._settings.url}/api/gedevents/{release.name}"
        headers = {_HEADER: self._token, "Accept": "application/json"}
        reply = ask(self._access, url, parameters=asked, headers=headers, deadline=deadline)
        if reply.status in _REFUSED and not is_page(reply):
            what = f"it refuses the token ({reply.status})"
            todo = "see token under pull; UCDP hands out tokens by e-mail, and since 2026 answers nobody without one"
            raise self.fault(what, todo, needs_person=True)
        return url, reply

    def _read(self, url: str, reply: Reply) -> _Answer:
        found = read_json(reply, url)
        answer = {str(key).lower(): value for key, value in found.items()} if isinstance(found, dict) else {}
        rows, total = answer.get("result"), str(answer.get("totalcount"))
        if (
            isinstance(rows, list)
            and all(isinstance(row, dict) for row in rows)
            and total.isascii()
            and total.isdigit()
            and len(total) <= _DIGITS
        ):
            return _Answer(rows, int(total))
        what = "there are no rows, or no number of them, where they should be"
        raise self.fault(what, "see whether a newer watcher knows it", needs_person=True)


def _ids_of(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in rows if row.get("id") is not None]
