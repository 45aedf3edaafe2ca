"""The API's requests about calls, agents, dossiers and recordings."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import ConfigDict, Field

from core.api_clients import ApiClient, Scope
from lrm_bridge.api.asking import Asking
from lrm_bridge.api.door import Door
from lrm_bridge.api.dossiers import Body, DossierName, DossierOfCall
from lrm_bridge.api.errors import MEDIA_TYPE, ApiError, codes_of
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.shown import Agent, Call, CallLocation, Recording, Snapshot
from lrm_bridge.api.stream import snapshot

AgentInPath = Annotated[
    str, Path(description="``idNatPs``; a ``/`` in it may be sent as ``%2F``.", min_length=1, max_length=32)
]
CallInPath = Annotated[str, Path(description="``idAppel``.", min_length=1, max_length=64)]
DossierInPath = Annotated[str, Path(description="``idDossier``.", min_length=1, max_length=25)]

_CALL: Final = {
    "call_id": "FR751-1795345200.42",
    "direction": "incoming",
    "state": "talking",
    "began_at": "2026-11-22T10:59:48.120Z",
    "line": "15",
    "number": "+33199000123",
    "hidden": False,
    "agents": [{"agent_id": "899700000001", "held": False}],
    "flow": "15",
    "queue": "15",
    "priority": "Px",
    "front_office": "F01",
    "queued_at": "2026-11-22T10:59:55Z",
    "answered_at": "2026-11-22T11:00:03.500Z",
    "dossier_id": "D261122-0007",
    "dossier_priority": "P1",
}


class CallWanted(Body):
    """Whom an agent is to call."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "+33199000123", "dossier_id": "D261122-0007"}]}
    )

    number: Annotated[
        str, Field(pattern=r"^(\+|[#*]|00+)?[0-9]{2,15}$", description="E.164, national or short number.")
    ]
    dossier_id: DossierName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recordings:
    """The recordings of a call, or of a dossier's calls, the oldest first."""

    recordings: tuple[Recording, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls:
    """Calls, the oldest first."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Agents:
    """Who is at work."""

    agents: tuple[Agent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Locations:
    """Where a caller is: the best position first, and what stands beside it."""

    locations: tuple[CallLocation, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """The call that a click led to; ``null``: it has not begun, the agent's own telephone is rung first."""

    call: Call | None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that an operation may answer with, for its description."""
    every = sorted({401, 403, 422, 429, 503, *statuses})
    return {
        status: {
            "description": "Refused: " + ", ".join(f"`{code}`" for code in codes_of(status)) + ".",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in every
    }


class Visitor:
    """Dependency: the client of a request, who has a scope."""

    def __init__(self, door: Door, scope: Scope | None = None) -> None:
        self._door = door
        self._scope = scope

    async def __call__(self, request: Request) -> ApiClient:
        """Who it is. Raises ApiError."""
        return await self._door.client(request, self._scope)


def call_routes(events: EventLog, asking: Asking, door: Door) -> APIRouter:
    """What concerns calls and those who take them."""
    router = APIRouter()
    model = events.model
    reads = Depends(Visitor(door, Scope.CALLS_READ))
    sees = Depends(Visitor(door, Scope.PRESENCE_READ))
    writes = Depends(Visitor(door, Scope.CALLS_WRITE))
    hears = Depends(Visitor(door, Scope.RECORDINGS_READ))
    locates = Depends(Visitor(door, Scope.LOCATION_READ))
    anybody = Depends(Visitor(door))

    def known(call_id: str) -> Call:
        call = model.calls.get(call_id)
        if call is None:
            raise ApiError("unknown_call")
        return call

    @router.get("/snapshot", summary="Everything that is going on", tags=["stream"], responses=problems())
    async def everything(client: Annotated[ApiClient, anybody]) -> Snapshot:
        """As the stream begins: live calls, agents, positions of callers, as far as the client may see them.
        ``seq`` is where a stream opened afterwards with ``after`` goes on, without a gap."""
        return snapshot(events, client.scopes)

    @router.get("/calls", summary="Live calls", tags=["calls"], dependencies=[reads], responses=problems())
    async def calls() -> Calls:
        return Calls(calls=tuple(model.live()))

    @router.get(
        "/calls/{call_id}",
        summary="One call, live or of the last day",
        tags=["calls"],
        dependencies=[reads],
        responses=problems(404) | {200: {"content": {"application/json": {"example": _CALL}}}},
    )
    async def call(call_id: CallInPath) -> Call:
        """The result of a click-to-call is its ``result``."""
        return known(call_id)

    @router.put(
        "/calls/{call_id}/dossier",
        status_code=202,
        summary="Say which dossier a call belongs to",
        tags=["dossiers"],
        responses=problems(404, 409),
    )
    async def correlate(call_id: CallInPath, body: DossierOfCall, client: Annotated[ApiClient, writes]) -> Call:
        """Also after hang-up, and as often as one likes: the last one said holds. ``call_id`` may be
        ``current``: the call that the agent hears. Same rules as the published contract's
        ``correlerDossierAppel``."""
        return asking.correlate(client, None if call_id == "current" else call_id, body)

    @router.get(
        "/calls/{call_id}/location",
        summary="Where the caller is",
        tags=["calls"],
        dependencies=[locates],
        responses=problems(404),
    )
    async def location(call_id: CallInPath) -> Locations:
        """None yet: an empty list. It may come, or get better, at any time: event ``call.located``."""
        known(call_id)
        places = model.locations.get(call_id, {})
        return Locations(locations=tuple(places[best] for best in (True, False) if best in places))

    @router.get(
        "/calls/{call_id}/recordings",
        summary="The recordings of a call",
        tags=["recordings"],
        dependencies=[hears],
        responses=problems(404),
    )
    async def recordings(call_id: CallInPath) -> Recordings:
        known(call_id)
        return Recordings(recordings=tuple(model.recordings.get(call_id, {}).values()))

    @router.get(
        "/dossiers/{dossier_id:path}/calls",
        summary="The calls of a dossier",
        tags=["dossiers"],
        dependencies=[reads],
        responses=problems(404),
    )
    async def calls_of(dossier_id: DossierInPath) -> Calls:
        """Those of the last day."""
        return Calls(calls=tuple(model.of_dossier(dossier_id)))

    @router.get(
        "/dossiers/{dossier_id:path}/recordings",
        summary="The recordings of a dossier",
        tags=["recordings"],
        dependencies=[hears],
        responses=problems(404),
    )
    async def recordings_of(dossier_id: DossierInPath) -> Recordings:
        """Of its calls of the last day. People listen to them on the archive's page, which asks them why."""
        of = [call.call_id for call in model.of_dossier(dossier_id)]
        found = (each for call_id in of for each in model.recordings.get(call_id, {}).values())
        return Recordings(recordings=tuple(found))

    @router.get("/agents", summary="Who is at work", tags=["agents"], dependencies=[sees], responses=problems())
    async def agents() -> Agents:
        return Agents(agents=tuple(model.agents.values()))

    @router.post(
        "/agents/{agent_id:path}/calls",
        status_code=202,
        summary="Let an agent call a number (click-to-call)",
        tags=["calls"],
        responses=problems(404, 409)
        | {202: {"headers": {"Location": {"schema": {"type": "string"}, "description": "The call."}}}},
    )
    async def place(
        agent_id: AgentInPath,
        body: CallWanted,
        request: Request,
        response: Response,
        client: Annotated[ApiClient, writes],
        key: Annotated[
            str,
            Header(
                alias="Idempotency-Key",
                min_length=1,
                max_length=128,
                pattern=r"^[!-~]+$",
                description="Yours, another one for each click: sent again, it leads to the same call.",
            ),
        ],
    ) -> Placed:
        """What the agent hears is put on hold first. The answer is at once; ``result`` of the call then goes
        from ``calling`` to ``ringing``, ``answered``, ``busy``, ``no_answer``, ``refused``, ``cancelled`` or
        ``failed``, told by the stream and by ``GET``. A number that rings or talks at the agent's position
        already leads to that call. Same rules as the published contract's ``creerAppel``.

        An agent who works by telephone is rung first: ``call`` is then ``null``; the same request again, with
        the same key, tells the call once it has begun. After a minute it will not."""
        call = asking.call(client, agent_id, body.number, key, body.dossier_id)
        if call is not None:
            response.headers["Location"] = f"{request.scope['root_path']}/calls/{call.call_id}"
        return Placed(call=call)

    @router.get(
        "/agents/{agent_id:path}",
        summary="One agent",
        tags=["agents"],
        dependencies=[sees],
        responses=problems(404),
    )
    async def agent(agent_id: AgentInPath) -> Agent:
        found = model.agent(agent_id)
        if found is None:
            raise ApiError("unknown_agent")
        return found

    return router


Place = Annotated[int | None, Query(ge=0, le=2**53, description="A ``seq``; left out: from where it stands.")]
