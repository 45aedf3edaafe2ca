"""p5: Asterisk's CPU for a second of a recorded call, both tracks apart, against the same call not recorded."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import numpy as np

from bench import sipp
from bench.cpu import cpu_seconds
from bench.figures import Figure, median
from core.ids import BridgeId, ChannelId
from core.switch import CallerArrived, SwitchEvent
from setup.roots import asterisk_root
from simulator.sound import RATE, encode_alaw, read_wav
from tests.support.asterisk import TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.voice import voice
from tests.support.waiting import until

CALLS = 30
"""At a time: two in each mixed bridge, all of whom speak."""
AUDIBLE = 1000
"""Of a sample of full scale 32768."""
RECORDED, UNRECORDED, TWICE = "15", "90", "92"
"""Lines: as every line is; without its MixMonitor; with a second one."""


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Real calls with sound, in alternating slices on one Asterisk. What stands for the core is not counted."""
    rounds, seconds = (1, 4) if quick else (5, 8)
    sound = folder / "sound.alaw"
    sound.write_bytes(encode_alaw(voice(1000, 4)))
    asterisk = CentreAsterisk(asterisk_root(), folder / "a")
    _add_lines(asterisk)
    spent: dict[str, list[float]] = defaultdict(list)
    async with asterisk, asterisk.switch() as switch:
        await switch.ready()
        for turn in range(rounds):
            lines = (RECORDED, UNRECORDED, TWICE)
            for line in lines[turn % 3 :] + lines[: turn % 3]:
                spent[line].append(await _slice(asterisk, switch, folder, sound, line, seconds))
    _check(asterisk.recordings, 6 * CALLS * rounds, seconds)
    cost = {line: median(values) * 1000 for line, values in spent.items()}
    unit = "ms of CPU a call-second"
    for name, line in (("p5", RECORDED), ("p5_two_writers", TWICE)):
        n = rounds * CALLS * seconds
        yield Figure(name=name, ours=cost[line], peer=cost[UNRECORDED], unit=unit, n=n)


def _check(recordings: Path, tracks: int, seconds: int) -> None:
    """Make sure that all was recorded, and holds sound."""
    found = list(recordings.glob("*/*.wav"))
    short = [track for track in found if track.stat().st_size < seconds * 2 * RATE]
    loud = all(np.abs(read_wav(track)).max() > AUDIBLE for track in found[:12])
    if len(found) != tracks or short or not loud:
        raise RuntimeError(f"{len(found)} of {tracks} tracks, {len(short)} of them short; sound: {loud}")


def _add_lines(asterisk: CentreAsterisk) -> None:
    """Beside the dialplan's own pattern, the same without recording, and with two."""
    file = Path(asterisk.config.paths.config) / "extensions.conf"
    head, rest = file.read_text().split("[from-trunk]\n", 1)
    own = rest.split("\n\n", 1)[0]
    first, *others = own.splitlines()
    record = first.split(",1,", 1)[1]
    second = record.replace("-caller.wav", "-caller-2.wav").replace("-centre.wav", "-centre-2.wav")
    plain = [f"exten => {UNRECORDED},1,NoOp()", *others]
    twice = [f"exten => {TWICE},1,{record}", f" same => n,{second}", *others]
    file.write_text("\n".join([f"{head}[from-trunk]", *plain, *twice, rest]))


async def _slice(
    asterisk: CentreAsterisk, switch: WatchedSwitch, folder: Path, sound: Path, line: str, seconds: int
) -> float:
    """Seconds of CPU for a second of one call."""
    names, joined = count(), [0]
    alone: list[ChannelId] = []

    def react(event: SwitchEvent) -> None:
        if not isinstance(event, CallerArrived):
            return
        alone.append(event.channel.channel_id)
        switch.pick_up(event.channel.channel_id)
        if len(alone) == 2:
            bridge = BridgeId(f"call-{line}-{next(names)}")
            switch.open_bridge(bridge)
            for channel in alone:
                switch.join(bridge, channel)
            joined[0] += len(alone)
            alone.clear()

    switch.react = react
    talk = seconds + 8.0
    calling = asyncio.create_task(
        sipp.call(folder, TRUNK, line, rate=15, calls=CALLS, talk_seconds=talk, scenario=sipp.speaking(sound))
    )
    await until(lambda: joined[0] == CALLS, "every caller is in a talk", 30)
    await asyncio.sleep(1)
    pids = (asterisk.process.pid,)
    began, used = time.monotonic(), cpu_seconds(pids)
    await asyncio.sleep(seconds)
    used, lasted = cpu_seconds(pids) - used, time.monotonic() - began
    made = await calling
    if made.failed:
        raise RuntimeError(f"{made.failed} calls failed")
    return used / (CALLS * lasted)
