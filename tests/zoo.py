"""Servers on loopback that do what they are told: answer, refuse, trickle, hang, hang up."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

#: A pause between the bytes of a server that trickles: far under any deadline, so that bytes keep coming.
TRICKLE_S = 0.02
#: A port that nobody listens on: it was given to a service of 1988 that nobody runs.
NOBODY = 1


@dataclass
class Request:
    """What a server was asked."""

    line: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Connection:
    """One connection to a server, seen from its side."""

    sock: socket.socket
    stopping: threading.Event
    requests: list[Request] = field(default_factory=list)

    def request(self) -> Request:
        """Read one request."""
        stream = self.sock.makefile("rb")
        line = stream.readline().decode("latin-1").strip()
        headers = {}
        while name := stream.readline().decode("latin-1").strip():
            key, _, value = name.partition(":")
            headers[key.lower()] = value.strip()
        request = Request(line, headers, stream.read(int(headers.get("content-length", 0))))
        stream.close()
        self.requests.append(request)
        return request

    def until_hung_up(self) -> None:
        """Say nothing more, and wait until the other side has had enough."""
        while self.sock.recv(65_536):
            pass

    def trickle(self, piece: bytes) -> None:
        """Say a little, again and again."""
        while not self.stopping.wait(TRICKLE_S):
            self.sock.sendall(piece)


Act = Callable[[Connection], None]


class Server:
    """A TCP server with a script: one act per connection, the last one for all that follow."""

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self._acts = list(acts)
        self._tls = tls
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.requests: list[Request] = []
        self.connections = 0

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1") -> str:
        """Where it is reached."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                self.connections += 1
                self._start(self._serve, sock, act)

    def _serve(self, sock: socket.socket, act: Act) -> None:
        sock.settimeout(5)
        with suppress(OSError), sock:
            if self._tls is None:
                act(Connection(sock, self._stopping, self.requests))
            else:
                with self._tls.wrap_socket(sock, server_side=True) as secured:
                    act(Connection(secured, self._stopping, self.requests))


def response(status: int, *, body: bytes = b"", **headers: str) -> bytes:
    """An answer as it goes over the wire; ``retry_after="5"`` becomes a header."""
    lines = [f"HTTP/1.1 {status} Because", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answer(status: int, *, body: bytes = b"", **headers: str) -> Act:
    """Read the request and answer it."""
    return say(response(status, body=body, **headers))


def behave(decide: Callable[[Request], bytes | None]) -> Act:
    """Read the request, and answer what this makes of it; with None, never."""

    def act(connection: Connection) -> None:
        said = decide(connection.request())
        if said is None:
            connection.until_hung_up()
        else:
            connection.sock.sendall(said)

    return act


def say(text: bytes) -> Act:
    """Read the request, say this, and hang up."""

    def act(connection: Connection) -> None:
        connection.request()
        connection.sock.sendall(text)

    return act


def hang(connection: Connection) -> None:
    """Read the request and never answer."""
    connection.request()
    connection.until_hung_up()


def trickle(start: bytes, piece: bytes) -> Act:
    """Read the request, begin to answer, and never come to an end."""

    def act(connection: Connection) -> None:
        connection.request()
        connection.sock.sendall(start)
        connection.trickle(piece)

    return act


def hang_up(connection: Connection) -> None:
    """Read the request and hang up."""
    connection.request()


def reset(connection: Connection) -> None:
    """Read the request and cut the connection."""
    connection.request()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_nothing(connection: Connection) -> None:
    """Take the connection and read nothing of what comes."""
    connection.stopping.wait(5)
