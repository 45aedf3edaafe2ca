"""A robot position: logs in, keeps its strip and its audio leg open, and answers calls as an ARM does.

    async with RobotPosition("http://127.0.0.1:8015", "robot1", password) as robot:
        await robot.until(lambda view: "offer" in view)
        await robot.accept()
        robot.send_tone(1500, 3)
        await robot.hears(lambda pcm: contains_tone(pcm, 1000))
        await robot.command("hang_up")

Without :class:`~simulator.manners.Manners` it does nothing by itself: tests drive it. Whatever is lost (strip,
registration, leg) is opened again. In mode secours it answers the calls that the fallback rings it with.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog
from websockets.exceptions import InvalidHandshake

from simulator.live_client import LiveClient, Refused, View
from simulator.manners import Manners, plan, situation
from simulator.robot_leg import LOSSES, RETRY_SECONDS, Habits
from simulator.robot_legs import RobotLegs
from simulator.sound import Pcm, repeated, tone

COOKIE = "bandeau15_session"
_NO_SESSION = 4401
"""Close code of a strip whose session is over."""

log = structlog.get_logger(__name__)


class RobotRefused(Exception):
    """The centre does not let this robot in (wrong login or password), or put another in its place."""


class RobotPosition:
    """One position. Use as an async context manager."""

    def __init__(
        self,
        url: str,
        login: str,
        password: str,
        *,
        manners: Manners | None = None,
        voice: Pcm | None = None,
        seed: int | str | None = None,
    ) -> None:
        """``url``: of the pages. ``voice``: what it says in a call, 8 kHz. ``seed``: of what it draws."""
        self._url = url.rstrip("/")
        self._login = login
        self._password = password
        self._habits = Habits(manners, voice, Random(seed))
        self._http = httpx2.AsyncClient(
            base_url=self._url, timeout=5, headers={"Origin": self._url}, trust_env=False
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._live: LiveClient | None = None
        host = urlsplit(url).hostname or ""
        self._leg = RobotLegs(login, host, self._account, lambda: "call" in self.view, self._habits)
        self._live_up = asyncio.Event()
        self._news = asyncio.Event()
        self._credentials: dict[str, Any] = {}
        self._log = log.bind(position=login)

    async def __aenter__(self) -> "RobotPosition":
        """Log in and open strip and leg (20 s at most).

        Raises:
            RobotRefused: wrong login or password.
            TimeoutError: the centre is not there.
        """
        try:
            async with asyncio.timeout(20):
                await self._log_in()
                self._start(self._keep_strip())
                self._start(self._leg.keep())
                if self._habits.manners is not None:
                    self._start(self._behave(self._habits.manners))
                await self._opened()
        except BaseException:
            await self.close()
            raise
        return self

    async def _opened(self) -> None:
        """Wait for strip and leg, or for the task that fails."""
        opened = asyncio.gather(self._live_up.wait(), self._leg.up.wait())
        try:
            waits: list[asyncio.Future[Any]] = [opened, *self._tasks]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in self._tasks:
                if task.done():
                    task.result()
        finally:
            opened.cancel()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def run(self) -> None:
        """Work until cancelled, or until the centre wants it no more.

        Raises:
            RobotRefused: it was replaced or its session refused.
        """
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def close(self) -> None:
        """Close leg and strip, without logging out (a strip that is lost comes back)."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def log_out(self) -> None:
        """Leave the position properly."""
        await self.command("log_out")

    # --- what tests ask -------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """What its strip shows (the last known, where the strip is lost)."""
        return self._live.view if self._live else {}

    @property
    def live(self) -> LiveClient:
        """Its strip's connection now."""
        if self._live is None:
            raise RuntimeError("the strip is not open")
        return self._live

    async def until(self, test: Callable[[View], bool], seconds: float = 60) -> View:
        """Wait until the view passes the test. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not test(self.view):
                await self._change()
        return self.view

    async def command(self, name: str, **args: object) -> None:
        """Give a command of the strip. Raises Refused, ConnectionError."""
        await self.live.command(name, **args)

    async def accept(self) -> None:
        """Décrocher the offered call. Raises KeyError when none is offered, Refused when it is too late."""
        await self.command("accept_offer", offerId=self.view["offer"]["id"])

    async def strip_up(self, seconds: float = 60) -> None:
        """Wait until the strip is connected and shows the present. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._live_up.wait()

    async def leg_up(self, seconds: float = 60) -> None:
        """Wait until the audio leg is connected. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._leg.up.wait()

    @property
    def legs_connected(self) -> int:
        """On how many Asterisks its audio leg is connected."""
        return self._leg.connected

    @property
    def leg_is_up(self) -> bool:
        """Whether the audio leg is connected, on every Asterisk."""
        return self._leg.up.is_set()

    async def leg_down(self, seconds: float = 60) -> None:
        """Wait until the audio leg is seen lost. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._leg.down.wait()

    async def fallback_call_over(self, seconds: float = 60) -> None:
        """Wait until no call of mode secours rings or goes on. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await self._leg.no_fallback.wait()

    def send_tone(self, hz: float, seconds: float = 3) -> None:
        """Sound a tone into the leg."""
        self.say(tone(hz, seconds))

    def say(self, pcm: Pcm) -> None:
        """Speak into the leg: 8 kHz samples."""
        self._leg.sound.say(pcm)

    def hush(self) -> None:
        """Stop speaking."""
        self._leg.sound.hush()

    def heard(self, seconds: float = 120) -> Pcm:
        """What the leg heard in the last seconds, at 8 kHz."""
        return self._leg.sound.heard(seconds)

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._leg.sound.forget()

    async def hears(self, test: Callable[[Pcm], bool], seconds: float = 60, window: float = 1) -> None:
        """Wait until the last ``window`` seconds heard pass the test. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not test(self.heard(window)):  # noqa: ASYNC110 - sound is looked at 10 times a second
                await asyncio.sleep(0.1)

    async def lose_leg(self) -> None:
        """Break the audio leg, as a network does: it is opened again by itself."""
        await self._leg.sound.close()

    # --- keeping strip and leg ------------------------------------------------------------------------

    async def _log_in(self) -> None:
        response = await self._http.post("/api/login", json={"login": self._login, "password": self._password})
        if response.status_code in (401, 403):
            raise RobotRefused(f"login refused: {response.status_code}")
        response.raise_for_status()

    async def _log_in_again(self) -> None:
        with contextlib.suppress(*LOSSES):
            await self._log_in()

    async def _keep_strip(self) -> None:
        tries = 0
        while True:
            try:
                await self._open_strip()
                tries = 0
                await self.live.closed()
            except LOSSES as error:
                self._log.info("strip_not_opened", reason=type(error).__name__)
                if isinstance(error, InvalidHandshake):
                    await self._log_in_again()
            finally:
                self._live_up.clear()
                if self._live is not None:
                    await self._live.close()
            if self._live is not None and self._live.bye in ("replaced", "logged_out"):
                raise RobotRefused(self._live.bye)
            if self._live is not None and self._live.close_code == _NO_SESSION:
                await self._log_in_again()
            await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1

    async def _open_strip(self) -> None:
        url = self._url.replace("http", "ws", 1) + "/ws/bandeau"
        cookie = f"{COOKIE}={self._http.cookies.get(COOKIE)}"
        live = await LiveClient.open(
            url, cookie=cookie, origin=self._url, before=self._live, on_change=self._news.set
        )
        self._live = live
        await live.until(lambda view: bool(view), 5)
        self._live_up.set()
        self._log.info("strip_opened")

    async def _account(self) -> dict[str, Any]:
        """The SIP account of this page load; the last one known where the core is away (mode secours)."""
        try:
            response = await self._http.post("/api/strip/credentials")
            if response.status_code == 401:
                await self._log_in()
                response = await self._http.post("/api/strip/credentials")
            response.raise_for_status()
            self._credentials = response.json()
        except httpx2.HTTPError:
            if not self._credentials:
                raise
        return self._credentials

    # --- behaving -------------------------------------------------------------------------------------

    async def _behave(self, manners: Manners) -> None:
        """Plan one step per situation; carry it out when due, unless the situation changes first."""
        while True:
            await self._live_up.wait()
            now = situation(self.view)
            self._speak(self.view)
            step = plan(self.view, manners, self._habits.chance)
            try:
                async with asyncio.timeout(step.after if step else None):
                    await self._leaves(now)
            except TimeoutError:
                if step is not None:
                    await self._do(step.command, step.args)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(5):
                            await self._leaves(now)

    async def _leaves(self, now: tuple[str, ...]) -> None:
        while situation(self.view) == now:
            await self._change()

    async def _change(self) -> None:
        """Wait until the view may have changed."""
        self._news.clear()
        await self._news.wait()

    async def _do(self, name: str, args: dict[str, object]) -> None:
        try:
            await self.command(name, **args)
            self._log.info("robot_did", command=name)
        except (Refused, OSError) as error:
            self._log.info("robot_could_not", command=name, reason=type(error).__name__)

    def _speak(self, view: View) -> None:
        """In a call say the voice's words over and over; out of one, nothing."""
        if self._habits.voice is None or not self._leg.up.is_set():
            return
        self._leg.sound.hush()
        if view.get("call", {}).get("state") == "talking":
            self._leg.sound.say(repeated(self._habits.voice, 120))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))
