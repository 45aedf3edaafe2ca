"""A strip on a stage: the real page at a real position, shown what a test says; what it asks for is kept.

For looks and for keys: every state of the strip, however rare, in a second. That calls do follow is told by the
tests that use a whole centre.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import Page, WebSocketRoute

from tests.e2e.pages import Desk
from web.live import merge_apply

View = dict[str, Any]
DRAWN = "new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown)))"


def ago(seconds: float) -> str:
    """An instant as screens read it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")[:-6] + "Z"


class Stage:
    """Stands between a page and its centre."""

    def __init__(self, page: Page, screen: str = "bandeau") -> None:
        """``screen``: the page's part of the centre (``bandeau``, ``salle``)."""
        self.page = page
        self._path = f"**/ws/{screen}"
        self.asked: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._screen: WebSocketRoute | None = None
        self._snapshot: dict[str, Any] = {}
        self._shown: View | None = None

    async def open(self) -> "Stage":
        """Before the page is opened."""
        await self.page.route_web_socket(self._path, self._join)
        return self

    async def show(self, patch: View) -> None:
        """Show the centre's view with this patch upon it."""
        self._shown = patch
        self._tell()
        await self.page.evaluate(DRAWN)

    async def command(self, seconds: float = 5) -> tuple[str, dict[str, Any]]:
        """The next thing the page asks for."""
        async with asyncio.timeout(seconds):
            return await self.asked.get()

    def _join(self, screen: WebSocketRoute) -> None:
        self._screen = screen
        centre = screen.connect_to_server()
        centre.on_message(self._from_centre)
        screen.on_message(lambda message: self._from_page(message, centre))

    def _from_centre(self, message: str | bytes) -> None:
        frame = json.loads(message)
        if frame["type"] == "snapshot":
            self._snapshot = frame
        elif frame["type"] == "change" and self._snapshot:
            self._snapshot["view"] = merge_apply(self._snapshot["view"], frame["patch"])
        told = self._shown is None or frame["type"] in ("pong", "reply", "bye")
        if told and self._screen is not None:
            self._screen.send(message)

    def _from_page(self, message: str | bytes, centre: WebSocketRoute) -> None:
        frame = json.loads(message)
        if frame["type"] != "command" or self._shown is None:
            centre.send(message)
            return
        self.asked.put_nowait((frame["name"], frame["args"]))
        if self._screen is not None:
            self._screen.send(json.dumps({"type": "reply", "id": frame["id"], "ok": True}))

    def _tell(self) -> None:
        if self._screen is not None and self._shown is not None:
            view = merge_apply(self._snapshot["view"], self._shown)
            self._screen.send(json.dumps({**self._snapshot, "view": view}))


async def on_stage(desk: Desk) -> Stage:
    """Let a person take their position, on a stage."""
    stage = await Stage(desk.page).open()
    await desk.take_position()
    return stage


CALLER = {"hidden": False, "number": "+33612345678", "line": "15", "flow": "15", "priority": "UV"}


def talking(seconds: float = 74, **change: object) -> View:
    """A caller being heard."""
    call = {
        **CALLER,
        "id": "c1",
        "kind": "incoming",
        "state": "talking",
        "heard": True,
        "queuedAt": ago(seconds + 9),
        "answeredAt": ago(seconds),
        "parties": {"caller": {"state": "talking", "muted": False, "number": "+33612345678"}},
    }
    return {"position": {"state": "on_call"}, "calls": {"c1": {**call, **change}}, "call": {**call, **change}}


def second(**change: object) -> View:
    """A colleague consulted beside the caller, who is on hold."""
    first = talking()["calls"]["c1"]
    held = {**first, "state": "held", "heard": False, "heldAt": ago(18)}
    call = {
        "id": "c2",
        "kind": "internal",
        "state": "talking",
        "heard": True,
        "hidden": False,
        "line": "",
        "flow": "",
        "priority": "Px",
        "queuedAt": ago(18),
        "answeredAt": ago(12),
        "parties": {"mu1": {"state": "talking", "muted": False, "position": "mu1", "label": "Dr Hélène Fabre"}},
        **change,
    }
    return {"position": {"state": "on_call"}, "calls": {"c1": held, "c2": call}, "call": call}


CONFERENCE = {
    "caller": {"state": "talking", "muted": False, "number": "+33612345678"},
    "mu1": {"state": "talking", "muted": False, "position": "mu1", "label": "Dr Hélène Fabre"},
    "n1": {"state": "ringing", "muted": False, "number": "+33140000001"},
    "n2": {"state": "talking", "muted": True, "number": "+33140000018"},
}

ROOMS = {
    "15": {"name": "15", "frontOffice": "F01", "mode": "automatic", "closed": False, "waiting": 4},
    "Samu": {"name": "Samu", "frontOffice": "F01", "mode": "automatic", "closed": False, "waiting": 0},
    "MU": {"name": "MU", "frontOffice": "F02", "mode": "manual", "closed": False, "waiting": 2},
    "ML": {"name": "ML", "frontOffice": "F02", "mode": "manual", "closed": False, "waiting": 1},
}


def waiting_lists() -> View:
    """Callers parked for the physicians, one to be looked after, one who left; a call that rings elsewhere."""

    def call(number: str, priority: str, rank: int, seconds: float, **more: object) -> View:
        base = {"hidden": False, "flow": "15", "priority": priority, "rank": rank}
        return {**base, "number": number, "queuedAt": ago(seconds), **more}

    rooms = {**ROOMS, "15": {**ROOMS["15"], "ringing": "r1", "ringingAt": "arm2"}}
    return {
        "rooms": rooms,
        "waiting": {
            "MU": {
                "w1": call("+33698765432", "P1", 2, 312, by="arm1", checkDueSince=ago(40)),
                "w2": call("+33655443322", "P0", 1, 41, by="arm2", repeat=True),
            },
            "ML": {"w3": call("+33142424242", "P2", 4, 900, by="arm1")},
        },
        "parked": {
            "w1": {**call("+33698765432", "P1", 2, 312, by="arm1", checkDueSince=ago(40)), "queue": "MU"}
        },
        "alarms": {
            "a1": {
                "queue": "ML",
                "priority": "P3",
                "at": ago(65),
                "by": "arm1",
                "hidden": False,
                "number": "+33611223344",
            }
        },
    }
