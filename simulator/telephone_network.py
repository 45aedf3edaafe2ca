"""``python -m simulator.telephone_network``: every number answers somehow, until Ctrl-C or SIGTERM.

What a number does follows from its last figure, so that each end of a call can be seen when it is wanted.
"""

import asyncio
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Final

import structlog
import typer

from simulator.callees import Callee, Operator
from simulator.command import configure_logs, run
from simulator.sound import Pcm, repeated
from simulator.voices import CALLEES, voices

log = structlog.get_logger(__name__)

RINGS_S: Final = 3.0
LONGEST_TALK_S: Final = 300.0


class Habit(Enum):
    """What somebody does whose telephone rings."""

    ANSWERS = auto()
    BUSY = auto()
    AWAY = auto()
    """It rings, and nobody comes."""
    UNKNOWN = auto()
    """The network knows no such number."""


_HABITS: Final = {"7": Habit.UNKNOWN, "8": Habit.BUSY, "9": Habit.AWAY}


def habit_of(number: str) -> Habit:
    """What the owner of a number does: 7 is no number, 8 is busy, 9 is away, all others answer."""
    return _HABITS.get(number[-1:], Habit.ANSWERS)


async def serve(here: tuple[str, int], centre: tuple[str, int], said: list[Pcm]) -> None:
    """Be the network behind a centre's outgoing trunk, until cancelled."""
    async with await Operator.open(here, centre) as operator, asyncio.TaskGroup() as calls:
        count = 0
        while True:
            try:
                callee = await operator.called(3600)
            except TimeoutError:
                continue
            calls.create_task(_one(callee, said[count % len(said)]))
            count += 1


async def _one(callee: Callee, voice: Pcm) -> None:
    habit = habit_of(callee.number)
    log.info("number_called", habit=habit.name.lower())
    match habit:
        case _ if await callee.over(0):
            pass  # given up at once
        case Habit.BUSY:
            callee.refuse()
        case Habit.UNKNOWN:
            callee.refuse(404, "Not Found")
        case Habit.AWAY:
            callee.ring()
            await callee.over(LONGEST_TALK_S)
        case Habit.ANSWERS:
            callee.ring()
            if not await callee.over(RINGS_S):
                callee.answer()
                callee.say(repeated(voice, LONGEST_TALK_S))
                if not await callee.over(LONGEST_TALK_S):
                    callee.hang_up()
    callee.close()


def main(
    port: Annotated[int, typer.Option(help="UDP port, on this machine alone.")] = 5090,
    centre_port: Annotated[int, typer.Option(help="The centre's SIP port on this machine.")] = 5060,
    voices_dir: Annotated[Path | None, typer.Option(help="Where the sentences are kept.")] = None,
    speak: Annotated[str, typer.Option(help="Command that speaks, given -w FILE TEXT.")] = "",
) -> None:
    """Be the operator of a demonstration centre."""
    configure_logs()
    here = "127.0.0.1"
    run(serve((here, port), (here, centre_port), voices(CALLEES, voices_dir, speak)))


if __name__ == "__main__":
    typer.run(main)
