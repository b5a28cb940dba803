"""The service door: whether we live, whether we are ready, our metrics, and records that a desk's own tools send.

It listens on loopback or on a socket in a folder; anywhere else nobody is answered without the token.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from watcher.core.errors import WatcherError
from watcher.ingest import Feed
from watcher.metrics import exposition
from watcher.push import Answer, Inlets
from watcher.store.engine import Store
from watcher.web.listening import DEADLINE, REQUEST_LIMIT, Handler, Listener

#: A daemon that has not ended a turn for so long hangs.
STUCK = timedelta(minutes=5)
_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_JSON = "application/json"
_INGEST = "/ingest/"
_REFUSED = {HTTPStatus.LENGTH_REQUIRED: "Content-Length is needed, and no Transfer-Encoding"}


class Pulse(NamedTuple):
    """How the daemon is."""

    #: How long ago its last turn ended.
    since_turn: timedelta
    #: What stands in its way, empty when nothing does: rules that do not load, a store that cannot be used.
    problem: str


@dataclass(frozen=True, slots=True)
class Service:
    """What the service door is asked."""

    store: Store
    feeds: Mapping[str, Feed]
    inlets: Inlets
    pulse: Callable[[], Pulse]
    clock: Callable[[], datetime]
    #: None where everybody who reaches the door may ask: on loopback, or over a socket.
    token: SecretStr | None = None

    def health(self) -> tuple[HTTPStatus, str]:
        """Whether the process is to be left alone, or started anew."""
        since = self.pulse().since_turn
        if since > STUCK:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no turn has ended for {since.total_seconds():.0f} seconds\n"
        return HTTPStatus.OK, "ok\n"

    def readiness(self) -> tuple[HTTPStatus, str]:
        """Whether it does its work: the store can be read, and the rules on disk are those in force."""
        problem = self.pulse().problem
        try:
            with self.store.reading() as tx:
                tx.exec_driver_sql("select 1 from source limit 1")
        except WatcherError as error:
            problem = str(error)
        return (HTTPStatus.SERVICE_UNAVAILABLE, f"{problem}\n") if problem else (HTTPStatus.OK, "ok\n")

    def metrics(self) -> bytes:
        """Prometheus's text format."""
        return exposition(self.store, self.feeds, self.clock())


class _Handler(Handler):
    """One request."""

    def do_GET(self) -> None:
        """Say how we are."""
        if not self._may_ask():
            self._say(HTTPStatus.UNAUTHORIZED, b"a token is needed\n", _TEXT)
            return
        service: Service = self.server.desk
        path = self.asked
        try:
            if path == "/healthz":
                status, said = service.health()
                self._say(status, said.encode(), _TEXT)
            elif path == "/readyz":
                status, said = service.readiness()
                self._say(status, said.encode(), _TEXT)
            elif path == "/metrics":
                self._say(HTTPStatus.OK, service.metrics(), _METRICS)
            else:
                self._say(
                    HTTPStatus.NOT_FOUND, b"there are: /healthz /readyz /metrics, and POST /ingest/SOURCE\n", _TEXT
                )
        except WatcherError as error:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode(), _TEXT)

    def do_HEAD(self) -> None:
        """The same without what is said."""
        self.do_GET()

    def do_POST(self) -> None:
        """Take records."""
        path = self.asked
        if not path.startswith(_INGEST):
            self._say(HTTPStatus.NOT_FOUND, b"there is: POST /ingest/SOURCE\n", _TEXT)
            return
        answer = self._taken(path.removeprefix(_INGEST))
        extra = {"Retry-After": str(answer.retry_after)} if answer.retry_after else {}
        self._say(answer.status, json.dumps(answer.said).encode() + b"\n", _JSON, extra)

    def refuse(self, status: HTTPStatus) -> None:
        """Say that a request cannot be read."""
        self._say(status, f"{_REFUSED.get(status, 'that request cannot be understood')}\n".encode(), _TEXT)

    def _taken(self, source: str) -> Answer:
        inlets: Inlets = self.server.desk.inlets
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) <= 10):  # noqa: PLR2004 - no number of more digits is small
            return Answer(HTTPStatus.LENGTH_REQUIRED, {"error": "Content-Length is needed"})
        if (refused := inlets.admit(source, self._bearer(), int(length))) is not None:
            # What is not read would be taken for the next request.
            self.close_connection = True
            return refused
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return Answer(HTTPStatus.BAD_REQUEST, {"error": "it was cut off"})
        return inlets.take(source, body, self.headers.get("Idempotency-Key", ""))

    def _may_ask(self) -> bool:
        token: SecretStr | None = self.server.desk.token
        return token is None or hmac.compare_digest(self._bearer().encode(), token.get_secret_value().encode())

    def _bearer(self) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def _say(self, status: HTTPStatus, body: bytes, kind: str, extra: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(extra or {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class ServiceDoor(Listener):
    """Where the service is asked.

    :raises ConfigError: when nobody can be served at the address.
    """

    def __init__(self, address: tuple[str, int] | Path, service: Service, *, deadline: timedelta = DEADLINE) -> None:
        room = REQUEST_LIMIT + service.inlets.most_bytes()
        super().__init__(address, _Handler, service, key="service.listen", deadline=deadline, room=room)
