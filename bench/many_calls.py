"""``python -m bench.many_calls FOLDER CALLS…``: a whole core but for Asterisk, its memory after so many calls.

The core's own features, spool, journal and SQLite, as they ship, with a switch that keeps channels in memory in
Asterisk's place, and the time in hand: ten seconds a call, so that what is forgotten after an hour or a day is
forgotten. Prints one line for each count: calls, resident kilobytes. Recordings are not there, which the core
notes of each call.
"""

import asyncio
import gc
import sys
from pathlib import Path

import psutil
import structlog

from app.core import Core
from app.settings import LrmSettings, RoomSettings, Settings, StorageSettings, TestCallSettings
from core.commands import AcceptOffer, LogIn
from core.events import PositionReadinessChanged
from core.ids import AgentId, CallId, ChannelId, PositionId
from core.switch import CallerChannel, DigitPressed
from core.words import CallerNumber, Role
from storage.database import Database
from storage.journal import Journal
from storage.spool import Spool
from tests.support.centre import HeldClock, settle
from tests.support.fake_switch import FakeSwitch
from tests.support.no_asterisk import adapters_without_asterisk
from tests.support.plan import WELCOME, put_in_force

SECONDS_A_CALL = 10.0
TOGETHER = 20
"""Calls between two moments in which the journal may move on, as it does between real ones."""
AGENTS = tuple(PositionId(f"a{number}") for number in range(20))
_NUMBERS = 5_000
"""Different callers: most call again."""


class Day:
    """A core at work, and the calls that come to it."""

    def __init__(self, core: Core, switch: FakeSwitch, clock: HeldClock) -> None:
        self._core, self._switch, self._clock = core, switch, clock
        self._made = 0

    def open(self) -> None:
        """Connect the switch, and let the agents take their positions."""
        self._switch.mend()
        for position in AGENTS:
            self._core.bus.execute(
                LogIn(position_id=position, agent_id=AgentId(position), name=position, role=Role.ARM)
            )
            self._core.bus.publish(PositionReadinessChanged(position_id=position, leg=True, strip=True))

    async def call(self) -> None:
        """One call, from its arrival to its end: welcomed, skipped, offered, taken, hung up."""
        self._made += 1
        now = self._clock.advance(SECONDS_A_CALL)
        self._core.ticker.tick()
        channel = ChannelId(f"FR751-a-{now.timestamp():.0f}.{self._made}")
        number = f"+336{self._made * 7919 % _NUMBERS:08d}"
        self._switch.caller_arrives(
            CallerChannel(
                channel_id=channel,
                call_id=CallId(channel),
                line="15",
                caller=CallerNumber(number),
                created_at=now,
            )
        )
        await settle()
        self._switch.tell(DigitPressed(channel_id=channel, digit="1"))
        await settle()
        position = next(p for p in self._core.acd.room.positions.values() if p.offer is not None)
        assert position.offer is not None
        self._core.bus.execute(AcceptOffer(position_id=position.position_id, offer_id=position.offer.offer_id))
        await settle()
        self._switch.channel_ends(channel)
        self._switch.picked_up.clear()
        self._switch.playing.clear()


async def main(folder: Path, counts: list[int]) -> None:
    """Make the calls, and print the memory after each count."""
    settings = Settings(
        storage=StorageSettings(data_dir=folder),
        room=RoomSettings(wrap_up_seconds=0, heartbeat_seconds=60),
        lrm=LrmSettings(base_url=""),
        test_calls=TestCallSettings(enabled=False),
    )
    put_in_force(folder, WELCOME)
    database, clock, switch = Database(settings.storage.url), HeldClock(), FakeSwitch()
    spool = Spool(settings.storage.spool_dir)
    journal = Journal(spool, database, settings.storage.spool_dir / "refused.jsonl")
    await journal.start()
    core = Core(settings, adapters_without_asterisk(clock, spool, switch, database), "core-a")
    core.restore([])
    await core.start(1)
    day = Day(core, switch, clock)
    day.open()
    process = psutil.Process()
    for number in range(1, max(counts) + 1):
        await day.call()
        if number % TOGETHER == 0:
            await asyncio.sleep(0.01)
        if number in counts:
            while journal.state().unsaved:  # noqa: ASYNC110 - the journal's own threads
                await asyncio.sleep(0.1)
            gc.collect()
            print(number, process.memory_info().rss // 1024, flush=True)
    await core.close()
    await journal.close()
    await database.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]]))
