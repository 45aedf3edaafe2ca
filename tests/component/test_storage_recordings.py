"""The catalogue, on both databases: what is taken in, what is found, what the chain makes of it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.custody import (
    AuditorGranted,
    EraseAsked,
    Erased,
    EraseDone,
    EraseGranted,
    HoldLifted,
    HoldSet,
    Sealed,
)
from core.ids import AgentId, CallId, RecordingId
from core.recordings import (
    Change,
    Indexed,
    Lost,
    Merged,
    NumberWanted,
    Recording,
    RecordingState,
    Told,
    Wanted,
    Within,
)
from core.words import Outcome
from recorder.custody.policy import RetentionRule, number_of, words_of
from storage.database import Database
from storage.recordings import StoredRecordings
from tests.support.recordings import CENTRE, NOON, call_id, chained, indexed, recording_id, told_of

pytestmark = pytest.mark.component

EVERYTHING = (Within(),)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[StoredRecordings]:
    database = Database(database_url)
    await database.upgrade()
    yield StoredRecordings(database)
    await database.close()


async def take(store: StoredRecordings, *known: Indexed) -> None:
    changes: list[Change] = [change for each in known for change in told_of(each)]
    await store.take(changes, len(changes), NOON)


async def found(store: StoredRecordings, wanted: Wanted, within: tuple[Within, ...] = EVERYTHING) -> list[str]:
    """The numbers at the end of the ids found, in the order found."""
    page = await store.find(wanted, within, None, 100)
    return [row.recording_id.rpartition(".")[2] for row in page.rows]


async def one(store: StoredRecordings, number: int) -> Recording:
    recording = await store.get(recording_id(number))
    assert recording is not None
    return recording


async def test_a_recording_from_its_beginning_to_its_end(store: StoredRecordings) -> None:
    known = indexed(1)
    begun, closed, _ = told_of(known)
    await store.take([begun], 1, NOON)
    assert (await one(store, 1)).state is RecordingState.RECORDING
    await store.take([closed], 2, NOON)
    assert (await one(store, 1)).state is RecordingState.RECORDED
    assert await store.due(known.ended_at + timedelta(seconds=1), 5) == []  # more may be told of it
    assert len(await store.due(known.ended_at + timedelta(minutes=3), 5)) == 1  # nothing more came
    await store.take([known], 3, NOON)
    row = await one(store, 1)
    assert (row.number, row.line, row.agents, row.seconds) == (known.number, "15", known.agents, 60)
    assert row.started_at == known.started_at
    assert await store.index_of(known.recording_id) == b"{}"
    assert [r.recording_id for r in await store.due(known.ended_at, 5)] == [known.recording_id]
    await store.take([begun, closed, known], 3, NOON)  # the same again
    assert await one(store, 1) == row
    assert (await store.places()).journal == 3


async def test_what_becomes_known_later_reaches_every_recording_of_the_call(store: StoredRecordings) -> None:
    first = indexed(1, outcome=Outcome.FALLBACK)
    callee = replace(indexed(2), call_id=call_id(1), last_call_id=call_id(1))
    moved = indexed(3)
    begun, closed, known = told_of(moved)
    await take(store, first, callee)
    await store.take([begun, Merged(call_id=call_id(1), merged_id=call_id(3)), closed, known], 9, NOON)
    await store.take(
        [
            Told(call_id=call_id(1), note="Œdème du visage"),
            Told(call_id=call_id(1), note="Rappelée"),
            Told(call_id=call_id(1), dossier="D-2026-7"),
            Told(call_id=call_id(1), outcome=Outcome.ABANDONED_QUEUE),
        ],
        10,
        NOON,
    )
    rows = await store.of_call(call_id(1))
    assert [row.recording_id for row in rows] == [
        recording_id(1),
        recording_id(2),
    ]  # what moved told its call itself
    assert {row.notes for row in rows} == {"Œdème du visage\n\nRappelée"}
    assert {row.dossier for row in rows} == {"D-2026-7"}
    # How a call of mode secours really ended replaces what a core said; another outcome stays.
    assert [row.outcome for row in rows] == [Outcome.ABANDONED_QUEUE, Outcome.ANSWERED]
    assert await found(store, Wanted(words=words_of("oedeme"))) == ["2", "1"]
    assert await found(store, Wanted(words=words_of("RAPPELEE oed"))) == ["2", "1"]


async def test_the_true_start_may_come_last(store: StoredRecordings) -> None:
    """A call of mode secours is told when it is over: its place is where it began."""
    late = indexed(5, started_at=NOON)
    begun, closed, known = told_of(late)
    begun = replace(begun, started_at=NOON + timedelta(hours=2))
    await store.take([begun, Told(call_id=call_id(5), note="vertiges"), closed], 3, NOON)
    await take(store, indexed(1))
    assert await found(store, Wanted()) == ["5", "1"]
    await store.take([known], 9, NOON)
    assert await found(store, Wanted()) == ["1", "5"]
    assert await found(store, Wanted(words=("vertige",))) == ["5"]


async def test_two_that_began_at_the_same_instant_are_both_kept(store: StoredRecordings) -> None:
    await take(store, *(indexed(n, started_at=NOON) for n in range(1, 6)))
    assert sorted(await found(store, Wanted())) == ["1", "2", "3", "4", "5"]


async def test_tracks_that_are_missing_or_short(store: StoredRecordings) -> None:
    gone = Lost(recording_id=recording_id(1), call_id=call_id(1), centre_id=CENTRE, at=NOON, detail="no track")
    await store.take([gone], 1, NOON)
    assert (await one(store, 1)).state is RecordingState.MISSING
    await take(store, indexed(2))
    short = replace(gone, recording_id=recording_id(2), detail="short: 3.0 s of 60.0 s")
    await store.take([short], 2, NOON)
    row = await one(store, 2)
    assert (row.state, row.detail) == (RecordingState.RECORDED, "short: 3.0 s of 60.0 s")


@pytest.fixture
async def many(store: StoredRecordings) -> StoredRecordings:
    doctor = (AgentId("8arm1/1"), AgentId("8mu/2"))
    await take(
        store,
        indexed(1, number="+33612345678"),
        indexed(2, number="+33612000000", line="112", seconds=600),
        indexed(3, number="", outcome=Outcome.ABANDONED_QUEUE, agents=()),
        indexed(4, number="+33199005678", agents=doctor, seconds=3.5),
        indexed(5, number="+33612345678", test=True),
    )
    await store.take(
        [
            Told(call_id=call_id(2), dossier="FR751-D42"),
            Told(call_id=call_id(4), note="Père essoufflé, adresse à préciser"),
            Told(call_id=call_id(1), note="Essoufflement : 80 ans"),
        ],
        99,
        NOON,
    )
    return store


FOUND: list[tuple[Wanted, list[str]]] = [
    (Wanted(), ["4", "3", "2", "1"]),
    (Wanted(tests=True), ["5", "4", "3", "2", "1"]),
    (Wanted(number=number_of("06 12 34 56 78")), ["1"]),
    (Wanted(number=number_of("56 78"), tests=True), ["5", "4", "1"]),
    (Wanted(number=number_of("0612")), ["2", "1"]),
    (Wanted(number=number_of("+33 1")), ["4"]),
    (Wanted(number=NumberWanted(exact="")), []),
    (Wanted(words=words_of("essouffl")), ["4", "1"]),
    (Wanted(words=words_of("ESSOUFFLÉ père")), ["4"]),
    (Wanted(words=words_of("père essouffl")), ["4"]),  # only the last may be a beginning …
    (Wanted(words=words_of("essouffl père")), []),
    (Wanted(words=words_of("pèr")), ["4"]),
    (Wanted(words=words_of("pè")), []),  # … of three letters or more
    (Wanted(words=words_of("père"), line="112"), []),
    (Wanted(words=words_of("80")), ["1"]),
    (Wanted(words=("or", "and")), []),
    (Wanted(dossier="FR751-D42"), ["2"]),
    (Wanted(dossier="FR751-D"), ["2"]),
    (Wanted(dossier="%"), []),
    (Wanted(agent_id=AgentId("8mu/2")), ["4"]),
    (Wanted(agent_id=AgentId("8arm1/1"), line="112"), ["2"]),
    (Wanted(line="112"), ["2"]),
    (Wanted(line="112", outcome=Outcome.ANSWERED), ["2"]),
    (Wanted(outcome=Outcome.ABANDONED_QUEUE), ["3"]),
    (Wanted(shortest=100), ["2"]),
    (Wanted(longest=10), ["4"]),
    (Wanted(shortest=10, longest=100), ["3", "1"]),
    (Wanted(call_id=CallId(recording_id(3))), ["3"]),
    (Wanted(since=NOON + timedelta(minutes=2), until=NOON + timedelta(minutes=4)), ["3", "2"]),
    (Wanted(during=NOON + timedelta(minutes=4, seconds=30)), ["2"]),
    (Wanted(states=(RecordingState.SEALED,)), []),
    (Wanted(states=(RecordingState.RECORDED,), held=False), ["4", "3", "2", "1"]),
    (Wanted(held=True), []),
]


async def test_what_is_found(many: StoredRecordings) -> None:
    for wanted, numbers in FOUND:
        assert await found(many, wanted) == numbers, wanted


THEIRS: list[tuple[tuple[Within, ...], list[str]]] = [
    ((), []),
    ((Within(agent_id=AgentId("8mu/2")),), ["4"]),
    ((Within(agent_id=AgentId("8arm1/1"), since=NOON + timedelta(minutes=2)),), ["4", "2"]),
    ((Within(line="112"), Within(recordings=(recording_id(1),))), ["2", "1"]),
    ((Within(until=NOON + timedelta(minutes=3)),), ["2", "1"]),
]


@pytest.mark.parametrize("most", [1000, 2])
async def test_words_that_begin_alike_are_found_latest_first_however_many(
    store: StoredRecordings, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("storage.recording_words._MOST_TERMS", most)
    await take(store, *(indexed(n, started_at=NOON + timedelta(minutes=n)) for n in range(1, 6)))
    for n, note in enumerate(("respire mal", "respiration", "bradypnée", "respirait bien", "respi respire"), 1):
        await store.take([Told(call_id=call_id(n), note=note)], 10 + n, NOON)
    assert await found(store, Wanted(words=words_of("respi"))) == ["5", "4", "2", "1"]
    assert await found(store, Wanted(words=words_of("respire"))) == ["5", "1"]
    assert await found(store, Wanted(words=words_of("mal respir"))) == ["1"]
    assert await found(store, Wanted(words=words_of("respirations"))) == []


async def test_nobody_finds_more_than_is_theirs(many: StoredRecordings) -> None:
    for within, numbers in THEIRS:
        assert await found(many, Wanted(), within) == numbers, within
        by_number = await found(many, Wanted(number=number_of("0612")), within)
        assert by_number == [n for n in numbers if n in "12"], within
        by_words = await found(many, Wanted(words=words_of("essouffl")), within)
        assert by_words == [n for n in numbers if n in "14"], within


async def test_pages_follow_each_other_without_gap_or_repetition(store: StoredRecordings) -> None:
    await take(store, *(indexed(n) for n in range(1, 24)))
    for wanted in (Wanted(), Wanted(agent_id=AgentId("8arm1/1")), Wanted(shortest=10)):
        seen: list[RecordingId] = []
        following: int | None = None
        while True:
            page = await store.find(wanted, EVERYTHING, following, 5)
            seen += [row.recording_id for row in page.rows]
            if (following := page.next) is None:
                break
        assert seen == [recording_id(n) for n in range(23, 0, -1)]


async def test_the_chain_folds_into_rows_once_each(store: StoredRecordings) -> None:
    await take(store, indexed(1), indexed(2))
    held = HoldSet(hold_id="h", recording_id=recording_id(1), by=AgentId("a"), reason="enquête")
    sealed = Sealed(
        recording_id=recording_id(1), manifest_sha256="ab" * 32, call_id=call_id(1), day="2026-11-22"
    )
    await store.fold([chained(1, sealed), chained(2, held)])
    await store.fold([chained(1, sealed), chained(2, held)])
    row = await one(store, 1)
    assert (row.state, row.holds, row.manifest_sha256) == (RecordingState.SEALED, 1, "ab" * 32)
    assert await store.index_of(recording_id(1)) is None
    assert [hold.hold_id for hold in await store.holds()] == ["h"]
    lifted = HoldLifted(hold_id="h", recording_id=recording_id(1), by=AgentId("b"), reason="classée")
    await store.fold([chained(3, lifted)])
    assert (await one(store, 1)).holds == 0
    assert await store.holds() == []
    hold = await store.hold("h")
    assert hold is not None
    assert hold.lifted_by == "b"
    assert (await store.places()).chain == 3


async def test_nothing_that_tells_whose_call_it_was_outlives_an_erasure(store: StoredRecordings) -> None:
    await take(store, indexed(1))
    await store.take([Told(call_id=call_id(1), note="Madame Untel", dossier="D1")], 5, NOON)
    batch = EraseAsked(batch_id="b", rule="tous", recordings=(recording_id(1), recording_id(2)))
    await store.fold([chained(1, batch)])
    assert await store.unfinished() == []
    await store.fold([chained(2, EraseGranted(batch_id="b", by=AgentId("a")))])
    assert await store.unfinished() == ["b"]
    assert [row.recording_id for row in await store.batch("b")] == [recording_id(1)]
    await store.fold([chained(3, Erased(batch_id="b", recording_id=recording_id(1)))])
    await store.fold([chained(4, EraseDone(batch_id="b"))])
    row = await one(store, 1)
    assert row.state is RecordingState.ERASED
    assert (row.number, row.dossier, row.notes) == ("", "", "")
    assert row.line == "15"
    assert await found(store, Wanted(words=("madame",))) == []
    assert await found(store, Wanted(number=number_of("612"))) == []
    await store.take([Told(call_id=call_id(1), note="encore"), indexed(1)], 6, NOON)
    assert await one(store, 1) == row
    assert await store.unfinished() == []


async def test_what_a_rule_lets_go(store: StoredRecordings) -> None:
    short = RetentionRule(keep=timedelta(days=1), test=True)
    with_dossier = RetentionRule(keep=timedelta(days=10), with_dossier=True)
    others = RetentionRule(keep=timedelta(days=5))
    await take(store, indexed(1), indexed(2, test=True), indexed(3), indexed(4))
    await store.take([Told(call_id=call_id(3), dossier="D")], 99, NOON)
    sealed = [
        Sealed(recording_id=recording_id(n), manifest_sha256="", call_id=call_id(n), day="2026-11-22")
        for n in (1, 2, 3, 4)
    ]
    held = HoldSet(hold_id="h", recording_id=recording_id(4), by=AgentId("a"), reason="enquête")
    await store.fold([chained(n, entry) for n, entry in enumerate([*sealed, held], 1)])

    async def let_go(days: float) -> list[list[str]]:
        rules, now = [short, with_dossier, others], NOON + timedelta(days=days)
        lists = [await store.expired(rule, rules[:place], now, 100) for place, rule in enumerate(rules)]
        return [[one.rpartition(".")[2] for one in found] for found in lists]

    assert await let_go(0.9) == [[], [], []]
    assert await let_go(2) == [["2"], [], []]
    assert await let_go(6) == [["2"], [], ["1"]]
    assert await let_go(11) == [["2"], ["3"], ["1"]]
    batch = EraseAsked(batch_id="b", rule="x", recordings=(recording_id(1), recording_id(2)))
    await store.fold([chained(6, batch)])
    assert await let_go(11) == [[], ["3"], []]  # they wait for a visa


async def test_failed_tries_wait_and_the_fresh_come_first(store: StoredRecordings) -> None:
    await take(store, indexed(1), indexed(2))
    await store.put_off(recording_id(1), "OSError: no", NOON + timedelta(hours=1))
    row = await one(store, 1)
    assert (row.state, row.attempts, row.detail) == (RecordingState.FAILED, 1, "OSError: no")
    soon, late = NOON + timedelta(minutes=30), NOON + timedelta(hours=2)
    assert [r.recording_id for r in await store.due(soon, 5)] == [recording_id(2)]
    assert [r.recording_id for r in await store.due(late, 5)] == [recording_id(2), recording_id(1)]
    assert [r.recording_id for r in await store.due(late, 1)] == [recording_id(2)]
    assert await store.counts() == {RecordingState.FAILED: 1, RecordingState.RECORDED: 1}
    await store.lost(recording_id(1), "no track can be read")
    assert (await one(store, 1)).state is RecordingState.MISSING


async def test_grants_and_lines_and_a_new_beginning(store: StoredRecordings) -> None:
    await take(store, indexed(1), indexed(2, line="112"), indexed(3))
    assert await store.lines() == ["112", "15"]
    granted = AuditorGranted(
        grant_id="g",
        auditor=AgentId("aud"),
        by=AgentId("a"),
        reason="revue",
        expires_at=NOON + timedelta(days=1),
        line="15",
        recordings=(recording_id(1), recording_id(2)),
    )
    await store.fold([chained(1, granted)])
    (grant,) = await store.grants(AgentId("aud"))
    assert (grant.line, grant.recordings, grant.expires_at) == ("15", granted.recordings, granted.expires_at)
    assert await store.grants(AgentId("other")) == []
    await store.clear()
    assert (await store.places()).chain == (await store.places()).journal == 0
    assert await found(store, Wanted(tests=True)) == []
    assert await store.grants() == []
