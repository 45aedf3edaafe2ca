"""Carries one event to one receiver, over HTTP."""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from lrm_bridge.api.addresses import AddressRefused, Receiver, receiver_of
from lrm_bridge.api.policy import Try

TRY_TIMEOUT_S = 10.0
MOST_CONNECTIONS = 64


class HttpSender:
    """Posts events. What a receiver says beside its status is not read; redirections are not followed.

    Args:
        inside: hosts in the centre's own network that may be told.
        authority: a file of certificates to believe beside the usual ones.
    """

    def __init__(self, inside: Collection[str] = (), authority: Path | None = None) -> None:
        self._inside = frozenset(inside)
        context = ssl.create_default_context()
        if authority is not None:
            context.load_verify_locations(authority)
        limits = httpx2.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS)
        self._http = httpx2.AsyncClient(
            timeout=TRY_TIMEOUT_S, follow_redirects=False, trust_env=False, verify=context, limits=limits
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def check(self, url: str) -> None:
        """Look at an address before anything is sent there.

        Raises:
            AddressRefused: it may not be told.
        """
        try:
            async with asyncio.timeout(TRY_TIMEOUT_S):
                await receiver_of(url, self._inside)
        except (OSError, TimeoutError, UnicodeError):
            return  # its name is not known now: looked at again at each try

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Try:
        """One try; never raises for what the receiver does."""
        try:
            async with asyncio.timeout(TRY_TIMEOUT_S):
                receiver = await receiver_of(url, self._inside)
                async with self._http.stream(
                    "POST",
                    _to_address(receiver),
                    headers={**headers, "Host": _host(receiver), "Content-Type": "application/json"},
                    content=body,
                    extensions={"sni_hostname": receiver.host},
                ) as response:
                    return Try(response.status_code)
        except AddressRefused as error:
            return Try(0, f"address refused: {error}")
        except (httpx2.HTTPError, OSError, TimeoutError, UnicodeError) as error:
            return Try(0, type(error).__name__)


def _to_address(receiver: Receiver) -> str:
    """The same request, to the very address that was looked at."""
    parts = urlsplit(receiver.url)
    address = f"[{receiver.address}]" if ":" in receiver.address else receiver.address
    return parts._replace(netloc=f"{address}:{receiver.port}").geturl()


def _host(receiver: Receiver) -> str:
    host = f"[{receiver.host}]" if ":" in receiver.host else receiver.host
    usual = 443 if receiver.secure else 80
    return host if receiver.port == usual else f"{host}:{receiver.port}"
