"""An LRM and a strip that know each other by certificates, in a centre without Asterisk."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import trustme

from app.lrm_port import LrmPort
from app.settings import LrmSettings
from core.commands import Command, CorrelateDossier
from core.ids import AgentId, CallId, CentreId, DossierId, PositionId
from core.ports import DossierDisplay
from core.words import Priority, Role
from lrm_bridge.contract import AffichageDossier, AppelEntrant, CorrelationDossier
from lrm_bridge.display import Displays
from lrm_bridge.door import Certificates, LrmDoor
from lrm_bridge.inbound import LrmRequests
from lrm_bridge.policy import Answer
from lrm_bridge.service import Lrm, LrmService
from supervision.alarms import AlarmService
from tests.support.centre import FakeCentre, settle
from tests.support.control import RULES, Control
from tests.support.ports import free_port
from tests.support.waiting import until

CENTRE = CentreId("FR751")
OTHER_CENTRE = CentreId("FR690")
LRM_NAME = "lrm.centre.test"
OTHER_NAME = "lrm.ailleurs.test"
PEM_END = "-----END CERTIFICATE-----\n"
T = TypeVar("T")
PREFIX = "/si-samu-back-synchro-lrm-web/api/v1/cti"


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Trust:
    """An authority of the LRMs, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA(organization_name="IGC d'essai")
        self.authority = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.authority)
        self.strip = self.issue("localhost", "127.0.0.1")
        self.lrm = self.issue(LRM_NAME, "localhost", "127.0.0.1")

    def issue(self, *names: str, ends_in: timedelta = timedelta(days=1)) -> Identity:
        """A certificate of these names."""
        not_after = datetime.now(UTC) + ends_in
        leaf = self._ca.issue_cert(*names, not_before=not_after - timedelta(days=30), not_after=not_after)
        return self._write(leaf, names[0])

    def named(self, common_name: str) -> Identity:
        """A certificate with no more than a common name that is not a DNS name."""
        return self._write(self._ca.issue_cert(common_name=common_name), "cn")

    def self_signed(self, name: str) -> Identity:
        """A certificate of the same name that nobody we know has signed."""
        return self._write(trustme.CA().issue_cert(name), f"stranger-{name}")

    def digest(self, identity: Identity) -> str:
        """A certificate as settings name it exactly."""
        whole = ssl.PEM_cert_to_DER_cert(identity.certificate.read_text().split("-----END")[0] + PEM_END)
        return f"sha256:{sha256(whole).hexdigest()}"

    def _write(self, leaf: trustme.LeafCert, name: str) -> Identity:
        made = Identity(self._folder / f"{name}.pem", self._folder / f"{name}-key.pem")
        made.certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
        leaf.private_key_pem.write_to_path(made.key)
        return made

    def client(self, identity: Identity | None) -> ssl.SSLContext:
        """How a program of that identity (none: without one) calls those that this authority signs."""
        context = ssl.create_default_context(cafile=self.authority)
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        return context

    def server(self, identity: Identity) -> ssl.SSLContext:
        """How a server of that identity lets in those that this authority signs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(identity.certificate, identity.key)
        return context


class LrmCentre(Control):
    """A centre on a fake switch, with the bridge to its LRM."""

    def __init__(
        self,
        lrm: Lrm | None = None,
        store: DossierDisplay | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        centre = FakeCentre(rules=RULES, wrap_up_seconds=0)
        super().__init__(centre)
        self.alarms = AlarmService(centre.bus, centre.clock)
        self.service = LrmService(centre.bus, centre.clock, lrm, self.alarms)
        self.book = self.service.outbox.book
        self.displays = Displays(centre.clock, store)
        self.requests = LrmRequests(centre.bus, centre.clock, self.book, self.displays, centre.bus.execute)
        self.allowed = {LRM_NAME: CENTRE, OTHER_NAME: OTHER_CENTRE}
        self.door = LrmDoor(
            self.requests, Certificates(CENTRE, self.allowed), seconds or centre.clock.monotonic
        )
        centre.start()

    async def agent(self, name: str, role: Role = Role.ARM, agent_id: str = "") -> PositionId:
        """An agent at a position of that name, whose sound is there; once."""
        position = PositionId(name)
        return position if position in self.live.agents else await super().agent(name, role, agent_id)

    async def correlate(
        self,
        agent: str,
        dossier: str = "D1",
        call_id: CallId | None = None,
        priority: Priority | None = None,
        **said: Any,
    ) -> None:
        """The agent's LRM says which dossier a call belongs to, and what else it is asked to."""
        command = CorrelateDossier(
            position_id=PositionId(""),
            agent_id=AgentId(agent),
            dossier_id=DossierId(dossier),
            call_id=call_id,
            priority=priority,
        )
        self.requests.correlate(command, CorrelationDossier(idNatPs=agent, **said) if said else None)
        await self.told()

    async def told(self) -> None:
        """Let the LRM be told of all that it can be told of now."""
        for _ in range(3):
            self.turn()
            await settle()

    async def do(self, command: Command) -> None:
        """The agent's strip asks for something."""
        await super().do(command)
        await self.told()

    def turn(self, seconds: float = 0.0) -> bool:
        """Let a little time pass."""
        self.centre.advance(seconds)
        self.service.tick(self.centre.clock.now())
        return True


def lrm_settings(trust: Trust, port: int) -> LrmSettings:
    """The settings of the port of an LRM on this machine."""
    return LrmSettings(
        base_url="",
        authority=trust.authority,
        listen_host="127.0.0.1",
        listen_port=port,
        certificates={LRM_NAME: CENTRE, OTHER_NAME: OTHER_CENTRE},
    )


@contextlib.asynccontextmanager
async def served(door: LrmDoor, trust: Trust) -> AsyncIterator[str]:
    """The door on a port of its own; its address."""
    port = free_port()
    lrm_port = LrmPort(lrm_settings(trust, port), door, (trust.strip.certificate, trust.strip.key))
    serving = asyncio.create_task(lrm_port.serve())
    try:
        await until(lambda: _answers(port), "the port of the LRM is open")
        yield f"https://localhost:{port}"
    finally:
        lrm_port.close()
        await serving


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class DoorInThread:
    """A centre and its door on a loop of their own: for tests that Hypothesis drives."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = contextlib.AsyncExitStack()
        self.centre: LrmCentre
        self.url = ""

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Carry something out there."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(20)

    @contextlib.contextmanager
    def running(self, seconds: Callable[[], float] | None = None) -> Iterator["DoorInThread"]:
        """Run it."""
        self._thread.start()
        try:
            self.do(self._open(seconds))
            yield self
            self.do(self._stack.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _open(self, seconds: Callable[[], float] | None) -> None:
        self.centre = LrmCentre(seconds=seconds)
        self.url = await self._stack.enter_async_context(served(self.centre.door, self._trust))


class ObligingLrm:
    """An LRM in memory: keeps what it is told, and answers as it is told to. ``hold`` keeps every request."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, Any]] = []
        """Each accepted request: the operation, the agent, the body."""
        self.answer = Answer(202)
        self.tries = 0
        self.at_once = 0
        self.most_at_once = 0
        self.hold = asyncio.Event()
        self.hold.set()

    async def appel_entrant(self, agent_id: AgentId, body: AppelEntrant) -> Answer:
        return await self._take("appel_entrant", agent_id, body)

    async def afficher_dossier(self, dossier_id: DossierId, body: AffichageDossier) -> Answer:
        return await self._take(dossier_id, body.idNatPs, body)

    async def look(self) -> Answer:
        return self.answer if self.answer.status is None else Answer(404)

    async def _take(self, what: str, agent: str, body: Any) -> Answer:
        self.tries += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            await self.hold.wait()
        finally:
            self.at_once -= 1
        if self.answer.accepted:
            self.told.append((what, agent, body))
        return self.answer


@dataclass(frozen=True)
class Request:
    """What an LRM received."""

    method: str
    path: str
    body: dict[str, Any]


class LrmServer:
    """An LRM on a TLS port of its own: it asks who calls for a certificate, and takes note of everything."""

    def __init__(self, trust: Trust) -> None:
        self._tls = trust.server(trust.lrm)
        self.got: list[Request] = []
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["LrmServer"]:
        """Run it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.url = f"https://localhost:{server.sockets[0].getsockname()[1]}/lrm/api"
        async with server:
            yield self

    async def until(self, operation: str, agent: str) -> Request:
        """The first request of an operation (``calls`` or ``dossiers``) about an agent."""

        def found() -> list[Request]:
            about = [r for r in self.got if f"/{operation}" in r.path]
            return [r for r in about if f"/{agent}/" in r.path or r.body.get("idNatPs") == agent]

        await until(lambda: bool(found()), f"the LRM is told of {operation} of {agent}", 20)
        return found()[0]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                method, path, _ = head.split(" ", 2)
                lengths = [line for line in head.splitlines() if line.lower().startswith("content-length")]
                length = int(lengths[0].split(":")[1]) if lengths else 0
                body = await reader.readexactly(length)
                self.got.append(Request(method, path, json.loads(body) if body else {}))
                writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        writer.close()
