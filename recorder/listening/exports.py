"""Extracts: made in a thread once somebody else has granted them, taken once."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.accounts import Account
from core.custody import ExportRequest
from core.errors import BandeauError
from core.ids import AgentId
from core.ports import Clock
from core.recordings import Recording
from recorder.custody.errors import CustodyRefused
from recorder.custody.service import Custody
from recorder.listening.excerpt import Cut, cut_out
from recorder.listening.packages import Package, Packages, packed
from recorder.listening.sheet import Facts, Original, custody_sheet
from recorder.listening.sound import Readable
from recorder.sealing.errors import SealingError
from recorder.sealing.layout import ORIGINAL, Manifest

log = structlog.get_logger(__name__)

WAITS = timedelta(hours=1)
"""How long an extract made ready waits to be taken; then it is made again when asked for."""


class SealedRecording(Readable, Protocol):
    """A sealed recording, and what it consists of."""

    @property
    def manifest(self) -> Manifest:
        """What it consists of."""


Open = Callable[[Recording], SealedRecording]
"""Opens a sealed recording. Blocking; raises as :meth:`recorder.sealing.reader.SealedReader.open`."""
Names = Callable[[], Awaitable[Mapping[AgentId, str]]]


@dataclass(frozen=True, slots=True)
class Centre:
    """Whose recordings they are."""

    centre_id: str
    name: str


@dataclass(slots=True)
class Making:
    """How far an extract is. ``package``: it is ready; ``failed``: it could not be made."""

    begun: float
    progress: float = 0.0
    package: Package | None = None
    failed: bool = False
    task: asyncio.Task[None] | None = None


class Exports:
    """The extracts of one centre, made one at a time."""

    def __init__(
        self,
        custody: Custody,
        open_recording: Open,
        packages: Packages,
        clock: Clock,
        centre: Centre,
        names: Names,
    ) -> None:
        self._custody = custody
        self._open = open_recording
        self._packages = packages
        self._clock = clock
        self._centre = centre
        self._names = names
        self._making: dict[str, Making] = {}
        self._one = asyncio.Semaphore(1)

    def now(self) -> datetime:
        """The instant."""
        return self._clock.now()

    async def close(self) -> None:
        """Make nothing more, and forget what is ready."""
        tasks = [making.task for making in self._making.values() if making.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for making in self._making.values():
            if making.package is not None:
                making.package.drop()

    def making(self, export_id: str) -> Making | None:
        """How far an extract is; ``None``: nobody asked for it to be made, or not lately."""
        self._forget_old()
        return self._making.get(export_id)

    async def make(self, account: Account, export_id: str) -> None:
        """Begin to make an extract, unless that is under way or done.

        Raises:
            As :meth:`recorder.custody.service.Custody.granted_export`.
        """
        request = await self._custody.granted_export(account, export_id)
        before = self.making(export_id)
        if before is not None and not before.failed:
            return
        making = self._making[export_id] = Making(self._clock.monotonic())
        making.task = asyncio.create_task(self._make(request, making), name=f"extract {export_id}")

    async def take(self, account: Account, export_id: str) -> Package:
        """Hand an extract over: it is in the chain when this returns. Nobody can take it again.

        Raises:
            CustodyRefused: ``not_ready``. As :meth:`recorder.custody.service.Custody.take_export`.
        """
        making = self.making(export_id)
        if making is None or making.package is None:
            await self._custody.granted_export(account, export_id)
            raise CustodyRefused("not_ready")
        package = making.package
        await self._custody.take_export(
            account, export_id, sha256=package.sha256, packed_sha256=package.packed_sha256
        )
        del self._making[export_id]
        return package

    async def _make(self, request: ExportRequest, making: Making) -> None:
        try:
            async with self._one:
                recording = await self._custody.store.get(request.recording_id)
                if recording is None:
                    raise CustodyRefused("no_such_recording")
                names = await self._names()
                making.package = await asyncio.to_thread(self._made, request, recording, names, making)
        except (SealingError, BandeauError, OSError, ValueError, RuntimeError) as error:
            log.error("extract_failed", export=request.export_id, error=type(error).__name__)
            making.failed = True

    def _made(
        self, request: ExportRequest, recording: Recording, names: Mapping[AgentId, str], making: Making
    ) -> Package:
        sealed = self._open(recording)
        manifest = sealed.manifest

        def progress(share: float) -> None:
            making.progress = share

        cut = Cut(request.begins, request.ends, request.form, request.tracks)
        sound = cut_out(sealed, cut, ORIGINAL not in manifest.objects, progress)
        name = f"{recording.recording_id}_{request.begins:.1f}-{request.ends:.1f}s.{request.form}"
        digest = hashlib.sha256(sound).hexdigest()
        now = self._clock.now()
        assert request.decided_by is not None  # noqa: S101 - it is granted
        assert request.decided_at is not None  # noqa: S101
        sheet = custody_sheet(
            Facts(
                centre=self._centre.name,
                centre_id=self._centre.centre_id,
                export_id=request.export_id,
                recording_id=recording.recording_id,
                call_id=recording.call_id,
                started_at=recording.started_at,
                seconds=recording.seconds,
                number=recording.number,
                line=recording.line,
                dossier=recording.dossier,
                begins=request.begins,
                ends=request.ends,
                tracks=request.tracks,
                form=request.form,
                file=name,
                octets=len(sound),
                sha256=digest,
                asked_by=named(names, request.by),
                asked_at=request.at,
                reason=request.reason,
                granted_by=named(names, request.decided_by),
                granted_at=request.decided_at,
                made_at=now,
                originals=tuple(Original(name=each.name, sha256=each.sha256) for each in manifest.originals),
                manifest_sha256=recording.manifest_sha256,
                sealed_at=recording.sealed_at or now,
                chain_n=request.chain_n,
            )
        )
        data = packed(name, sound, sheet, now)
        return self._packages.keep(request.export_id, f"extrait-{recording.recording_id}.zip", digest, data)

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for export_id, making in list(self._making.items()):
            if making.package is not None and now - making.begun > WAITS.total_seconds():
                making.package.drop()
                del self._making[export_id]


def named(names: Mapping[AgentId, str], agent_id: AgentId) -> str:
    """A person: their name, and their id as the chain has it."""
    name = names.get(agent_id)
    return f"{name} ({agent_id})" if name else str(agent_id)
