"""The one way out to the network: guarded addresses, one deadline for everything, and an end to every answer.

A name is resolved once; if any of its addresses is not public, nothing is sent, and else the connection goes to that
very address while TLS still checks the name. So neither a rebinding resolver nor a redirect can lead a request inside.
Whoever runs a receiver at home names its network in ``allow_networks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from watcher.later import Later
from watcher.net.address import Address, Network, is_public, unwrapped
from watcher.net.reply import REPLY_LIMIT, Reply
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
    "REPLY_LIMIT",
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

# With httpx behind it, which only those need who send.
_http = Later("watcher.net.http")


#: So often an answer may send us on.
_REDIRECTS = 5
_SENT_ON = frozenset({301, 302, 303, 307, 308})
#: What may be said to another host than the one that was asked: no credentials.
_HARMLESS = frozenset({"accept", "accept-language", "user-agent"})


class Egress:
    """The way out for one receiver, or for one source."""

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
        self._proxy = proxy
        if proxy and urlsplit(proxy).scheme != "http":
            host = urlsplit(proxy).hostname or ""
            raise EgressRefused("only a proxy that is reached by http:// can be used", where=host)
        self._ca_file = ca_file
        self._resolver = resolver

    def admits(self, address: Address) -> bool:
        """Whether anything may be sent to this address."""
        return is_public(address) or any(unwrapped(address) in network for network in self._allowed)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str],
        deadline: timedelta,
        connect: timedelta = CONNECT,
        alias: str = "",
    ) -> Reply:
        """Post the bytes and hand back the answer, whatever its status; ``deadline`` bounds everything together.

        :param alias: what errors call the other side instead of its host, where even that is a secret.
        :raises EgressRefused: when the guard does not let it out.
        :raises EgressFailed: when no status came back.
        """
        reply: Reply = self._poster.post(
            url, body, headers=headers, deadline=Deadline(deadline), connect=connect, alias=alias
        )
        return reply

    def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        deadline: timedelta,
        limit: int,
        body: bytes | None = None,
        connect: timedelta = CONNECT,
        alias: str = "",
    ) -> Reply:
        """Ask for something, and hand back the whole answer, whatever its status; ``deadline`` bounds everything together.

        Without a body it is a GET, which follows redirects: each is guarded like the first request, none leads from
        https to http, and no other host hears our credentials.

        :param body: post this instead.
        :param limit: the most bytes an answer may have.
        :param alias: what errors call the other side instead of its host, where even that is a secret.
        :raises EgressRefused: when the guard does not let it out.
        :raises EgressFailed: when no answer came, or not the whole of it.
        """
        until = Deadline(deadline)
        method = "GET" if body is None else "POST"
        for _ in range(_REDIRECTS + 1):
            reply: Reply = self._poster.fetch(
                method, url, body or b"", headers=headers, deadline=until, connect=connect, alias=alias, limit=limit
            )
            if body is not None or reply.status not in _SENT_ON or "location" not in reply.headers:
                return reply
            onward = _onward(url, reply.headers["location"], alias or urlsplit(url).hostname or "")
            if urlsplit(onward).netloc != urlsplit(url).netloc:
                headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
            url = onward
        raise EgressFailed(Fault.REDIRECT, "it sends us on and on", where=alias or urlsplit(url).hostname or "")

    @cached_property
    def _poster(self) -> Any:
        admits = None if self._proxy else self.admits
        return _http.Poster(admits=admits, proxy=self._proxy, ca_file=self._ca_file, resolver=self._resolver)


def _onward(url: str, location: str, where: str) -> str:
    """Where an answer sends us on to.

    :raises EgressFailed: when that is nowhere, or nowhere that we would go.
    """
    try:
        onward = urljoin(url, location)
        is_open = urlsplit(onward).scheme != "https"
    except ValueError:
        raise EgressFailed(Fault.REDIRECT, "it sends us on to what is no address", where=where) from None
    if is_open and urlsplit(url).scheme == "https":
        raise EgressFailed(Fault.REDIRECT, "it sends us on to an address without encryption", where=where)
    return onward
