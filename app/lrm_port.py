"""The way to and from the LRM: our certificates, and the port where an LRM has to show one of its own."""

import asyncio
import socket
import ssl
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import structlog
from starlette.types import ASGIApp

from app.page_server import ConnectionLimits, Connections, PageServer, PatientProtocol, server_config
from app.settings import LrmSettings
from core.ids import CentreId
from lrm_bridge.client import LrmClient
from lrm_bridge.door import PEER_NAMES

log = structlog.get_logger(__name__)

_CONNECTIONS = ConnectionLimits(of_source=64, in_all=256)
"""One LRM, or a few, each with some connections that it keeps."""
_TRY_AGAIN_S: Final = 1.0


def lrm_client(settings: LrmSettings, centre: CentreId) -> LrmClient | None:
    """Make the client of the LRM; ``None`` where there is none.

    A certificate that cannot be read costs the LRM's window, never a call: nothing is then sent.
    """
    if not settings.base_url:
        return None
    return LrmClient(settings.base_url, centre, _client_tls(settings))


def _client_tls(settings: LrmSettings) -> ssl.SSLContext | None:
    if not settings.base_url.startswith("https:"):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody yet: without the files no request is sent
    try:
        if settings.authority and settings.certificate and settings.private_key:
            context.load_verify_locations(settings.authority)
            context.load_cert_chain(settings.certificate, settings.private_key)
    except (OSError, ssl.SSLError) as error:
        log.error("lrm_certificate_unusable", reason=str(error))
    return context


class CertifiedProtocol(PatientProtocol):
    """HTTP of a caller who has shown a certificate: the application is told its names."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, its certificate checked."""
        self.app_state = {**self.app_state, PEER_NAMES: peer_names(transport)}
        super().connection_made(transport)


def peer_names(transport: asyncio.BaseTransport) -> frozenset[str]:
    """The names in a caller's certificate: DNS names, else the CN; and ``sha256:`` with its digest."""
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    whole = tls.getpeercert(binary_form=True) if tls is not None else None
    if tls is None or whole is None:
        return frozenset()
    told: dict[str, Any] = dict(tls.getpeercert() or {})
    names = {value for kind, value in told.get("subjectAltName", ()) if kind == "DNS"}
    if not names:
        names = {value for part in told.get("subject", ()) for kind, value in part if kind == "commonName"}
    return frozenset({*names, f"sha256:{sha256(whole).hexdigest()}"})


class LrmPort:
    """The port of the contract. What is wrong with it is an alarm: calls need none of it.

    Args:
        settings: the LRM's.
        door: the application.
        usual: the certificate and key of the pages, shown where the settings name none.
    """

    def __init__(self, settings: LrmSettings, door: ASGIApp, usual: tuple[Path, Path]) -> None:
        self._settings = settings
        self.trouble: str | None = None
        """Why nobody can be let in; none: all is well."""
        certificate, key = settings.server_certificate, settings.server_key
        shown = (certificate, key) if certificate is not None and key is not None else usual
        self._server = PageServer(
            server_config(
                door,
                connections=Connections(_CONNECTIONS),
                protocol=CertifiedProtocol,
                host=settings.listen_host,
                port=settings.listen_port,
                log_level="warning",
                ssl_certfile=str(shown[0]),
                ssl_keyfile=str(shown[1]),
                ssl_ca_certs=str(settings.authority),
                ssl_cert_reqs=ssl.CERT_REQUIRED,
            )
        )

    async def serve(self) -> None:
        """Serve until :meth:`close`; a port that is taken, or a missing file, is tried again."""
        while not self._server.should_exit:
            try:
                if not self._server.config.loaded:
                    self._server.config.load()
                listening = self._listen()
            except Exception as error:  # whatever is wrong with this port, calls go on
                self._say(type(error).__name__)
                await asyncio.sleep(_TRY_AGAIN_S)
                continue
            self._say(None)
            await self._server.serve(sockets=[listening])

    def close(self) -> None:
        """Let nobody in any more."""
        self._server.should_exit = True

    def _listen(self) -> socket.socket:
        host = self._settings.listen_host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Named as TCP, or asyncio would leave Nagle's algorithm on: 40 ms for each answer.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, self._settings.listen_port))
        except OSError:
            listening.close()
            raise
        return listening

    def _say(self, trouble: str | None) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            if trouble is not None:
                log.error("lrm_port_closed", reason=trouble, port=self._settings.listen_port)
