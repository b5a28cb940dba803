"""Which addresses belong to the public internet, by an explicit table."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# `is_private` and `is_global` of ipaddress each miss some of these, and differ between versions of Python.
_DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_UNICAST_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public internet, by an explicit table."""
    address = unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_V4)
    return address in _UNICAST_V6 and not any(address in network for network in _DENIED_V6)


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (``::ffff:10.0.0.1``), which is where a packet would go."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
