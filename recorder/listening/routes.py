"""``/api/recordings`` and ``/api/listen``: search, one recording, its sound by the range, markers and holds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from core.accounts import Account
from core.ids import CallId
from core.words import Role
from recorder.custody.policy import Act, may_at_all
from recorder.listening.service import ListeningService, Whole
from recorder.listening.sound import Sounds
from recorder.listening.views import (
    Allowed,
    Found,
    MarkerShown,
    NewMarker,
    OpenedShown,
    Person,
    Question,
    StoryLine,
    TicketShown,
    Why,
    holds_shown,
    listening_shown,
    marker_shown,
    pauses_shown,
    recording_id,
    recording_shown,
    sequences_shown,
)
from recorder.listening.views import Names as PeopleNames
from recorder.sealing.layout import LISTEN, PEAKS
from web.auth import Gate, Identity, WebError
from web.texts import message

ROWS = 50
Story = Callable[[CallId], Awaitable[list[StoryLine]]]
"""What the journal says of a call, in words."""


@dataclass(frozen=True, slots=True)
class CorePorts:
    """Where the core's pages are, on the same host."""

    http: int
    https: int


class RightsShown(BaseModel):
    """What somebody's role lets them do at all."""

    scope: str
    listen: bool
    export: bool
    grantExports: bool
    hold: bool
    visa: bool
    grantAuditors: bool


class SessionShown(BaseModel):
    """Who is at the page."""

    agent: dict[str, str]
    core: dict[str, int]
    rights: RightsShown
    ownDays: int


class Choices(BaseModel):
    """What one may choose from."""

    lines: list[str]
    agents: list[Person]
    auditors: list[Person]


def _rights(account: Account) -> RightsShown:
    def may(act: Act) -> bool:
        return may_at_all(account.role, act)

    scopes = {Role.AUDITOR: "granted", Role.SUPERVISOR: "centre", Role.ARCHIVIST: "centre"}
    return RightsShown(
        scope=scopes.get(account.role, "own"),
        listen=may(Act.LISTEN),
        export=may(Act.ASK_EXPORT),
        grantExports=may(Act.GRANT_EXPORT),
        hold=may(Act.HOLD),
        visa=may(Act.GRANT_ERASURE),
        grantAuditors=may(Act.GRANT_AUDITOR),
    )


def _opened(whole: Whole, names: PeopleNames) -> OpenedShown:
    recording = whole.recording
    return OpenedShown(
        **recording_shown(recording, names).model_dump(),
        sequences=sequences_shown(whole.index, names),
        pauses=pauses_shown(whole.index.pauses if whole.index is not None else (), names),
        markers=[marker_shown(marker, names) for marker in whole.markers],
        holdings=holds_shown(whole.holds, names),
        listened=[listening_shown(listening, names) for listening in whole.listenings],
        sealedAt=recording.sealed_at,
        sha256=recording.manifest_sha256 or None,
        allowed=Allowed(
            listen=whole.listen.allowed,
            export=whole.export.allowed,
            hold=whole.hold.allowed,
            mark=whole.mark.allowed,
            why=None if whole.listen.allowed else message(whole.listen.code),
        ),
    )


def listening_routes(
    service: ListeningService,
    gate: Gate,
    *,
    story: Story,
    people: Callable[[], Awaitable[list[Account]]],
    core: CorePorts,
) -> APIRouter:
    """The routes of search and listening.

    Args:
        service: of listening.
        gate: knows sessions.
        story: what the journal says of a call.
        people: every account, to choose from.
        core: where one logs in.
    """
    router = APIRouter(prefix="/api", dependencies=[Depends(gate.checked)])
    logged_in = Depends(gate.logged_in)
    custody, sounds = service.custody, Sounds()

    @router.get("/core")
    async def where() -> dict[str, int]:
        return {"http": core.http, "https": core.https}

    @router.get("/session")
    async def session(identity: Annotated[Identity, logged_in]) -> SessionShown:
        account = identity.session.agent
        return SessionShown(
            agent={"id": account.agent_id, "name": account.name, "role": account.role.value},
            core={"http": core.http, "https": core.https},
            rights=_rights(account),
            ownDays=custody.rules.recent.days,
        )

    @router.get("/recordings", response_model_exclude_none=True)
    async def search(question: Annotated[Question, Query()], identity: Annotated[Identity, logged_in]) -> Found:
        page = await custody.find(identity.session.agent, question.wanted(), question.cursor, ROWS)
        names = await service.names()
        following = None if page.next is None else str(page.next)
        return Found(rows=[recording_shown(row, names) for row in page.rows], next=following)

    @router.get("/recordings/choices")
    async def choices(identity: Annotated[Identity, logged_in]) -> Choices:
        account = identity.session.agent
        everybody = await people() if account.role in (Role.SUPERVISOR, Role.ARCHIVIST, Role.AUDITOR) else []
        shown = [(each.role, Person(id=each.agent_id, name=each.name)) for each in everybody]
        return Choices(
            lines=await custody.store.lines(),
            agents=[each for role, each in shown if role.takes_a_position and role is not Role.TEST_ROBOT],
            auditors=[each for role, each in shown if role is Role.AUDITOR]
            if may_at_all(account.role, Act.GRANT_AUDITOR)
            else [],
        )

    @router.get("/recordings/{recording}", response_model_exclude_none=True)
    async def opened(recording: str, identity: Annotated[Identity, logged_in]) -> OpenedShown:
        whole = await service.whole(identity.session.agent, recording_id(recording))
        return _opened(whole, await service.names())

    @router.get("/recordings/{recording}/story")
    async def told(recording: str, identity: Annotated[Identity, logged_in]) -> list[StoryLine]:
        found = await custody.look(identity.session.agent, recording_id(recording))
        return await story(found.call_id)

    @router.api_route("/recordings/{recording}/peaks", methods=["GET", "HEAD"])
    async def peaks(recording: str, request: Request, identity: Annotated[Identity, logged_in]) -> Response:
        sealed = await service.opened(identity.session.agent, recording_id(recording))
        tag = sealed.manifest.objects[PEAKS].sha256
        return await sounds.answer(request, sealed, PEAKS, "application/octet-stream", tag)

    @router.post("/recordings/{recording}/listen")
    async def listen(recording: str, why: Why, identity: Annotated[Identity, logged_in]) -> TicketShown:
        account = identity.session.agent
        ticket = await service.begin(account, identity.token, recording_id(recording), why.reason)
        return TicketShown(ticket=ticket, seconds=service.ticket_lasts.total_seconds())

    @router.api_route("/listen/{ticket}/audio", methods=["GET", "HEAD"])
    async def audio(ticket: str, request: Request, identity: Annotated[Identity, logged_in]) -> Response:
        sealed = service.heard(ticket, identity.token)
        if sealed is None:
            raise WebError(404, "no_ticket")
        tag = sealed.manifest.objects[LISTEN].sha256
        return await sounds.answer(request, sealed, LISTEN, "audio/ogg", tag)

    @router.post("/recordings/{recording}/markers", status_code=201)
    async def mark(recording: str, marker: NewMarker, identity: Annotated[Identity, logged_in]) -> MarkerShown:
        account = identity.session.agent
        made = await custody.mark(account, recording_id(recording), marker.at, marker.text)
        return marker_shown(made, await service.names())

    @router.delete("/recordings/{recording}/markers/{marker}", status_code=204)
    async def unmark(recording: str, marker: str, identity: Annotated[Identity, logged_in]) -> None:
        await custody.unmark(identity.session.agent, recording_id(recording), marker)

    @router.post("/recordings/{recording}/holds", status_code=204)
    async def hold(recording: str, why: Why, identity: Annotated[Identity, logged_in]) -> None:
        await custody.set_hold(identity.session.agent, recording_id(recording), why.reason)

    @router.post("/holds/{hold}/lift", status_code=204)
    async def lift(hold: str, why: Why, identity: Annotated[Identity, logged_in]) -> None:
        await custody.lift_hold(identity.session.agent, hold, why.reason)

    return router
