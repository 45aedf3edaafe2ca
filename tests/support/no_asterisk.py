"""A whole core with a switch in memory: what else it needs of Asterisk is not there."""

from collections.abc import Collection

from app.adapters import Adapters
from app.lrm_api import ApiAdapters
from core.ids import CallId, ChannelId, PositionId
from core.ports import Accounts, Clock, JournalWriter, Sessions, Switch
from core.switch import FallbackCaller, FallbackRecord
from lrm_bridge.api.sender import HttpSender
from storage.accounts import StoredAccounts
from storage.api_clients import StoredApiClients, StoredWebhooks
from storage.database import Database
from storage.directory import StoredDirectory
from storage.lrm_display import StoredDisplay
from storage.sessions import StoredSessions


class Nothing:
    """In place of what only Asterisk needs: accounts, queue members, calls of mode secours, bans."""

    async def create(self, position_id: PositionId, secret: str) -> None: ...

    async def delete(self, position_id: PositionId) -> None: ...

    async def add(self, position_id: PositionId) -> None: ...

    async def remove(self, position_id: PositionId) -> None: ...

    async def ban(self, source: str) -> None: ...

    async def release(self, source: str) -> None: ...

    async def present(self) -> tuple[FallbackCaller, ...]:
        return ()

    async def take_back(self, channel: ChannelId) -> None: ...

    async def noted(self) -> tuple[FallbackRecord, ...]:
        return ()

    async def settled(self, unsettled: Collection[CallId]) -> None: ...

    async def leave_out(self, channel: ChannelId, on: bool) -> None: ...


def adapters_without_asterisk(
    clock: Clock,
    journal: JournalWriter,
    switch: Switch,
    database: Database,
    *,
    accounts: Accounts | None = None,
    sessions: Sessions | None = None,
) -> Adapters:
    """The adapters of a core, with no LRM, and nothing watched or measured of them."""
    nothing = Nothing()
    return Adapters(
        clock=clock,
        journal=journal,
        switch=switch,
        credentials=nothing,
        fallback=nothing,
        fallback_calls=nothing,
        recordings=nothing,
        door=nothing,
        accounts=accounts or StoredAccounts(database),
        sessions=sessions or StoredSessions(database, clock),
        directory=StoredDirectory(database, clock),
        dossiers=StoredDisplay(database),
        lrm=None,
        api=ApiAdapters(
            clients=StoredApiClients(database, clock),
            webhooks=StoredWebhooks(database),
            sender=HttpSender(("127.0.0.1",)),
        ),
        gauges={},
        parts={},
        watches={},
    )
