"""Speaks the LRM's half of the contract over HTTP."""

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
        try:
            response = await self._http.post(
                f"{self._agents}/{quote(agent_id, safe='')}/calls", json=asdict(body)
            )
        except httpx2.HTTPError as error:
            return Answer(None, type(error).__name__)
        return Answer(response.status_code)
