"""The LRM's side of the published contract: what it asks of the strip's own port (``swagger-si-samu.json``)."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from simulator.lrm.dossiers import Dossier
from simulator.lrm.exchanges import Exchanges

BASE = "/si-samu-back-synchro-lrm-web/api/v1/cti"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """What the LRM shows, and whom it believes. PEM files."""

    certificate: Path
    private_key: Path
    authority: Path

    def context(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        """Mutual TLS, as a client or as a server."""
        made = ssl.create_default_context(purpose, cafile=str(self.authority))
        made.load_cert_chain(self.certificate, self.private_key)
        if purpose is ssl.Purpose.CLIENT_AUTH:
            made.verify_mode = ssl.CERT_REQUIRED
        return made


class Strip:
    """The strip's port, at its address (``https://centre:8445``)."""

    def __init__(self, url: str, centre: str, exchanges: Exchanges, tls: Tls | None = None) -> None:
        self._url = f"{url.rstrip('/')}{BASE}/{centre}"
        self._exchanges = exchanges
        self._http = httpx2.AsyncClient(
            timeout=10,
            trust_env=False,
            verify=tls.context(ssl.Purpose.SERVER_AUTH) if tls is not None else True,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def call(self, agent: str, number: str, dossier: str = "") -> str:
        """``creerAppel``; ``ok``, or why not."""
        body = {"numTel": number} | ({"idDossier": dossier} if dossier else {})
        return await self._ask("POST", f"/agents/{quote(agent, safe='')}/calls", body)

    async def correlate(self, dossier: Dossier, call_id: str | None) -> str:
        """``correlerDossierAppel``; ``ok``, or why not."""
        return await self._ask("PUT", f"/dossiers/{quote(dossier.number, safe='')}", dossier.told(call_id))

    async def _ask(self, method: str, path: str, body: dict[str, Any]) -> str:
        what = f"{method} {BASE.partition('/api')[2]}…{path}"
        try:
            answer = await self._http.request(method, self._url + path, json=body)
        except httpx2.HTTPError as error:
            self._exchanges.note("envoyé", what, type(error).__name__, body)
            return "le bandeau ne répond pas"
        self._exchanges.note("envoyé", what, answer.status_code, body, answer.content)
        if answer.status_code == 202:
            return "ok"
        try:
            return str(answer.json().get("message") or answer.status_code)
        except ValueError:
            return str(answer.status_code)
