"""Speaks the LRM's half of the contract over HTTP."""

import asyncio
from dataclasses import asdict
from urllib.parse import quote

import httpx2

from core.ids import AgentId, CentreId
from lrm_bridge.model import AppelEntrant
from lrm_bridge.policy import TRY_TIMEOUT_S, Answer


class LrmClient:
    """One LRM, at its base address (``http://…/lrm/api``)."""

    def __init__(self, base_url: str, centre_id: CentreId) -> None:
        self._agents = f"{base_url.rstrip('/')}/v1/cti/{centre_id}/agents"
        self._http = httpx2.AsyncClient(timeout=TRY_TIMEOUT_S, follow_redirects=False)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def appel_entrant(self, agent_id: AgentId, body: AppelEntrant) -> Answer:
        """Tell the LRM of a call its agent took. ``idNatPs`` may hold a ``/``, sent as ``%2F``."""
        address = f"{self._agents}/{quote(agent_id, safe='')}/calls"
        try:
            # The whole exchange has one limit, and what the LRM says beside its status is not read.
            async with (
                asyncio.timeout(TRY_TIMEOUT_S),
                self._http.stream("POST", address, json=asdict(body)) as response,
            ):
                return Answer(response.status_code)
        except (httpx2.HTTPError, TimeoutError) as error:
            return Answer(None, type(error).__name__)
