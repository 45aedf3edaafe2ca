"""The legs of a robot position: one on each Asterisk of the centre, with one account and one pair of ears."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

from simulator.robot_leg import LOSSES, RETRY_SECONDS, Habits, RobotLeg
from simulator.sound import Pcm
from simulator.webrtc import WebRtcSession

Fetch = Callable[[], Awaitable[dict[str, Any]]]


class SharedAccount:
    """The SIP account of one page load: fetched once for all legs, and again when an Asterisk refuses it."""

    def __init__(self, fetch: Fetch, renewed: Callable[[dict[str, Any]], None]) -> None:
        self._fetch = fetch
        self._renewed = renewed
        self._known: dict[str, Any] | None = None
        self._lock = asyncio.Lock()

    async def get(self, refused: str = "") -> dict[str, Any]:
        """The account; a fresh one where its password is the one that was refused."""
        async with self._lock:
            if self._known is None or self._known["password"] == refused:
                self._known = await self._fetch()
                self._renewed(self._known)
            return self._known


class LegsSound:
    """What is said goes to every leg; what is heard comes from the one where something is."""

    def __init__(self, sessions: list[WebRtcSession]) -> None:
        self._sessions = sessions

    def say(self, pcm: Pcm) -> None:
        """Speak: 8 kHz samples."""
        for session in self._sessions:
            session.say(pcm)

    def hush(self) -> None:
        """Stop speaking."""
        for session in self._sessions:
            session.hush()

    def heard(self, seconds: float) -> Pcm:
        """What was heard in the last seconds, on the leg with the most sound in them."""
        return max((session.heard(seconds) for session in self._sessions), key=_energy)

    def forget(self) -> None:
        """Forget what was heard so far."""
        for session in self._sessions:
            session.forget()

    async def close(self) -> None:
        """Break every leg, as a network does."""
        await asyncio.gather(*(session.close() for session in self._sessions))


class RobotLegs:
    """Every leg of one position. ``fetch`` gets a SIP account; ``busy`` tells whether a call is going on."""

    def __init__(self, name: str, host: str, fetch: Fetch, busy: Callable[[], bool], habits: Habits) -> None:
        self._account = SharedAccount(fetch, self._renewed)
        self._busy = busy
        self._name, self._host, self._habits = name, host, habits
        self._legs = [self._make(0)]
        self._counted = False
        self.up = asyncio.Event()
        """Set while every leg is connected."""
        self.down = asyncio.Event()
        """Set while not every leg is."""
        self.down.set()
        self.no_fallback = asyncio.Event()
        """Set while no call of mode secours rings or goes on."""
        self.no_fallback.set()

    def _make(self, server: int) -> RobotLeg:
        return RobotLeg(
            self._name, self._host, self._account.get, self._is_busy, self._habits, server, self._changed
        )

    async def keep(self) -> None:
        """Open the legs, and again each time one is lost, until cancelled."""
        await self._count()
        async with asyncio.TaskGroup() as tasks:
            for leg in self._legs:
                tasks.create_task(leg.keep())

    async def _count(self) -> None:
        """Learn from the account how many Asterisks there are."""
        tries = 0
        while not self._counted:
            with contextlib.suppress(*LOSSES):
                account = await self._account.get()
                self._legs += [self._make(1 + server) for server in range(len(account.get("further", ())))]
                self._counted = True
                return
            await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
            tries += 1

    @property
    def sound(self) -> LegsSound:
        """Where one speaks and listens now: the call of mode secours, else the kept legs.

        Raises:
            RuntimeError: nothing was ever open.
        """
        if talking := [leg.sound for leg in self._legs if leg.in_fallback]:
            return LegsSound(talking)
        if sounds := [leg.sound for leg in self._legs if leg.was_open]:
            return LegsSound(sounds)
        raise RuntimeError("no leg is open")

    @property
    def connected(self) -> int:
        """How many legs are connected."""
        return sum(leg.up.is_set() for leg in self._legs)

    def _is_busy(self) -> bool:
        return self._busy() or any(leg.in_fallback for leg in self._legs)

    def _renewed(self, account: dict[str, Any]) -> None:
        for leg in self._legs:
            leg.renew(account)

    def _changed(self) -> None:
        every = self._counted and all(leg.up.is_set() for leg in self._legs)
        (self.up.set if every else self.up.clear)()
        (self.down.clear if every else self.down.set)()
        fallback = any(leg.in_fallback for leg in self._legs)
        (self.no_fallback.clear if fallback else self.no_fallback.set)()


def _energy(pcm: Pcm) -> float:
    return float(np.square(pcm.astype(np.float64)).sum())
