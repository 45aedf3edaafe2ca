"""A real Asterisk on the centre's own configuration, with tones for announcements, and a core to drive it."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from app.asterisk_process import AsteriskProcess
from core.ids import ChannelId
from core.switch import CallerArrived, CallerChannel, SwitchEvent, SwitchUp
from simulator.callers import Caller
from telephony.config import AsteriskConfig, OutgoingTrunk, Paths, load_secrets, render
from telephony.patrol import LOOK_EVERY_S
from telephony.switch import AsteriskSwitch
from tests.support.audio import Pcm, contains_tone, read_wav, tone, write_wav
from tests.support.waiting import until

E = TypeVar("E")

TRUNK = ("127.0.0.1", 5060)
OPERATOR = ("127.0.0.1", 5090)
"""Where the centre's own calls go."""
WS_URL = "ws://127.0.0.1:8088/ws"

TONES = {"welcome": 500.0, "music": 700.0, "waiting-message": 900.0, "fallback-welcome": 1100.0}
"""What stands for each announcement, in Hz."""


class CentreAsterisk:
    """One Asterisk, rendered into a folder of its own; ``changes`` replace values of its configuration.

    ``tls``: a folder with ``cert.pem`` and ``key.pem``; ``second``: where a second writer of recordings writes.
    """

    def __init__(
        self,
        root: Path | None,
        folder: Path,
        tls: Path | None = None,
        second: Path | None = None,
        **changes: object,
    ) -> None:
        state = folder / "state"
        self.recordings = folder / "recordings"
        self.prompts = folder / "prompts"
        self.prompts.mkdir(parents=True)
        for name, hz in TONES.items():
            write_wav(self.prompts / f"{name}.wav", tone(hz, 3))
        config = AsteriskConfig(
            centre_id="FR751",
            core_app="core-a",
            trunks={"operator": ["127.0.0.0/8"]},
            outgoing=OutgoingTrunk(host=OPERATOR[0], port=OPERATOR[1]),
            secrets=load_secrets(folder / "secrets.json"),
            paths=Paths(
                config=str(folder / "config"),
                state=str(state),
                run=str(state / "run"),
                recordings=str(self.recordings),
                prompts=str(self.prompts),
                second=str(second) if second else "",
                certificate=str(tls / "cert.pem") if tls else "",
                private_key=str(tls / "key.pem") if tls else "",
            ),
        )
        self.config = replace(config, **changes)  # type: ignore[arg-type]
        render(self.config, folder / "config")
        self._output = folder / "asterisk.log"
        self.process = AsteriskProcess(
            root,
            folder / "config",
            state,
            self._output,
            writable=[self.recordings, *([second] if second else [])],
            readable=[self.prompts, *([tls] if tls else [])],
        )

    async def __aenter__(self) -> "CentreAsterisk":
        await self.process.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.process.stop()

    def switch(self, test_callers: Collection[str] = (), look_every: float = LOOK_EVERY_S) -> "WatchedSwitch":
        """A core's hold on it, not started."""
        return WatchedSwitch(self, test_callers, look_every)

    def logs(self) -> list[Path]:
        """What it wrote of itself."""
        return [*Path(self.config.paths.state).glob("log/*.log"), self._output]

    async def left_alone(self) -> None:
        """Wait until it has noticed, once, that no core commands it any more.

        What it has to tell in that very moment may end it (docs/asterisk.md, "A lost link may end Asterisk").
        """
        await until(lambda: any(map(_tells_of_a_lost_link, self.logs())), "the link is lost for Asterisk, too")

    async def tracks(self, channel: str = "*") -> tuple[Pcm, Pcm]:
        """What the caller said, and was given to hear, in a call that ended."""
        return await self.tracks_like(f"*/{channel}")

    async def tracks_like(self, stem: str) -> tuple[Pcm, Pcm]:
        """Both tracks of a recording that ended, by how their names begin."""
        patterns = [f"{stem}-{name}.wav" for name in ("caller", "centre")]
        await until(lambda: all(map(self._closed, patterns)), "both tracks are closed")
        said, given = (read_wav(self._closed(pattern)[0]) for pattern in patterns)
        return said, given

    def _closed(self, pattern: str) -> list[Path]:
        """Recordings whose header tells their true size: Asterisk writes it last."""
        return [file for file in self.recordings.glob(pattern) if _is_complete(file.read_bytes())]


class WatchedSwitch(AsteriskSwitch):
    """The real switch, that remembers what it told the core."""

    def __init__(
        self, asterisk: CentreAsterisk, test_callers: Collection[str] = (), look_every: float = LOOK_EVERY_S
    ) -> None:
        super().__init__(
            app=asterisk.config.core_app,
            switch=asterisk.config.node,
            ari_port=asterisk.config.ari_port,
            ari_password=asterisk.config.secrets.ari,
            prompts=asterisk.config.paths.prompts,
            test_callers=test_callers,
            look_every=look_every,
        )
        self.told: list[SwitchEvent] = []
        self.react: Callable[[SwitchEvent], None] = lambda event: None
        self.listen(self._note)

    def _note(self, event: SwitchEvent) -> None:
        self.told.append(event)
        self.react(event)

    def all(self, kind: type[E]) -> list[E]:
        """Everything of a kind told so far."""
        return [event for event in self.told if isinstance(event, kind)]

    async def next(
        self, kind: type[E], test: Callable[[E], bool] = lambda event: True, seconds: float = 10
    ) -> E:
        """The first event of a kind that passes the test, told already or in time."""
        await until(lambda: any(map(test, self.all(kind))), f"{kind.__name__} told", seconds)
        return next(event for event in self.all(kind) if test(event))

    async def more_than(self, count: int, kind: type[E], seconds: float = 60) -> None:
        """Wait until more than so many of a kind have been told."""
        await until(lambda: len(self.all(kind)) > count, f"one more {kind.__name__} told", seconds)

    async def ready(self) -> None:
        """Wait until it commands Asterisk."""
        await self.next(SwitchUp)

    async def caller(self) -> CallerChannel:
        """The last caller that arrived, once one has."""
        await self.next(CallerArrived)
        return self.all(CallerArrived)[-1].channel

    async def picked_up(self) -> ChannelId:
        """A caller that arrived, picked up."""
        channel = (await self.caller()).channel_id
        await self.pick_up(channel)
        return channel


async def hear_tone(caller: Caller, hz: float) -> None:
    """Wait until the caller has heard a tone, since its last ``forget``."""
    await caller.hears(lambda pcm: contains_tone(pcm, hz), window=60)


def _tells_of_a_lost_link(log: Path) -> bool:
    return b"Websocket disconnected" in log.read_bytes()


def _is_complete(wav: bytes) -> bool:
    return wav[:4] == b"RIFF" and int.from_bytes(wav[4:8], "little") == len(wav) - 8 > 36
