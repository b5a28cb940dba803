"""Whether an address on the web can be had: one request through the guarded way out, and no more than its first line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import quote, urlsplit

from watcher.core.errors import WatcherError
from watcher.net import CONNECT, Deadline, dial, tls_context
from watcher.net.address import Address, Network, is_public, unwrapped

#: How long an address may take.
PATIENCE = timedelta(seconds=10)
#: What says that a page is gone. A server that is ill, or asks who we are, has the page nevertheless.
_GONE = frozenset({404, 410, 451})
_FIRST_LINE = 256
_AS_WRITTEN = "/?:@!$&'()*+,;=~%-._"
_PORTS = {"https": 443, "http": 80}


def fetcher(allow_networks: Iterable[str | Network] = ()) -> Fetcher:
    """Something that says why an address cannot be had.

    :param allow_networks: private networks that may be asked.
    """
    return Fetcher(tuple(ip_network(network) for network in allow_networks))


class Fetcher:
    """Asks for addresses, one at a time."""

    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed

    def __call__(self, url: str) -> str:
        """Why an address cannot be had; empty when it can."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            return "it is no web address"
        try:
            status = self._status(parts.scheme, parts.hostname, parts.port, parts.path or "/", parts.query)
        except WatcherError as error:
            return error.what
        except ValueError:
            return "it is no web address"
        if status is None:
            return "the server's answer cannot be understood"
        return f"the server answers {status}" if status in _GONE else ""

    def _admits(self, address: Address) -> bool:
        return is_public(address) or any(unwrapped(address) in network for network in self._allowed)

    def _status(self, scheme: str, host: str, port: int | None, path: str, query: str) -> int | None:
        deadline = Deadline(PATIENCE)
        wire = dial(host, port or _PORTS[scheme], deadline=deadline, connect=CONNECT, admits=self._admits)
        try:
            if scheme == "https":
                wire.start_tls(tls_context(None), host)
            target = quote(f"{path}?{query}" if query else path, safe=_AS_WRITTEN)
            name = host if port is None else f"{host}:{port}"
            request = f"GET {target} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: watcher\r\nConnection: close\r\n\r\n"
            wire.write(request.encode("ascii"))
            line = wire.read(_FIRST_LINE).split(b"\r\n", 1)[0].split()
        finally:
            wire.close()
        is_http = len(line) > 1 and line[0].startswith(b"HTTP/") and line[1].isdigit()
        return int(line[1]) if is_http else None
