"""What is said at the two doors: whatever comes over the socket, it is answered or hung up on, and the next one is served."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.fuzz.target import Survive, Target, edited, edits
from tests.installation import installed
from tests.sources.test_any_bytes import BYTES
from tests.web import test_door, test_service
from watcher import log
from watcher.core.message.link import Action, Links, Ticket, write
from watcher.store.migrate import create
from watcher.web.counter import Counter
from watcher.web.server import Door

_PATIENCE_S = 5
_TOKEN = "for probes"
_REFUSALS = frozenset({400, 401, 403, 404, 409, 410, 411, 413, 414, 422, 431, 501, 505})
_REPLY = re.compile(rb"HTTP/1\.0 (\d{3}) [^\r\n]*\r\n((?:[A-Za-z-]+: [^\r\n]*\r\n)*)\r\n(.*)", re.DOTALL)


def _said(port: int, request: bytes) -> bytes:
    """Everything that is answered; nothing when we are hung up on."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as sock:
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: sock.recv(65_536), b""))
    except TimeoutError:
        raise
    except OSError:
        return b""


def _status(request: bytes, answer: bytes) -> int:
    """The status of a whole and well-formed answer; 0 where there is none."""
    if not answer:
        return 0
    reply = _REPLY.fullmatch(answer)
    assert reply, answer[:200]
    [length] = re.findall(rb"^Content-Length: (\d+)\r$", reply[2], re.MULTILINE) or [None]
    # Of a head that cannot be read nobody knows that it asks for a head.
    assert length is None or len(reply[3]) == int(length) or (request.startswith(b"HEAD ") and not reply[3])
    return int(reply[1])


def _parts(request: bytes) -> tuple[list[bytes], bytes]:
    """The lines of a request's head, and what comes behind it."""
    head: list[bytes] = []
    rest = request
    while rest:
        line, _, rest = rest.partition(b"\n")
        if not line.rstrip(b"\r") and head:
            return head, rest
        head.append(line.rstrip(b"\r"))
    return head, b""


def _values(head: list[bytes], name: bytes) -> list[bytes]:
    return [line.partition(b":")[2].strip() for line in head[1:] if line.lower().startswith(name + b":")]


# --- requests ---------------------------------------------------------------------------------------------------------

_METHODS = st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT", b"get", b"POST\t", b"", b"\x85", b"PRI"])
_VERSIONS = st.sampled_from(
    [
        b" HTTP/1.1",
        b" HTTP/1.0",
        b" HTTP/2.0",
        b" HTTP/0.9",
        b" HTTP/1.1 x",
        b" HTTP/\xb2.1",
        b" HTTP/9999999999999.1",
        b"",
    ]
)
_ODD_PATHS = (b"*", b"//[", b"http://[/", b"/%00", b"/\xff", b"/..", b"/?", b"/#", b"?x", b"/ x", b"/" + b"a" * 300)
_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n "])
_ODD_HEADERS = (
    b"Host: x",
    b"Host",
    b": x",
    b"\xff: x",
    b"Expect: 100-continue",
    b"Connection: keep-alive",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding : chunked",
    b"Content-Encoding: gzip",
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Content-Length: -1",
    b"Content-Length: 1e3",
    b"Content-Length: \xb2",
    b"Content-Length: 99999999999999999999",
    b"Idempotency-Key: monday",
    b"Idempotency-Key: " + b"k" * 300,
    b"Idempotency-Key: \x00\xff/../..",
    b"Authorization: Basic x",
    b"Authorization: Bearer",
    b"Authorization: Bearer \xe9",
    b"Content-Type: application/x-www-form-urlencoded; charset=\xff",
    b"Content-Type: multipart/form-data; boundary=",
    b"Sec-Fetch-Site: cross-site",
    b"X: " + b"y" * 300,
)


@st.composite
def _requests(
    draw: st.DrawFn, paths: st.SearchStrategy[bytes], headers: list[bytes], bodies: st.SearchStrategy[bytes]
) -> bytes:
    """A request of good and odd parts; sometimes damaged on top."""
    line = draw(_METHODS) + b" " + draw(paths | st.sampled_from(_ODD_PATHS)) + draw(_VERSIONS)
    body = draw(bodies)
    some = draw(st.lists(st.sampled_from([*headers, *_ODD_HEADERS]), max_size=6))
    length = b"Content-Length: %d" % (len(body) + draw(st.sampled_from([0, 0, 0, 0, -1, 1])))
    lines = [line, *some, *draw(st.sampled_from([[length], [length], [length], []]))]
    request = b"".join(each + draw(_ENDS) for each in lines) + b"\r\n" + body
    return draw(st.just(request) | st.builds(edited, st.just(request), edits()))


def _good(method: bytes, path: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: x", *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


def _chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


_FAULT_LOG = "a request could not be served"


@contextmanager
def _log() -> Iterator[io.StringIO]:
    said = io.StringIO()
    log.configure(level="warning", style="json", stream=said)
    yield said


# --- the service door -------------------------------------------------------------------------------------------------

_ROWS = (test_service.ROW % (1, 12)).encode() + (test_service.ROW % (2, 3)).encode()
_PROBE = f"Authorization: Bearer {_TOKEN}".encode()
_SENDER = f"Authorization: Bearer {test_service.TOKEN}".encode()
_SERVICE_PATHS = [
    b"/healthz",
    b"/readyz",
    b"/metrics",
    b"/ingest/log",
    b"/ingest/log",
    b"/ingest/log",
    b"/ingest/acled",
]
_BODIES = st.sampled_from([_ROWS, _ROWS, _chunked(_ROWS), b"", b"[" * 2_000, b"\0", b"PK\x03\x04"]) | BYTES


def _service_cases() -> st.SearchStrategy[bytes]:
    good = (
        *(_good(b"GET", path, _PROBE) for path in _SERVICE_PATHS[:3]),
        _good(b"POST", b"/ingest/log", _SENDER, b"Idempotency-Key: monday", body=_ROWS),
    )
    made = _requests(st.sampled_from(_SERVICE_PATHS), [_PROBE, _SENDER, _SENDER, _SENDER], _BODIES)
    return made | st.builds(edited, st.sampled_from(good), edits()) | st.binary(max_size=200)


@contextmanager
def _service() -> Iterator[Survive]:
    with (
        TemporaryDirectory() as folder,
        _log() as logged,
        installed(Path(folder), settings=test_service.SETTINGS) as it,
    ):
        house = test_service.House(it, token=_TOKEN, per_minute=10**9)
        spool = it.app.pullers.spool if it.app.pullers else None
        assert spool is not None

        def survive(request: bytes) -> None:
            answer = _said(house.door.port, request)
            status = _status(request, answer)
            assert status in {0, 200, 202, *_REFUSALS}, answer[:200]
            kept = [batch.path.read_bytes() for batch in spool.batches("log")]
            assert len(list(spool.folder_of("log").glob("*"))) == 2 * len(kept), "nothing is left half written"
            assert kept == ([_whole_body(request)] if status == 202 else []), "all of it is kept, or nothing"
            for batch in spool.batches("log"):
                spool.drop(batch)
            house.door._server.desk.inlets._known.clear()
            assert _status(b"GET", _said(house.door.port, _good(b"GET", b"/healthz", _PROBE))) == 200
            assert logged.getvalue() == ""

        with closing(house.door):
            yield survive


def _whole_body(request: bytes) -> bytes:
    """What a request brings, when there is only one way to understand it.

    :raises AssertionError: when there are several, or some of it is missing.
    """
    head, rest = _parts(request)
    lengths = set(_values(head, b"content-length"))
    assert len(lengths) == 1, "two lengths"
    assert not [line for line in head if line.lower().startswith(b"transfer-encoding")], "another framing"
    length = int(lengths.pop())
    assert len(rest) >= length, "half a body"
    return rest[:length]


# --- the pages behind links -------------------------------------------------------------------------------------------

_FORM = b"Content-Type: application/x-www-form-urlencoded"
_CONFIRMED = urlencode(test_door.CONFIRMED).encode()
_FORMS = (
    st.sampled_from([_CONFIRMED, _CONFIRMED, _CONFIRMED + b"&for=3d", b"confirm=yes&by=%ff%00&note=\xff", b"&" * 50])
    | BYTES
)


def _link(action: Action, episode: int, days: int, nonce: int) -> bytes:
    expires = test_door.NOW + timedelta(days=days)
    ticket = Ticket(action, test_door.ALERT.fingerprint, episode, expires, f"nonce{nonce}")
    return f"/links/{write(ticket, test_door.KEY)}".encode()


_LINKS = st.builds(
    _link, st.sampled_from(Action), st.sampled_from([3, 3, 3, 2]), st.sampled_from([14, 14, -1]), st.integers(0, 10**6)
)


def _link_cases() -> st.SearchStrategy[bytes]:
    shown = st.builds(lambda path: _good(b"GET", path), _LINKS)
    done = st.builds(lambda path: _good(b"POST", path, _FORM, body=_CONFIRMED), _LINKS)
    made = _requests(_LINKS, [_FORM, _FORM, _FORM], _FORMS)
    return made | st.builds(edited, shown | done, edits()) | done | st.binary(max_size=200)


@contextmanager
def _pages() -> Iterator[Survive]:
    with TemporaryDirectory() as folder, _log() as logged, create(f"sqlite:///{folder}/watcher.db") as store:
        house = test_door.House(store)
        house.save(test_door.ALERT)
        links = Links("https://watcher.example.org", test_door.KEY)
        counter = Counter(store, links, lambda: house.now, lambda _: test_door.NAME)
        house.door = Door("127.0.0.1", 0, counter)
        port = house.door.port

        def survive(request: bytes) -> None:
            before = house.changes()
            answer = _said(port, request)
            status = _status(request, answer)
            assert status in {0, 200, *_REFUSALS}, answer[:200]
            assert b"Content-Security-Policy: default-src 'none'" in answer or not answer
            acknowledged, muted, used = (now - then for now, then in zip(house.changes(), before, strict=True))
            assert acknowledged + muted == used, "a link is used up by what it does, and by nothing else"
            assert used == 0 or (used == 1 and status == 200 and _confirms(request)), "nothing is done unasked"
            assert _status(b"GET", _said(port, _good(b"GET", _link(Action.ACK, 3, 14, -1)))) == 200
            assert logged.getvalue() == ""

        with closing(house.door):
            yield survive


def _confirms(request: bytes) -> bool:
    head, rest = _parts(request)
    lengths = set(_values(head, b"content-length"))
    length = int(lengths.pop()) if len(lengths) == 1 else 0
    return head[0].startswith(b"POST ") and b"confirm=yes" in rest[:length] and b"cross-site" not in b"".join(head)


TARGETS = (
    Target("requests at the service door", _service_cases(), _service),
    Target("requests at the link pages", _link_cases(), _pages),
)
