"""Acts of custody: each is in the chain before it takes effect, and nobody does what is not theirs."""

from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from core.custody import ENTRY_TYPES, CustodyEntry, Listened, Refused, Searched
from core.ids import AgentId, RecordingId
from core.recordings import Wanted
from recorder.custody.errors import ChainAway, CustodyRefused, NotEntitled, NotThere
from recorder.custody.ledger import entries_after
from recorder.custody.policy import number_of, words_of
from tests.support.custody import (
    ARCHIVIST,
    ARM,
    AUDITOR,
    OTHER_ARM,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    World,
    world,
)
from tests.support.recordings import indexed, recording_id
from tests.support.tables import with_tables

pytestmark = pytest.mark.component

ONE, TWO = recording_id(1), recording_id(2)
EXTRACT = {"begins": 1.0, "ends": 9.5, "form": "wav", "tracks": "both", "reason": "expertise"}


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[World]:
    async with world(with_tables(f"sqlite+aiosqlite:///{tmp_path / 'b.db'}"), tmp_path) as made:
        known = indexed(1), indexed(2, line="112", agents=(OTHER_ARM.agent_id,))
        await made.take(*known, indexed(3))
        await made.seal(*known)
        made.clock.advance(600)
        yield made


def told(centre: World) -> list[CustodyEntry]:
    """What is in the chain, but what was sealed."""
    read = [ENTRY_TYPES[line.kind].read(line.body) for line in centre.chain.lines]
    return [entry for entry in read if entry.KIND != "sealed"]


async def refused(act: Awaitable[object]) -> str:
    with pytest.raises(CustodyRefused) as error:
        await act
    return error.value.code


async def test_listening_is_told_with_its_reason_before_it_begins(centre: World) -> None:
    await centre.custody.begin_listening(SUPERVISOR, ONE, "  relecture\n d'une plainte ")
    assert told(centre) == [
        Listened(recording_id=ONE, by=SUPERVISOR.agent_id, reason="relecture d'une plainte")
    ]
    (access,) = await centre.custody.accesses(ARCHIVIST, ONE)
    assert (access.by, access.reason) == (SUPERVISOR.agent_id, "relecture d'une plainte")
    assert await centre.custody.accesses(ARM, ONE) == []  # not for them to know
    assert await refused(centre.custody.begin_listening(SUPERVISOR, ONE, "x")) == "reason_missing"
    assert await refused(centre.custody.begin_listening(SUPERVISOR, ONE, "x" * 501)) == "reason_too_long"
    centre.chain.refuses = True
    with pytest.raises(ChainAway):
        await centre.custody.begin_listening(SUPERVISOR, ONE, "relecture")


async def test_what_was_refused_is_told_too(centre: World) -> None:
    custody = centre.custody
    with pytest.raises(NotEntitled) as error:
        await custody.begin_listening(ARM, TWO, "curiosité")
    assert (error.value.code, error.value.status) == ("not_your_recording", 403)
    assert await refused(custody.begin_listening(ARCHIVIST, ONE, "curiosité")) == "archivist_does_not_listen"
    assert await refused(custody.set_hold(SUPERVISOR, ONE, "plainte")) == "not_allowed"
    assert told(centre) == [
        Refused(by=ARM.agent_id, act="listen", code="not_your_recording", recording_id=TWO),
        Refused(by=ARCHIVIST.agent_id, act="listen", code="archivist_does_not_listen", recording_id=ONE),
        Refused(by=SUPERVISOR.agent_id, act="hold", code="not_allowed", recording_id=ONE),
    ]
    # What is not there yet, or is not there at all, is nobody's attempt.
    assert await refused(custody.begin_listening(SUPERVISOR, recording_id(3), "relecture")) == "not_sealed_yet"
    with pytest.raises(NotThere):
        await custody.begin_listening(SUPERVISOR, RecordingId("nothing"), "relecture")
    assert len(told(centre)) == 3


async def test_an_agent_hears_their_own_calls_of_the_last_weeks(centre: World) -> None:
    page = await centre.custody.find(ARM, Wanted())
    assert [row.recording_id for row in page.rows] == [recording_id(3), ONE]
    assert (await centre.custody.look(ARM, ONE)).recording_id == ONE
    with pytest.raises(NotThere):
        await centre.custody.look(ARM, TWO)
    await centre.custody.begin_listening(ARM, ONE, "débriefing")
    centre.clock.advance(timedelta(days=31).total_seconds())
    assert await refused(centre.custody.begin_listening(ARM, ONE, "débriefing")) == "too_long_ago"
    assert (await centre.custody.find(ARM, Wanted())).rows == ()


async def test_looking_for_one_person_is_told_without_the_number(centre: World) -> None:
    custody = centre.custody
    page = await custody.find(SUPERVISOR, Wanted(number=number_of("06 00 00 00 01")))
    assert [row.recording_id for row in page.rows] == [ONE]
    await custody.find(SUPERVISOR, Wanted(words=words_of("douleur"), dossier="D1"))
    await custody.find(SUPERVISOR, Wanted(line="15"))  # of nobody
    assert told(centre) == [
        Searched(by=SUPERVISOR.agent_id, what=("number",), number_digest="digest of +33600000001"),
        Searched(by=SUPERVISOR.agent_id, what=("dossier", "words")),
    ]
    centre.chain.refuses = True
    with pytest.raises(ChainAway):
        await custody.find(SUPERVISOR, Wanted(dossier="D1"))


async def test_nobody_exports_alone(centre: World) -> None:
    custody = centre.custody
    asked = await custody.ask_export(SUPERVISOR, ONE, **EXTRACT)  # type: ignore[arg-type]
    assert asked.granted is None
    assert await refused(custody.granted_export(SUPERVISOR, asked.export_id)) == "not_granted"
    assert await refused(custody.decide_export(SUPERVISOR, asked.export_id, grant=True)) == "two_persons"
    assert await refused(custody.decide_export(ARM, asked.export_id, grant=True)) == "not_allowed"
    granted = await custody.decide_export(OTHER_SUPERVISOR, asked.export_id, grant=True)
    assert granted.granted
    assert granted.chain_n == len(centre.chain.lines)
    assert await refused(custody.decide_export(ARCHIVIST, asked.export_id, grant=False)) == "already_decided"
    assert await refused(custody.granted_export(OTHER_SUPERVISOR, asked.export_id)) == "not_your_request"
    assert (await custody.granted_export(SUPERVISOR, asked.export_id)).begins == 1.0
    taken = await custody.take_export(SUPERVISOR, asked.export_id, sha256="ab", packed_sha256="cd")
    assert taken.taken_at is not None
    assert await refused(custody.granted_export(SUPERVISOR, asked.export_id)) == "already_taken"
    kinds = [kind for kind in centre.chain.kinds() if kind.startswith("export")]
    assert kinds == ["export_asked", "export_granted", "exported"]


async def test_a_refused_export_stays_refused(centre: World) -> None:
    custody = centre.custody
    for wrong in ({"ends": 99.0}, {"begins": 9.6}, {"begins": -1.0}, {"ends": float("nan")}):
        assert await refused(custody.ask_export(SUPERVISOR, ONE, **EXTRACT | wrong)) == "outside_recording"  # type: ignore[arg-type]
    assert await refused(custody.ask_export(SUPERVISOR, ONE, **EXTRACT | {"form": "exe"})) == "bad_form"  # type: ignore[arg-type]
    asked = await custody.ask_export(SUPERVISOR, ONE, **EXTRACT)  # type: ignore[arg-type]
    await custody.decide_export(ARCHIVIST, asked.export_id, grant=False, reason="sans fondement")
    assert await refused(custody.granted_export(SUPERVISOR, asked.export_id)) == "not_granted"
    assert [each.export_id for each in await custody.exports(SUPERVISOR)] == [asked.export_id]
    assert await custody.exports(AUDITOR) == []


async def test_an_auditor_has_what_was_granted_while_it_was(centre: World) -> None:
    custody, now = centre.custody, centre.clock.now()
    expiry = now + timedelta(days=2)
    assert await refused(custody.begin_listening(AUDITOR, TWO, "revue")) == "no_grant"
    given = await custody.grant_auditor(
        ARCHIVIST, AUDITOR.agent_id, reason="revue", expires_at=expiry, line="112"
    )
    await custody.begin_listening(AUDITOR, TWO, "revue")
    assert await refused(custody.begin_listening(AUDITOR, ONE, "revue")) == "no_grant"
    assert [row.recording_id for row in (await custody.find(AUDITOR, Wanted())).rows] == [TWO]
    await custody.end_grant(ARCHIVIST, given.grant_id)
    assert await refused(custody.begin_listening(AUDITOR, TWO, "revue")) == "no_grant"
    assert await refused(custody.end_grant(ARCHIVIST, given.grant_id)) == "grant_over"
    again = await custody.grant_auditor(
        ARCHIVIST, AUDITOR.agent_id, reason="revue", expires_at=expiry, recordings=(ONE,)
    )
    await custody.begin_listening(AUDITOR, ONE, "revue")
    centre.clock.advance(timedelta(days=2).total_seconds())
    assert await refused(custody.begin_listening(AUDITOR, ONE, "revue")) == "no_grant"
    assert {each.grant_id for each in await custody.grants(AUDITOR)} == {given.grant_id, again.grant_id}


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({}, "bad_scope"),
        ({"line": "15", "expires_in": 0}, "bad_expiry"),
        ({"line": "15", "expires_in": 400}, "bad_expiry"),
        ({"recordings": tuple(RecordingId(str(n)) for n in range(101))}, "bad_scope"),
    ],
)
async def test_a_grant_has_bounds(centre: World, scope: dict[str, object], code: str) -> None:
    days = float(scope.pop("expires_in", 10))  # type: ignore[arg-type]
    expires_at = centre.clock.now() + timedelta(days=days)
    made = centre.custody.grant_auditor(
        ARCHIVIST,
        AgentId("a"),
        reason="revue",
        expires_at=expires_at,
        **scope,  # type: ignore[arg-type]
    )
    assert await refused(made) == code
    asked = centre.custody.grant_auditor(
        SUPERVISOR, AgentId("a"), reason="revue", expires_at=centre.clock.now() + timedelta(days=1), line="15"
    )
    assert await refused(asked) == "not_allowed"


async def test_markers_are_of_who_set_them(centre: World) -> None:
    custody = centre.custody
    marker = await custody.mark(ARM, ONE, 12.3456, "  adresse\tdonnée ")
    assert (marker.at, marker.text) == (12.346, "adresse donnée")
    assert await refused(custody.mark(ARM, ONE, 61, "trop tard")) == "outside_recording"
    assert await custody.store.markers(ONE) == [marker]
    assert await refused(custody.unmark(AUDITOR, ONE, marker.marker_id)) == "no_grant"
    await custody.unmark(SUPERVISOR, ONE, marker.marker_id)
    assert await custody.store.markers(ONE) == []
    assert await refused(custody.unmark(ARM, ONE, marker.marker_id)) == "no_such_marker"


async def test_entries_of_another_program_are_seen_first(centre: World) -> None:
    """An archivist's command sets a hold beside the archive that runs."""
    here = centre.custody
    centre.restart()
    beside = centre.custody
    await beside.set_hold(ARCHIVIST, ONE, "réquisition")
    await here.begin_listening(SUPERVISOR, ONE, "relecture")
    assert (await here.store.places()).chain == len(centre.chain.lines)
    assert [hold.recording_id for hold in await here.store.holds()] == [ONE]
    following = list(entries_after(centre.chain, len(centre.chain.lines) - 1))
    assert [each.entry for each in following] == [told(centre)[-1]]
