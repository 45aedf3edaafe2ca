"""A whole centre for tests: Asterisk and the core as the separate programs they are, each of which can be hurt.

The announcements are tones (:data:`TONES`), so that what a caller is given to hear is told by its content.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Self

import httpx2
import tomli_w
from pydantic import BaseModel, SecretStr

from app.asterisk_process import asterisk_pid, children
from app.asterisk_setup import prepare_asterisk, state_dir
from app.clock import SystemClock
from app.part import RunningPart
from app.settings import (
    AsteriskSettings,
    CentreSettings,
    LrmSettings,
    NodeSettings,
    OutgoingSettings,
    RoomSettings,
    Settings,
    StandbySettings,
    StorageSettings,
    TestCallSettings,
    WebSettings,
)
from app.turn import turn_parts
from core.accounts import Account
from core.api_clients import Scope
from core.events import CoreStarted, Envelope, SwitchConnected
from core.ids import AgentId, CallId
from core.nodes import FIRST
from core.words import Role
from lrm_client import LrmApi
from recorder.policy import tracks_of
from setup.places import CHECKOUT
from simulator.callers import Caller
from storage.accounts import StoredAccounts
from storage.api_clients import StoredApiClients
from storage.database import Database
from storage.lease import DRAINED, STANDING_BY, holder, living
from storage.ledger import LedgerEntry
from storage.reader import PARIS, Reader, reader_beside
from tests.support.audio import Pcm, read_wav, tone, write_wav
from tests.support.plan import WELCOME, put_in_force
from tests.support.program import Program
from tests.support.relay import Relay
from tests.support.witness import Story, Witness

TRUNK = ("127.0.0.1", 5060)
PASSWORD = "mot-de-passe-de-test"
TONES = {"welcome": 500.0, "music": 700.0, "waiting-message": 900.0, "fallback-welcome": 1100.0}
"""What stands for each announcement, in Hz."""
ANNOUNCEMENT_SECONDS = 6.0
LRM_PORT = 8081
CORE, STANDBY = "core-a", "core-b"
_RELAYED_PORT = 8086


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where a centre is: an address of its own, and ports of its own where all centres share one."""

    centre: str = "FR751"
    address: str = ""
    """Empty: every address of the network."""
    shift: int = 0
    """Added to the ports that are bound on 127.0.0.1, and to those of RTP."""

    @property
    def host(self) -> str:
        """Where it is reached."""
        return self.address or "127.0.0.1"

    def asterisk(self) -> AsteriskSettings:
        """What the settings say of its Asterisk."""
        usual = AsteriskSettings()
        if not self.address:
            return usual
        return AsteriskSettings(
            bind_address=self.address,
            rtp_start=usual.rtp_start + 10 * self.shift,
            rtp_end=usual.rtp_end + 10 * self.shift,
            ari_port=usual.ari_port + self.shift,
            ami_port=usual.ami_port + self.shift,
            trunks={"operator": ["127.0.0.1"]},
        )


HOME = Site()
_numbers = count(1)


def new_number() -> str:
    """A caller's number that no other test has, of those that ARCEP keeps for fiction."""
    return f"+3319900{next(_numbers):04d}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    login: str
    name: str
    agent_id: str
    role: Role = Role.ARM


ARM1 = Person("arm1", "Camille Martin", "899700000001")
ARM2 = Person("arm2", "Dominique Petit", "899700000002")
SUPERVISOR = Person("superviseur", "Sacha Bernard", "899700000009", Role.SUPERVISOR)
PEOPLE = (ARM1, ARM2, SUPERVISOR)


def _with_secrets(model: BaseModel) -> dict[str, Any]:
    """A section's values as a file holds them: pydantic alone would write stars for secrets."""
    written: dict[str, Any] = model.model_dump(mode="json", exclude_none=True)
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, SecretStr):
            written[name] = value.get_secret_value()
        elif isinstance(value, BaseModel):
            written[name] = _with_secrets(value)
    return written


class CentreProcess:
    """One centre. Use as an async context manager; one for each :class:`Site` of a network namespace."""

    def __init__(
        self,
        *,
        room: RoomSettings,
        plan: str = WELCOME,
        sounds: Mapping[str, tuple[float, float]] | None = None,
        outgoing: OutgoingSettings | None = None,
        patience: float = 180,
        site: Site = HOME,
        launched: bool = False,
        standby: bool = False,
        database_url: str = "",
        wired: bool = True,
        nodes: tuple[NodeSettings, ...] = (),
        claim_timeout_ms: int = 300,
        loaded: bool = True,
        **sections: BaseModel,
    ) -> None:
        """Describe it; nothing is started.

        Args:
            room: how its waiting room works.
            plan: its plan; by default a welcome, then the room.
            sounds: further announcements: name → Hz, seconds.
            outgoing: the operator by which it calls numbers; by default it cannot.
            patience: seconds that the core may take to start or stop.
            sections: further sections of its settings (``remote``, ``mutual_aid``).
            site: where it is.
            launched: run by the centre's own launcher, which starts again what dies. The core then cannot be
                hurt apart, nor its link to Asterisk.
            standby: whether a second core may stand by (:meth:`start_standby`).
            database_url: its database; by default SQLite in its folder.
            wired: whether the link between Asterisk and the core goes by a wire that can be cut.
            nodes: further Asterisks, for a centre that is launched.
            claim_timeout_ms: how long a caller waits for a core, before the fallback takes them.
            loaded: its programs' modules are loaded beforehand; not where the time to start is what counts.
        """
        self._launched = launched
        self.site = site
        self._lrm_port = LRM_PORT + site.shift
        self.folder = Path(tempfile.mkdtemp(prefix="b15-centre-", dir="/tmp"))
        prompts = self.folder / "prompts"
        prompts.mkdir()
        for name, hz in TONES.items():
            write_wav(prompts / f"{name}.wav", tone(hz, ANNOUNCEMENT_SECONDS))
        for name, (hz, seconds) in (sounds or {}).items():
            write_wav(prompts / f"{name}.wav", tone(hz, seconds))
        self.settings = Settings(
            centre=CentreSettings(id=site.centre),
            storage=StorageSettings(data_dir=self.folder, database_url=database_url),
            web=WebSettings(host=site.address) if site.address else WebSettings(),
            asterisk=site.asterisk().model_copy(
                update={"prompts_dir": prompts, "claim_timeout_ms": claim_timeout_ms}
            ),
            outgoing=outgoing or OutgoingSettings(),
            room=room,
            nodes=nodes,
            standby=StandbySettings(enabled=standby),
            **{  # type: ignore[arg-type]
                "test_calls": TestCallSettings(enabled=False),
                "lrm": LrmSettings(base_url=f"http://127.0.0.1:{self._lrm_port}/lrm/api"),
                **sections,
            },
        )
        put_in_force(self.folder, plan)
        self.core_log = self.folder / f"{CORE}.log"
        self._config = self.folder / "bandeau15.toml"
        self._config.write_text(tomli_w.dumps(_with_secrets(self.settings)))
        relayed = (
            self.settings if launched or not wired else _relayed(self.settings, _RELAYED_PORT + site.shift)
        )
        self._asterisk = prepare_asterisk(relayed)
        self.asterisk_log = self.folder / "log" / "asterisk.log"
        self._relay = Relay(_RELAYED_PORT + site.shift, self.settings.asterisk.ari_port)
        self._database = Database(self.settings.storage.url)
        self._cores = {
            name: Program(
                *("app.cli", "--config", str(self._config), *words),
                log=self.folder / f"{name}.log",
                patience=patience,
                loaded=loaded,
            )
            for name, words in (
                (CORE, ["stack"] if launched else ["core"]),
                (STANDBY, ["core", "--name", STANDBY]),
            )
        }
        self._known = CORE
        self.api_token = f"b15_{token_urlsafe(32)}"
        """Of the LRM, which may do all that programs may."""
        self._lrm = Program(
            *("simulator.lrm", "--port", str(self._lrm_port)),
            *("--api-url", self.url, "--api-token", self.api_token),
            log=self.folder / "lrm.log",
            loaded=loaded,
        )
        self._ends = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as on_failure:
            on_failure.callback(shutil.rmtree, self.folder)
            on_failure.push_async_callback(self._database.close)
            await self._make_accounts()
            if not self._launched:
                await self._start_beside(on_failure)
            on_failure.push_async_callback(self._lrm.stop)
            for core in self._cores.values():
                on_failure.push_async_callback(core.stop)
            await asyncio.gather(
                self._lrm.start(lambda: _listens("127.0.0.1", self._lrm_port)), self.start_core()
            )
            self._ends = on_failure.pop_all()
        return self

    async def _start_beside(self, on_failure: AsyncExitStack) -> None:
        """Start what the launcher would start beside the core."""
        on_failure.push_async_callback(self._asterisk.stop)
        on_failure.push_async_callback(self._relay.cut)
        await asyncio.gather(self._asterisk.start(), self._relay.mend())
        for part in turn_parts(self.settings):
            relay = await RunningPart.start(part, self.folder / "log" / "turn.log")
            on_failure.push_async_callback(relay.end)
            await until_true(part.ready)

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()

    # --- where things are -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Of the pages, on this machine: a browser gives the microphone there."""
        return f"http://{self.site.host}:{self.settings.web.http_port}"

    @property
    def reader(self) -> Reader:
        """The journal, whether the core runs or not."""
        return reader_beside(self._database, self.settings.storage.spool_dir)

    def witness(self) -> Witness:
        """Somebody who reads the journal from now on."""
        return Witness(self.reader)

    async def ledger_of(self, call_id: CallId) -> LedgerEntry:
        """The call's row in the ledger: there is exactly one."""
        story = Story(await self.reader.of_call(call_id))
        day = story.envelopes[0].occurred_at.astimezone(PARIS).date()
        rows = [entry for entry in await self.reader.ledger_of_day(day) if entry.call_id == call_id]
        assert len(rows) == 1, f"{len(rows)} rows in the ledger"
        return rows[0]

    def tracks(self, call_id: CallId) -> tuple[Pcm, Pcm]:
        """What was recorded of a call: the caller, and all the caller was given to hear; 8 kHz."""
        tracks = tracks_of(call_id)
        folder = self.settings.storage.recordings_dir
        return read_wav(folder / tracks.caller), read_wav(folder / tracks.centre)

    async def told_to_lrm(self) -> list[dict[str, Any]]:
        """The calls that the LRM was told of, the latest first."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{self._lrm_port}/appels")
            answer.raise_for_status()
            calls: list[dict[str, Any]] = answer.json()
            return calls

    @property
    def asterisk_config(self) -> Path:
        """The folder of its configuration, which tells it from other Asterisks."""
        return self._asterisk.config_dir

    @asynccontextmanager
    async def asterisk_dead(self) -> AsyncIterator[None]:
        """Kill Asterisk, with no word to anybody; start it again at the end."""
        os.kill(asterisk_pid(self._asterisk.pid), signal.SIGKILL)
        await self._asterisk.stop()
        try:
            yield
        finally:
            await self._asterisk.start()

    @asynccontextmanager
    async def lrm_in_trouble(self, fault: str) -> AsyncIterator[None]:
        """Let the LRM fail, as :mod:`simulator.lrm.faults` says, or be ``absent``; well again at the end."""
        if fault == "absent":
            await self._lrm.kill()
        else:
            await self._set_lrm_fault(fault)
        try:
            yield
        finally:
            if fault == "absent":
                await self._lrm.start(lambda: _listens("127.0.0.1", self._lrm_port))
            else:
                await self._set_lrm_fault("none")

    async def _set_lrm_fault(self, fault: str) -> None:
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"http://127.0.0.1:{self._lrm_port}/pannes", data={"panne": fault})
            assert answer.status_code == 303, answer.text

    async def asterisk_says(self, command: str) -> str:
        """The answer to a command of Asterisk's console."""
        return await self._asterisk.rx(command)

    def api(self) -> LrmApi:
        """The centre's API, as its LRM uses it."""
        return LrmApi(self.url, self.api_token)

    @property
    def lrm_url(self) -> str:
        """Of the LRM's pages."""
        return f"http://127.0.0.1:{self._lrm_port}"

    # --- callers ----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """Somebody with a telephone, who hangs up at the end."""
        async with await Caller.open((self.site.host, TRUNK[1]), "127.0.0.1") as caller:
            yield caller

    # --- Asterisk, hurt under its launcher -----------------------------------------------------------------

    def hurt_asterisk(self, number: signal.Signals, node: str = FIRST) -> None:
        """Send an Asterisk itself a signal: the launcher brings it back.

        Raises:
            LookupError: it does not run.
        """
        os.kill(asterisk_below(self._core.pid, state_dir(self.settings, node) / "etc"), number)

    # --- the core, hurt and healed ----------------------------------------------------------------------

    async def start_core(self) -> None:
        """Start the core and wait until it serves and commands Asterisk.

        Raises:
            ProgramFailed: it does not come up.
        """
        witness = self.witness()

        async def commands_asterisk() -> bool:
            kinds = [type(envelope.event) for envelope in await witness.events()]
            started = CoreStarted in kinds and SwitchConnected in kinds[kinds.index(CoreStarted) :]
            return started and await _listens(self.site.host, self.settings.web.http_port)

        await self._core.start(commands_asterisk)

    @property
    def at_work(self) -> str:
        """Which core is at work, or was when it died."""
        sign = holder(self.settings.storage.cores_dir)
        self._known = sign.core if sign is not None else self._known
        return self._known

    @property
    def _core(self) -> Program:
        return self._cores[self.at_work]

    async def start_standby(self, *, drained: bool = False) -> None:
        """Start the core that is not at work, as its keeper does, and wait until it stands by, or is out."""
        name = STANDBY if self.at_work == CORE else CORE
        folder = self.settings.storage.cores_dir
        wanted = (name, DRAINED if drained else STANDING_BY)

        async def stands_by() -> bool:
            return wanted in [(sign.core, sign.state) for sign in living(folder)]

        if not self._cores[name].running or not await stands_by():
            await self._cores[name].start(stands_by)

    async def stop_standby(self) -> bool:
        """Stop the core that is not at work; whether it ran."""
        standby = self._cores[STANDBY if self.at_work == CORE else CORE]
        ran = standby.running
        await standby.stop()
        return ran

    def signal_core(self, core: str, number: signal.Signals) -> None:
        """Send a core a signal, if it is still there."""
        if self._cores[core].running:
            self._cores[core].send(number)

    async def taken_over(self, witness: Witness, core: str) -> datetime:
        """Wait until that core commands Asterisk; when it did."""
        seen: list[datetime] = []

        def look(envelopes: list[Envelope]) -> bool:
            starts = [
                place
                for place, each in enumerate(envelopes)
                if isinstance(each.event, CoreStarted) and each.event.core == core
            ]
            after = envelopes[starts[-1] :] if starts else []
            seen[:] = [each.occurred_at for each in after if isinstance(each.event, SwitchConnected)]
            return bool(seen)

        await witness.until(look, f"{core} commands Asterisk", 60)
        return seen[0]

    def program(self, *words: str) -> Program:
        """One of our programs with the centre's settings, not started."""
        log = self.folder / f"{words[0]}.log"
        return Program(*("app.cli", "--config", str(self._config), *words), log=log, loaded=True)

    async def command(self, *words: str) -> str:
        """What one of our commands prints.

        Raises:
            AssertionError: it failed.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", "--config", str(self._config), *words),
            cwd=CHECKOUT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
        assert process.returncode == 0, said
        return said

    @property
    def core_runs(self) -> bool:
        """Whether the core runs."""
        return self._core.running

    async def kill_core(self) -> None:
        """End the core at work as a crash does: at once, with no word to anybody."""
        await self._core.kill()

    async def restart_asterisk(self) -> None:
        """Kill Asterisk at once, with its calls, and start it again."""
        os.kill(self._asterisk.pid, signal.SIGKILL)
        await self._asterisk.wait()
        await self._asterisk.start()

    @asynccontextmanager
    async def core_dead(self) -> AsyncIterator[None]:
        """Kill the core; start it again at the end."""
        await self.kill_core()
        try:
            yield
        finally:
            await self.start_core()

    @asynccontextmanager
    async def core_frozen(self) -> AsyncIterator[None]:
        """Stop the core from running, without ending it; let it run again at the end."""
        core = self._core
        core.send(signal.SIGSTOP)
        try:
            yield
        finally:
            core.send(signal.SIGCONT)

    @asynccontextmanager
    async def ari_cut(self, *, silently: bool = False) -> AsyncIterator[None]:
        """Cut the connection between Asterisk and the core; mend it at the end.

        Args:
            silently: what is sent gets lost and nobody is told, instead of a broken connection.
        """
        if silently:
            self._relay.silence()
        else:
            await self._relay.cut()
        try:
            yield
        finally:
            await self._relay.mend()

    async def add(self, person: Person) -> None:
        """Give somebody an account; the password is always :data:`PASSWORD`."""
        account = Account(
            agent_id=AgentId(person.agent_id), login=person.login, name=person.name, role=person.role
        )
        await StoredAccounts(self._database).create(account, PASSWORD)

    async def _make_accounts(self) -> None:
        await self._database.upgrade()
        for person in PEOPLE:
            await self.add(person)
        await StoredApiClients(self._database, SystemClock()).add("LRM", tuple(Scope), self.api_token)


def asterisk_below(pid: int, config_dir: Path) -> int:
    """The process id of the Asterisk of that configuration, among all that a process has started.

    Raises:
        LookupError: there is none.
    """
    for child in children(pid):
        try:
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            name = Path(f"/proc/{child}/comm").read_text().strip()
        except OSError:  # it ended meanwhile
            continue
        if name == "asterisk" and str(config_dir / "asterisk.conf").encode() in words and b"-f" in words:
            return child
        with suppress(LookupError):
            return asterisk_below(child, config_dir)
    raise LookupError("no such Asterisk runs")


async def until_true(ready: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait until something is ready."""
    async with asyncio.timeout(seconds):
        while not await ready():  # noqa: ASYNC110 - another program's state
            await asyncio.sleep(0.05)


async def _listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _relayed(settings: Settings, port: int) -> Settings:
    """The same centre, but Asterisk reaches the core through the relay."""
    asterisk = settings.asterisk.model_copy(update={"ari_port": port})
    return settings.model_copy(update={"asterisk": asterisk})
