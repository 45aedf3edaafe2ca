"""A physician at home: a strip, and a telephone that carries its sound."""

from typing import Protocol

import httpx2

from simulator.callees import Callee
from simulator.live_client import LiveClient, View
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, PASSWORD, CentreProcess
from web.auth import COOKIE

PROMPTS = {
    "phone-key": (2000.0, 6.0),
    "phone-call": (2200.0, 6.0),
    "phone-taken": (2400.0, 1.0),
    "phone-proven": (2800.0, 1.0),
    "phone-code": (1600.0, 6.0),
}
"""What stands for each announcement: Hz, seconds."""


class Line(Protocol):
    """Where calls to the telephone arrive."""

    async def called(self, seconds: float = 60) -> Callee: ...


class Home:
    """A physician with a strip and a telephone."""

    def __init__(self, centre: CentreProcess, line: Line, number: str) -> None:
        self._centre = centre
        self._line = line
        self._number = number
        self._cookie = ""
        self.live: LiveClient

    async def log_in(self) -> None:
        async with httpx2.AsyncClient(base_url=self._centre.url, trust_env=False) as http:
            answer = await http.post("/api/login", json={"login": ARM1.login, "password": PASSWORD})
            self._cookie = f"{COOKIE}={answer.cookies[COOKIE]}"
            told = await http.get("/api/strip/phone")
            assert told.json() == {"allowed": True, "modes": ["kept", "per_call"], "number": ""}
        await self.connect()

    async def connect(self) -> None:
        address = self._centre.url.replace("http", "ws") + "/ws/bandeau"
        self.live = await LiveClient.open(address, cookie=self._cookie, origin=self._centre.url)
        await self.live.until(lambda view: "position" in view)

    async def use(self, mode: str, number: str = "") -> None:
        await self.live.command("use_phone", number=number or self._number, mode=mode)

    async def rung(self) -> Callee:
        """The telephone rings."""
        callee = await self._line.called()
        callee.ring()
        return callee

    async def picked_up(self, prompt: str = "phone-key") -> Callee:
        """It is picked up, and hears what it is for."""
        callee = await self.rung()
        callee.answer()
        await callee.hears(lambda pcm: contains_tone(pcm, PROMPTS[prompt][0]))
        return callee

    async def confirmed(self, prompt: str = "phone-key") -> Callee:
        """It is picked up, and the key is pressed."""
        callee = await self.picked_up(prompt)
        callee.press("1")
        return callee

    async def is_(self, state: str, seconds: float = 60) -> None:
        await self.live.until(lambda view: view["position"]["state"] == state, seconds)

    async def phone(self, state: str, reason: str | None = None, seconds: float = 60) -> View:
        def there(view: View) -> bool:
            phone = view.get("phone", {})
            return bool(phone.get("state") == state and phone.get("reason") == reason)

        return await self.live.until(there, seconds)
