"""The wallboard on a stage: every room, who waits for a physician, and all positions, however many."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.e2e.pages import LoginPage, Wallboard
from tests.e2e.stage import Stage, View, ago
from tests.e2e.test_accessibility import is_accessible
from tests.e2e.test_strip_control import LOOKS
from tests.support.centre_process import SUPERVISOR, CentreProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WALL = ViewportSize(width=1600, height=900)
STATES = ("ready", "offered", "on_call", "on_call", "wrap_up", "paused", "unready")
NAMES = (
    "Camille Martin",
    "Aïssatou Diallo",
    "Thomas Leroy",
    "Dr Hélène Fabre",
    "Inès Moreau",
    "Dr Karim Haddad",
)


def room(name: str, waiting: int = 0, seconds: float = 0, ready: int = 0, **more: Any) -> View:
    """One waiting room."""
    base = {"name": name, "frontOffice": "F01", "mode": "automatic", "closed": False}
    oldest = {"oldestQueuedAt": ago(seconds)} if waiting else {}
    return {**base, "waiting": waiting, "ready": ready, **oldest, **more}


def rooms() -> View:
    return {
        "15": room("15", 3, 64, 2),
        "Samu": room("SAMU", 1, 12, 2),
        "CoordAmb": room("Coordination ambulancière", 1, 41),
        "Crise": room("Crise", closed=True),
        "Malv": room("Malveillants", ready=2),
        "SuiviOp": room("Suivi opérationnel", ready=2),
        "ML": room("Médecin libéral", 2, 905, 1, frontOffice="F02"),
        "MU": room("Médecin urgentiste", 3, 312, frontOffice="F02"),
        "T2": room("Second niveau", frontOffice="F02"),
    }


def parked() -> View:
    return {
        "w1": {"queue": "MU", "priority": "P1", "rank": 2, "queuedAt": ago(312), "checkDueSince": ago(40)},
        "w2": {"queue": "MU", "priority": "P0", "rank": 1, "queuedAt": ago(41)},
        "w3": {"queue": "ML", "priority": "P2", "rank": 4, "queuedAt": ago(905)},
        "w4": {"queue": "MU", "priority": "NR", "rank": 3, "queuedAt": ago(77)},
    }


def left() -> View:
    return {"a1": {"queue": "ML", "priority": "P3", "at": ago(65)}}


TODAY = {"presented": 1482, "answered": 1391, "abandoned": 58, "overflowed": 3, "aided": 0, "aidAnswered": 0}


def crowd(positions: int, **more: Any) -> View:
    """A room at work, with so many positions."""
    agents = {
        f"p{n}": {
            "name": NAMES[n % len(NAMES)],
            "role": "arm",
            "state": STATES[n * 5 % len(STATES)],
            "since": ago(n * 37 % 700),
        }
        for n in range(positions)
    }
    figures = {"waiting": 10, "oldestQueuedAt": ago(64), "inProgress": 9, "inSvi": 2, "openLines": 1, "lost": 4}
    return {"room": figures, "rooms": rooms(), "today": TODAY, "positions": agents, "left": {}, **more}


async def on_stage(wall: Page, centre: CentreProcess) -> tuple[Wallboard, Stage]:
    """The wallboard, shown what the test says."""
    stage = await Stage(wall, "salle").open()
    await wall.set_viewport_size(WALL)
    login = LoginPage(wall, centre.url)
    await login.open("salle")
    await login.log_in(SUPERVISOR)
    board = Wallboard(wall)
    await expect(board.root).to_have_attribute("data-link", "up")
    return board, stage


async def picture(page: Page, folder: Path, name: str) -> None:
    """Take a picture, where pictures are asked for."""
    if "BANDEAU15_SCREENSHOTS" in os.environ:
        await page.screenshot(path=folder / f"{name}.png")


async def test_rooms_and_callers_left_for_a_physician_are_on_the_wall(
    centre: CentreProcess, wall: Page
) -> None:
    board, stage = await on_stage(wall, centre)
    await stage.show(crowd(12, parked=parked(), left=left()))
    await expect(board.part("room-15-ready")).to_have_text("2")
    await expect(board.part("room-15")).to_have_attribute("data-level", "alert")
    await expect(board.part("room-CoordAmb")).to_have_attribute("data-level", "watch")
    await expect(board.part("rooms")).to_contain_text("autres files")
    calls = await board.part("parked-call").all()
    shown = [(await c.get_attribute("data-kind"), await c.get_attribute("data-priority")) for c in calls]
    assert shown == [("left", "P3"), ("due", "P1"), ("waits", "P0"), ("waits", "NR"), ("waits", "P2")]
    await expect(board.part("to-call-back")).to_have_text("4")
    for part in (*calls, board.part("positions"), board.part("to-call-back"), board.part("rooms")):
        await expect(part).to_be_in_viewport(ratio=1)
    for theme in ("dark", "light"):  # whatever the system says: somebody chose
        await wall.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        await is_accessible(wall, f"wallboard with callers left for a physician, {theme}")
        await picture(wall, LOOKS, f"wallboard-{theme}")


@pytest.mark.parametrize("positions", [0, 13, 36, 60])
async def test_every_position_is_on_the_wall(centre: CentreProcess, wall: Page, positions: int) -> None:
    _, stage = await on_stage(wall, centre)
    await stage.show(crowd(positions, parked=parked(), left=left()))
    tiles = wall.locator('[data-testid^="position-"]')
    await expect(tiles).to_have_count(positions)
    cut = await tiles.evaluate_all("tiles => tiles.filter((t) => t.scrollHeight > t.clientHeight + 1).length")
    assert cut == 0, f"{cut} tiles are cut"
    if positions:
        await expect(tiles.last).to_be_in_viewport(ratio=1)
    await picture(wall, LOOKS, f"wallboard-{positions}")


def alarm(kind: str, severity: str, seconds: float, subject: str = "") -> View:
    return {
        "kind": kind,
        "severity": severity,
        "since": ago(seconds),
        **({"subject": subject} if subject else {}),
    }


async def test_what_is_wrong_with_the_platform_is_on_the_wall(centre: CentreProcess, wall: Page) -> None:
    board, stage = await on_stage(wall, centre)
    wrong = [
        alarm("database_away", "warning", 65),
        alarm("node_down", "critical", 12, "asterisk-b"),
        alarm("recordings_disk_low", "warning", 700),
        alarm("stuck_states", "warning", 5),
    ]
    await stage.show(crowd(36, parked=parked(), left=left(), platform={"switch": "up", "alarms": wrong}))
    alarms = board.part("alarm")
    await expect(alarms).to_have_count(4)
    await expect(alarms.first).to_contain_text("Serveur de téléphonie en panne (asterisk-b)")
    for part in (*await alarms.all(), board.part("clock"), board.part("positions")):
        await expect(part).to_be_in_viewport(ratio=1)
    for theme in ("dark", "light"):
        await wall.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        await is_accessible(wall, f"wallboard with alarms, {theme}")
        await picture(wall, LOOKS, f"wallboard-alarms-{theme}")
    await stage.show(crowd(36, platform={"switch": "up", "alarms": []}))
    await expect(alarms).to_have_count(0)
