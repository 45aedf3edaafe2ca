"""The centre of a fault run: one whose every part can be hurt."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Self

from app.asterisk_setup import state_dir
from app.settings import OutgoingSettings, RoomSettings
from core.events import PlanRefused
from core.nodes import FIRST
from core.words import Role
from setup.places import CHECKOUT
from storage.lease import holder
from storage.recordings import StoredRecordings
from tests.chaos.machine_clock import MachineClock
from tests.support.centre_process import CentreProcess, Person, asterisk_below
from tests.support.plan import put_in_force
from tests.support.relay import Relay

OPERATOR = ("127.0.0.1", 5090)
PLAN = """
salle de secours: "15"
salles:
  "15": {niveau: FO1, rôles: [arm, superviseur]}
  park: {niveau: FO1, rôles: [arm, superviseur], mode: manuel}
lignes: {"2": {flux: "15", parcours: direct}, autres: {flux: "15", parcours: accueil}}
parcours:
  accueil: {étapes: {accueil: {annonce: welcome, puis: attente}, attente: {salle: "15"}}}
  direct: {étapes: {attente: {salle: "15"}}}
"""
"""A welcome, then the room; the line 2 goes straight there. A room to park callers in."""
_PAGES_PORT = 8026
_REFUSED_WITHIN_S = 60.0
DIRECT, USUAL = "2", "15"
"""Lines."""
MORE_AGENTS = (
    Person("arm3", "Alix Durand", "899700000003"),
    Person("arm4", "Claude Moreau", "899700000004"),
)


STORM = tuple(Person(f"orage{n}", f"Agent {n}", f"8997100{n:05d}") for n in range(20))
"""Who logs in all at once."""
ON_THE_WALL = Person("mur", "Grand écran", "899700000008", Role.SUPERVISOR)
"""The account of the wallboard."""


class HurtCentre(CentreProcess):
    """A centre with the plan, the agents and the operator of a fault run."""

    def __init__(
        self,
        database_url: str = "",
        *,
        launched: bool = False,
        standby: bool = False,
        wired: bool = False,
        ahead: float | None = None,
    ) -> None:
        """Describe it; nothing is started.

        Args:
            ahead: by how many seconds its machine's clock is ahead of ours, which then is in the run's hand.
        """
        super().__init__(
            room=RoomSettings(offer_seconds=120, wrap_up_seconds=0.5),
            plan=PLAN,
            outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015"),
            database_url=database_url,
            launched=launched,
            standby=standby,
            wired=wired,
            loaded=False,
        )
        self.archive = self.program("archive")
        self._ahead = timedelta(seconds=ahead or 0)
        self.began = self.now()
        self.clock = None if ahead is None else self._own_clock(ahead)
        self.pages = Relay(_PAGES_PORT, self.settings.web.http_port)
        """Between the pages and the core."""

    @property
    def url(self) -> str:
        """Of the pages, by a wire that can be cut."""
        return f"http://127.0.0.1:{_PAGES_PORT}"

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.pages.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pages.cut()
        await super().__aexit__(*_)

    def _own_clock(self, ahead: float) -> MachineClock:
        """Give its programs a clock that can be set."""
        clock = MachineClock(state_dir(self.settings, FIRST) / "clock")
        clock.set(ahead)
        self._asterisk.environment = clock.environment
        for core in self._cores.values():
            core.environment = clock.environment
        return clock

    def now(self) -> datetime:
        """The instant where the centre is, as its machine's clock had it before anybody set it."""
        return datetime.now(UTC) + self._ahead

    @property
    def recordings(self) -> StoredRecordings:
        """The archive's catalogue."""
        return StoredRecordings(self._database)

    def asterisk_pid(self) -> int:
        """The process id of Asterisk itself, in a centre that is launched."""
        return asterisk_below(self._core.pid, self.asterisk_config)

    def core_pid(self) -> int:
        """The process id of the core at work, whoever started it."""
        sign = holder(self.settings.storage.cores_dir)
        assert sign is not None, "no core is at work"
        return sign.pid

    async def staff(self, *, crowded: bool) -> None:
        """Give the further agents their accounts; those of the storm too where it is crowded."""
        for person in (*MORE_AGENTS, ON_THE_WALL, *(STORM if crowded else ())):
            await self.add(person)

    async def fenced(self, core: str) -> None:
        """Wait until a core that froze has been ended by the one that took over.

        Raises:
            ProgramFailed: it lives on.
        """
        status = await self._cores[core].ended()
        assert status == -signal.SIGKILL, f"{core} ended by itself, with status {status}"

    async def refuses_bad_settings(self) -> None:
        """A core that is given wrong settings says which, and does not start."""
        wrong = self.folder / "wrong.toml"
        section = "[room]"
        right = self._config.read_text()
        assert section in right, "the settings have no such section"
        wrong.write_text(right.replace(section, f"{section}\noffer_secondes = 5", 1))
        status, said = await _run("--config", str(wrong), "core", "--name", "core-w")
        assert status == 1, said
        assert "offer_secondes" in said, said

    async def refuses_a_bad_plan(self) -> None:
        """A plan that is wrong is refused, also where it was put in force behind everybody's back."""
        text = PLAN.replace("parcours: accueil}", "parcours: nulle part}")
        assert text != PLAN
        plan = self.folder / "wrong.yaml"
        plan.write_text(text)
        status, said = await _run("--config", str(self._config), "plan", "publish", str(plan))
        assert status == 1, said
        witness = self.witness()
        put_in_force(self.folder, text, at=datetime.now(UTC))
        await witness.next(PlanRefused)


async def _run(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", *words),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_REFUSED_WITHIN_S):
            said = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:  # it was to refuse, and works instead
            process.kill()
            await process.wait()
    return process.returncode or 0, said
