"""A whole core without Asterisk that serves the API on a real port, and a program with a token for it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bus import InProcessBus
from app.clock import SystemClock
from app.core import Core
from app.settings import LrmSettings, OutgoingSettings, Settings, StorageSettings, TestCallSettings
from core.api_clients import Scope
from core.commands import LogIn
from core.events import Event, PositionReadinessChanged
from core.ids import AgentId, CallId, CentreId, ChannelId, PositionId
from core.switch import CallerChannel, LegOpened
from core.words import CallerNumber, Role
from lrm_bridge.api.asking import Asking
from lrm_bridge.api.documents import openapi
from lrm_bridge.api.door import Door
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.sender import HttpSender
from lrm_bridge.api.site import Api
from lrm_bridge.api.webhooks import WebhookService
from lrm_bridge.display import Displays
from lrm_bridge.inbound import LrmRequests
from lrm_bridge.model import CallBook
from lrm_client import LrmApi
from storage.api_clients import StoredApiClients, StoredWebhooks
from storage.database import Database
from tests.support.centre import MemoryJournal
from tests.support.fake_switch import FakeSwitch
from tests.support.no_asterisk import adapters_without_asterisk
from tests.support.plan import WELCOME, put_in_force
from tests.support.tables import with_tables
from tests.support.web_server import answering
from web.limits import RequestLimits

AGENT = "8997/00001"
"""An ``idNatPs`` with a slash in it."""
NO_LIMITS = RequestLimits(source_per_second=1e6, source_burst=1e6, sockets=10_000)


@dataclass(frozen=True, slots=True)
class ApiCentre:
    """A core that serves its API."""

    core: Core
    switch: FakeSwitch
    journal: MemoryJournal
    database: Database
    host: str

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    async def token(self, scopes: Collection[Scope] = tuple(Scope)) -> str:
        """A new client's."""
        _, token = await StoredApiClients(self.database, SystemClock()).add("essai", scopes)
        return token

    async def client(self, scopes: Collection[Scope] = tuple(Scope)) -> LrmApi:
        return LrmApi(self.url, await self.token(scopes))

    def say(self, event: Event) -> None:
        self.core.bus.publish(event)

    def agent(self, name: str = "arm1", agent_id: str = AGENT) -> PositionId:
        """An agent who is ready, with a leg."""
        position = PositionId(name)
        self.core.bus.execute(LogIn(position_id=position, agent_id=AgentId(agent_id), name=name, role=Role.ARM))
        leg = ChannelId(f"leg-{name}")
        self.switch.legs[leg] = position
        self.switch.tell(LegOpened(position_id=position, channel_id=leg))
        self.say(PositionReadinessChanged(position_id=position, leg=True, strip=True))
        return position

    def caller(self, number: str | None = "+33199000001") -> CallId:
        """A caller arrives."""
        call_id = CallId(f"FR751-{1795345200 + len(self.journal.envelopes)}.{len(self.switch.callers)}")
        self.switch.caller_arrives(
            CallerChannel(
                channel_id=ChannelId(call_id),
                call_id=call_id,
                line="15",
                caller=CallerNumber(number),
                created_at=SystemClock().now(),
            )
        )
        return call_id

    @property
    def callee(self) -> ChannelId:
        """The number called last."""
        return list(self.switch.callees)[-1]


@asynccontextmanager
async def api_centre(folder: Path, past: MemoryJournal | None = None) -> AsyncIterator[ApiCentre]:
    """Run one. ``past``: the journal of the core before it, which is over."""
    settings = Settings(
        storage=StorageSettings(data_dir=folder),
        lrm=LrmSettings(base_url=""),
        outgoing=OutgoingSettings(host="127.0.0.1"),
        test_calls=TestCallSettings(enabled=False),
    )
    put_in_force(folder, WELCOME)
    database = Database(with_tables(settings.storage.url))
    await database.upgrade()
    clock, switch = SystemClock(), FakeSwitch()
    journal = MemoryJournal(past.envelopes if past is not None else ())
    core = Core(settings, adapters_without_asterisk(clock, journal, switch, database), "core-a")
    core.restore(list(journal.envelopes))
    await core.start(1)
    switch.mend()
    try:
        async with answering(core.web(folder, NO_LIMITS)) as host:
            yield ApiCentre(core, switch, journal, database, host)
            await core.close()
            await asyncio.sleep(0)
    finally:
        await core.close()
        await database.close()


def description() -> dict[str, Any]:
    """The API's own description of its requests, as it is served."""
    clock, events, bus = (
        SystemClock(),
        EventLog(),
        InProcessBus(MemoryJournal(), SystemClock(), CentreId("FR751")),
    )
    requests = LrmRequests(bus, clock, CallBook(), Displays(clock, None), bus.execute)
    door = Door(StoredApiClients(Database("sqlite+aiosqlite://"), clock), clock)
    sender = HttpSender()
    hooks = WebhookService(events, StoredWebhooks(Database("sqlite+aiosqlite://")), sender, clock)
    api = Api(events, Asking(events, requests), door, hooks, sender, clock)
    return openapi(api.application())
