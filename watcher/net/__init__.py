"""The one way out to the network: guarded addresses, one deadline for everything, no redirects, short replies.

A name is resolved once; if any of its addresses is not public, nothing is sent, and else the connection goes to that
very address while TLS still checks the name. So neither a rebinding resolver nor a redirect can lead a request inside.
Whoever runs a receiver at home names its network in ``allow_networks``.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpcore
import httpx

from watcher.net.address import Address, Network, is_public, unwrapped
from watcher.net.wire import (
    CONNECT,
    Deadline,
    EgressFailed,
    EgressRefused,
    Fault,
    Resolver,
    Wire,
    addresses_of,
    dial,
    tls_context,
)

__all__ = [
    "CONNECT",
    "Deadline",
    "Egress",
    "EgressFailed",
    "EgressRefused",
    "Fault",
    "Reply",
    "Wire",
    "dial",
    "tls_context",
]

#: No more of a reply is read.
REPLY_LIMIT = 16 * 1024
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


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str]
    #: Its first 16 KiB, as they came.
    body: bytes


class Egress:
    """The way out for one receiver."""

    def __init__(
        self,
        *,
        allow_networks: Iterable[str | Network] = (),
        proxy: str = "",
        ca_file: Path | None = None,
        resolver: Resolver = addresses_of,
    ) -> None:
        """``proxy`` is ``http://[user:password@]host:port``; with one, guarding addresses is the proxy's task."""
        self._allowed = tuple(ip_network(network) for network in allow_networks)
        self._proxy = httpx.Proxy(proxy) if proxy else None
        if self._proxy and self._proxy.url.scheme != "http":
            raise EgressRefused("only a proxy that is reached by http:// can be used", where=self._proxy.url.host)
        self._ca_file = ca_file
        self._resolver = resolver

    def admits(self, address: Address) -> bool:
        """Whether anything may be sent to this address."""
        return is_public(address) or any(unwrapped(address) in network for network in self._allowed)

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], deadline: timedelta, connect: timedelta = CONNECT
    ) -> Reply:
        """Post the bytes and hand back the answer, whatever its status; ``deadline`` bounds everything together.

        :raises EgressRefused: when the guard does not let it out.
        :raises EgressFailed: when no status came back.
        """
        transport = self._transport
        call = _Call(Deadline(deadline), connect)
        request = _request(url, body, headers, call)
        try:
            response = transport.handle_request(request)
        except EgressRefused:
            raise
        except EgressFailed as failed:
            fault = EgressFailed(failed.kind, failed.what, where=request.url.host, written=call.written)
        except httpx.TransportError as failed:
            fault = EgressFailed(*_meaning(failed, call), where=request.url.host, written=call.written)
        else:
            return Reply(response.status_code, dict(response.headers), _start_of(response))
        raise fault

    @cached_property
    def _transport(self) -> _Transport:
        pool = httpcore.ConnectionPool if self._proxy is None else httpcore.HTTPProxy
        return _Transport(pool(**self._pool_options()))

    def _pool_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "ssl_context": tls_context(self._ca_file),
            "network_backend": _Backend(None if self._proxy else self.admits, self._resolver),
            # A server may cut an idle connection just as we write, which looks like a lost request: use each once.
            "max_keepalive_connections": 0,
            # Nobody waits for a connection outside of the deadline.
            "max_connections": None,
        }
        if self._proxy:
            options["proxy_url"] = str(self._proxy.url)
            options["proxy_auth"] = self._proxy.raw_auth
        return options


def _request(url: str, body: bytes, headers: Mapping[str, str], call: _Call) -> httpx.Request:
    try:
        request = httpx.Request(
            "POST",
            url,
            content=body,
            headers={**headers, "Accept-Encoding": "identity"},
            extensions={"timeout": {"connect": call, "read": call, "write": call}},
        )
        usable = request.url.scheme in {"http", "https"} and bool(request.url.host)
        usable = usable and (request.url.port or 0) <= _LAST_PORT
    except (httpx.InvalidURL, UnicodeError):
        usable = False
    if not usable:
        # Without its text: the URL may be the secret.
        raise EgressRefused("the URL cannot be used", todo="it must begin with https:// and a host name")
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
