"""``bandeau15 test-calls``: a robot that calls each line in turn, for ever, and tells the core how it went.

It goes the way of a caller: a SIP call to the line, the SVI, the waiting room, a position (its own, which gets
nothing else), both voices, the recording. Test calls are in no figure and reach no agent.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import structlog

from app.addresses import near
from app.settings import Settings
from core.accounts import Account
from core.errors import BandeauError
from core.ids import AgentId
from core.words import Role, TestStep
from recorder.policy import tracks_of
from simulator.callers import Caller, CallNotAnswered
from simulator.hearing import contains_tone, is_sound
from simulator.live_client import Refused
from simulator.robot_position import RobotPosition, RobotRefused
from simulator.sound import read_wav
from storage.accounts import StoredAccounts
from storage.database import Database

log = structlog.get_logger(__name__)

LOGIN = "robot-essai"
CALLER_HZ, POSITION_HZ = 1000.0, 1500.0
_MARK = (("X-Bandeau-Test", "1"),)
_NUMBER = "+33000000015"
_TONE_SECONDS = 4
_STEP_SECONDS = 15.0
"""How long each step may take: a caller would have hung up."""
_RETRY_SECONDS = 30.0
"""When the centre itself could not be reached: the core raises the alarm if that lasts."""
_LOSSES = (OSError, TimeoutError, ConnectionError, httpx2.HTTPError, Refused, RobotRefused, BandeauError)


class StepFailed(Exception):
    """A step did not go as it should."""

    def __init__(self, step: TestStep) -> None:
        super().__init__(step.value)
        self.step = step


class TestCalls:
    """The robot of one centre.

    Args:
        settings: the centre's.
        password: of its account, :data:`LOGIN`.
    """

    def __init__(self, settings: Settings, password: str) -> None:
        self._settings = settings
        self._password = password
        self._url = f"http://127.0.0.1:{settings.web.http_port}"
        self._trunk = (near(settings.asterisk.bind_address), settings.asterisk.sip_port)

    async def run(self) -> None:
        """Call each line at its time, until cancelled. A centre that is away is tried again the next time."""
        lines, every = self._settings.test_calls.lines, self._settings.test_calls.every_seconds
        while True:
            for line in lines:
                pause = every / len(lines)
                try:
                    await self.test(line)
                except _LOSSES as error:
                    log.warning("test_call_not_made", line=line, reason=type(error).__name__)
                    pause = min(pause, _RETRY_SECONDS)
                await asyncio.sleep(pause)

    async def test(self, line: str) -> TestStep | None:
        """Call a line once and report how it went: the step that failed, or none.

        The robot's position is taken for the time of the call alone.
        """
        clock = asyncio.get_running_loop().time
        async with RobotPosition(self._url, LOGIN, self._password) as position:
            await position.until(lambda view: view["position"]["state"] == "ready", _STEP_SECONDS)
            began, failed = clock(), None
            try:
                await self._call(line, position)
            except StepFailed as failure:
                failed = failure.step
            seconds = clock() - began
            log.info("test_call_made", line=line, failed=failed, seconds=round(seconds, 1))
            await position.command(
                "report_test_call", line=line, failed=failed or "", milliseconds=round(seconds * 1000)
            )
            await position.log_out()
        return failed

    async def _call(self, line: str, position: RobotPosition) -> None:
        async with await Caller.open(self._trunk) as caller:
            caller.call(line, number=_NUMBER, headers=_MARK)
            async with _step(TestStep.ANSWERED):
                await caller.answered(_STEP_SECONDS)
            async with _step(TestStep.WELCOMED):
                await caller.hears(is_sound, _STEP_SECONDS)
            caller.press("1")
            async with _step(TestStep.OFFERED):
                await position.until(lambda view: "offer" in view, self._settings.test_calls.offer_seconds)
            channel = str(position.view["offer"]["callId"])
            async with _step(TestStep.JOINED):
                await position.accept()
                await position.until(lambda view: "call" in view, _STEP_SECONDS)
            caller.send_tone(CALLER_HZ, _TONE_SECONDS)
            position.send_tone(POSITION_HZ, _TONE_SECONDS)
            async with _step(TestStep.CALLER_HEARD):
                await position.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), _STEP_SECONDS)
            async with _step(TestStep.POSITION_HEARD):
                await caller.hears(lambda pcm: contains_tone(pcm, POSITION_HZ), _STEP_SECONDS)
            caller.hang_up()
            async with _step(TestStep.ENDED):
                await position.until(lambda view: "call" not in view, _STEP_SECONDS)
        async with _step(TestStep.RECORDED):
            await self._recorded(channel)

    async def _recorded(self, channel: str) -> None:
        """Hear both voices in the recording, as whoever listens to it will."""
        tracks, folder = tracks_of(channel), self._settings.storage.recordings_dir
        async with asyncio.timeout(_STEP_SECONDS):
            for track, hz in ((tracks.caller, CALLER_HZ), (tracks.centre, POSITION_HZ)):
                while not await asyncio.to_thread(_has_tone, folder / track, hz):  # noqa: ASYNC110 - a file
                    await asyncio.sleep(0.5)


def _has_tone(track: Path, hz: float) -> bool:
    try:
        return contains_tone(read_wav(track), hz)
    except (OSError, EOFError, ValueError):  # not there, or not closed yet
        return False


@contextlib.asynccontextmanager
async def _step(step: TestStep) -> AsyncIterator[None]:
    try:
        yield
    except (TimeoutError, CallNotAnswered, Refused, KeyError) as error:
        raise StepFailed(step) from error


async def run_test_calls(settings: Settings) -> None:
    """Make the robot's account anew, with a password that nobody knows, and test for ever."""
    password = secrets.token_urlsafe(24)
    database = Database(settings.storage.url)
    try:
        accounts = StoredAccounts(database)
        if any(account.login == LOGIN for account in await accounts.list()):
            await accounts.set_password(LOGIN, password)
        else:
            robot = Account(agent_id=AgentId(LOGIN), login=LOGIN, name="Appel d’essai", role=Role.TEST_ROBOT)
            await accounts.create(robot, password)
    finally:
        await database.close()
    await TestCalls(settings, password).run()
