"""How the archive is: ``/healthz`` for a watchdog, ``/metrics`` for measures."""

import json
from ipaddress import ip_address
from pathlib import Path

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse

from core.ports import Clock
from core.recordings import RecordingState
from recorder.custody.ports import Store
from web.auth import Gate, WebError

_WAITING = (RecordingState.RECORDED, RecordingState.FAILED)


class ArchiveHealth:
    """What each part said last, and how many recordings are in each state. ``file``: for the core to read."""

    def __init__(self, store: Store, clock: Clock, file: Path) -> None:
        self._store = store
        self._file = file
        self._clock = clock
        self._failing: dict[str, str] = {}
        self.counts: dict[RecordingState, int] = {}
        self.registry = CollectorRegistry()
        self._recordings = Gauge(
            "bandeau15_archive_recordings", "Recordings by state", ["state"], registry=self.registry
        )
        for state in RecordingState:
            self._recordings.labels(state.value)
        self._parts = Gauge(
            "bandeau15_archive_failing", "Whether a part of the archive fails", ["part"], registry=self.registry
        )
        self._behind = Gauge(
            "bandeau15_archive_behind_seconds",
            "Age of the last event of the journal that the catalogue took in",
            registry=self.registry,
        )

    def failed(self, part: str, code: str) -> None:
        """A part could not do its work."""
        self._failing[part] = code
        self._parts.labels(part).set(1)

    def well(self, part: str) -> None:
        """A part did its work."""
        self._failing.pop(part, None)
        self._parts.labels(part).set(0)

    def say(self) -> None:
        """Write down how it is, for the core's alarms: a line that survives nothing and need not.

        Raises:
            OSError: the disk refuses.
        """
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps({"at": self._clock.now().isoformat(), **self.told()}))
        draft.replace(self._file)

    async def look(self) -> None:
        """Count what there is.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        self.counts = await self._store.counts()
        for state in RecordingState:
            self._recordings.labels(state.value).set(self.counts.get(state, 0))
        at = (await self._store.places()).journal_at
        if at is not None:
            self._behind.set((self._clock.now() - at).total_seconds())

    def told(self) -> dict[str, object]:
        """The state, as ``/healthz`` tells it. ``failed``: recordings that somebody must look at."""
        return {
            "failing": sorted(self._failing),
            "why": dict(self._failing),
            "waiting": sum(self.counts.get(state, 0) for state in _WAITING),
            "failed": self.counts.get(RecordingState.FAILED, 0),
        }


def health_routes(health: ArchiveHealth, gate: Gate, centre_id: str) -> APIRouter:
    """``/healthz`` for anybody, ``/metrics`` for this machine and for anybody logged in."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        told = health.told()
        return JSONResponse({"archive": centre_id, **told}, 503 if told["failing"] else 200)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not _local(request) and await gate.identity(request) is None:
            raise WebError(401, "no_session")
        return Response(generate_latest(health.registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
