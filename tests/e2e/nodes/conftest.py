"""A centre with two Asterisks, under its launcher."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from app.settings import RoomSettings
from tests.support.centre_process import CentreProcess
from tests.support.two_nodes import SECOND


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _one_centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=30, wrap_up_seconds=1)
    async with CentreProcess(room=room, launched=True, nodes=(SECOND,)) as centre:
        yield centre
