"""Our side: Asterisk and the core as the separate programs they are, in a folder of their own."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from enum import Enum
from pathlib import Path

from app.asterisk_process import AsteriskProcess
from app.asterisk_setup import prepare_asterisk
from app.settings import AsteriskSettings, LrmSettings, RoomSettings, Settings, StorageSettings
from bench.cpu import cpu_seconds
from core.accounts import Account
from core.ids import AgentId
from core.words import Role
from setup.places import CHECKOUT
from storage.accounts import StoredAccounts
from storage.database import Database
from storage.passwords import Passwords
from tests.support.audio import tone, write_wav
from tests.support.passwords import CHEAP
from tests.support.plan import WELCOME, put_in_force

PASSWORD = "mot-de-passe-de-mesure"
TRUNK = ("127.0.0.1", 5060)
NO_WELCOME = "2"
"""A line of ours without announcement: its callers go straight to the waiting room."""
TRUNKS = {"operator": ["127.0.0.0/8", "10.15.0.0/24"]}
_PATIENCE = 30


def write_prompts(folder: Path, welcome_seconds: float) -> Path:
    """Make the announcements, the same for both sides: tones. A welcome of 0 s is a file without sound."""
    folder.mkdir(parents=True)
    lengths = {"welcome": welcome_seconds, "music": 10, "waiting-message": 3, "fallback-welcome": 3}
    for name, seconds in lengths.items():
        write_wav(folder / f"{name}.wav", tone(500, seconds))
    return folder


class Program(Enum):
    """Which core is run: as it ships, or changed for what is measured (see each module)."""

    SHIPPED = "app.cli core"
    PLAIN = "bench.plain_core"
    UNWRITTEN = "bench.unwritten_core"


class Centre:
    """One centre of ours; one at a time in a network namespace."""

    def __init__(self, settings: Settings, asterisk: AsteriskProcess, core: asyncio.subprocess.Process) -> None:
        self.settings = settings
        self.asterisk = asterisk
        self._core = core

    @property
    def url(self) -> str:
        """Of the pages."""
        return f"http://127.0.0.1:{self.settings.web.http_port}"

    @property
    def core_pid(self) -> int:
        """Process id of the core, our only Python program."""
        return self._core.pid

    def cpu(self) -> float:
        """Seconds of CPU used so far by Asterisk and by every Python process of ours."""
        return cpu_seconds((self.asterisk.pid, self.core_pid))

    def asterisk_cpu(self) -> float:
        """Seconds of CPU used so far by Asterisk alone."""
        return cpu_seconds((self.asterisk.pid,))


@contextlib.asynccontextmanager
async def running_centre(
    folder: Path,
    prompts: Path,
    logins: Sequence[str],
    *,
    room: RoomSettings,
    program: Program = Program.SHIPPED,
    ari_relay_port: int | None = None,
) -> AsyncIterator[Centre]:
    """Run a centre with these accounts.

    Args:
        folder: for all it writes; its name is kept short by the caller (it holds a socket).
        prompts: announcements, from :func:`write_prompts`.
        logins: of its agents, all with :data:`PASSWORD`.
        room: how its waiting room works.
        program: the core to run.
        ari_relay_port: port on which Asterisk finds the core; ``None``: the core's own.
    """
    settings = Settings(
        storage=StorageSettings(data_dir=folder),
        asterisk=AsteriskSettings(prompts_dir=prompts, trunks=TRUNKS, rtp_end=15999),
        room=room,
        lrm=LrmSettings(base_url=""),
    )
    put_in_force(folder, WELCOME)
    await _make_accounts(settings, logins)
    seen = settings.asterisk.model_copy(update={"ari_port": ari_relay_port or settings.asterisk.ari_port})
    asterisk = prepare_asterisk(settings.model_copy(update={"asterisk": seen}))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(asterisk.stop)
        await asterisk.start()
        with (folder / "core.log").open("ab") as log:
            core = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *program.value.split()),
                cwd=CHECKOUT,
                env=os.environ | environment(settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        stack.push_async_callback(end, core)
        await _until_up(folder / "core.log", core)
        yield Centre(settings, asterisk, core)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for a program to read again."""
    sections = settings.model_dump(mode="json", exclude_none=True)
    found: dict[str, object] = {}
    for section, values in sections.items():
        if isinstance(values, dict):
            found |= {f"{section}__{name}": value for name, value in values.items()}
        else:
            found[section] = values
    return {
        f"BANDEAU15_{name}".upper(): value if isinstance(value, str) else json.dumps(value)
        for name, value in found.items()
    }


async def end(process: asyncio.subprocess.Process, grace: float = 8) -> None:
    """Ask a program of ours to end; end it if it does not."""
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), grace)
    if process.returncode is None:
        process.kill()
        await process.wait()


async def _make_accounts(settings: Settings, logins: Sequence[str]) -> None:
    settings.storage.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.storage.url)
    try:
        await database.upgrade()
        accounts = StoredAccounts(database, Passwords(CHEAP))
        for number, login in enumerate(logins):
            agent = AgentId(f"8997{number:08}")
            await accounts.create(Account(agent_id=agent, login=login, name=login, role=Role.ARM), PASSWORD)
    finally:
        await database.close()


async def _until_up(log: Path, core: asyncio.subprocess.Process) -> None:
    """Wait until the core commands Asterisk, as its log says."""
    give_up = time.monotonic() + _PATIENCE
    while "switch_up" not in (text := log.read_text(errors="replace")):  # noqa: ASYNC240 - a few lines
        if core.returncode is not None or time.monotonic() > give_up:
            raise RuntimeError(f"the core did not start:\n{text[-2000:]}")
        await asyncio.sleep(0.05)
