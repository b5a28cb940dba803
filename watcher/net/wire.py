"""Connections whose every step ends with one deadline.

Timeouts of sockets start anew with every byte, so a server that trickles could hold us for ever. Here the resolver,
each connect, read and write gets what is left of one deadline.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from watcher.core.errors import WatcherError
from watcher.later import Later
from watcher.net.address import Address

#: Asks for the addresses of a host, in order of preference.
Resolver = Callable[[str, int], Sequence[str]]

#: A connection that is not there after this will not come.
CONNECT = timedelta(seconds=5)

# For the list of authorities that comes with it.
_httpx = Later("httpx")
#: OpenSSL's codes for a certificate of another host, mail address or IP address.
_WRONG_NAME = frozenset({62, 63, 64})
_NO_SUCH_HOST = frozenset({socket.EAI_NONAME, socket.EAI_NODATA})


class Fault(StrEnum):
    """What went wrong on the wire."""

    #: The resolver did not answer, or could not.
    DNS = "dns"
    #: The resolver says that there is no such host.
    NO_SUCH_HOST = "nxdomain"
    #: Nobody took the connection.
    CONNECT = "connect"
    #: The server could not prove who it is, or the two found no common language.
    TLS = "tls"
    #: The deadline passed.
    TIMEOUT = "timeout"
    #: The connection was cut.
    RESET = "reset"
    #: The answer cannot be understood.
    PROTOCOL = "protocol"
    #: The answer is longer than anything we asked for.
    TOO_LARGE = "too_large"
    #: It sent us on for ever, or to where we do not follow.
    REDIRECT = "redirect"


class EgressRefused(WatcherError):
    """The guard refused to send; nothing left this machine. Names the host only, or what stands for it."""


class EgressFailed(WatcherError):
    """The network or the other side failed. Names the host only, or what stands for it."""

    def __init__(self, kind: Fault, what: str, *, where: str = "", written: bool = False) -> None:
        super().__init__(what, where=where)
        self.kind = kind
        #: Whether some of the request may have reached the other side.
        self.written = written


class Deadline:
    """A moment by which everything must be over."""

    def __init__(self, budget: timedelta) -> None:
        self._ends_at = time.monotonic() + budget.total_seconds()

    def left(self) -> float:
        """The seconds that are left.

        :raises EgressFailed: when none are.
        """
        seconds = self._ends_at - time.monotonic()
        if seconds <= 0:
            raise EgressFailed(Fault.TIMEOUT, "the deadline passed")
        return seconds

    def at_most(self, budget: timedelta) -> Deadline:
        """The earlier of this deadline and one that begins now."""
        earlier = Deadline(budget)
        earlier._ends_at = min(earlier._ends_at, self._ends_at)
        return earlier


class Wire:
    """A connection whose every read and write ends with one deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; empty when the other side has ended."""
        try:
            self._sock.settimeout(self._deadline.left())
            return self._sock.recv(most)
        except OSError as fault:
            raise _failed(fault) from None

    def write(self, data: bytes) -> None:
        """Write all of it."""
        try:
            # `sendall` counts its timeout over the whole call.
            self._sock.settimeout(self._deadline.left())
            self._sock.sendall(data)
        except OSError as fault:
            raise _failed(fault) from None

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, with the server that can prove this name."""
        try:
            self._sock.settimeout(self._deadline.left())
            self._sock = context.wrap_socket(self._sock, server_hostname=host)
        except OSError as fault:
            self._sock.close()
            raise _failed(fault) from None

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


def _failed(fault: OSError) -> EgressFailed:
    if isinstance(fault, TimeoutError):
        return EgressFailed(Fault.TIMEOUT, "the deadline passed")
    if isinstance(fault, ssl.SSLCertVerificationError):
        # What OpenSSL says of a wrong name repeats the right one, and that may be the secret.
        why = "it is made out to another name" if fault.verify_code in _WRONG_NAME else fault.verify_message
        return EgressFailed(Fault.TLS, f"its certificate is not valid: {why}")
    if isinstance(fault, ssl.SSLError) and not isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return EgressFailed(Fault.TLS, f"TLS failed: {fault.reason or 'no reason given'}")
    return EgressFailed(Fault.RESET, "the connection was cut")


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """What TLS trusts: certifi's authorities, the machine's own, and those of a file.

    :raises EgressFailed: when the file cannot be read or holds none.
    """
    try:
        return _tls_context(ca_file, ca_file.stat().st_mtime_ns if ca_file else 0)
    except OSError as fault:
        why = fault.strerror or "it holds no certificate"
        raise EgressFailed(Fault.TLS, f"the file of authorities cannot be used: {why}") from None


@cache
def _tls_context(ca_file: Path | None, _changed: int) -> ssl.SSLContext:
    context: ssl.SSLContext = _httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def addresses_of(host: str, port: int) -> list[str]:
    """Every address of a host, in the resolver's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def dial(
    host: str,
    port: int,
    *,
    deadline: Deadline,
    connect: timedelta = CONNECT,
    admits: Callable[[Address], bool] | None = None,
    resolver: Resolver = addresses_of,
) -> Wire:
    """A connection to the first address of a host that takes one; ``connect`` bounds the resolver and all tries.

    :raises EgressRefused: when ``admits`` is given and denies any of the addresses.
    :raises EgressFailed: when there is no connection in time.
    """
    patience = deadline.at_most(connect)
    addresses = _resolved(resolver, host, port, patience)
    if admits and not all(admits(ip_address(address)) for address in addresses):
        raise EgressRefused(
            "its address is not on the public internet", where=host, todo="name its network in allow_networks"
        )
    for tries_left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            # A dead first address must leave time for the others.
            sock = socket.create_connection((address, port), timeout=patience.left() / tries_left)
        except OSError:
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Wire(sock, deadline)
    raise EgressFailed(Fault.CONNECT, "nobody takes the connection", where=host)


def _resolved(resolver: Resolver, host: str, port: int, patience: Deadline) -> Sequence[str]:
    answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except (OSError, UnicodeError) as fault:
            answers.put(fault)

    # The resolver knows no timeout, so it may keep a thread of its own busy, and not us.
    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=patience.left())
    except queue.Empty:
        raise EgressFailed(Fault.DNS, "the resolver did not answer in time", where=host) from None
    if isinstance(answer, UnicodeError) or (isinstance(answer, socket.gaierror) and answer.errno in _NO_SUCH_HOST):
        raise EgressFailed(Fault.NO_SUCH_HOST, "there is no such host", where=host)
    if isinstance(answer, OSError):
        raise EgressFailed(Fault.DNS, "the resolver could not answer", where=host)
    return answer
