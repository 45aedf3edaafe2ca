"""The LRM as a client of the centre's modern API: what is going on there, and click-to-call with its result."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from lrm_client import (
    Agent,
    ApiRefused,
    ApiUnreachable,
    Call,
    CallLocation,
    Event,
    LrmApi,
    Recording,
    Snapshot,
    verified,
)
from lrm_client.errors import WebhookForged
from simulator.lrm.dossiers import Dossier, Patient
from simulator.lrm.exchanges import Exchanges

log = structlog.get_logger(__name__)

ENDED_KEPT = 30


class Centre:
    """What the LRM knows of one centre by its API.

    Args:
        url: of the centre's pages.
        token: of this client.
        exchanges: where requests and events are noted.
        changed: called at each change.
        tls: how to know the centre by its certificate.
    """

    def __init__(
        self,
        url: str,
        token: str,
        exchanges: Exchanges,
        changed: Callable[[], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.api = LrmApi(url, token, tls)
        self._exchanges = exchanges
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self.calls: dict[str, Call] = {}
        """Live, and the last that ended."""
        self.agents: dict[str, Agent] = {}
        self.locations: dict[str, CallLocation] = {}
        self.recordings: dict[str, Recording] = {}
        """By call."""
        self.state = "pas encore relié"
        self.secrets: list[str] = []
        """Those of our webhooks."""
        self.webhook_events: list[Event] = []

    def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.get_running_loop().create_task(self._listen(), name="stream")

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.api.__aexit__(None, None, None)

    async def _listen(self) -> None:
        stream = self.api.stream()
        try:
            async for message in stream:
                self.state = "relié"
                if isinstance(message, Snapshot):
                    self._begin(message)
                else:
                    self._take(message)
                self._changed()
        except ApiRefused as error:
            self.state = f"refusé : {error.code}"
            log.error("stream_refused", code=error.code)
            self._changed()

    def _begin(self, shown: Snapshot) -> None:
        self.calls = {call.call_id: call for call in shown.calls}
        self.agents = {agent.agent_id: agent for agent in shown.agents}
        self.locations = {place.call_id: place for place in shown.locations if place.best}
        self._exchanges.note("flux", f"stream.snapshot n° {shown.seq}", "", msgspec.to_builtins(shown))

    def _take(self, event: Event) -> None:
        self._exchanges.note("flux", f"{event.type} n° {event.seq}", "", msgspec.to_builtins(event.data))
        if (call := event.data.call) is not None:
            self.calls.pop(call.call_id, None)
            self.calls[call.call_id] = call
            self._forget()
        if (agent := event.data.agent) is not None:
            if agent.state is None:
                self.agents.pop(agent.agent_id, None)
            else:
                self.agents[agent.agent_id] = agent
        if (place := event.data.location) is not None and place.best:
            self.locations[place.call_id] = place
        if (recording := event.data.recording) is not None:
            self.recordings[recording.call_id] = recording

    def _forget(self) -> None:
        ended = [call for call in self.calls.values() if call.ended_at is not None]
        for call in ended[: max(0, len(ended) - ENDED_KEPT)]:
            del self.calls[call.call_id]
            self.locations.pop(call.call_id, None)
            self.recordings.pop(call.call_id, None)

    # --- asking -----------------------------------------------------------------------------------------

    async def call(self, agent: str, number: str, dossier: str, key: str) -> str:
        """Click-to-call; ``ok``, or why not."""
        what = f"POST /agents/{agent}/calls"
        body = {"number": number, "dossier_id": dossier or None}
        try:
            placed = await self.api.place_call(agent, number, dossier_id=dossier or None, key=key)
        except (ApiRefused, ApiUnreachable) as error:
            self._exchanges.note("envoyé", what, _status(error), body, str(error))
            return str(error)
        self._exchanges.note("envoyé", what, 202, body, msgspec.to_builtins(placed))
        return "ok"

    async def correlate(self, dossier: Dossier, call_id: str | None) -> str:
        """Say which dossier a call belongs to; ``ok``, or why not."""
        what = f"PUT /calls/{call_id or 'current'}/dossier"
        body: dict[str, Any] = {
            "dossier_id": dossier.number,
            "agent_id": dossier.agent,
            "priority": dossier.priority or None,
            "place": dossier.place,
            "caller": {"last_name": dossier.caller_last_name, "first_name": dossier.caller_first_name},
            "patients": [_patient(patient) for patient in dossier.patients],
        }
        try:
            call = await self.api.correlate(call_id or "current", **body)
        except (ApiRefused, ApiUnreachable) as error:
            self._exchanges.note("envoyé", what, _status(error), body, str(error))
            return str(error)
        self._exchanges.note("envoyé", what, 202, body, msgspec.to_builtins(call))
        return "ok"

    async def ask(self, path: str) -> None:
        """Ask the API for something by hand: what it answers is noted."""
        try:
            status, body = await self.api.raw(path)
        except ApiUnreachable as error:
            self._exchanges.note("envoyé", f"GET {path}", "sans réponse", answered=str(error))
        else:
            self._exchanges.note("envoyé", f"GET {path}", status, answered=body)
        self._changed()

    def receive(self, headers: dict[str, str], body: bytes) -> bool:
        """Take what came to our webhook; whether it is the centre's."""
        try:
            event = verified(headers, body, self.secrets)
        except WebhookForged as error:
            self._exchanges.note("reçu", "POST /webhook", f"401 {error}", body)
            return False
        known = any(each.id == event.id for each in self.webhook_events)
        if not known:
            self.webhook_events = [event, *self.webhook_events][:50]
        self._exchanges.note("reçu", f"POST /webhook {event.type} n° {event.seq}", 204, body)
        self._changed()
        return True


def _patient(patient: Patient) -> dict[str, Any]:
    return {
        "last_name": patient.last_name,
        "first_name": patient.first_name,
        "sex": patient.sex or None,
        "age": None if patient.age is None else f"P{patient.age}{patient.unit}",
        "reason": patient.reason,
    }


def _status(error: Exception) -> object:
    return error.status if isinstance(error, ApiRefused) else "sans réponse"
