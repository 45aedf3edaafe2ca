"""Erasure: by rule, with a visa, never what is held; killed half-way and begun again. On both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.custody import ENTRY_TYPES, CustodyEntry, EraseAsked, Erased, EraseDone, EraseGranted
from core.errors import StorageUnavailable
from core.ids import RecordingId
from core.recordings import Recording, RecordingState
from recorder.custody.errors import ChainAway, CustodyRefused, NotEntitled
from storage.database import Database
from storage.recordings import StoredRecordings
from tests.support.custody import ARCHIVIST, OTHER_ARCHIVIST, SUPERVISOR, Killed, World, world
from tests.support.recordings import indexed, recording_id

pytestmark = pytest.mark.component


@pytest.fixture
async def centre(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with world(database_url, tmp_path) as made:
        yield made


def entries(centre: World) -> list[CustodyEntry]:
    return [ENTRY_TYPES[line.kind].read(line.body) for line in centre.chain.lines]


async def states(centre: World, *numbers: int) -> list[str]:
    rows = [await centre.store.get(recording_id(n)) for n in numbers]
    return [row.state.value for row in rows if row is not None]


async def test_a_run_with_holds(centre: World) -> None:
    known = [indexed(1), indexed(2), indexed(3), indexed(4, test=True), indexed(5)]
    await centre.take(*known)
    await centre.seal(*known[:4])  # the fifth waits to be sealed
    before = await centre.custody.set_hold(ARCHIVIST, recording_id(1), "réquisition 12/2026")
    assert await centre.retention.propose() == []
    centre.clock.advance(timedelta(days=20).total_seconds())
    (of_tests,) = await centre.retention.propose()
    assert (of_tests.count, of_tests.rule) == (1, "appels d'essai : 10 jours")
    centre.clock.advance(timedelta(days=100).total_seconds())
    (batch,) = await centre.retention.propose(ARCHIVIST)
    assert (batch.count, batch.held, batch.by) == (2, 0, ARCHIVIST.agent_id)
    assert await centre.retention.propose() == []  # all is proposed

    with pytest.raises(NotEntitled) as refused:
        await centre.retention.grant(ARCHIVIST, batch.batch_id)
    assert refused.value.code == "two_persons"
    with pytest.raises(NotEntitled):
        await centre.retention.grant(SUPERVISOR, batch.batch_id)
    assert await centre.retention.carry_out() == 0  # nobody gave a visa
    await centre.custody.set_hold(ARCHIVIST, recording_id(2), "plainte")  # between proposal and visa
    granted = await centre.retention.grant(OTHER_ARCHIVIST, batch.batch_id)
    assert granted.held == 1
    with pytest.raises(CustodyRefused) as again:
        await centre.retention.grant(OTHER_ARCHIVIST, batch.batch_id)
    assert again.value.code == "already_decided"

    assert await centre.retention.carry_out() == 1
    assert await states(centre, 1, 2, 3, 4, 5) == ["sealed", "sealed", "erased", "sealed", "recorded"]
    assert centre.objects.there == {recording_id(n) for n in (1, 2, 4)}
    done = await centre.store.erasure(batch.batch_id)
    assert done is not None
    assert done.done_at is not None
    assert done.held == 1
    told = [entry for entry in entries(centre) if isinstance(entry, Erased | EraseDone)]
    assert told == [
        Erased(batch_id=batch.batch_id, recording_id=recording_id(3), manifest_sha256="ab" * 32),
        EraseDone(batch_id=batch.batch_id, kept=(recording_id(2),)),
    ]
    await centre.custody.lift_hold(ARCHIVIST, before.hold_id, "affaire classée")
    (next_one,) = await centre.retention.propose()
    assert next_one.count == 1  # the first again; the second is still held


async def test_a_program_killed_half_way_is_finished_by_the_next(centre: World) -> None:
    known = [indexed(n) for n in range(1, 6)]
    await centre.take(*known)
    await centre.seal(*known)
    centre.clock.advance(timedelta(days=101).total_seconds())
    (batch,) = await centre.retention.propose()
    await centre.retention.grant(ARCHIVIST, batch.batch_id)
    for where in ("kill_before", "kill_after"):
        setattr(centre.objects, where, centre.objects.done + 1)
        with pytest.raises(Killed):
            await centre.retention.carry_out()
        centre.restart()
    await centre.custody.set_hold(ARCHIVIST, recording_id(5), "au dernier instant")
    await centre.retention.carry_out()
    assert centre.objects.there == {recording_id(5)}
    erased = [entry.recording_id for entry in entries(centre) if isinstance(entry, Erased)]
    assert sorted(erased) == [recording_id(n) for n in (1, 2, 3, 4)]  # each once
    assert await states(centre, 1, 2, 3, 4, 5) == ["erased"] * 4 + ["sealed"]


async def test_nothing_is_erased_while_the_chain_takes_nothing(centre: World) -> None:
    await centre.take(indexed(1))
    await centre.seal(indexed(1))
    centre.clock.advance(timedelta(days=101).total_seconds())
    (batch,) = await centre.retention.propose()
    centre.chain.refuses = True
    with pytest.raises(ChainAway):
        await centre.retention.grant(ARCHIVIST, batch.batch_id)
    assert await centre.retention.carry_out() == 0
    assert centre.objects.there == {recording_id(1)}


# --- whatever the interleaving ------------------------------------------------------------------------------

NUMBERS = range(1, 4)
numbers = st.sampled_from(NUMBERS)
steps = st.one_of(
    st.tuples(st.just("seal"), numbers),
    st.tuples(st.just("hold"), numbers),
    st.tuples(st.just("lift"), numbers),
    st.tuples(st.just("propose"), st.sampled_from([0, 1])),
    st.tuples(st.just("grant"), st.sampled_from([0, 1])),
    st.tuples(st.just("carry_out"), st.sampled_from([0, 1, 2, 3, 4, 5])),
    st.tuples(st.just("pass"), st.just(60)),
    st.tuples(st.just("restart"), st.just(0)),
)


BEGINNING = [("seal", 1), ("seal", 2), ("seal", 3), ("pass", 120), ("propose", 0)]
"""From here on much can go wrong."""


class Audit:
    """What must hold at each instant, whatever was done."""

    def __init__(self, centre: World) -> None:
        self.centre = centre
        self.sealed: set[RecordingId] = set()
        self.held_when_gone: list[RecordingId] = []
        self.held: set[RecordingId] = set()
        erase = centre.objects.erase

        def watched(recording: Recording) -> None:
            if recording.recording_id in self.held:
                self.held_when_gone.append(recording.recording_id)
            erase(recording)

        centre.objects.erase = watched  # type: ignore[method-assign]

    def check(self) -> None:
        told = entries(self.centre)
        assert self.held_when_gone == []
        asked = {e.batch_id: e for e in told if isinstance(e, EraseAsked)}
        granted = {e.batch_id: e for e in told if isinstance(e, EraseGranted)}
        assert all(granted[b].by != asked[b].by for b in granted)
        with_visa = {one for batch in granted for one in asked[batch].recordings}
        gone = self.sealed - self.centre.objects.there
        assert gone <= with_visa

    async def finish(self) -> None:
        """Once what was begun has come to its end, the chain tells of each erasure, once."""
        self.centre.restart()
        await self.centre.retention.carry_out()
        self.check()
        erased = [e.recording_id for e in entries(self.centre) if isinstance(e, Erased)]
        assert sorted(erased) == sorted(self.sealed - self.centre.objects.there)
        for number in NUMBERS:
            row = await self.centre.store.get(recording_id(number))
            assert row is not None
            assert (row.state is RecordingState.ERASED) == (row.recording_id in erased)
        assert await self.centre.store.unfinished() == []


async def play(centre: World, history: list[tuple[str, int]]) -> None:
    audit = Audit(centre)
    await centre.take(*(indexed(n, test=n == 1) for n in NUMBERS))
    history = [*BEGINNING, *history]
    archivists = (ARCHIVIST, OTHER_ARCHIVIST)
    for what, number in history:
        one = recording_id(number)
        try:
            match what:
                case "seal" if one not in audit.sealed:
                    await centre.seal(indexed(number, test=number == 1))
                    audit.sealed.add(one)
                case "hold":
                    await centre.custody.set_hold(ARCHIVIST, one, "enquête")
                    audit.held.add(one)
                case "lift":
                    for hold in await centre.store.holds(one):
                        if hold.lifted_at is None:
                            await centre.custody.lift_hold(ARCHIVIST, hold.hold_id, "close")
                    audit.held.discard(one)
                case "propose":
                    await centre.retention.propose(archivists[number])
                case "grant":
                    for batch in await centre.store.erasures():
                        if batch.granted_at is None:
                            await centre.retention.grant(archivists[number], batch.batch_id)
                case "carry_out":
                    ahead = centre.objects.done + number // 2
                    centre.objects.kill_before = ahead if number % 2 else None
                    centre.objects.kill_after = None if number % 2 else ahead
                    await centre.retention.carry_out()
                case "pass":
                    centre.clock.advance(timedelta(days=number).total_seconds())
                case "restart":
                    centre.restart()
        except (NotEntitled, CustodyRefused):
            pass
        except Killed:
            centre.restart()
        finally:
            centre.objects.kill_before = centre.objects.kill_after = None
        audit.check()
    await audit.finish()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=st.lists(steps, min_size=2, max_size=15))
def test_whatever_the_order_nothing_held_is_erased_nor_without_visa_nor_untold(
    folder: Path, history: list[tuple[str, int]]
) -> None:
    async def run() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder / 'b.db'}")
        try:
            await database.upgrade()
            store = StoredRecordings(database)
            await store.clear()
            await play(World(store, folder), history)
        finally:
            await database.close()

    asyncio.run(run())


async def test_an_entry_that_is_not_in_the_tables_yet_counts_before_anything_else(centre: World) -> None:
    """The database goes away right after a hold was written into the chain."""
    await centre.take(indexed(1))
    await centre.seal(indexed(1))
    centre.clock.advance(timedelta(days=101).total_seconds())
    (batch,) = await centre.retention.propose()
    await centre.retention.grant(ARCHIVIST, batch.batch_id)
    fold = centre.store.fold

    async def away(_: object) -> None:
        raise StorageUnavailable("away")

    centre.store.fold = away  # type: ignore[method-assign, assignment]
    with pytest.raises(StorageUnavailable):
        await centre.custody.set_hold(ARCHIVIST, recording_id(1), "enquête")
    centre.store.fold = fold  # type: ignore[method-assign]
    assert await centre.retention.carry_out() == 0
    assert centre.objects.there == {recording_id(1)}
