"""The published contract's door for an LRM: an application for a port of its own, that asks for a certificate.

It only validates, answers and gives commands: nothing here waits for a call.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from core.commands import CorrelateDossier
from core.errors import CommandRefused
from core.ids import CentreId, PositionId
from lrm_bridge.contract import (
    ContractError,
    CorrelationDossier,
    DemandeAppelSortant,
    Target,
    read,
    target_of,
)
from lrm_bridge.inbound import LrmRequests
from lrm_bridge.metrics import LrmMetrics
from lrm_bridge.policy import CLICK_STATUS, Click
from web.rates import Rates
from web.texts import message

log = structlog.get_logger(__name__)

PEER_NAMES: Final = "peer_names"
"""Where the server puts the names of the caller's certificate: in ``scope["state"]``."""
MAX_BODY: Final = 64 * 1024
BODY_SECONDS: Final = 10.0
_PER_SECOND, _BURST = 50.0, 400.0
"""Requests of one certificate: a whole room clicks less often."""

_CLICK_TEXTS: Final = {
    Click.NOT_LOGGED_IN: ("AGENT_NON_CONNECTE", "Cet agent n’a pas de bandeau ouvert."),
    Click.TWO_CALLS: ("DEUX_APPELS", "L’agent a déjà un appel en cours et un appel en garde."),
    Click.CONFERENCE: ("CONFERENCE", "L’agent est en conférence."),
}
_BAD_NUMBERS: Final = frozenset({"bad_number", "number_not_allowed"})


@dataclass(frozen=True, slots=True)
class Certificates:
    """Who may call for which centre: a name in a certificate → ``idCrra``."""

    centre: CentreId
    by_name: Mapping[str, CentreId]

    def lets(self, names: frozenset[str], centre: CentreId) -> bool:
        """Whether a certificate of these names may ask for that centre, and it is ours."""
        return centre == self.centre and any(self.by_name.get(name) == centre for name in names)


class LrmDoor:
    """ASGI application of the contract's half that LRMs call."""

    def __init__(
        self,
        requests: LrmRequests,
        certificates: Certificates,
        now: Callable[[], float],
        metrics: LrmMetrics | None = None,
    ) -> None:
        self._requests = requests
        self._certificates = certificates
        self._now = now
        self._metrics = metrics or LrmMetrics()
        self._rates = Rates(_PER_SECOND, _BURST, 256)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the port speaks nothing but HTTP."""
        if scope["type"] != "http":
            return
        try:
            response = await self._answered(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> JSONResponse:
        operation = "other"
        try:
            body = await _body(request)  # first: a refusal that leaves it unread would cost the connection
            target = self._admitted(request)
            operation = "creer_appel" if target.agent is not None else "correler_dossier"
            if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
                raise ContractError(400, "TYPE_INVALIDE", "Le corps doit être application/json.")
            self._carry_out(target, body)
            response = JSONResponse({}, 202)
        except ContractError as error:
            headers = {"Retry-After": "1"} if error.status == 429 else {}
            response = JSONResponse({"message": str(error), "code": error.code}, error.status, headers)
            if error.status != 429:
                log.info("lrm_request_refused", operation=operation, status=error.status, code=error.code)
        self._metrics.asked(operation, response.status_code)
        return response

    def _admitted(self, request: Request) -> Target:
        """Check who asks before anything that was sent is looked at.

        Raises:
            ContractError: 403, 404, 405, 429, or 400 for an identifier.
        """
        names: frozenset[str] = request.scope.get("state", {}).get(PEER_NAMES, frozenset())
        if not self._rates.allow(min(names, default=""), self._now()):
            raise ContractError(429, "TROP_DE_DEMANDES", message("too_many_commands"))
        target = target_of(request.scope["raw_path"])
        if not self._certificates.lets(names, target.centre):
            raise ContractError(403, "CRRA_NON_AUTORISE", "Ce certificat n’est pas celui de ce CRRA.")
        if request.method != target.method:
            raise ContractError(405, "METHODE_INCONNUE", f"Seule la méthode {target.method} existe ici.")
        return target

    def _carry_out(self, target: Target, body: bytes) -> None:
        try:
            if target.agent is not None:
                asked = read(DemandeAppelSortant, body)
                self._call(target, asked)
            else:
                self._correlate(target, read(CorrelationDossier, body))
        except CommandRefused as error:
            status = 400 if error.code in _BAD_NUMBERS else 404 if error.code == "not_logged_in" else 409
            raise ContractError(status, error.code.upper(), message(error.code)) from error

    def _call(self, target: Target, asked: DemandeAppelSortant) -> None:
        assert target.agent is not None  # noqa: S101 - that is what the path says
        click = self._requests.call(target.agent, asked.numTel, asked.dossier_id)
        if (status := CLICK_STATUS[click]) != 202:
            raise ContractError(status, *_CLICK_TEXTS[click])

    def _correlate(self, target: Target, said: CorrelationDossier) -> None:
        assert target.dossier is not None  # noqa: S101 - that is what the path says
        command = CorrelateDossier(
            position_id=PositionId(""),
            agent_id=said.agent_id,
            dossier_id=target.dossier,
            call_id=said.call_id,
            priority=said.priority,
        )
        self._requests.correlate(command, said)


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise ContractError(400, "CORPS_TROP_LONG", message("too_long"))
    except TimeoutError as error:
        raise ContractError(408, "CORPS_TROP_LENT", message("too_slow")) from error
    return bytes(body)
