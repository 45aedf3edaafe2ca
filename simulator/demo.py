"""``python -m simulator.demo``: a gentle flow of robot callers, until Ctrl-C or SIGTERM."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import structlog
import typer

from simulator.callers import Caller, CallNotAnswered
from simulator.command import configure_logs, run
from simulator.places import place_of, tell
from simulator.population import Population, RobotCaller
from simulator.pyvoip_caller import PyVoipCaller
from simulator.sip_call import CallState, EndedBy
from simulator.sound import Pcm, repeated
from simulator.voices import CALLERS, voices

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handsets:
    """Where handsets say where they are: the centre's pages, and its token; with none they say nothing."""

    url: str = ""
    token: str = ""


SILENT = Handsets()


async def play(
    callers: Iterator[RobotCaller],
    server: tuple[str, int],
    said: list[Pcm],
    at_once: int,
    handsets: Handsets = SILENT,
) -> None:
    """Let callers come in their time, ``at_once`` together at most (those who come then do not call)."""
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.TaskGroup() as calls:
        going: set[asyncio.Task[None]] = set()
        for robot in callers:
            await asyncio.sleep(max(0.0, began + robot.at - clock()))
            if len(going) >= at_once:
                log.info("robot_stays_home", calls=len(going))
                continue
            task = calls.create_task(one_call(robot, server, said[robot.voice % len(said)], handsets))
            going.add(task)
            task.add_done_callback(going.discard)


async def one_call(
    robot: RobotCaller, server: tuple[str, int], voice: Pcm, handsets: Handsets = SILENT
) -> None:
    """Live one call from dialling to its end. A centre that is away, or refuses, ends it like any other."""
    clock = asyncio.get_running_loop().time
    began = clock()
    log.info("robot_calls", line=robot.line)
    place = place_of(robot.number)
    telling: asyncio.Task[None] | None = None
    if handsets.token and place.road == "handset" and not robot.hidden:
        telling = asyncio.create_task(tell(handsets.url, handsets.token, robot.number, place))
    try:
        if robot.pyvoip:
            ended_by = await _live_by_pyvoip(robot, server, voice)
        else:
            ended_by = await _live(robot, server, voice, place.pidf)
        log.info("robot_call_over", line=robot.line, seconds=round(clock() - began, 1), ended_by=ended_by)
    except (OSError, TimeoutError, CallNotAnswered) as error:
        log.info("robot_call_failed", line=robot.line, reason=type(error).__name__)
    finally:
        if telling is not None:
            telling.cancel()


async def _live(robot: RobotCaller, server: tuple[str, int], voice: Pcm, pidf: str) -> EndedBy | None:
    async with await Caller.open(server) as caller:
        call = caller.call(robot.line, number=robot.number, hidden=robot.hidden, pidf=pidf)
        await caller.answered(60)
        caller.say(repeated(voice, robot.leaves_after, gap=4))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(robot.leaves_after):
                if robot.skip_after is not None:
                    await asyncio.sleep(robot.skip_after)
                    caller.press("1")
                await call.until(CallState.ENDED)
        caller.hang_up()
        return call.ended_by


async def _live_by_pyvoip(robot: RobotCaller, server: tuple[str, int], voice: Pcm) -> EndedBy | None:
    async with PyVoipCaller(server, robot.number) as caller:
        caller.call(robot.line)
        await caller.answered(15)
        caller.say(repeated(voice, robot.leaves_after, gap=4))
        try:
            await caller.ended(robot.leaves_after)
        except TimeoutError:
            caller.hang_up()
            return EndedBy.US
        return EndedBy.PEER


def main(
    sip_host: Annotated[str, typer.Option(help="Address of the trunk.")] = "127.0.0.1",
    sip_port: Annotated[int, typer.Option(help="UDP port of the trunk.")] = 5060,
    rate: Annotated[float, typer.Option(help="Seconds between two callers, on average.", min=1)] = 30,
    at_once: Annotated[int, typer.Option(help="Calls at once, at most.", min=1, max=100)] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same callers.")] = 15,
    pages: Annotated[str, typer.Option(help="Where the centre's pages are, for handsets' positions.")] = "",
    token: Annotated[str, typer.Option(envvar="BANDEAU15_ROBOT_AML_TOKEN", hidden=True)] = "",
    voices_dir: Annotated[Path | None, typer.Option(help="Where their sentences are kept.")] = None,
    speak: Annotated[str, typer.Option(help="Command that speaks, given -w FILE TEXT.")] = "",
) -> None:
    """Call the centre as robots do."""
    configure_logs()
    said = voices(CALLERS, voices_dir, speak)
    log.info("robot_callers_started", every=rate, at_once=at_once, voices=len(said))
    population = Population(seed=seed, every=rate, closest=min(5.0, rate / 2))
    run(play(population.callers(), (sip_host, sip_port), said, at_once, Handsets(pages, token)))
    log.info("robot_callers_stopped")


if __name__ == "__main__":
    typer.run(main)
