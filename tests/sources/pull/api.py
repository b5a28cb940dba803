"""Servers on loopback that behave like the APIs of ACLED and UCDP, with faults that a test adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from tests.zoo import Request, Server, behave, response
from watcher.core.errors import SourceUnavailable
from watcher.net import Egress
from watcher.sources.pull import Access, Page, Pull
from watcher.sources.pull import Request as Pulling

LOOPBACK = ("127.0.0.0/8",)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
USER, PASSWORD, TOKEN = "desk@example.org", "pa$$ word/&=", "ucdp-token-value"
SECRETS = {"USER": USER, "PASSWORD": PASSWORD, "TOKEN": TOKEN}
HTML = b"<!DOCTYPE html><html><title>Just a moment...</title>"


class Said(NamedTuple):
    """An answer of an API."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def said(value: object, status: int = 200) -> Said:
    """An answer in JSON."""
    return Said(status, json.dumps(value).encode(), {"Content_Type": "application/json"})


class Asked(NamedTuple):
    """A question about data."""

    path: str
    asked: dict[str, str]
    headers: Mapping[str, str]


#: No answer at all.
SILENCE = Said(0)
NOT_FOUND = Said(404, b'{"message": "not found"}')
#: Answers in the place of the API where it does not hand back None.
Fault = Callable[[Asked], Said | None]


def sound(_: Asked) -> Said | None:
    """No fault at all."""
    return None


def always(answer: Said) -> Fault:
    """This, whatever is asked."""
    return lambda _: answer


def at(number: int, answer: Said | None = None) -> Fault:
    """A fault at the n-th question about data, once."""
    count = iter(range(1, 1_000_000))
    return lambda _: answer if next(count) == number else None


@dataclass
class Api:
    """What the two have in common."""

    fault: Fault = sound
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked, body: bytes) -> Said:
        raise NotImplementedError

    def serving(self) -> Server:
        """A server that behaves like this."""
        return Server(behave(self._decide))

    def _decide(self, request: Request) -> bytes | None:
        parts = urlsplit(request.line.split()[1])
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        status, body, headers = self.answer(Asked(parts.path, parameters, request.headers), request.body)
        return response(status, body=body, **headers) if status else None


# --- ACLED ------------------------------------------------------------------------------------------------------------


def event(number: int, *, day: str = "2026-06-01", stamp: int = 1_780_000_000, **changes: str) -> dict[str, Any]:
    """An event that never happened, as the API writes it: every value is text."""
    row = {
        "event_id_cnty": f"MLI{number}",
        "event_date": day,
        "year": day[:4],
        "time_precision": "1",
        "disorder_type": "Political violence",
        "event_type": "Battles",
        "sub_event_type": "Armed clash",
        "actor1": "River Front",
        "assoc_actor_1": "",
        "inter1": "Rebel group",
        "actor2": "Hill Front",
        "assoc_actor_2": "",
        "inter2": "Rebel group",
        "interaction": "Rebel group-Rebel group",
        "civilian_targeting": "",
        "iso": "466",
        "region": "Western Africa",
        "country": "Mali",
        "admin1": "Mopti",
        "admin2": "Douentza",
        "admin3": "",
        "location": "Anywhere",
        "latitude": "14.5",
        "longitude": "-2.25",
        "geo_precision": "2",
        "source": "Daily Paper",
        "source_scale": "National",
        "notes": "The two fronts fought\nat Anywhere; nobody counted.",
        "fatalities": "4",
        "tags": "",
        "timestamp": str(stamp),
    }
    return row | changes


def deletion(number: int, *, stamp: int = 1_780_000_500) -> dict[str, str]:
    return {"event_id_cnty": f"MLI{number}", "deleted_timestamp": str(stamp)}


#: What `count` may mean: the rows of the page, all rows, or nothing.
COUNTS: Mapping[str, Callable[[int, int], int | None]] = {
    "of the page": lambda page, _: page,
    "of everything": lambda _, everything: everything,
    "null": lambda *_: None,
}


@dataclass
class Acled(Api):
    """ACLED's API: a login that hands out tokens, events and deletions by pages."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refreshes: set[str] = field(default_factory=set)
    #: What was posted to the login.
    logins: list[dict[str, str]] = field(default_factory=list)
    login_fault: Callable[[dict[str, str]], Said | None] = lambda _: None
    count: str = "of the page"
    #: It gives no more rows at a time than this, and counts its pages by them or by what it is asked.
    most: int = 1_000_000
    counts_by_most: bool = False

    def answer(self, asked: Asked, body: bytes) -> Said:
        if asked.path == "/oauth/token":
            return self._login({name: values[0] for name, values in parse_qs(body.decode()).items()})
        self.asked.append(asked)
        if (fault := self.fault(asked)) is not None:
            return fault
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return said({"status": 401, "message": "Unauthenticated."}, 401)
        rows = {"/api/acled/read": self._events, "/api/deleted/read": self._deletions}[asked.path](asked.asked)
        limit, page = int(asked.asked["limit"]), int(asked.asked["page"])
        size = min(limit, self.most)
        start = (page - 1) * (size if self.counts_by_most else limit)
        shown = rows[start : start + size]
        count = COUNTS[self.count](len(shown), len(rows))
        return said({"status": 200, "success": True, "last_update": 12, "count": count, "messages": [], "data": shown})

    def _login(self, form: dict[str, str]) -> Said:
        self.logins.append(form)
        if (fault := self.login_fault(form)) is not None:
            return fault
        wanted = {"grant_type": "password", "username": USER, "password": PASSWORD, "scope": "authenticated"}
        refreshing = form.get("grant_type") == "refresh_token" and form.get("refresh_token") in self.refreshes
        if form.get("client_id") != "acled" or (not refreshing and not wanted.items() <= form.items()):
            return said({"error": "invalid_grant", "error_description": "The user credentials were incorrect."}, 400)
        number = len(self.logins)
        self.tokens.add(f"access-{number}")
        self.refreshes = {f"refresh-{number}"}
        handed = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
        return said({"token_type": "Bearer", "expires_in": 86_400, **handed})

    def _events(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        first, _, last = asked["event_date"].partition("|")
        assert asked["event_date_where"] == ("BETWEEN" if last else ">=")
        assert "timestamp" not in asked or asked["timestamp_where"] == ">="
        return [
            row
            for row in self.rows
            if first <= row["event_date"] <= (last or "9999")
            and row["iso"] in asked.get("iso", row["iso"]).split("|")
            and row["event_type"] in asked.get("event_type", row["event_type"]).split("|")
            and int(row["timestamp"]) >= int(asked.get("timestamp", 0))
        ]

    def _deletions(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        assert asked["deleted_timestamp_where"] == ">="
        return [row for row in self.deleted if int(row["deleted_timestamp"]) >= int(asked["deleted_timestamp"])]


# --- UCDP -------------------------------------------------------------------------------------------------------------


def clash(number: int, *, day: str = "2026-03-05", **changes: Any) -> dict[str, Any]:
    """An event that never happened, as the API writes it: numbers are numbers, and some are text."""
    row = {
        "id": number,
        "relid": f"MLI-{day[:4]}-2-15000-{number}",
        "year": int(day[:4]),
        "active_year": True,
        "code_status": "Clear",
        "type_of_violence": 2,
        "conflict_dset_id": "14000",
        "conflict_new_id": 14000,
        "conflict_name": "River Front - Hill Front",
        "dyad_new_id": 15000,
        "dyad_name": "River Front - Hill Front",
        "side_a_new_id": 1,
        "side_a": "River Front",
        "side_b": "Hill Front",
        "number_of_sources": 1,
        "source_office": "Daily Paper",
        "source_headline": "Fronts clash",
        "where_prec": 2,
        "where_coordinates": "Anywhere village",
        "where_description": "near Anywhere",
        "adm_1": "Mopti region",
        "adm_2": "Douentza cercle",
        "latitude": 14.5,
        "longitude": -2.25,
        "country": "Mali",
        "country_id": 432,
        "event_clarity": 1,
        "date_prec": 1,
        "date_start": f"{day}T00:00:00",
        "date_end": f"{day}T00:00:00",
        "best": 12,
        "high": 15,
        "low": 9,
        "gwnoa": None,
    }
    return row | changes


@dataclass
class Ucdp(Api):
    """UCDP's API: releases by name, with a token in a header."""

    releases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    #: What an unpublished release is answered with.
    unpublished: Said = NOT_FOUND

    def answer(self, asked: Asked, body: bytes) -> Said:
        self.asked.append(asked)
        if (fault := self.fault(asked)) is not None:
            return fault
        if asked.headers.get("x-ucdp-access-token") != TOKEN:
            return said({"message": "Invalid token"}, 401)
        release = asked.path.removeprefix("/api/gedevents/")
        if release not in self.releases:
            return self.unpublished
        size, page = int(asked.asked["pagesize"]), int(asked.asked["page"])
        rows = [row for row in self.releases[release] if _picks(asked.asked, row)]
        shown = rows[page * size : (page + 1) * size]
        pages = -(-len(rows) // size)
        onward = f"http://127.0.0.1{asked.path}?page={page + 1}" if page + 1 < pages else ""
        return said({"TotalCount": len(rows), "TotalPages": pages, "NextPageUrl": onward, "Result": shown})

    def pulled(self) -> list[tuple[str, int]]:
        """The releases and pages that were asked for, probes left out."""
        return [(_name(each), int(each.asked["page"])) for each in self.asked if each.asked["pagesize"] != "1"]

    def probed(self) -> list[str]:
        """The releases that were looked for."""
        return [_name(each) for each in self.asked if each.asked["pagesize"] == "1"]


def _name(asked: Asked) -> str:
    return asked.path.rpartition("/")[2]


def _picks(asked: Mapping[str, str], row: Mapping[str, Any]) -> bool:
    return (
        str(row["country_id"]) in asked.get("Country", str(row["country_id"])).split(",")
        and str(row["type_of_violence"]) in asked.get("TypeOfViolence", str(row["type_of_violence"])).split(",")
        and row["date_start"] >= asked.get("StartDate", "")
    )


# --- asking them ------------------------------------------------------------------------------------------------------


@dataclass
class Client:
    """Asks a server as watcher does, with a clock that the test sets and pauses that take no time."""

    module: Pull
    server: Server
    folder: Path
    options: Mapping[str, Any]
    now: datetime = NOW
    pauses: list[timedelta] = field(default_factory=list)

    def pages(self, *, cursor: str = "", position: str = "", since: date | None = None) -> Iterator[Page]:
        settings = self.module.Settings.model_validate({"url": self.server.url(""), **self.options})
        return self.module.pull(Pulling(settings, self.access, cursor, position, since))

    @property
    def access(self) -> Access:
        return Access(
            egress=Egress(allow_networks=LOOPBACK),
            secret=lambda reference: SecretStr(SECRETS[str(reference.env)]),
            now=lambda: self.now,
            wait=self.pauses.append,
            tokens=self.folder / "pulls" / "source.tokens",
        )

    def pull(self, **where: Any) -> Pulled:
        return together(list(self.pages(**where)))

    def persist(self, fault: str) -> bytes:
        """Ask again behind every fault of this sort, and hand back all lines together."""
        kept: list[Page] = []
        while not (kept and kept[-1].cursor):
            try:
                kept.extend(self.pages(position=kept[-1].position if kept else ""))
            except SourceUnavailable as error:
                if fault not in str(error):
                    raise
        return b"".join(page.lines for page in kept)


class Pulled(NamedTuple):
    """What a pull brought."""

    rows: list[Any]
    cursor: str
    lines: bytes
    unknown: frozenset[str]


def together(pages: Sequence[Page]) -> Pulled:
    """All pages as one batch."""
    lines = b"".join(page.lines for page in pages)
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) == sum(page.rows for page in pages)
    assert [bool(page.cursor) for page in pages] == [False] * (len(pages) - 1) + [True]
    return Pulled(rows, pages[-1].cursor, lines, frozenset().union(*(page.unknown for page in pages)))
