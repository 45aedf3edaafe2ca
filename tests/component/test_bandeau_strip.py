"""The strip's HTTP and WebSocket, over a real server, on a centre with a fake switch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bandeau.routes import Doors, SipAccess, session_routes
from bandeau.service import StripService
from bandeau.ws import strip_socket
from core.errors import SwitchUnavailable
from core.events import AgentLoggedOut, Envelope, PositionMuted, PositionReadinessChanged
from core.ids import ChannelId, PositionId
from core.switch import LegOpened, PlaybackEnded, SwitchEvent
from core.words import PositionState
from tests.support.centre import FakeCentre, settle
from tests.support.waiting import until
from tests.support.web_server import (
    PASSWORD,
    LiveClient,
    MemoryAccounts,
    MemorySessions,
    account,
    served,
)
from web.auth import COOKIE, Gate
from web.live import Close
from web.socket import Limits

pytestmark = pytest.mark.component

ARM1 = PositionId("arm1")


class SipAccounts:
    """Implements core.ports.StripCredentials."""

    def __init__(self) -> None:
        self.secrets: dict[PositionId, str] = {}
        self.away = False

    async def create(self, position_id: PositionId, secret: str) -> None:
        if self.away:
            raise SwitchUnavailable("away")
        self.secrets[position_id] = secret

    async def delete(self, position_id: PositionId) -> None:
        self.secrets.pop(position_id, None)


class Members:
    """The fallback queue."""

    def __init__(self) -> None:
        self.members: set[PositionId] = set()

    async def add(self, position_id: PositionId) -> None:
        self.members.add(position_id)

    async def remove(self, position_id: PositionId) -> None:
        self.members.discard(position_id)


class World:
    """A centre with its strips served."""

    def __init__(self, past: list[Envelope] | None = None, limits: Limits | None = None) -> None:
        self.centre = FakeCentre(past or ())
        clock = self.centre.clock
        self.sip, self.members = SipAccounts(), Members()
        self.accounts = MemoryAccounts(account("arm1"), account("arm2"))
        self.sessions = MemorySessions(clock)
        self.strips = StripService(
            bus=self.centre.bus,
            switch=self.centre.switch,
            clock=clock,
            credentials=self.sip,
            fallback=self.members,
            epoch="epoch-1",
            heartbeat_seconds=6,
        )
        for envelope in past or ():
            self.strips.model.fold(envelope)
        gate = self.gate = Gate(self.sessions, clock)
        doors = Doors(
            service=self.strips,
            accounts=self.accounts,
            sessions=self.sessions,
            gate=gate,
            clock=clock,
            session_hours=14,
        )
        sip = SipAccess("samu.test", ((8088, 8089, "FR751-a-"), (8098, 8099, "FR751-b-")))
        self.routers = (
            session_routes(doors, self.strips, gate, sip),
            strip_socket(self.strips, gate, clock, limits or Limits()),
        )
        self.host = ""
        to_calls_and_ivr = self.centre.switch._listener

        def on_switch(event: SwitchEvent) -> None:
            to_calls_and_ivr(event)
            self.strips.on_switch(event)

        self.centre.switch.listen(on_switch)

    def http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=f"http://{self.host}")

    async def log_in(self, login: str = "arm1") -> str:
        """Log in; gives the cookie's value."""
        async with self.http() as http:
            answer = await http.post("/api/login", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 200
            return str(answer.cookies[COOKIE])

    @asynccontextmanager
    async def strip(self, token: str, **resume: Any) -> AsyncIterator[LiveClient]:
        headers = {"Cookie": f"{COOKIE}={token}", "Origin": f"http://{self.host}"}
        async with connect(f"ws://{self.host}/ws/bandeau", additional_headers=headers) as connection:
            client = LiveClient(connection)
            await client.hello(**resume)
            yield client

    def leg(self, channel: str, position: PositionId = ARM1) -> ChannelId:
        channel_id = ChannelId(channel)
        self.centre.switch.legs[channel_id] = position
        self.centre.switch.tell(LegOpened(position_id=position, channel_id=channel_id))
        return channel_id

    def state(self, position: PositionId = ARM1) -> PositionState:
        return self.centre.acd.room.positions[position].state

    def tick(self) -> None:
        """What the core does several times a second."""
        self.strips.tick(self.centre.clock.advance(0.5))

    async def caller(self) -> None:
        self.centre.caller()
        for greeting in list(self.centre.ivr.greetings.by_call.values()):
            self.centre.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
        await settle()


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.centre.start()
    await world.strips.start()
    async with served(*world.routers) as world.host:
        yield world
        assert world.centre.failures == []
        await world.strips.close()


# --- sessions ---


async def test_login_session_logout(world: World) -> None:
    async with world.http() as http:
        assert (await http.get("/api/session")).status_code == 401
        answer = await http.post("/api/login", json={"login": " ARM1 ", "password": PASSWORD})
        body = {
            "agent": {"id": "8arm1/1", "name": "Agent arm1", "role": "arm"},
            "positionId": "arm1",
            "onCall": False,
            "atWork": True,
            "archive": None,
        }
        assert answer.json() == body
        cookie = answer.headers["set-cookie"]
        for attribute in ("HttpOnly", "SameSite=strict", "Path=/"):
            assert attribute in cookie
        assert "Secure" not in cookie
        assert (await http.get("/api/session")).json() == body
        assert (await http.post("/api/logout")).status_code == 204
        assert (await http.get("/api/session")).status_code == 401
    assert world.sessions.by_token == {}


async def test_logging_in_again_ends_the_session_that_the_browser_had(world: World) -> None:
    before = await world.log_in()
    headers = {"Cookie": f"{COOKIE}={before}"}
    async with httpx2.AsyncClient(base_url=f"http://{world.host}", headers=headers) as http:
        answer = await http.post("/api/login", json={"login": "arm2", "password": PASSWORD})
        assert answer.status_code == 200
    assert before not in world.sessions.by_token
    assert answer.cookies[COOKIE] in world.sessions.by_token


async def test_a_wrong_password_is_refused_in_french_and_then_slowed_down(world: World) -> None:
    async with world.http() as http:
        for _ in range(5):
            answer = await http.post("/api/login", json={"login": "arm1", "password": "faux"})
            assert answer.status_code == 401
            assert answer.json()["message"] == "Identifiant ou mot de passe incorrect."
        asked = world.accounts.asked
        answer = await http.post("/api/login", json={"login": "arm1", "password": PASSWORD})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert world.accounts.asked == asked
        world.centre.clock.advance(31)
        assert (await http.post("/api/login", json={"login": "arm1", "password": PASSWORD})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Origin": "https://evil.example", "Content-Type": "application/json"}, "{}", 403),
        ({"Origin": "null", "Content-Type": "application/json"}, "{}", 403),
        ({"Content-Type": "text/plain"}, '{"login":"arm1","password":"un mot de passe"}', 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "login=arm1", 415),
        ({"Content-Type": "application/json"}, '{"login":"arm1"}', 422),
        ({"Content-Type": "application/json"}, '{"login":"arm1","password":"x","more":1}', 422),
        ({"Content-Type": "application/json"}, "{", 422),
    ],
)
async def test_what_is_not_from_our_pages_is_refused(
    world: World, headers: dict[str, str], content: str, status: int
) -> None:
    async with world.http() as http:
        answer = await http.post("/api/login", headers=headers, content=content)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message"}
    assert "set-cookie" not in answer.headers


async def test_every_answer_has_the_security_headers(world: World) -> None:
    async with world.http() as http:
        answer = await http.get("/api/session")
        assert "connect-src 'self'" in answer.headers["content-security-policy"]
        assert "ws://127.0.0.1:8088" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "microphone=(self)" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers
        page = await http.get("/")
        assert page.status_code == 503
        assert "make setup" in page.text


# --- SIP account ---


async def test_each_page_load_gets_a_new_sip_password(world: World) -> None:
    token = await world.log_in()
    async with world.http() as http:
        assert (await http.post("/api/strip/credentials")).status_code == 401
        http.cookies.set(COOKIE, token)
        first = (await http.post("/api/strip/credentials")).json()
        second = (await http.post("/api/strip/credentials")).json()
        assert (
            first.items()
            >= {
                "username": "arm1",
                "domain": "samu.test",
                "wsPort": 8088,
                "wssPort": 8089,
                "further": [{"wsPort": 8098, "wssPort": 8099, "calls": "FR751-b-"}],
                "legTarget": "leg",
                "echoTarget": "echo",
            }.items()
        )
        assert first["password"] != second["password"]
        assert world.sip.secrets == {ARM1: second["password"]}
        assert world.members.members == {ARM1}
        assert world.state() is PositionState.UNREADY
        assert (await http.post("/api/logout")).status_code == 204
    await until(lambda: not world.sip.secrets and not world.members.members, "the account is forgotten")
    assert ARM1 not in world.centre.acd.room.positions


async def test_credentials_without_asterisk_say_so(world: World) -> None:
    token = await world.log_in()
    world.sip.away = True
    async with world.http() as http:
        http.cookies.set(COOKIE, token)
        answer = await http.post("/api/strip/credentials")
    assert (answer.status_code, answer.json()["code"]) == (503, "switch_unavailable")


# --- the strip ---


async def test_a_call_from_offer_to_hang_up(world: World) -> None:
    async with world.strip(await world.log_in()) as strip:
        assert strip.view["position"]["state"] == "unready"
        assert strip.view["platform"] == {"switch": "up"}
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "leg and strip prove the position")
        world.tick()
        await world.caller()
        world.tick()
        view = await strip.sync()
        offer = view["offer"]
        assert offer.items() >= {"number": "+33612345678", "hidden": False, "line": "15", "flow": "15"}.items()
        assert view["room"].items() >= {"queue": "15", "waiting": 1, "ready": 0, "positions": 1}.items()
        assert (await strip.command("accept_offer", offerId=offer["id"]))["ok"] is True
        await settle()
        view = await strip.sync()
        assert "offer" not in view
        assert view["call"].items() >= {"id": offer["callId"], "state": "talking"}.items()
        assert world.centre.switch.bridges["position-arm1"] == {"leg-1", offer["callId"]}  # type: ignore[index]
        assert (await strip.command("hold"))["ok"] is True
        assert (await strip.command("set_muted", muted=True))["ok"] is True
        view = await strip.sync()
        assert view["call"]["state"] == "held"
        assert view["position"]["muted"] is True
        assert (await strip.command("resume"))["ok"] is True
        assert (await strip.command("pause", reason="meal"))["ok"] is True
        assert (await strip.sync())["position"]["pausePending"] == "meal"
        assert (await strip.command("hang_up"))["ok"] is True
        world.centre.switch.carry_out_hang_ups()
        view = await strip.sync()
        assert "call" not in view
        assert view["position"]["state"] == "wrap_up"
        assert (await strip.command("ready"))["ok"] is True
        assert (await strip.sync())["position"]["state"] == "ready"


async def test_what_happens_in_one_turn_is_told_in_one_frame(world: World) -> None:
    async with world.strip(await world.log_in()) as strip:
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "leg and strip prove the position")
        await strip.sync()
        before = len(strip.frames)
        await world.caller()  # CallArrived … CallOffered, PositionStateChanged
        offer = (await strip.sync())["offer"]
        assert [frame["type"] for frame in strip.frames[before:]] == ["change", "pong"]
        assert (await strip.command("accept_offer", offerId=offer["id"]))["ok"] is True
        kinds = [frame["type"] for frame in strip.frames[before + 2 :]]
        assert kinds == ["change", "reply"], "what a command changed is told before its reply, and once"
        assert strip.view["position"]["state"] == "on_call"
        assert "offer" not in strip.view


async def test_a_leg_is_in_its_bridge_from_the_offer_on_and_not_before(world: World) -> None:
    switch = world.centre.switch
    async with world.strip(await world.log_in()) as strip:
        leg = world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "leg and strip prove the position")
        assert switch.where(leg) is None
        await world.caller()
        [call] = switch.callers
        home = switch.where(leg)
        assert home is not None
        assert switch.bridges[home] == {leg}
        offer = (await strip.sync())["offer"]
        assert (await strip.command("decline_offer", offerId=offer["id"]))["ok"] is True
        assert switch.where(leg) is None

        assert (await strip.command("ready"))["ok"] is True
        await settle()
        assert switch.where(leg) == home
        offer = (await strip.sync())["offer"]
        assert (await strip.command("accept_offer", offerId=offer["id"]))["ok"] is True
        await settle()
        assert switch.bridges[home] == {leg, call}
        assert (await strip.command("hold"))["ok"] is True
        assert switch.bridges[home] == {leg}
        assert (await strip.command("resume"))["ok"] is True
        assert (await strip.command("hold"))["ok"] is True
        assert (await strip.command("hang_up"))["ok"] is True
        switch.carry_out_hang_ups()
        assert switch.where(leg) is None


@pytest.mark.parametrize(
    ("name", "args", "code"),
    [
        ("dance", {}, "unknown_command"),
        ("accept_offer", {}, "bad_arguments"),
        ("accept_offer", {"offerId": 3}, "bad_arguments"),
        ("accept_offer", {"offerId": "gone"}, "offer_gone"),
        ("hold", {"offerId": "x"}, "bad_arguments"),
        ("set_muted", {"muted": "yes"}, "bad_arguments"),
        ("pause", {"reason": "no_answer"}, "bad_arguments"),
        ("hang_up", {}, "no_call"),
    ],
)
async def test_a_refused_command_says_why_in_french(
    world: World, name: str, args: dict[str, Any], code: str
) -> None:
    async with world.strip(await world.log_in()) as strip:
        reply = await strip.command(name, **args)
    assert (reply["ok"], reply["code"]) == (False, code)
    assert reply["message"].endswith(".")


async def test_muting_twice_is_one_event(world: World) -> None:
    async with world.strip(await world.log_in()) as strip:
        for _ in range(2):
            assert (await strip.command("set_muted", muted=True))["ok"] is True
    assert len(world.centre.journal.events(PositionMuted)) == 1


async def test_a_strip_that_comes_back_resumes_where_it_was(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as strip:
        await strip.sync()
        view, epoch, seq = strip.view, strip.epoch, strip.seq
    await world.caller()
    async with world.strip(token, epoch=epoch, seq=seq) as again:
        assert again.frames[0]["type"] == "resumed"
        again.view = view
        world.tick()
        assert (await again.sync())["room"]["waiting"] == 1


async def test_the_newest_strip_replaces_the_older(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as older, world.strip(await world.log_in()) as newer:
        assert (await older.until("bye"))["reason"] == "replaced"
        assert await older.close_code() == Close.REPLACED
        assert (await newer.sync())["position"]["id"] == "arm1"
        # The older session ends without taking the position from the newer strip.
        async with world.http() as http:
            http.cookies.set(COOKIE, token)
            assert (await http.post("/api/logout")).status_code == 204
        assert (await newer.sync())["position"]["id"] == "arm1"
    assert world.centre.journal.events(AgentLoggedOut) == []


async def test_logging_out_ends_strip_session_leg_and_account(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as strip:
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "the position is ready")
        await strip.send(type="command", id=1, name="log_out", args={})
        assert (await strip.until("reply"))["ok"] is True
        assert (await strip.until("bye"))["reason"] == "logged_out"
        assert await strip.close_code() == Close.LOGGED_OUT
    await until(lambda: not world.sessions.by_token, "the session is ended")
    assert "position-arm1" not in world.centre.switch.bridges


async def test_no_logging_out_in_the_middle_of_a_call(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as strip, world.http() as http:
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "the position is ready")
        await world.caller()
        await strip.command("accept_offer", offerId=(await strip.sync())["offer"]["id"])
        assert (await strip.command("log_out"))["code"] == "on_call"
        http.cookies.set(COOKIE, token)
        answer = await http.post("/api/logout")
        assert (answer.status_code, answer.json()["code"]) == (409, "on_call")
        world.centre.clock.advance(15 * 3600)  # the session expires; the call goes on
        world.strips.tick(world.centre.clock.now())
        assert world.state() is PositionState.ON_CALL


async def test_an_expired_session_leaves_its_position(world: World) -> None:
    async with world.strip(await world.log_in()) as strip:
        world.centre.clock.advance(14 * 3600 + 1)
        world.strips.tick(world.centre.clock.now())
        assert (await strip.until("bye"))["reason"] == "logged_out"
    assert ARM1 not in world.centre.acd.room.positions


# --- who may open it ---


async def test_a_strip_without_session_is_told_so(world: World) -> None:
    async with connect(f"ws://{world.host}/ws/bandeau") as connection:
        assert await LiveClient(connection).close_code() == Close.NO_SESSION


async def test_a_strip_of_another_site_is_refused(world: World) -> None:
    headers = {"Cookie": f"{COOKIE}={await world.log_in()}", "Origin": "http://evil.example"}
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(f"ws://{world.host}/ws/bandeau", additional_headers=headers):
            pass


async def test_strips_come_back_while_the_database_is_away(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token):
        pass
    world.sessions.away = True
    async with world.strip(token) as strip:
        assert strip.view["position"]["id"] == "arm1"
    async with connect(
        f"ws://{world.host}/ws/bandeau", additional_headers={"Cookie": f"{COOKIE}=other"}
    ) as connection:
        assert await LiveClient(connection).close_code() == Close.RESTARTING


# --- readiness ---


async def test_ready_means_leg_and_heartbeat(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as strip:
        leg = world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "the position is ready")
        world.centre.clock.advance(6)
        world.strips.tick(world.centre.clock.now())
        assert world.state() is PositionState.READY
        world.centre.clock.advance(0.1)
        world.strips.tick(world.centre.clock.now())
        assert world.state() is PositionState.UNREADY
        await strip.sync()  # a heartbeat
        assert world.state() is PositionState.READY
        world.centre.switch.channel_ends(leg)
        assert world.state() is PositionState.UNREADY
        assert (await strip.sync())["position"]["leg"] is False
        world.leg("leg-2")
        await until(lambda: world.state() is PositionState.READY, "a new leg proves it again")


async def test_a_lost_connection_has_until_its_deadline_a_left_page_has_not(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token) as strip:
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "the position is ready")
        strip.connection.transport.abort()
    await until(lambda: len(world.strips.hub) == 0, "the server saw the cut")
    assert world.state() is PositionState.READY
    async with world.strip(token) as strip:
        await strip.connection.close(code=1001)
        await until(lambda: world.state() is PositionState.UNREADY, "the page was left")


async def test_a_restarted_core_waits_for_proof(world: World) -> None:
    token = await world.log_in()
    async with world.strip(token):
        world.leg("leg-1")
        await until(lambda: world.state() is PositionState.READY, "the position is ready")
    again = World(past=world.centre.journal.envelopes)
    again.centre.switch.legs, again.centre.switch.bridges = (
        world.centre.switch.legs,
        world.centre.switch.bridges,
    )
    again.sessions = world.sessions
    await again.strips.start()
    assert again.state() is PositionState.UNREADY
    again.centre.start()
    last = again.centre.journal.events(PositionReadinessChanged)[-1]
    assert last == PositionReadinessChanged(position_id=ARM1, leg=True, strip=False, nodes=("asterisk-a",))


async def test_the_core_says_bye_when_it_restarts(world: World) -> None:
    async with world.strip(await world.log_in()) as strip:
        await world.strips.close()
        assert (await strip.until("bye"))["reason"] == "restarting"
        assert await strip.close_code() == Close.RESTARTING
