"""Erasure: proposed by rule, given a visa by an archivist, then carried out; a hold wins to the very last."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from core.accounts import Account
from core.custody import EraseAsked, Erased, EraseDone, EraseGranted, Erasure
from core.ids import RecordingId, new_id
from core.ports import Clock
from core.recordings import Recording, RecordingState
from recorder.custody.errors import CustodyRefused, NotEntitled, NotThere
from recorder.custody.ledger import CustodyLedger
from recorder.custody.policy import Act, Relation, RetentionRule, may_erase, verdict
from recorder.custody.ports import Eraser, Store

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0
"""How long one erasure may take, in which nobody else may act."""
BATCH = 2000
"""Recordings of one batch at most: an archivist looks through it."""


class Retention:
    """What becomes of recordings whose time is over. ``busy``: whether one is being sealed at this instant.

    Every method raises StorageUnavailable when the database does not answer, and ChainAway when the chain takes
    no entry.
    """

    def __init__(
        self,
        store: Store,
        ledger: CustodyLedger,
        clock: Clock,
        rules: Sequence[RetentionRule],
        eraser: Eraser,
        busy: Callable[[RecordingId], bool] = lambda _: False,
    ) -> None:
        self.rules = tuple(rules)
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._eraser = eraser
        self._busy = busy

    async def propose(self, account: Account | None = None) -> list[Erasure]:
        """Propose what the rules let be erased by now, in batches. What is proposed already is not again.

        Args:
            account: who asks for it; ``None``: the rules by themselves, once a night.

        Raises:
            NotEntitled: only an archivist may ask.
        """
        if account is not None:
            self._check(account, Act.PROPOSE_ERASURE)
        proposed = []
        for place, rule in enumerate(self.rules):
            while True:
                async with self._ledger.act():
                    found = await self._store.expired(rule, self.rules[:place], self._clock.now(), BATCH)
                    if not found:
                        break
                    asked = EraseAsked(batch_id=new_id(), rule=str(rule), recordings=tuple(found))
                    if account is not None:
                        asked = EraseAsked(
                            batch_id=asked.batch_id,
                            rule=asked.rule,
                            recordings=asked.recordings,
                            by=account.agent_id,
                        )
                    await self._ledger.write(asked)
                    proposed.append(await self._erasure(asked.batch_id))
                if len(found) < BATCH:
                    break
        return proposed

    async def grant(self, account: Account, batch_id: str) -> Erasure:
        """Put one's visa on a batch. It is carried out by :meth:`carry_out`.

        Raises:
            NotThere: ``no_such_batch``. NotEntitled: no archivist, or their own proposal (``two_persons``).
            CustodyRefused: ``already_decided``.
        """
        async with self._ledger.act():
            batch = await self._erasure(batch_id)
            self._check(account, Act.GRANT_ERASURE, asked_it=batch.by == account.agent_id)
            if batch.granted_at is not None:
                raise CustodyRefused("already_decided")
            await self._ledger.write(EraseGranted(batch_id=batch_id, by=account.agent_id))
        return await self._erasure(batch_id)

    async def carry_out(self) -> int:
        """Erase what has a visa; also what an earlier program had begun to. How many were erased.

        Raises:
            OSError: something could not be deleted: the rest was, and that is tried again the next time.
        """
        count, trouble = 0, None
        for batch_id in await self._store.unfinished():
            whole = True
            for recording in await self._store.batch(batch_id):
                try:
                    count += await self._erase(batch_id, recording.recording_id)
                except OSError as error:
                    log.error("recording_not_erased", call_id=recording.call_id, error=type(error).__name__)
                    whole, trouble = False, error
            if whole:
                await self._finish(batch_id)
        if trouble is not None:
            raise trouble
        return count

    async def _erase(self, batch_id: str, recording_id: RecordingId) -> bool:
        """Erase one recording, unless something keeps it at this instant; no hold can be set meanwhile.

        It is said before it is done: a program killed in between leaves nothing that a hold could still be set
        on, and the next one does it again.
        """
        async with self._ledger.act():
            recording = await self._store.get(recording_id)
            if recording is None:
                return False
            if recording.state is not RecordingState.ERASED:
                if not may_erase(recording) or self._busy(recording_id):
                    return False
                await self._ledger.write(_erased(batch_id, recording))
            async with asyncio.timeout(PATIENCE_S):  # a store that hangs must not keep everybody waiting
                await asyncio.to_thread(self._eraser.erase, recording)
        return True

    async def _finish(self, batch_id: str) -> None:
        async with self._ledger.act():
            kept = [r for r in await self._store.batch(batch_id) if r.state is not RecordingState.ERASED]
            await self._ledger.write(
                EraseDone(batch_id=batch_id, kept=tuple(recording.recording_id for recording in kept))
            )
        log.info("erasure_carried_out", batch=batch_id, kept=len(kept))

    def _check(self, account: Account, act: Act, *, asked_it: bool = False) -> None:
        if not (said := verdict(account.role, act, Relation(asked_it=asked_it))).allowed:
            raise NotEntitled(said.code)

    async def _erasure(self, batch_id: str) -> Erasure:
        batch = await self._store.erasure(batch_id)
        if batch is None:
            raise NotThere("no_such_batch")
        return batch


def _erased(batch_id: str, recording: Recording) -> Erased:
    return Erased(
        batch_id=batch_id, recording_id=recording.recording_id, manifest_sha256=recording.manifest_sha256
    )
