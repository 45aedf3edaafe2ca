"""What programs ask for: that an agent call a number, that a call belong to a dossier."""

from collections import OrderedDict
from hashlib import sha256

import structlog

from core.api_clients import ApiClient
from core.commands import CorrelateDossier
from core.errors import CommandRefused
from core.ids import AgentId, CallId, DossierId, PositionId
from lrm_bridge.api.dossiers import DossierOfCall
from lrm_bridge.api.errors import ApiError
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.shown import Call
from lrm_bridge.inbound import LrmRequests
from lrm_bridge.policy import Click, same_number

log = structlog.get_logger(__name__)

REMEMBERED = 4096
_REFUSALS = {
    "not_logged_in": "unknown_agent",
    "bad_target": "bad_number",
    "switch_down": "unavailable",
    "switch_unavailable": "unavailable",
}
_AS_THEY_ARE = frozenset(
    {"bad_number", "number_not_allowed", "no_trunk", "two_calls", "no_audio", "no_call", "unknown_call"}
)


class Asking:
    """Carries out what programs ask for, by the rules of the published contract.

    Args:
        events: what the API shows.
        requests: what any LRM may ask.
    """

    def __init__(self, events: EventLog, requests: LrmRequests) -> None:
        self._model = events.model
        self._requests = requests
        self._seen: OrderedDict[str, tuple[str, str]] = OrderedDict()
        """Requests whose call is not in the journal under their name: it was there already, or is not yet."""

    def call(
        self, client: ApiClient, agent_id: str, number: str, key: str, dossier_id: str | None = None
    ) -> Call | None:
        """Let an agent call a number. What the agent hears is put on hold first.

        The same ``key`` again, from the same client, leads to the same call, also after a restart.

        Returns:
            the call; none where it has not begun yet: the agent's own telephone is being rung first.

        Raises:
            ApiError: 404, 409, 422 or 503, as the contract's creerAppel.
        """
        request, fingerprint = (
            f"{client.client_id}:{_digest(key)}",
            _digest(f"{agent_id} {number} {dossier_id}"),
        )
        if self._known(request, fingerprint):
            return self._call_of(request)
        try:
            click = self._requests.call(
                AgentId(agent_id),
                number,
                DossierId(dossier_id) if dossier_id else None,
                asked=f"{request}:{fingerprint}",
            )
        except CommandRefused as error:
            raise _refusal(error) from error
        match click:
            case Click.CALL:
                log.info("api_call_asked", client=client.client_id)
                self._remember(request, fingerprint, "")
            case Click.IGNORED:
                self._remember(request, fingerprint, self._same(agent_id, number))
            case Click.TWO_CALLS:
                raise ApiError("two_calls")
            case Click.CONFERENCE:
                raise ApiError("conference")
            case Click.NOT_LOGGED_IN:
                raise ApiError("unknown_agent")
        return self._call_of(request)

    def correlate(self, client: ApiClient, call_id: str | None, told: DossierOfCall) -> Call:
        """Say which dossier a call belongs to: the one named, live or of the last day, else the agent's own.

        Returns:
            that call.

        Raises:
            ApiError: ``unknown_call``, ``no_call``.
        """
        command = CorrelateDossier(
            position_id=PositionId(""),
            agent_id=AgentId(told.agent_id),
            dossier_id=DossierId(told.dossier_id),
            call_id=CallId(call_id) if call_id is not None else None,
            priority=told.priority,
        )
        try:
            self._requests.correlate(command, told.in_contract())
        except CommandRefused as error:
            raise _refusal(error) from error
        log.info("api_dossier_correlated", client=client.client_id, call_id=call_id or "current")
        call = self._model.calls.get(call_id) if call_id is not None else self._current(told.agent_id)
        if call is None:
            raise ApiError("unknown_call")
        return call

    def _current(self, agent_id: str) -> Call | None:
        """The call that an agent hears; else one that the agent holds."""
        theirs = [
            (mine.held, call)
            for call in self._model.live()
            for mine in call.agents
            if mine.agent_id == agent_id
        ]
        return min(theirs, key=lambda each: each[0])[1] if theirs else None

    def _known(self, request: str, fingerprint: str) -> bool:
        """Whether it was asked before."""
        found = self._model.asked.get(request) or self._seen.get(request)
        if found is not None and found[1] != fingerprint:
            raise ApiError("idempotency_key_reused")
        return found is not None

    def _call_of(self, request: str) -> Call | None:
        call_id, _ = self._model.asked.get(request) or self._seen.get(request) or ("", "")
        return self._model.calls.get(call_id)

    def _remember(self, request: str, fingerprint: str, call_id: str) -> None:
        self._seen[request] = call_id, fingerprint
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _same(self, agent_id: str, number: str) -> str:
        """The live call of an agent in which a number rings or talks already."""
        for call in self._model.live():
            agents = {each.agent_id for each in call.agents}
            if agent_id in agents and call.number is not None and same_number(call.number, number):
                return call.call_id
        return ""


def _refusal(error: CommandRefused) -> ApiError:
    return ApiError(error.code if error.code in _AS_THEY_ARE else _REFUSALS.get(error.code, "busy"))


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
