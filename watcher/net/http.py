"""Requests over httpx's transport and our own connections. Imported by :class:`watcher.net.Egress` when it first sends."""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpcore
import httpx

from watcher.net.address import Address
from watcher.net.reply import REPLY_LIMIT, Reply
from watcher.net.wire import Deadline, EgressFailed, EgressRefused, Fault, Resolver, Wire, dial, tls_context

_LAST_PORT = 65_535

# Their records name hosts, headers and targets; for many receivers the URL is the secret.
for _logger in ("httpx", "httpcore"):
    logging.getLogger(_logger).setLevel(logging.WARNING)


@dataclass(slots=True)
class _Call:
    """One request: what it may take, and how far it came.

    It travels to the backend in the place of httpcore's timeouts, which are handed through untouched.
    """

    deadline: Deadline
    connect: timedelta
    written: bool = field(default=False, init=False)
    answered: bool = field(default=False, init=False)


class _Question(NamedTuple):
    """What is asked of the other side."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    #: What errors call the other side instead of its host.
    alias: str


class _Stream(httpcore.NetworkStream):
    """A wire in the shape that httpcore asks for; it notes how far the call came."""

    def __init__(self, wire: Wire, call: _Call) -> None:
        self._wire = wire
        self._call = call

    def read(self, max_bytes: int, timeout: object = None) -> bytes:  # noqa: ARG002 - httpcore's signature
        data = self._wire.read(max_bytes)
        self._call.answered |= bool(data)
        return data

    def write(self, buffer: bytes, timeout: object = None) -> None:  # noqa: ARG002 - httpcore's signature
        self._call.written |= bool(buffer)
        try:
            self._wire.write(buffer)
        except EgressFailed as failed:
            if failed.kind is not Fault.RESET:
                raise
            # httpcore goes on to read then: a server may answer "too large" and hang up before it has read it all.
            raise httpcore.WriteError from None

    def close(self) -> None:
        self._wire.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: object = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.NetworkStream:
        # What was said before, to a proxy, was not yet the request.
        self._call.written = self._call.answered = False
        self._wire.start_tls(ssl_context, server_hostname or "")
        return self


class _Backend(httpcore.NetworkBackend):
    """Connects to admitted addresses only."""

    def __init__(self, admits: Callable[[Address], bool] | None, resolver: Resolver) -> None:
        self._admits = admits
        self._resolver = resolver

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: object = None,  # noqa: ARG002 - httpcore's signature
        socket_options: object = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.NetworkStream:
        call: _Call = timeout
        wire = dial(
            host,
            port,
            deadline=call.deadline,
            connect=call.connect,
            admits=self._admits,
            resolver=self._resolver,
        )
        return _Stream(wire, call)


class _Transport(httpx.HTTPTransport):
    """httpx's own transport over our pool.

    A transport, not a client: it follows no redirect, keeps no cookie, reads no environment and logs no URL.
    """

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool


class Poster:
    """Posts to whatever its guard admits."""

    def __init__(
        self, *, admits: Callable[[Address], bool] | None, proxy: str, ca_file: Path | None, resolver: Resolver
    ) -> None:
        """``admits`` is None where a proxy decides."""
        options: dict[str, Any] = {
            "ssl_context": tls_context(ca_file),
            "network_backend": _Backend(admits, resolver),
            # A server may cut an idle connection just as we write, which looks like a lost request: use each once.
            "max_keepalive_connections": 0,
            # Nobody waits for a connection outside of the deadline.
            "max_connections": None,
        }
        self._transport = _Transport(_pool(proxy, options))

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], deadline: Deadline, connect: timedelta, alias: str
    ) -> Reply:
        """Post the bytes; see :meth:`watcher.net.Egress.post`."""
        return self._exchange(_Call(deadline, connect), _Question("POST", url, body, headers, alias), _start_of)

    def fetch(
        self,
        method: str,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        deadline: Deadline,
        connect: timedelta,
        alias: str,
        limit: int,
    ) -> Reply:
        """Ask, and read the answer to its end; see :meth:`watcher.net.Egress.fetch`."""
        accepting = {"Accept-Encoding": "gzip", **headers}
        question = _Question(method, url, body, accepting, alias)
        return self._exchange(_Call(deadline, connect), question, partial(_whole_of, limit))

    def _exchange(self, call: _Call, asked: _Question, read: Callable[[httpx.Response], bytes]) -> Reply:
        request = _request(asked, call)
        place = asked.alias or request.url.host
        fault: EgressRefused | EgressFailed
        try:
            response = self._transport.handle_request(request)
            return Reply(response.status_code, dict(response.headers), read(response))
        except EgressRefused as refused:
            fault = EgressRefused(refused.what, where=place, todo=refused.todo)
        except EgressFailed as failed:
            fault = EgressFailed(failed.kind, failed.what, where=place, written=call.written)
        except httpx.TransportError as failed:
            fault = EgressFailed(*_meaning(failed, call), where=place, written=call.written)
        # Out here no cause hangs on it, which may know the host.
        raise fault


def _pool(proxy: str, options: Mapping[str, Any]) -> httpcore.ConnectionPool:
    if not proxy:
        return httpcore.ConnectionPool(**options)
    through = httpx.Proxy(proxy)
    return httpcore.HTTPProxy(proxy_url=str(through.url), proxy_auth=through.raw_auth, **options)


def _request(asked: _Question, call: _Call) -> httpx.Request:
    try:
        request = httpx.Request(
            asked.method,
            asked.url,
            content=asked.body,
            headers={"Accept-Encoding": "identity", **asked.headers},
            extensions={"timeout": {"connect": call, "read": call, "write": call}},
        )
        usable = request.url.scheme in {"http", "https"} and bool(request.url.host)
        usable = usable and (request.url.port or 0) <= _LAST_PORT
    except (httpx.InvalidURL, UnicodeError):
        usable = False
    if not usable:
        # Without its text: the URL may be the secret.
        todo = "it must begin with https:// and a host name"
        raise EgressRefused("the URL cannot be used", where=asked.alias, todo=todo)
    return _with_login(request)


def _with_login(request: httpx.Request) -> httpx.Request:
    if request.url.username or request.url.password:
        login = httpx.BasicAuth(request.url.username, request.url.password)
        return next(login.auth_flow(request))
    return request


def _meaning(failed: httpx.TransportError, call: _Call) -> tuple[Fault, str]:
    if isinstance(failed, httpx.ProxyError):
        return Fault.CONNECT, "the proxy did not connect us"
    if not call.answered:
        return Fault.RESET, "the connection was cut"
    return Fault.PROTOCOL, "its answer cannot be understood"


def _start_of(response: httpx.Response) -> bytes:
    start = bytearray()
    try:
        for chunk in response.iter_raw():
            start += chunk
            if len(start) >= REPLY_LIMIT:
                break
    except (EgressFailed, httpx.TransportError):
        # The status has been read, and it decides; what follows it is for people only.
        pass
    finally:
        response.close()
    return bytes(start[:REPLY_LIMIT])


def _whole_of(limit: int, response: httpx.Response) -> bytes:
    """The answer to its end, unpacked; a little that unpacks to a lot is too much like the lot itself."""
    whole = bytearray()
    is_plain = response.headers.get("content-encoding", "").strip().lower() in {"", "identity"}
    packed = _Packed()
    try:
        for chunk in response.iter_raw():
            whole += chunk if is_plain else packed.open(chunk, limit + 1 - len(whole))
            if len(whole) > limit:
                raise EgressFailed(Fault.TOO_LARGE, f"its answer is larger than {limit:,} bytes")
    except zlib.error:
        raise EgressFailed(Fault.PROTOCOL, "its answer is damaged: it cannot be unpacked") from None
    finally:
        response.close()
    if packed.is_cut_off:
        raise EgressFailed(Fault.PROTOCOL, "its answer is cut off")
    return bytes(whole)


class _Packed:
    """What is packed with gzip or deflate: one piece or several, one behind the other."""

    def __init__(self) -> None:
        self._piece = _piece()
        self.is_cut_off = False

    def open(self, chunk: bytes, most: int) -> bytes:
        """What comes next, unpacked: at most so many bytes of it."""
        found = bytearray()
        while chunk and len(found) < most:
            if self._piece.eof:
                self._piece, chunk = _piece(), chunk.lstrip(b"\0")
                continue
            found += self._piece.decompress(chunk, most - len(found))
            chunk, self.is_cut_off = self._piece.unused_data, not self._piece.eof
        return bytes(found)


def _piece() -> Any:
    # 32 more than the window takes gzip as well as deflate.
    return zlib.decompressobj(32 + zlib.MAX_WBITS)
