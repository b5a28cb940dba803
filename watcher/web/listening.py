"""Listening: a server of few requests at once, each with one deadline and a bounded size."""

from __future__ import annotations

import io
import socket
import sys
import threading
import traceback
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import timedelta
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watcher import clock
from watcher.core.errors import ConfigError, Problem
from watcher.log import logger

#: A request and its answer are over after this.
DEADLINE = timedelta(seconds=10)
#: Bytes of a request with everything in it.
REQUEST_LIMIT = 32_768
#: Requests at once; more are hung up on.
AT_ONCE = 16
_TCP_WITHOUT_NAME = "watcher"


class Incoming(io.RawIOBase):
    """What a caller says, up to a moment and a number of bytes."""

    def __init__(self, sock: socket.socket, *, until: float, room: int) -> None:
        self._sock = sock
        self._until = until
        self._room = room

    def readable(self) -> bool:
        """It is; the base class's hook."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what comes while there is time and room; the base class's hook.

        :raises TimeoutError: when there is no time left.
        """
        left = self._until - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        got = self._sock.recv_into(memoryview(buffer)[: max(0, self._room)]) if self._room > 0 else 0
        self._room -= got
        return got


class Handler(BaseHTTPRequestHandler, ABC):
    """One request, read within bounds, and no word of it in a log: a path may be a key."""

    server: Server

    def setup(self) -> None:
        """Read within bounds; the base class's hook."""
        super().setup()
        until = clock.monotonic() + self.server.deadline.total_seconds()
        self.rfile = io.BufferedReader(Incoming(self.connection, until=until, room=self.server.room))

    def parse_request(self) -> bool:
        """Read the head; refuse one that a proxy before us may have understood otherwise. The base class's hook."""
        if not super().parse_request():
            return False
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return False
        if not self.request_version.startswith("HTTP/1.") or not _is_clear(self.headers):
            self.send_error(HTTPStatus.BAD_REQUEST)
            return False
        return True

    @property
    def asked(self) -> str:
        """The path that is asked for; empty when it is none."""
        try:
            return urlsplit(self.path).path
        except ValueError:
            return ""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class's signature
        """Refuse what cannot be read; the base class would write what it read into its page."""
        self.close_connection = True
        self.command = getattr(self, "command", None) or ""
        self.request_version = "HTTP/1.0"
        self.refuse(HTTPStatus(code))

    @abstractmethod
    def refuse(self, status: HTTPStatus) -> None:
        """Say that a request cannot be read."""

    def version_string(self) -> str:
        """Who serves; not in which version."""
        return "watcher"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _is_clear(headers: Message) -> bool:
    """Whether every line of a head is a header, and there is one length at most."""
    return not headers.defects and not headers.get_payload() and len(headers.get_all("Content-Length", ())) <= 1


class Server(ThreadingHTTPServer):
    """Threads, but not more than so many."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, address: tuple[str, int] | Path, handler: type[Handler], desk: Any, *, deadline: timedelta, room: int
    ) -> None:
        #: Whoever knows the answers.
        self.desk = desk
        self.deadline = deadline
        #: Bytes of a request with everything in it.
        self.room = room
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._path = address if isinstance(address, Path) else None
        if self._path is not None:
            self.address_family = socket.AF_UNIX
            _clear(self._path)
        else:
            self.address_family = socket.AF_INET6 if ":" in str(address[0]) else socket.AF_INET  # type: ignore[index]
        super().__init__(str(address) if self._path else address, handler)  # type: ignore[arg-type]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve it in a thread, or hang up when there are too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            # No thread was to be had, so none will make room again.
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it; the base class's hook."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """A caller that hangs up is no news; any other fault is ours. Its text is not logged: it may hold a link."""
        fault = sys.exc_info()[1]
        if fault is not None and not isinstance(fault, OSError):
            place = traceback.extract_tb(fault.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            logger().error("a request could not be served", fault=type(fault).__name__, where=where)

    def server_bind(self) -> None:
        """Bind, without asking for our own name; that could take long."""
        if self._path is None:
            socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        if self._path is not None:
            self._path.chmod(0o660)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = _TCP_WITHOUT_NAME, 0 if self._path else self.socket.getsockname()[1]

    def get_request(self) -> tuple[Any, Any]:
        """Take a connection; one over a unix socket comes from no address."""
        request, address = super().get_request()
        return request, address or (_TCP_WITHOUT_NAME, 0)

    def server_close(self) -> None:
        """Close, and take our name off the disk."""
        super().server_close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Remove a socket that an earlier process left behind; whatever else is there is not ours to remove."""
    with suppress(FileNotFoundError):
        if path.is_socket():
            path.unlink()


class Listener:
    """An open door, until it is closed.

    :raises ConfigError: when nobody can be served at the address.
    """

    def __init__(
        self,
        address: tuple[str, int] | Path,
        handler: type[Handler],
        desk: Any,
        *,
        key: str,
        deadline: timedelta,
        room: int = REQUEST_LIMIT,
    ) -> None:
        try:
            self._server = Server(address, handler, desk, deadline=deadline, room=room)
        except OSError as error:
            where = str(address) if isinstance(address, Path) else f"{address[0]}:{address[1]}"
            summary = f"cannot listen at {where}: {error.strerror or error}"
            hint = f"set {key} to an address and a port of this machine that are free"
            raise ConfigError([Problem(key, 0, 0, summary, hint=hint)]) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name=key, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens at; 0 for a socket in a folder."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        with suppress(OSError):
            self._server.server_close()
