"""What LRMs said of calls, for agents to see: in memory, and in the database for a restart; a day at most."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from core.dossiers import SHOWN_FOR, DossierDetails, Patient
from core.errors import StorageUnavailable
from core.ids import CallId, DossierId
from core.ports import Clock, DossierDisplay
from lrm_bridge.contract import CorrelationDossier, PatientDto

log = structlog.get_logger(__name__)

TRY_AGAIN_S: Final = 5.0
"""How long to leave a database alone that does not answer."""
PURGE_EVERY: Final = timedelta(minutes=10)


class Displays:
    """What is shown of the dossier of each call.

    Args:
        clock: the time.
        store: keeps it over a restart; none: nothing does.
        found: told of calls whose details were read back, once they are there.
    """

    def __init__(
        self,
        clock: Clock,
        store: DossierDisplay | None = None,
        found: Callable[[set[CallId]], None] = lambda calls: None,
    ) -> None:
        self._clock = clock
        self._store = store
        self._found = found
        self._details: dict[CallId, DossierDetails] = {}
        self._unsaved: dict[CallId, DossierDetails] = {}
        self._something = asyncio.Event()
        self._loaded = False
        self._purge_at: datetime | None = None

    def of(self, call_id: CallId) -> DossierDetails | None:
        """What is known of the dossier of a call; none after a day."""
        details = self._details.get(call_id)
        if details is None or self._clock.now() - details.at >= SHOWN_FOR:
            return None
        return details

    def put(self, details: DossierDetails) -> bool:
        """Keep it; whether it says anything that was not known."""
        before = self.of(details.call_id)
        news = before is None or replace(before, at=details.at) != details
        self._details[details.call_id] = self._unsaved[details.call_id] = details
        self._something.set()
        return news

    async def keep(self) -> None:
        """Read back what was kept, write what comes, and forget what is a day old; until cancelled."""
        while True:
            try:
                await self._work()
                wait = PURGE_EVERY.total_seconds()
            except StorageUnavailable:
                log.warning("dossiers_not_kept", advice="tried again; they are shown all the same")
                wait = TRY_AGAIN_S
            except Exception:  # whatever is wrong with what is shown, calls go on
                log.exception("dossiers_not_kept")
                wait = TRY_AGAIN_S
            try:
                async with asyncio.timeout(wait):
                    await self._something.wait()
            except TimeoutError:
                continue

    async def _work(self) -> None:
        """Do once what there is to do. Raises StorageUnavailable."""
        self._something.clear()
        now = self._clock.now()
        if self._store is not None and not self._loaded:
            await self._load(self._store, now)
        while self._store is not None and self._unsaved:
            batch = list(self._unsaved.values())
            await self._store.save(batch)
            for each in batch:
                if self._unsaved.get(each.call_id) is each:
                    del self._unsaved[each.call_id]
        if self._purge_at is None or now >= self._purge_at:
            await self._purge(now)

    async def _load(self, store: DossierDisplay, now: datetime) -> None:
        kept = await store.load(now - SHOWN_FOR)
        self._loaded = True
        for each in kept:
            self._details.setdefault(each.call_id, each)
        if kept:
            self._found({each.call_id for each in kept})

    async def _purge(self, now: datetime) -> None:
        before = now - SHOWN_FOR
        self._details = {call_id: each for call_id, each in self._details.items() if each.at > before}
        self._unsaved = {call_id: each for call_id, each in self._unsaved.items() if each.at > before}
        if self._store is not None:
            await self._store.purge(before)
        self._purge_at = now + PURGE_EVERY


def details_of(
    said: CorrelationDossier,
    call_id: CallId,
    dossier_id: DossierId,
    now: datetime,
    before: DossierDetails | None,
) -> DossierDetails:
    """What is to be shown after a request: what it says, and of the same dossier what it does not say again."""
    details = DossierDetails(call_id=call_id, dossier_id=dossier_id, at=now)
    if before is not None and before.dossier_id == dossier_id:
        details = replace(before, at=now)
    if said.localisation is not None:
        details = replace(details, place=said.localisation.strip())
    if said.appelant is not None:
        details = replace(
            details,
            caller_name=said.appelant.nom.strip(),
            caller_first_name=said.appelant.prenom.strip(),
            caller_address=said.appelant.adresse.strip(),
        )
    if said.patients is not None:
        details = replace(details, patients=tuple(map(_patient, said.patients)))
    return details


def _patient(said: PatientDto) -> Patient:
    return Patient(
        name=said.nom.strip(),
        birth_name=said.nomNaissance.strip(),
        first_name=said.prenom.strip(),
        sex=said.sexe or "",
        age=said.age or "",
        reason=said.motifRecours.strip(),
        remarkable=said.patientRemarquable,
    )
