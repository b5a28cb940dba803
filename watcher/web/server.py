"""The server: few requests at once, each with one deadline and a small size, and no word of them in a log.

A link is a key: whoever reads it can use it. So neither paths nor forms are logged.
"""

from __future__ import annotations

import io
import socket
import threading
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from watcher import clock
from watcher.core.errors import ConfigError, Problem, WatcherError
from watcher.log import logger
from watcher.web.counter import NOT_FOUND, Answers, Counter
from watcher.web.page import HEADERS, Page

#: A request and its answer are over after this.
DEADLINE = timedelta(seconds=10)
#: Bytes of a request with everything in it, and of a form.
REQUEST_LIMIT, FORM_LIMIT = 32_768, 8_192
#: Requests at once; more are hung up on.
AT_ONCE = 16
_LINKS = "/links/"
_FORM = "application/x-www-form-urlencoded"
_BAD = Page("That request cannot be understood", (), HTTPStatus.BAD_REQUEST)
_TOO_LARGE = Page("That is too much", (), HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_FOREIGN = Page("Nothing was done", ("The form must be sent from its own page.",), HTTPStatus.FORBIDDEN)
_LATER = Page("Not now", ("The store cannot be used at the moment. Try again later.",), HTTPStatus.SERVICE_UNAVAILABLE)


class _Incoming(io.RawIOBase):
    """What a caller says, up to a moment and a number of bytes."""

    def __init__(self, sock: socket.socket, *, until: float, room: int) -> None:
        self._sock = sock
        self._until = until
        self._room = room

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        got = self._sock.recv_into(memoryview(buffer)[: max(0, self._room)]) if self._room > 0 else 0
        self._room -= got
        return got


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: _Server

    def setup(self) -> None:
        """Read within bounds; the base class's hook."""
        super().setup()
        until = clock.monotonic() + self.server.deadline.total_seconds()
        self.rfile = io.BufferedReader(_Incoming(self.connection, until=until, room=REQUEST_LIMIT))

    def do_GET(self) -> None:
        """Show a page."""
        self._answer(self._shown())

    def do_HEAD(self) -> None:
        """The same without the page."""
        self._answer(self._shown())

    def do_POST(self) -> None:
        """Do what a page asked to confirm."""
        self._answer(self._done())

    def _shown(self) -> Page:
        token = self._token()
        return self._guarded(lambda: self.server.counter.show(token)) if token else NOT_FOUND

    def _done(self) -> Page:
        token = self._token()
        if not token:
            return NOT_FOUND
        # A browser says where a form comes from; what is no browser says nothing.
        if self.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return _FOREIGN
        form = self._form()
        return form if isinstance(form, Page) else self._guarded(lambda: self.server.counter.act(token, form))

    def _token(self) -> str:
        """What stands behind ``/links/``; a folder before it is the proxy's."""
        try:
            path = urlsplit(self.path).path
        except ValueError:
            return ""
        return path.partition(_LINKS)[2]

    def _form(self) -> Answers | Page:
        length = self.headers.get("Content-Length", "")
        if self.headers.get_content_type() != _FORM or not (length.isascii() and length.isdigit()):
            return _BAD
        if len(length) > 5 or int(length) > FORM_LIMIT:  # noqa: PLR2004 - no number of more digits is small
            return _TOO_LARGE
        text = self.rfile.read(int(length)).decode("utf-8", "replace")
        try:
            return Answers.of(dict(parse_qsl(text, max_num_fields=20)))
        except ValueError:
            return _BAD

    @staticmethod
    def _guarded(work: Any) -> Page:
        try:
            page: Page = work()
        except WatcherError as error:
            logger().error("a link could not be followed", error=str(error))
            return _LATER
        return page

    def _answer(self, page: Page) -> None:
        body = page.html(self.server.counter.instance)
        self.send_response(page.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class's signature
        """Refuse what the base class cannot read; it would write what it read into its page."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or ""
        self.request_version = "HTTP/1.0"
        self._answer(Page("That request cannot be understood", (), HTTPStatus(code)))

    def version_string(self) -> str:
        """Who serves; not in which version."""
        return "watcher"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the path is a key."""


class _Server(ThreadingHTTPServer):
    """Threads, but not more than so many."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], counter: Counter, deadline: timedelta) -> None:
        self.counter = counter
        self.deadline = deadline
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve it in a thread, or hang up when there are too many."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it; the base class's hook."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up or says nonsense is no news; the base class would print a traceback."""

    def server_bind(self) -> None:
        """Bind, without asking for our own name; that could take long."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "watcher", self.socket.getsockname()[1]


class Door:
    """The open door, until it is closed.

    :raises ConfigError: when nobody can be served at the address.
    """

    def __init__(self, host: str, port: int, counter: Counter, *, deadline: timedelta = DEADLINE) -> None:
        try:
            self._server = _Server((host, port), counter, deadline)
        except OSError as error:
            hint = "set web.listen to an address and a port of this machine that are free"
            summary = f"cannot listen at {host}:{port}: {error.strerror or error}"
            raise ConfigError([Problem("web.listen", 0, 0, summary, hint=hint)]) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="web", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        with suppress(OSError):
            self._server.server_close()
