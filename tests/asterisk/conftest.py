"""Fixtures of the tests on a real Asterisk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.asterisk import CentreAsterisk, WatchedSwitch


@pytest.fixture
async def centre_asterisk(asterisk_root: Path | None, tmp_path: Path) -> AsyncIterator[CentreAsterisk]:
    """The centre's Asterisk, alone."""
    async with CentreAsterisk(asterisk_root, tmp_path) as asterisk:
        yield asterisk


@pytest.fixture
async def switch(centre_asterisk: CentreAsterisk) -> AsyncIterator[WatchedSwitch]:
    """A core's hold on the centre's Asterisk, up."""
    async with centre_asterisk.switch() as switch:
        await switch.ready()
        yield switch
