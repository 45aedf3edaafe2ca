"""When a standby takes over, and when it holds a core at work for frozen."""

import asyncio
from pathlib import Path

import pytest

from app.handover import HandoverFailed, hand_over, take_out
from app.standby import Silence, Standby, drain, is_drained
from core.events import CoreStarted, Envelope
from storage.lease import STANDING_BY, Roster, Sign, living
from tests.support.events import envelope

pytestmark = pytest.mark.unit


def sign(beat: float, pid: int = 1) -> Sign:
    return Sign(core="core-a", state="at_work", epoch=1, pid=pid, born=1, beat=beat)


@pytest.mark.parametrize(
    ("looks", "silent"),
    [
        ([(0.0, sign(0)), (0.4, sign(0)), (0.8, sign(0))], 0.8),
        ([(0.0, sign(0)), (0.4, sign(0.3)), (0.8, sign(0.3))], 0.4),
        ([(0.0, sign(0)), (0.4, sign(0)), (0.8, sign(0, pid=2))], 0.0),
        ([(0.0, sign(0)), (0.4, None), (0.8, None)], 0.4),
        # We did not look ourselves meanwhile: the whole machine stood still.
        ([(0.0, sign(0)), (0.4, sign(0)), (9.0, sign(0))], 0.0),
        ([(0.0, sign(0)), (9.0, sign(0)), (9.4, sign(0))], 0.4),
    ],
)
def test_silence_is_what_was_watched(looks: list[tuple[float, Sign | None]], silent: float) -> None:
    silence = Silence()
    assert [silence.seconds(said, now) for now, said in looks][-1] == pytest.approx(silent)


class Books:
    """A lease that comes free after some tries, and a journal in which one event is written meanwhile."""

    def __init__(self, tries: int) -> None:
        self.tries = tries
        self.seq = 0
        self.epoch = 0

    def held(self) -> bool:
        return self.epoch > 0

    async def take(self) -> bool:
        self.tries -= 1
        return self.tries < 0

    async def renew(self) -> None: ...
    async def release(self) -> None: ...

    async def more(self) -> list[Envelope]:
        self.seq += 1
        return [envelope(CoreStarted(core="core-a"), self.seq)]

    async def rest(self) -> list[Envelope]:
        assert self.tries < 0, "only who has the lease knows that nobody else writes"
        return await self.more()


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    return Roster(tmp_path, "core-b")


async def until_ours(books: Books, roster: Roster, folder: Path, stop: asyncio.Event) -> tuple[bool, list[int]]:
    taken: list[int] = []

    def take_in(past: list[Envelope]) -> None:
        taken.extend(each.seq for each in past)

    standby = Standby(books, roster, folder, 2.0)
    return await standby.until_ours(books, take_in, stop), taken


async def test_the_last_words_of_the_dead_core_are_read_after_the_lease_is_ours(
    tmp_path: Path, roster: Roster
) -> None:
    books = Books(tries=3)
    ours, taken = await until_ours(books, roster, tmp_path, asyncio.Event())
    assert ours
    assert taken == list(range(1, books.seq + 1))
    assert books.tries < 0
    [told] = living(tmp_path)
    assert (told.core, told.state) == ("core-b", STANDING_BY)


async def test_a_standby_asked_to_stop_leaves_the_lease_alone(tmp_path: Path, roster: Roster) -> None:
    stop = asyncio.Event()
    stop.set()
    books = Books(tries=0)
    assert await until_ours(books, roster, tmp_path, stop) == (False, [])
    assert books.tries == 0


async def test_a_drained_core_does_not_take_over(tmp_path: Path, roster: Roster) -> None:
    drain(tmp_path, "core-b", out=True)
    assert is_drained(tmp_path, "core-b")
    stop = asyncio.Event()
    books = Books(tries=0)
    waiting = asyncio.create_task(until_ours(books, roster, tmp_path, stop))
    while not living(tmp_path):  # noqa: ASYNC110 - a file
        await asyncio.sleep(0.01)
    assert living(tmp_path)[0].state == "drained"
    with pytest.raises(HandoverFailed, match="no core is at work"):
        hand_over(tmp_path, fresh=False)
    drain(tmp_path, "core-b", out=False)
    assert (await waiting)[0]


def test_what_cannot_be_handed_over_is_left_as_it_is(tmp_path: Path) -> None:
    take_out(tmp_path, "core-b")  # not at work: nobody needs to replace it
    assert is_drained(tmp_path, "core-b")
