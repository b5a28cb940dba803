"""What the APIs of sources may answer: rows, or a fault in the operator's words; and when they are well again, all is.

One answer of a pull is spoilt, or every one from it on. Whatever that does to this pull, those after it come to an end.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from hypothesis import strategies as st

from tests.fuzz.target import Survive, Target, edited, edits
from tests.sources.pull import api as apis
from tests.sources.samples import read_rows
from tests.sources.test_any_bytes import BYTES, OWN
from tests.zoo import Request, Server, behave, response
from watcher.core.errors import DataError, SourceUnavailable
from watcher.core.event import Deletion, Event, Rejection
from watcher.sources import acled as acled_reader
from watcher.sources import ucdp as ucdp_reader
from watcher.sources.pull import Page, acled, table, ucdp

#: Questions of one pull: a sound one asks a tenth of them.
_MOST = 200
_TRIES = 4

_JUNK: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 0, -1, 10**20, 1.5, float("nan"), float("inf"), "", "0", "-1", "9" * 5_000, "\ud800", "\0", "é\n",
    [], {}, [[]], [{}], {"a": {}}, [None], "2026-13-45", 99_999_999_999, "401", 401, 500, "denied", "x" * 5_000,
])  # fmt: skip
_WORDS = st.sampled_from([
    b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"data": []}', b'{"Result": [], "TotalCount": 0}', b"\xff\xfe", apis.HTML,
    b'{"error": "denied"}', b'{"error": ["x"]}', b'{"success": false, "message": [{}]}', b'{"status": "403", "data": null}',
    b'{"count": 1e400, "data": [1]}', b'{"access_token": 5}', b'{"error": "invalid_scope"}',
])  # fmt: skip
_STATUSES = st.sampled_from([200, 200, 201, 204, 302, 304, 307, 400, 401, 403, 404, 413, 429, 500, 503, 504, 999])
_HEADERS = st.dictionaries(
    st.sampled_from(["Retry_After", "Content_Encoding", "Location", "ETag", "Last_Modified", "Content_Type"]),
    st.sampled_from([
        "", "5", "-5", "soon", "9" * 5_000, "Tue, 07 Jul 99999999999 06:00:05 GMT", "Tue, 07 Jul 2020 06:00:05 +99999999",
        "gzip", "br", "identity, gzip", "é", "//[", "http://[/", "http://169.254.169.254/", "/again", "x" * 500,
    ]),
    max_size=2,
)  # fmt: skip


class Spoil(NamedTuple):
    """What happens to an answer."""

    #: Parts of the JSON that are replaced: where, as shares of the way down, and by what.
    parts: list[tuple[list[float], Any]]
    #: What is done to its bytes then.
    bytes_: list[tuple[float, int, str, bytes]]
    #: Said instead of it, where that is not None.
    word: bytes | None
    status: int
    headers: Mapping[str, str]
    is_packed: bool

    def of(self, body: bytes) -> apis.Said:
        """The spoilt answer."""
        with suppress(ValueError):
            tree = json.loads(body)
            for way, junk in self.parts:
                tree = _with(tree, way, junk)
            body = json.dumps(tree).encode()
        body = gzip.compress(body) if self.is_packed else body
        body = edited(body, self.bytes_) if self.word is None else self.word
        packed = {"Content_Encoding": "gzip"} if self.is_packed else {}
        return apis.Said(self.status, body, {**packed, **self.headers})


def _with(tree: Any, way: list[float], junk: Any) -> Any:
    """A tree in which one part is junk."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    if not way or not keys:
        return junk
    key = keys[int(way[0] * (len(keys) - 1))]
    changed = tree.copy()
    changed[key] = _with(tree[key], way[1:], junk)
    return changed


class Case(NamedTuple):
    """A pull, and what becomes of its answers."""

    source: str
    #: Of which answer on.
    first: int
    #: Only of that one, or of all that follow as well.
    once: bool
    spoil: Spoil


_SPOILS = st.builds(
    Spoil,
    st.lists(st.tuples(st.lists(st.floats(0, 1), max_size=3), _JUNK), max_size=2),
    st.just([]) | edits(),
    st.none() | st.none() | _WORDS | BYTES,
    st.just(200) | _STATUSES,
    st.just({}) | _HEADERS,
    st.booleans(),
)


@dataclass
class _Spoilt:
    """An API some of whose answers are spoilt."""

    api: apis.Api
    case: Case
    is_sound: bool = False
    asked: int = field(default=0)

    def decide(self, request: Request) -> bytes | None:
        parts = urlsplit(request.line.split()[1])
        parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.asked >= _MOST:
            return response(503)
        self.asked += 1
        with suppress(KeyError, ValueError):
            status, body, headers = self.api.answer(apis.Asked(parts.path, parameters, request.headers), request.body)
            place = self.asked - 1 - self.case.first
            if not self.is_sound and (place == 0 or (place > 0 and not self.case.once)):
                status, body, headers = self.case.spoil.of(body)
            return response(status, body=body, **headers)
        return response(404)


class _File(apis.Api):
    """A table at an address."""

    def answer(self, asked: apis.Asked, body: bytes) -> apis.Said:
        return apis.Said(200, b"id,date,country,notes\n1,2020-12-03,Mali,it\n", {"ETag": '"one"'})


def _acled() -> apis.Api:
    days = ("2026-01-05", "2026-02-05", "2026-03-05")
    return apis.Acled(rows=[apis.event(n, day=day) for n, day in enumerate(days)], deleted=[apis.deletion(9)])


def _ucdp() -> apis.Api:
    return apis.Ucdp(releases={"26.1": [apis.clash(n) for n in range(3)]})


def _reads_acled(lines: bytes) -> Iterable[object]:
    options = acled_reader.Settings()
    return acled_reader.read(BytesIO(lines), source="a", today=apis.NOW.date(), settings=options)


def _reads_ucdp(lines: bytes) -> Iterable[object]:
    return ucdp_reader.read(BytesIO(lines), source="a", today=apis.NOW.date(), settings=ucdp_reader.Settings())


class _Kind(NamedTuple):
    module: Any
    api: Any
    options: dict[str, Any]
    reads: Any


_ACCOUNT = {"user": {"env": "USER"}, "password": {"env": "PASSWORD"}}
_KINDS = {
    "acled": _Kind(acled, _acled, {**_ACCOUNT, "from": date(2026, 1, 1), "limit": 2}, _reads_acled),
    "ucdp": _Kind(ucdp, _ucdp, {"token": {"env": "TOKEN"}, "pagesize": 2, "candidates": False}, _reads_ucdp),
    "table": _Kind(table, _File, {"token": {"env": "TOKEN"}}, lambda lines: read_rows(lines, **OWN)),
}


def _cases(source: str) -> st.SearchStrategy[Case]:
    return st.builds(Case, st.just(source), st.integers(0, 6), st.booleans(), _SPOILS)


def _is_said_well(error: SourceUnavailable) -> None:
    assert error.what
    assert error.where
    assert not [secret for secret in apis.SECRETS.values() if secret in str(error)]


class _Puller:
    """A client that goes on where it was cut off."""

    def __init__(self, kind: _Kind, api: _Spoilt, client: apis.Client) -> None:
        self._kind, self._api, self._client = kind, api, client
        self.cursor = ""

    def attempt(self, kept: list[Page]) -> bool:
        """Whether it came to an end; what did not has a reason, and nothing of a secret in it."""
        assert self._api.asked < _MOST, "it asks for ever"
        self._api.asked = 0
        try:
            kept.extend(self._client.pages(cursor=self.cursor, position=kept[-1].position if kept else ""))
        except SourceUnavailable as error:
            _is_said_well(error)
            return False
        self.cursor = kept[-1].cursor
        assert self.cursor
        return True

    def read(self, page: Page) -> None:
        """Whatever is handed on is rows, or a file that is refused."""
        assert page.lines.endswith(b"\n") or not page.lines or page.lines.startswith(b"PK")
        with suppress(DataError):
            for record in self._kind.reads(page.lines):
                assert isinstance(record, Event | Deletion | Rejection)


@contextmanager
def _stage() -> Iterator[Survive]:
    with TemporaryDirectory() as folder:
        yield lambda case: _survive(case, Path(folder))


def _survive(case: Case, folder: Path) -> None:
    kind = _KINDS[case.source]
    api = _Spoilt(kind.api(), case)
    (folder / "pulls" / "source.tokens").unlink(missing_ok=True)
    with Server(behave(api.decide)) as server:
        options = kind.options | ({"url": server.url("/table")} if case.source == "table" else {})
        puller = _Puller(kind, api, apis.Client(kind.module, server, folder, options))
        kept: list[Page] = []
        is_done = puller.attempt(kept)
        api.is_sound = True
        assert is_done or any(puller.attempt(kept) for _ in range(_TRIES)), "it goes on when the source is well again"
        for page in kept:
            puller.read(page)
        assert any(puller.attempt([]) for _ in range(_TRIES)), "and so does the next pull"
        assert api.asked < _MOST, "it asks for ever"


TARGETS = tuple(Target(f"answers of an API: {source}", _cases(source), _stage) for source in _KINDS)
