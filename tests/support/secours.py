"""Calls of mode secours in tests: who talks to whom, and what was silent."""

from itertools import pairwise

import numpy as np

from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import RATE, Pcm, contains_tone

CALLER_HZ, AGENT_HZ = 1300.0, 2600.0
AUDIBLE = 200
"""Of a sample of full scale 32768."""


async def they_talk(one: RobotPosition, caller: Caller) -> None:
    one.forget()
    caller.forget()
    caller.send_tone(CALLER_HZ, 60)
    await one.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), 20)  # on the call that rang, not on the kept leg
    one.send_tone(AGENT_HZ, 60)
    await caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ), 20)
    one.hush()
    caller.hush()


def longest_silence(pcm: Pcm) -> float:
    """Seconds."""
    frame = RATE // 50
    loud = [bool(np.abs(pcm[at : at + frame]).max() > AUDIBLE) for at in range(0, len(pcm) - frame, frame)]
    heard = [-1, *(index for index, each in enumerate(loud) if each), len(loud)]
    return max(after - before - 1 for before, after in pairwise(heard)) / 50
