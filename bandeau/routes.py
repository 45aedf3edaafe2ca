"""Login, logout, session, and the SIP account of the strip."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bandeau.model import StripModel
from bandeau.service import StripService
from bandeau.turn import TurnAccess
from core.accounts import Account, Session
from core.ids import PositionId
from core.ports import Accounts, Clock, Sessions
from core.words import PhoneMode, PositionState
from web.auth import COOKIE, Gate, Identity, WebError
from web.seen import PositionSeen
from web.throttle import LoginThrottle

LEG_TARGET = "leg"
ECHO_TARGET = "echo"


@dataclass(frozen=True, slots=True)
class SipAccess:
    """Where strips reach SIP: the domain of their addresses, and each Asterisk.

    ``servers``: its WebSocket ports (ws, wss), and how the ids of the calls on it begin.
    """

    domain: str
    servers: tuple[tuple[int, int, str], ...]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Credentials(_Body):
    """What an agent types at login."""

    login: str = Field(max_length=64)
    password: str = Field(max_length=256, repr=False)


class AgentShown(_Body):
    """Who is logged in."""

    id: str
    name: str
    role: str


class ArchivePorts(_Body):
    """Where the archive serves its pages, for a page that came by HTTP or by HTTPS."""

    httpPort: int
    httpsPort: int


class SessionShown(_Body):
    """The session, as the pages read it."""

    agent: AgentShown
    positionId: str
    onCall: bool
    """Whether somebody is in a call with the agent: their machine broke down, and this is another one."""
    atWork: bool
    """Whether the strip and the room's pages are for them; else, the recordings alone."""
    archive: ArchivePorts | None
    """Where the page of the recordings is, on the same host."""


class PhoneChoice(_Body):
    """Which telephones may carry the position's sound."""

    allowed: bool
    modes: tuple[PhoneMode, ...]
    number: str = ""
    """The one set by the centre, if any."""


class IceServer(_Body):
    """A TURN server, as browsers want it described."""

    urls: tuple[str, ...]
    username: str
    credential: str = Field(repr=False)


class IceAccess(_Body):
    """By which ways the strip's sound may go."""

    servers: tuple[IceServer, ...]
    policy: Literal["all", "relay"]
    seconds: float
    """How long this is good for."""


class SipServer(_Body):
    """A further Asterisk where the strip registers, and keeps a leg."""

    wsPort: int
    wssPort: int
    calls: str
    """How the ids of the calls on it begin."""


class SipAccount(_Body):
    """The strip's SIP account; its password is worth nothing after the next one."""

    username: str
    password: str = Field(repr=False)
    domain: str
    wsPort: int
    wssPort: int
    further: tuple[SipServer, ...] = ()
    legTarget: str = LEG_TARGET
    echoTarget: str = ECHO_TARGET
    ice: IceAccess


def _shown(session: Session, model: StripModel, archive: ArchivePorts | None) -> SessionShown:
    agent = session.agent
    return SessionShown(
        agent=AgentShown(id=agent.agent_id, name=agent.name, role=agent.role.value),
        positionId=session.position_id,
        onCall=bool(model.parties.calls_of(session.position_id)),
        atWork=agent.role.takes_a_position,
        archive=archive,
    )


class ColleagueShown(_Body):
    """An agent at a position. ``callId``: the call they are in, or else are offered."""

    position: str
    name: str
    role: str
    state: str
    callId: str | None = None


def _colleague(model: StripModel, position: PositionSeen) -> ColleagueShown:
    call_id = None if position.offer is None else position.offer.call_id
    if position.state is PositionState.ON_CALL and position.offer is None:
        heard = model.parties.shown_of(position.position_id)
        call_id = None if heard is None else heard.call_id
    return ColleagueShown(
        position=position.position_id,
        name=position.name,
        role=position.role.value,
        state=position.state.value,
        callId=call_id,
    )


class Doors:
    """Opens and ends sessions."""

    def __init__(
        self,
        *,
        service: StripService,
        accounts: Accounts,
        sessions: Sessions,
        gate: Gate,
        clock: Clock,
        session_hours: float,
    ) -> None:
        self._service = service
        self._accounts = accounts
        self._sessions = sessions
        self._gate = gate
        self._clock = clock
        self._lasts = timedelta(hours=session_hours)
        self._throttle = LoginThrottle()
        self._verifying = asyncio.Semaphore(2)

    def now(self) -> datetime:
        """The instant."""
        return self._clock.now()

    async def log_in(self, credentials: Credentials, address: str) -> tuple[Session, str]:
        """Open a session.

        Raises:
            WebError: 401 ``bad_credentials``, 429 ``too_many_attempts``.
        """
        account = await self._verified(credentials.login.strip().lower(), credentials.password, address)
        created_at = self._clock.now()
        session = Session(
            agent=account,
            position_id=PositionId(account.login),
            created_at=created_at,
            expires_at=created_at + self._lasts,
        )
        token = await self._sessions.create(account, session.position_id, session.expires_at)
        return session, token

    async def _verified(self, login: str, password: str, address: str) -> Account:
        async with self._verifying:  # tries made at once are looked at one after the other
            wait = self._throttle.wait(login, address, self._clock.monotonic())
            if wait > 0:
                raise WebError(429, "too_many_attempts", {"Retry-After": str(int(wait) + 1)})
            account = await self._accounts.verify(login, password)
            if account is None:
                self._throttle.failed(login, address, self._clock.monotonic())
                raise WebError(401, "bad_credentials")
            self._throttle.succeeded(login, address)
            return account

    async def log_out(self, identity: Identity) -> None:
        """Leave the position and end the session.

        Raises:
            CommandRefused: a call is in progress.
            StorageUnavailable: the position was left, the session goes on.
        """
        self._service.leave_position(identity.session, identity.token)
        await self._gate.end(identity)


def _ice(turn: TurnAccess, position_id: PositionId, now: datetime) -> IceAccess:
    made = turn.credentials(position_id, now)
    server = IceServer(urls=tuple(turn.urls), username=made.username, credential=made.password)
    servers = (server,) if turn.urls else ()
    return IceAccess(servers=servers, policy=turn.policy, seconds=turn.lasts.total_seconds())


def session_routes(
    doors: Doors,
    service: StripService,
    gate: Gate,
    sip: SipAccess,
    turn: TurnAccess | None = None,
    archive: ArchivePorts | None = None,
) -> APIRouter:
    """The routes under ``/api`` that every page needs."""
    checked = Depends(gate.checked)
    router = APIRouter(prefix="/api", dependencies=[checked])
    logged_in = Depends(gate.logged_in)
    turn = turn or TurnAccess()

    @router.post("/login")
    async def log_in(credentials: Credentials, request: Request, response: Response) -> SessionShown:
        address = request.client.host if request.client else ""
        session, token = await doors.log_in(credentials, address)
        await gate.replace(request)
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="strict", path="/", secure=request.url.scheme == "https"
        )
        return _shown(session, service.model, archive)

    @router.post("/logout", status_code=204)
    async def log_out(identity: Annotated[Identity, Depends(gate.known)], response: Response) -> None:
        await doors.log_out(identity)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    @router.get("/session")
    async def session(identity: Annotated[Identity, Depends(gate.known)]) -> SessionShown:
        return _shown(identity.session, service.model, archive)

    @router.get("/strip/phone")
    async def phone(identity: Annotated[Identity, logged_in]) -> PhoneChoice:
        rules = service.phones.rules
        number = rules.set_by_position.get(identity.session.position_id, "")
        return PhoneChoice(allowed=rules.allowed, modes=rules.modes, number=number)

    @router.get("/strip/colleagues", response_model_exclude_none=True)
    async def colleagues(identity: Annotated[Identity, logged_in]) -> list[ColleagueShown]:
        people = [position for position in service.model.room.positions.values() if position.counts]
        return [_colleague(service.model, position) for position in people]

    @router.post("/strip/credentials")
    async def credentials(identity: Annotated[Identity, logged_in]) -> SipAccount:
        position_id = identity.session.position_id
        service.take_position(identity.session)
        secret = await service.new_credentials(position_id)
        return SipAccount(
            username=position_id,
            password=secret,
            domain=sip.domain,
            wsPort=sip.servers[0][0],
            wssPort=sip.servers[0][1],
            further=tuple(SipServer(wsPort=ws, wssPort=wss, calls=calls) for ws, wss, calls in sip.servers[1:]),
            ice=_ice(turn, position_id, doors.now()),
        )

    @router.get("/strip/ice")
    async def ice(identity: Annotated[Identity, logged_in]) -> IceAccess:
        return _ice(turn, identity.session.position_id, doors.now())

    return router
