"""Sessions while the database hangs: a strip seen before comes back all the same."""

import asyncio
from datetime import timedelta

import pytest
from starlette.requests import HTTPConnection, Request

from core.accounts import Session
from core.errors import StorageUnavailable
from core.ids import PositionId
from core.words import Role
from tests.support.centre import HeldClock
from tests.support.web_server import MemorySessions, account
from web.auth import COOKIE, Gate, WebError

pytestmark = pytest.mark.unit


class HangingSessions(MemorySessions):
    """A database whose table is locked: no answer at all."""

    hangs = False

    async def find(self, token: str) -> Session | None:
        if self.hangs:
            await asyncio.Event().wait()
        return await super().find(token)


def request(token: str) -> HTTPConnection:
    return HTTPConnection({"type": "http", "headers": [(b"cookie", f"{COOKIE}={token}".encode())]})


async def test_a_database_that_hangs_keeps_nobody_waiting() -> None:
    clock = HeldClock()
    sessions = HangingSessions(clock)
    gate = Gate(sessions, clock, patience_seconds=0.01)
    token = await sessions.create(account("arm1"), PositionId("arm1"), clock.now().replace(year=2090))
    assert await gate.identity(request(token)) is not None
    sessions.hangs = True
    again = await gate.identity(request(token))
    assert again is not None
    assert again.session.position_id == "arm1"
    with pytest.raises(StorageUnavailable):
        await gate.identity(request("never-seen"))


async def test_a_session_that_nobody_uses_is_over_unless_a_page_is_open() -> None:
    clock = HeldClock()
    sessions = MemorySessions(clock)
    gate = Gate(sessions, clock, idle=timedelta(minutes=60))
    token = await sessions.create(account("arm1"), PositionId("arm1"), clock.now().replace(year=2090))
    assert await gate.identity(request(token)) is not None
    clock.advance(59 * 60)
    assert await gate.identity(request(token)) is not None
    gate.page_opened(token)
    clock.advance(10 * 3600)
    assert await gate.identity(request(token)) is not None
    clock.advance(3600)
    gate.page_closed(token)
    clock.advance(59 * 60)
    assert await gate.identity(request(token)) is not None
    clock.advance(61 * 60)
    assert await gate.identity(request(token)) is None
    assert token not in sessions.by_token


async def test_the_rooms_pages_are_for_those_who_work_in_it() -> None:
    clock = HeldClock()
    sessions = MemorySessions(clock)
    room, archive = Gate(sessions, clock), Gate(sessions, clock, roles=frozenset(Role))
    for role in Role:
        token = await sessions.create(account("x", role), PositionId("x"), clock.now().replace(year=2090))
        asked = Request({"type": "http", "headers": request(token).headers.raw})
        assert (await room.known(asked)).session.agent.role is role
        assert (await archive.logged_in(asked)).session.agent.role is role
        if role in (Role.AUDITOR, Role.ARCHIVIST):
            with pytest.raises(WebError) as refused:
                await room.logged_in(asked)
            assert (refused.value.status_code, refused.value.code) == (403, "not_allowed")
        else:
            assert (await room.logged_in(asked)).session.agent.role is role
