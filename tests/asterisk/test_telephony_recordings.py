"""What Asterisk writes into recordings that are paused, and into several of one channel."""

import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.errors import SwitchRefused
from core.ids import ChannelId
from core.switch import CallerArrived
from recorder.store import measure
from simulator.callers import Caller
from telephony.ami import ManagerLink
from tests.support.asterisk import TONES, TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.audio import RATE, Pcm, read_wav, tone
from tests.support.tracks import edge_near, share_heard
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

CALLER_HZ = 1300.0
MOST_OF_IT = 0.5
"""In how much of it a tone is to be heard: a loaded machine leaves gaps."""
HEADER, FLUSHED = 44, 8192
"""Octets: half a second of a track."""


@pytest.fixture
async def manager(centre_asterisk: CentreAsterisk) -> AsyncIterator[ManagerLink]:
    config = centre_asterisk.config
    async with ManagerLink(port=config.ami_port, secret=config.secrets.ami) as manager:
        await until(lambda: manager.up, "the manager interface is up")
        yield manager


async def test_a_paused_recording_holds_silence_in_both_tracks_and_goes_on_in_time(
    centre_asterisk: CentreAsterisk, switch: WatchedSwitch, manager: ManagerLink
) -> None:
    second = centre_asterisk.recordings / "second"
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        caller.say(tone(CALLER_HZ, 60, level=0.2))
        await switch.start_music(channel, "hold")
        name = (await centre_asterisk.process.rx("core show channels concise")).split("!")[0]
        options = f",r({second}-caller.wav)t({second}-centre.wav)"
        await centre_asterisk.process.rx(f"mixmonitor start {name} {options}")
        await heard_for(caller, 2)
        await manager.leave_out(channel, True)
        began = time.monotonic()
        await heard_for(caller, 2)
        await manager.leave_out(channel, False)
        left_out = time.monotonic() - began
        await heard_for(caller, 2)
        caller.hang_up()
        await caller.ended()
    for pattern in ("*/*", "second"):
        said, given = await centre_asterisk.tracks_like(pattern)
        assert abs(len(said) - len(given)) < RATE // 10
        for track, hz in ((said, CALLER_HZ), (given, TONES["music"])):
            middle = len(track) / RATE / 2
            begins, ends = (edge_near(track, hz, middle + side, within=1) for side in (-1, 1))
            assert 1.7 < ends - begins < left_out + 0.6
            assert share_heard(track, hz, begins + 0.1, ends - 0.1) == 0
            assert abs(track[round((begins + 0.1) * RATE) : round((ends - 0.1) * RATE)]).max() == 0
            assert share_heard(track, hz, ends + 0.1, len(track) / RATE - 0.3) > MOST_OF_IT


async def heard_for(caller: Caller, seconds: float) -> None:
    """Let so many seconds of sound come to the caller."""
    caller.forget()
    await caller.hears(lambda pcm: len(pcm) >= seconds * RATE, 30, seconds + 1)


async def test_a_channel_that_is_gone_is_refused(
    centre_asterisk: CentreAsterisk, switch: WatchedSwitch, manager: ManagerLink
) -> None:
    with pytest.raises(SwitchRefused):
        await manager.leave_out(ChannelId("FR751-asterisk-a-1795310037.99"), True)


async def test_what_is_said_leaves_memory_every_half_second(
    centre_asterisk: CentreAsterisk, switch: WatchedSwitch
) -> None:
    """A crash of Asterisk loses no more, and an instant recall lags no more."""
    sizes: set[int] = set()
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        channel = await switch.picked_up()
        await caller.answered()
        caller.say(tone(CALLER_HZ, 60, level=0.2))
        await switch.start_music(channel, "hold")

        def grown() -> bool:
            sizes.add(caller_track(centre_asterisk.recordings, channel).stat().st_size)
            return max(sizes) > 40_000

        await heard_for(caller, 1)
        await until(grown, "the track grows")
    assert all((size - HEADER) % FLUSHED == 0 for size in sizes)
    assert any((size - HEADER) % (4 * FLUSHED) for size in sizes)


# --- the second writer ------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Room for six seconds of two tracks."""
    disk = tmp_path / "small"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "none", str(disk)], check=False)
    if made.returncode != 0:
        pytest.skip("this machine lets nobody mount anything")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def recorded_for(asterisk: CentreAsterisk, switch: WatchedSwitch, seconds: float) -> tuple[str, Pcm]:
    """A call of so many seconds; what the first writer has of it is whole. Its channel, and what was said."""
    before = len(switch.all(CallerArrived))
    async with await Caller.open(TRUNK) as caller:
        caller.call("15")
        await switch.more_than(before, CallerArrived)
        channel = await switch.picked_up()
        await caller.answered()
        caller.say(tone(CALLER_HZ, 60, level=0.2))
        await switch.start_music(channel, "hold")
        await heard_for(caller, seconds)
        caller.hang_up()
        await caller.ended()
    said, given = await asterisk.tracks(channel)
    assert min(len(said), len(given)) >= seconds * RATE
    for track, hz in ((said, CALLER_HZ), (given, TONES["music"])):
        assert share_heard(track, hz, 1, len(track) / RATE - 0.3) > MOST_OF_IT
    return channel, said


def caller_track(folder: Path, channel: str) -> Path:
    """The caller's track of a channel, in whatever day."""
    [track] = folder.glob(f"*/{channel}-caller.wav")
    return track


def forget_all(folder: Path) -> None:
    """Make room."""
    for track in folder.glob("*/*.wav"):
        track.unlink()


async def test_a_second_writer_writes_the_same_and_may_be_full_without_harm(
    asterisk_root: Path | None, tmp_path: Path, small_disk: Path
) -> None:
    async with (
        CentreAsterisk(asterisk_root, tmp_path, second=small_disk) as asterisk,
        asterisk.switch() as switch,
    ):
        await switch.ready()
        channel, said = await recorded_for(asterisk, switch, 2)
        second = caller_track(small_disk, channel)
        await until(lambda: measure(second).seconds is not None, "the second track is closed")
        assert abs(len(read_wav(second)) - len(said)) <= RATE // 50
        forget_all(small_disk)
        channel, said = await recorded_for(asterisk, switch, 12)
        assert caller_track(small_disk, channel).stat().st_size < said.nbytes * 0.7
        await recorded_for(asterisk, switch, 2)  # and the next one, where nothing can be written at all
