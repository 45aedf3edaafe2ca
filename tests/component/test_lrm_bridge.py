"""``appelEntrant`` on a real HTTP server: by the contract, in order, retried, and never in a call's way."""

import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema
import pytest

from app.bus import InProcessBus
from core.alarms import AlarmKind
from core.events import (
    CallAnswered,
    CallArrived,
    CallQueued,
    Envelope,
    LrmNotificationFailed,
    LrmNotified,
)
from core.ids import AgentId, CallId, CentreId, ChannelId, OfferId, PositionId, QueueId
from core.words import CallerNumber, FrontOffice, Priority
from lrm_bridge.client import LrmClient
from lrm_bridge.contract import AppelEntrant
from lrm_bridge.policy import Answer, next_delay
from lrm_bridge.service import LrmService
from supervision.alarms import AlarmService
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.lrm import Identity, Trust
from tests.support.lrm_contract import TOWARDS_LRM, contract
from tests.support.waiting import until

pytestmark = pytest.mark.component

CENTRE = CentreId("FR090")


class FakeLrm:
    """Answers what it is told to, and keeps what it got. ``block`` holds every request until it is set."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.block = threading.Event()
        self.block.set()
        lrm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                lrm.block.wait(10)
                lrm.got.append((self.path, body))
                self.send_response(lrm.answers.pop(0) if lrm.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/lrm/api"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.block.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def lrm() -> Iterator[FakeLrm]:
    fake = FakeLrm()
    yield fake
    fake.close()


class Bridge:
    def __init__(self, url: str, past: list[Envelope] | None = None) -> None:
        self.clock = HeldClock()
        self.journal = MemoryJournal(past or [])
        self.bus = InProcessBus(self.journal, self.clock, CENTRE)
        self.client = LrmClient(url, CENTRE)
        self.alarms = AlarmService(self.bus, self.clock)
        self.service = LrmService(self.bus, self.clock, self.client, self.alarms)
        for envelope in self.journal.envelopes:
            self.bus.replay(envelope)

    def answer(self, name: str, agent: str = "8750/1", caller: CallerNumber | None = None) -> CallId:
        call_id = CallId(name)
        self.bus.publish(
            CallArrived(
                call_id=call_id,
                channel_id=ChannelId(name),
                line="15",
                caller=caller or CallerNumber("+33612345678"),
            )
        )
        self.bus.publish(
            CallQueued(
                call_id=call_id,
                flow="15",
                queue=QueueId("15"),
                priority=Priority.PX,
                front_office=FrontOffice.FO1,
            )
        )
        self.bus.publish(
            CallAnswered(
                call_id=call_id,
                offer_id=OfferId("o"),
                position_id=PositionId("arm1"),
                agent_id=AgentId(agent),
            )
        )
        return call_id

    async def written(self, count: int) -> list[LrmNotified | LrmNotificationFailed]:
        events: Callable[[], list[Any]] = lambda: self.journal.events(LrmNotified, LrmNotificationFailed)  # noqa: E731
        await until(lambda: self.turn() and len(events()) == count, f"{count} notifications are written")
        return events()

    def turn(self) -> bool:
        """Let a little time pass, and the ticker look at it."""
        self.service.tick(self.clock.advance(0.01))
        return True

    async def close(self) -> None:
        await self.service.close()
        await self.client.close()


def check_by_contract(path: str, body: dict[str, Any]) -> None:
    published = contract(TOWARDS_LRM)
    jsonschema.validate(body, published["definitions"]["AppelEntrant"])
    [agents] = [p for p in published["paths"] if p.endswith("/calls")]
    parts = path.removeprefix(published["basePath"]).split("/")
    assert len(parts) == len(agents.split("/"))
    parameters = {p["name"]: p for p in published["paths"][agents]["post"]["parameters"]}
    values = dict(zip(agents.split("/"), parts, strict=True))
    jsonschema.validate(values["{idCrra}"], {"pattern": parameters["idCrra"]["pattern"]})
    assert len(values["{idNatPs}"].replace("%2F", "/")) <= parameters["idNatPs"]["maxLength"]


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (CallerNumber("+33612345678"), "+33612345678"),
        (CallerNumber(None), "***"),
        (CallerNumber("+596596123456"), "+596596123456"),
    ],
)
async def test_the_contract_is_kept(lrm: FakeLrm, caller: CallerNumber, shown: str) -> None:
    bridge = Bridge(lrm.url)
    call_id = bridge.answer("FR090-asterisk-a-1795310037.0", caller=caller)
    [written] = await bridge.written(1)
    assert isinstance(written, LrmNotified)
    assert (written.status, written.attempts, written.agent_id) == (200, 1, "8750/1")
    [(path, body)] = lrm.got
    assert path == "/lrm/api/v1/cti/FR090/agents/8750%2F1/calls"
    assert body == {
        "numTel": shown,
        "idAppel": call_id,
        "idFlux": "FR090-15-15-Px-F01",
        "nePasExecuter": False,
    }
    check_by_contract(path, body)
    await bridge.close()


async def test_an_error_is_tried_again_and_a_refusal_is_not(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    lrm.answers = [500, 202]
    bridge.answer("a")
    [first] = await bridge.written(1)
    assert isinstance(first, LrmNotified)
    assert (first.status, first.attempts) == (202, 2)
    lrm.answers = [404]
    bridge.answer("b")
    [_, second] = await bridge.written(2)
    assert isinstance(second, LrmNotificationFailed)
    assert (second.detail, second.attempts) == ("status 404", 1)
    await bridge.close()


async def test_an_absent_lrm_is_given_up_after_a_minute() -> None:
    bridge = Bridge("http://127.0.0.1:9/lrm/api")
    bridge.answer("a")
    bridge.clock.advance(59.9)
    [written] = await bridge.written(1)
    assert isinstance(written, LrmNotificationFailed)
    assert written.detail == "ConnectError"
    await bridge.close()


async def test_a_slow_lrm_delays_neither_the_call_nor_other_agents(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    lrm.block.clear()
    bridge.answer("a", agent="1")
    bridge.answer("b", agent="1")
    assert len(bridge.journal.events(CallAnswered)) == 2  # written at once, the LRM still thinking
    lrm.block.set()
    await bridge.written(2)
    assert [body["idAppel"] for _, body in lrm.got] == ["a", "b"]
    await bridge.close()


async def test_what_was_not_told_is_told_after_a_restart(lrm: FakeLrm) -> None:
    killed = Bridge("http://127.0.0.1:9/lrm/api")
    killed.answer("a")
    await killed.close()
    assert not killed.journal.events(LrmNotified, LrmNotificationFailed)
    bridge = Bridge(lrm.url, killed.journal.envelopes)
    bridge.service.start()
    [written] = await bridge.written(1)
    assert isinstance(written, LrmNotified)
    again = Bridge(lrm.url, bridge.journal.envelopes)
    again.service.start()
    await asyncio.gather(bridge.close(), again.close())
    assert len(lrm.got) == 1


async def test_a_call_is_not_told_late_after_a_long_restart(lrm: FakeLrm) -> None:
    killed = Bridge("http://127.0.0.1:9/lrm/api")
    killed.answer("a")
    await killed.close()
    bridge = Bridge(lrm.url, killed.journal.envelopes)
    bridge.clock.advance(61)
    bridge.service.start()
    [written] = await bridge.written(1)
    assert isinstance(written, LrmNotificationFailed)
    assert (written.detail, written.attempts) == ("too late", 0)
    assert lrm.got == []
    await bridge.close()


async def test_a_call_that_the_lrm_chokes_on_does_not_hold_the_next_one(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    lrm.answers = [500, 200]
    lrm.block.clear()
    bridge.answer("a")
    bridge.answer("b")
    lrm.block.set()
    first, second = await bridge.written(2)
    assert isinstance(first, LrmNotificationFailed)
    assert (first.call_id, first.attempts) == ("a", 1)
    assert isinstance(second, LrmNotified)
    assert [body["idAppel"] for _, body in lrm.got] == ["a", "b"]
    await bridge.close()


async def test_a_test_call_opens_no_file_and_an_odd_number_is_hidden(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    bridge.answer("test", caller=CallerNumber("+33612345678", test=True))
    bridge.answer("odd", caller=CallerNumber("+1234567890123456"))
    await bridge.written(2)
    [(path, test), (_, odd)] = lrm.got
    assert test["nePasExecuter"] is True
    assert odd["numTel"] == "***"
    check_by_contract(path, odd)
    await bridge.close()


async def test_what_the_contract_cannot_carry_is_written_down(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    bridge.answer("a" * 65)
    [written] = await bridge.written(1)
    assert isinstance(written, LrmNotificationFailed)
    assert (written.attempts, lrm.got) == (0, [])
    await bridge.close()


async def test_an_lrm_that_answers_for_ever_is_cut_off(lrm: FakeLrm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrm_bridge.client.TRY_TIMEOUT_S", 0.1)
    lrm.block.clear()
    client = LrmClient(lrm.url, CENTRE)
    answer = await client.appel_entrant(AgentId("1"), AppelEntrant("***", "a", "FR090-15-15-Px-F01"))
    assert answer == Answer(None, "TimeoutError")
    await client.close()


# --- an LRM that answers anything but what it should ---


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Say nothing at all."""


async def speak_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(bytes(range(256)) * 40)


async def say_headers_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 8_000 + b"\r\n")
        await writer.drain()


async def say_headers_one_by_one(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.01)


async def redirect_elsewhere(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 307 Here\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")


async def say_a_number_that_is_no_status(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 99999 Odd\r\nContent-Length: 0\r\n\r\n")


async def answer_with_an_endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b"[" * 65_536)
        await writer.drain()


Misbehaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def odd_lrm(misbehave: Misbehaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """An LRM that reads what it is told, then does so; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            await misbehave(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/lrm/api"
    finally:
        server.close()


@pytest.mark.parametrize(
    "misbehave",
    [
        hang_up,
        speak_nonsense,
        say_headers_for_ever,
        say_headers_one_by_one,
        redirect_elsewhere,
        say_a_number_that_is_no_status,
    ],
    ids=lambda each: each.__name__,
)
async def test_rubbish_from_the_lrm_touches_no_call_and_is_an_alarm(
    misbehave: Misbehaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrm_bridge.client.TRY_TIMEOUT_S", 0.3)
    async with odd_lrm(misbehave) as url:
        bridge = Bridge(url)
        bridge.answer("a")
        bridge.answer("b", agent="other")
        assert len(bridge.journal.events(CallAnswered)) == 2
        bridge.clock.advance(59.9)
        written = await bridge.written(2)
        assert all(isinstance(each, LrmNotificationFailed) for each in written)
        bridge.alarms.tick(bridge.clock.advance(3))
        assert set(bridge.alarms.raised) == {(AlarmKind.LRM_AWAY, "")}
        await bridge.close()


async def test_a_receipt_with_an_endless_body_is_a_receipt() -> None:
    async with odd_lrm(answer_with_an_endless_body) as url:
        bridge = Bridge(url)
        bridge.answer("a")
        [written] = await bridge.written(1)
        assert isinstance(written, LrmNotified)
        await bridge.close()


async def test_the_alarm_ends_with_the_next_call_that_the_lrm_takes(lrm: FakeLrm) -> None:
    bridge = Bridge(lrm.url)
    lrm.answers = [500]
    bridge.answer("a")
    bridge.clock.advance(59.9)
    await bridge.written(1)
    bridge.alarms.tick(bridge.clock.advance(3))
    assert set(bridge.alarms.raised) == {(AlarmKind.LRM_AWAY, "")}
    bridge.answer("b")
    await bridge.written(2)
    bridge.alarms.tick(bridge.clock.advance(6))
    assert not bridge.alarms.raised
    await bridge.close()


# --- certificates -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return Trust(tmp_path_factory.mktemp("trust"))


async def take_it(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")


async def tell_by(url: str, trust: Trust, ours: Identity | None) -> Bridge:
    """A bridge that has told, or not, an LRM of one call."""
    bridge = Bridge(url)
    await bridge.client.close()
    bridge.client = LrmClient(url, CENTRE, trust.client(ours))
    bridge.service._lrm = bridge.client
    bridge.answer("a")
    bridge.clock.advance(59.9)
    await bridge.written(1)
    bridge.alarms.tick(bridge.clock.advance(3))
    return bridge


async def test_an_lrm_is_told_by_mutual_tls(trust: Trust) -> None:
    async with odd_lrm(take_it, trust.server(trust.lrm)) as url:
        bridge = await tell_by(url, trust, trust.strip)
        assert [each.status for each in bridge.journal.events(LrmNotified)] == [202]
        await bridge.close()


@pytest.mark.parametrize(
    ("shown", "ours"),
    [
        (lambda trust: trust.self_signed("localhost"), True),
        (lambda trust: trust.issue("another.test"), True),
        (lambda trust: trust.issue("127.0.0.1", ends_in=timedelta(days=-1)), True),
        (lambda trust: trust.lrm, False),
    ],
    ids=["self-signed", "another name", "expired", "none of ours"],
)
async def test_an_lrm_of_a_wrong_certificate_or_that_refuses_ours_is_told_nothing(
    trust: Trust, shown: Callable[[Trust], Identity], ours: bool
) -> None:
    async with odd_lrm(take_it, trust.server(shown(trust))) as url:
        bridge = await tell_by(url, trust, trust.strip if ours else None)
        [failed] = bridge.journal.events(LrmNotificationFailed)
        assert failed.detail.startswith("TLS ") or not ours
        assert set(bridge.alarms.raised) == {(AlarmKind.LRM_AWAY, "")}
        assert bridge.journal.events(CallAnswered)
        await bridge.close()


@pytest.mark.parametrize(
    ("attempts", "age", "answer", "expected"),
    [
        (1, 0, Answer(500), 0.5),
        (2, 1, Answer(None, "ConnectError"), 1.0),
        (9, 30, Answer(503), 8.0),
        (9, 52.1, Answer(503), None),
        (1, 0, Answer(200), None),
        (1, 0, Answer(202), None),
        (1, 0, Answer(400), None),
        (1, 0, Answer(403), None),
        (1, 0, Answer(429), 0.5),
    ],
)
def test_when_to_try_again(attempts: int, age: float, answer: Answer, expected: float | None) -> None:
    assert next_delay(attempts, age, answer) == expected


@pytest.mark.parametrize(
    "fields",
    [
        ("0", "a", "FR090-15-15-Px-F01"),
        ("+33 6", "a", "FR090-15-15-Px-F01"),
        ("+33612345678", "a" * 65, "FR090-15-15-Px-F01"),
        ("+33612345678", "a", "F" * 33),
    ],
)
def test_what_does_not_fit_the_contract_is_not_sent(fields: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="contract"):
        AppelEntrant(*fields)
