"""Watches over certificates, so that none ends unnoticed: those in files, and those that our ports show.

A program shows what it read when it started: a file that was made anew since helps nobody before a restart.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from app.addresses import near
from app.settings import Settings, section_of
from core.ports import Clock

WARN_BEFORE = timedelta(days=30)
LOOK_EVERY_S = 3600.0
_PATIENCE_S = 5.0
_GOODBYE_S = 1.0
_DAY_S = 86_400.0

Door = tuple[str, int]


class CertificateWatch:
    """Looks once an hour. Tells when each certificate ends, by the name of its setting.

    Args:
        files: PEM files; of several certificates in one, the first to end counts.
        doors: addresses of TCP ports that speak TLS: one that does not answer is told by other alarms.
        clock: what time it is.
    """

    def __init__(self, files: Mapping[str, Path], doors: Mapping[str, Door], clock: Clock) -> None:
        self._files = files
        self._doors = doors
        self._clock = clock
        self._ends: dict[str, datetime] = {}
        self._unreadable: list[str] = []

    async def keep(self) -> None:
        """Look, now and once an hour, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look at every certificate."""
        ends: dict[str, datetime] = {}
        unreadable = []
        for name, file in self._files.items():
            try:
                ends[name] = _first_end(await asyncio.to_thread(file.read_bytes))
            except (OSError, ValueError):
                unreadable.append(name)
        for name, (host, port) in self._doors.items():
            shown = await _shown(host, port)
            if shown is not None:
                ends[name] = _first_end(shown)
        self._ends, self._unreadable = ends, unreadable

    def trouble(self) -> str | None:
        """What ends within ``WARN_BEFORE``, has ended, or cannot be read; ``None``: all is well."""
        now = self._clock.now()
        told = [f"{name}: cannot be read" for name in self._unreadable]
        for name, end in sorted(self._ends.items(), key=lambda item: item[1]):
            if end <= now:
                told.append(f"{name}: ended {end:%Y-%m-%d}")
            elif end - now <= WARN_BEFORE:
                told.append(f"{name}: ends {end:%Y-%m-%d}")
        return ", ".join(told) or None

    def days_left(self) -> float:
        """Days until the first of them ends; negative: it has ended. ``nan`` before the first look."""
        if not self._ends:
            return float("nan")
        return (min(self._ends.values()) - self._clock.now()).total_seconds() / _DAY_S


def certificate_watch(settings: Settings, clock: Clock) -> CertificateWatch:
    """Watch over all certificates of a centre's core and its Asterisks."""
    lrm, api, tls = settings.lrm, settings.api, settings.storage.data_dir / "tls"
    named = {
        "tls/authority.pem": tls / "authority.pem",
        "tls/server.pem": tls / "server.pem",
        "lrm.authority": lrm.authority,
        "lrm.certificate": lrm.certificate,
        "lrm.server_certificate": lrm.server_certificate,
        "api.webhook_authority": api.webhook_authority,
    }
    doors = {"web.https_port": (settings.web.host, settings.web.https_port)}
    if lrm.certificates:
        doors["lrm.listen_port"] = (lrm.listen_host, lrm.listen_port)
    for node, asterisk in settings.every_asterisk.items():
        where = section_of(node)
        doors[f"{where}.sip_tls_port"] = (asterisk.bind_address, asterisk.sip_tls_port)
        doors[f"{where}.wss_port"] = (asterisk.bind_address, asterisk.wss_port)
    return CertificateWatch(
        {name: file for name, file in named.items() if file is not None},
        {name: (near(host), port) for name, (host, port) in doors.items()},
        clock,
    )


def _first_end(pem: bytes) -> datetime:
    """When the first of these certificates ends.

    Raises:
        ValueError: there is none.
    """
    return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(pem))


async def _shown(host: str, port: int) -> bytes | None:
    """The certificate (PEM) that a port of ours shows, whoever signed it; ``None``: it does not answer."""
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE  # it is looked at, nothing is said
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port, ssl=looking)
            told: ssl.SSLObject = writer.get_extra_info("ssl_object")
            whole = told.getpeercert(binary_form=True)
    except (OSError, TimeoutError):
        return None
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):  # said, so that nobody's log tells of a connection that broke
            writer.close()
            await writer.wait_closed()
    writer.transport.abort()
    return ssl.DER_cert_to_PEM_cert(whole).encode() if whole else None
