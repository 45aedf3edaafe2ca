"""A centre whose agents may be away: it has an operator to call telephones by, and a TURN server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RemoteSettings, TurnSettings
from tests.e2e.conftest import OPERATOR, ROOM
from tests.support.centre_process import CentreProcess
from tests.support.far_network import CENTRE_SIDE, FarNetwork, far_network

PROMPTS = {
    "phone-key": (2000.0, 6.0),
    "phone-call": (2200.0, 6.0),
    "phone-taken": (2400.0, 1.0),
    "phone-proven": (2800.0, 1.0),
}
"""What stands for each announcement: Hz, seconds."""


@pytest.fixture(scope="session")
def far() -> Iterator[FarNetwork]:
    """A place far from the centre."""
    with far_network() as far:
        yield far


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _one_centre(asterisk_root: Path | None, far: FarNetwork) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=ROOM,
        sounds=PROMPTS,
        outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1]),
        remote=RemoteSettings(telephone=True, ring_seconds=15, confirm_seconds=15),
        turn=TurnSettings(enabled=True, public_host=CENTRE_SIDE),
    ) as centre:
        yield centre
