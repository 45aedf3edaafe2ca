"""``python -m simulator.positions``: robot agents that log in and answer, until Ctrl-C or SIGTERM."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx2
import structlog
import typer

from simulator.command import configure_logs, run
from simulator.manners import Manners
from simulator.robot_leg import RETRY_SECONDS
from simulator.robot_position import RobotPosition, RobotRefused
from simulator.sound import Pcm
from simulator.voices import AGENTS, voices

log = structlog.get_logger(__name__)


async def work(url: str, logins: list[str], password: str, said: list[Pcm], manners: Manners) -> None:
    """Let each robot work until cancelled."""
    async with asyncio.TaskGroup() as robots:
        for index, login in enumerate(logins):
            robots.create_task(_one(url, login, password, said[index % len(said)], manners))


async def _one(url: str, login: str, password: str, voice: Pcm, manners: Manners) -> None:
    """One robot: a centre that is not there yet is waited for; one that refuses it is left."""
    tries = 0
    while True:
        try:
            async with RobotPosition(url, login, password, manners=manners, voice=voice, seed=login) as robot:
                log.info("robot_works", position=login)
                await robot.run()
        except RobotRefused as error:
            log.warning("robot_refused", position=login, reason=str(error))
            return
        except (OSError, TimeoutError, httpx2.HTTPError) as error:
            log.info("robot_waits", position=login, reason=type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
        tries += 1


def main(
    login: Annotated[list[str], typer.Option(help="A robot's login; once per robot.")],
    password: Annotated[
        str, typer.Option(envvar="BANDEAU15_ROBOT_PASSWORD", help="Give it by the environment.")
    ],
    url: Annotated[str, typer.Option(help="Address of the centre's pages.")] = "http://127.0.0.1:8015",
    talk: Annotated[tuple[float, float], typer.Option(help="Shortest and longest talk, seconds.")] = (20, 70),
    pauses: Annotated[float, typer.Option(help="Share of calls followed by a pause.", min=0, max=1)] = 0.08,
    parks: Annotated[float, typer.Option(help="Share of talks that end with a physician.", min=0, max=1)] = 0,
    passes: Annotated[float, typer.Option(help="Share of talks passed on to a room.", min=0, max=1)] = 0,
    voices_dir: Annotated[Path | None, typer.Option(help="Where their sentences are kept.")] = None,
    speak: Annotated[str, typer.Option(help="Command that speaks, given -w FILE TEXT.")] = "",
) -> None:
    """Work as robot agents: what each does follows from its role."""
    configure_logs()
    said = voices(AGENTS, voices_dir, speak)
    manners = Manners(talk=talk, pause_share=pauses, park_share=parks, hand_on_share=passes)
    run(work(url, login, password, said, manners))
    log.info("robots_stopped")


if __name__ == "__main__":
    typer.run(main)
