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


LONGEST = (
    *("core_moves", "centre_control", "centre_troubles", "core_takeover", "core_launched", "centre_neighbours"),
    *("centre_faults", "centre_recordings", "remote_phones", "centre_secours", "centre_svi", "centre_outside"),
    *("telephony_strips", "centre_api", "centre_order", "telephony_faults", "telephony_calls"),
)
"""The files that take longest. They begin first, so that no network is left alone with one in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; a file's tests stay together, in their order."""
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))
