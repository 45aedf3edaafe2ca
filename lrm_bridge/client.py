"""Speaks to the LRM by its half of the contract, over mutual TLS."""

import asyncio
import ssl
from dataclasses import asdict
from urllib.parse import quote

import httpx2

from core.ids import AgentId, CentreId, DossierId
from lrm_bridge.contract import AffichageDossier, AppelEntrant
from lrm_bridge.policy import TRY_TIMEOUT_S, Answer

AT_ONCE = 16
"""Requests that one LRM is sent at a time."""


class LrmClient:
    """One LRM, at its base address (``https://…/lrm/api``).

    Args:
        base_url: where it is.
        centre_id: who calls.
        tls: our certificate, and whom to trust; none: plain HTTP, on this machine.
    """

    def __init__(self, base_url: str, centre_id: CentreId, tls: ssl.SSLContext | None = None) -> None:
        self._base = base_url.rstrip("/")
        self._centre = f"{self._base}/v1/cti/{quote(centre_id, safe='')}"
        self._http = httpx2.AsyncClient(
            timeout=TRY_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,  # the way to the LRM is no proxy's business
            verify=tls if tls is not None else True,
            limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def appel_entrant(self, agent_id: AgentId, body: AppelEntrant) -> Answer:
        """Tell the LRM of a call its agent took. ``idNatPs`` may hold a ``/``, sent as ``%2F``."""
        return await self._send("POST", f"{self._centre}/agents/{quote(agent_id, safe='')}/calls", body)

    async def afficher_dossier(self, dossier_id: DossierId, body: AffichageDossier) -> Answer:
        """Ask the LRM to show an agent the dossier of the call they have."""
        return await self._send("POST", f"{self._centre}/dossiers/{quote(dossier_id, safe='')}", body)

    async def look(self) -> Answer:
        """Ask whether anybody is there: any answer but a failure means yes. It changes nothing."""
        return await self._send("GET", self._base, None)

    async def _send(self, method: str, address: str, body: AppelEntrant | AffichageDossier | None) -> Answer:
        content = asdict(body) if body is not None else None
        try:
            # The whole exchange has one limit, and what the LRM says beside its status is not read.
            async with (
                asyncio.timeout(TRY_TIMEOUT_S),
                self._http.stream(method, address, json=content) as response,
            ):
                return Answer(response.status_code)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            return Answer(None, _why(error))


def _why(error: BaseException) -> str:
    """What kind of failure it is, with what TLS says of it; no address, no number."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"TLS {cause.reason or 'failed'}"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
