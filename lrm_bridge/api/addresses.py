"""Which addresses may be told of events: none by which a client could reach inside the centre's network.

The name is looked up here, each time, and the connection goes to the very address that was looked at: so a name
that means something else a moment later leads nowhere else.
"""

import asyncio
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 1024
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(Exception):
    """This address may not be told of events."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to connect (``address``), and for whom: ``host`` is in the certificate and the Host header."""

    url: str
    host: str
    address: str
    port: int
    secure: bool


def checked(url: str, inside: Collection[str]) -> SplitResult:
    """Look at an address without looking its name up.

    Args:
        url: what a client gave.
        inside: the hosts in the centre's network that may be told; by HTTP too, where they are this machine.

    Raises:
        AddressRefused: no absolute https address, or one with a user, a fragment, or too long.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("no address") from error
    host = parts.hostname or ""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise AddressRefused("no address")
    if not host or parts.username is not None or parts.fragment or port == 0:
        raise AddressRefused("no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in inside):
        raise AddressRefused("https only")
    return parts


async def receiver_of(url: str, inside: Collection[str]) -> Receiver:
    """Find where to connect.

    Raises:
        AddressRefused: as :func:`checked`, or its name means a private address and is not among ``inside``.
        OSError: its name cannot be looked up.
    """
    parts = checked(url, inside)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if host not in inside and not all(_public(ip_address(each.partition("%")[0])) for each in addresses):
        raise AddressRefused("a private address")
    return Receiver(url, host, addresses[0], port, parts.scheme == "https")


def _public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is outside: not private, loopback, link-local, shared, reserved nor multicast, in any form."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _public(inner)
        if address in _NAT64:
            return _public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast
