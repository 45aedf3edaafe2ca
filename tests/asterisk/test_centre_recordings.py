"""What is recorded of each sequence, in which track, and whether the index says where: by tones."""

from collections.abc import AsyncIterator
from itertools import groupby, pairwise
from pathlib import Path
from statistics import median

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RecorderSettings, RecordingPauseSettings, RoomSettings
from core.events import CallEnded, RecordingEnded, RecordingPaused, RecordingResumed
from core.ids import CallId
from core.words import ResumeCause
from recorder.policy import recording_of
from recorder.sequences import RecordingIndex, Sequence, SequenceKind
from simulator.callees import Operator
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.audio import Pcm, contains_tone, tone
from tests.support.centre_process import ARM1, PASSWORD, TONES, TRUNK, CentreProcess, new_number
from tests.support.plan import WELCOME
from tests.support.recorded import assert_tiled, indexes_of
from tests.support.tracks import edge_near, share_heard
from tests.support.witness import Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
NUMBER = "+33199001234"
CALLER_HZ, AGENT_HZ, CALLEE_HZ = 1300.0, 2600.0, 1900.0
PAUSE_S = 12.0
PLAN = WELCOME.replace("Samu:", "park: {niveau: FO1, rôles: [arm], mode: manuel}, Samu:")
"""Nobody is offered what is parked: they take it."""
QUIET = 0.2
"""Level of each tone: three together do not overflow."""
MARGIN_S = 0.3
"""Left out at both ends of a sequence when its sound is looked at."""
ALIGNED_WITHIN_S = 0.15
"""The median: a loaded machine tells one event or another late."""
MOST_OF_IT = 0.5
"""Of a sequence, in how much of it a tone is to be heard: a loaded machine leaves gaps. What belongs to another
is not in it at all, or at its edge."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=30, wrap_up_seconds=0),
        plan=PLAN,
        outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015"),
        recorder=RecorderSettings(pause=RecordingPauseSettings(enabled=True, longest_seconds=PAUSE_S)),
    ) as centre:
        yield centre


async def indexed(centre: CentreProcess, witness: Witness, recordings: int) -> list[RecordingIndex]:
    """The indexes of so many recordings, once they are listed, in the order they began."""
    await witness.until(
        lambda told: sum(isinstance(e.event, RecordingEnded) for e in told) >= recordings,
        "recordings listed",
        30,
    )
    indexes = indexes_of(await witness.events())
    for index in indexes:
        assert_tiled(index)
    return sorted(indexes, key=lambda index: index.started_at)  # the files of a call are closed in any order


def kinds(index: RecordingIndex) -> list[str]:
    return [str(sequence.kind) for sequence in index.sequences]


def heard_in(track: Pcm, sequence: Sequence, most: float = MOST_OF_IT) -> set[float]:
    """The tones that are heard through a sequence, in ``most`` of it."""
    begins, ends = sequence.begins + MARGIN_S, sequence.ends - MARGIN_S
    tones = (*TONES.values(), CALLER_HZ, AGENT_HZ, CALLEE_HZ)
    return {hz for hz in tones if share_heard(track, hz, begins, ends) > most}


async def test_every_sequence_is_in_its_track_at_its_place(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with (
        await Operator.open(OPERATOR, TRUNK) as operator,
        RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1,
        await Caller.open(TRUNK) as caller,
    ):
        await arm1.until(lambda view: view.get("position", {}).get("state") == "ready", 60)
        number = new_number()
        arm1.say(tone(AGENT_HZ, 120, level=QUIET))
        caller.call("15", number=number)
        await caller.answered(60)
        call_id = await witness.call_of(number)
        caller.say(tone(CALLER_HZ, 120, level=QUIET))
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["welcome"], seconds=1.5), 60, 2)
        caller.press("1")
        await arm1.until(lambda view: "offer" in view, 60)
        await hears(caller, TONES["music"])
        await arm1.accept()
        await hears(caller, AGENT_HZ)
        await arm1.command("hold")
        await hears(caller, TONES["music"])
        await arm1.command("resume")
        await hears(caller, AGENT_HZ)
        await arm1.command("invite", kind="number", value=NUMBER)
        callee = await operator.called()
        callee.ring()
        callee.answer()
        callee.say(tone(CALLEE_HZ, 120, level=QUIET))
        await hears(caller, CALLEE_HZ)
        party_id = next(iter(p for p in arm1.view["calls"][call_id]["parties"] if p != "caller"))
        await arm1.command("drop_party", callId=call_id, partyId=party_id)
        await callee.ended()
        await hears(caller, AGENT_HZ)
        await arm1.command("transfer", callId=call_id, kind="number", value=NUMBER, priority="")
        second = await operator.called()
        second.ring()
        await hears(caller, TONES["music"])
        second.answer()
        second.say(tone(CALLEE_HZ, 120, level=QUIET))
        await hears(caller, CALLEE_HZ)
        caller.hang_up()
        await second.ended()
        indexes = {i.recording_id: i for i in await indexed(centre, witness, 3)}
        await arm1.log_out()

    own = indexes.pop(recording_of(f"{call_id}-caller.wav"))
    assert kinds(own) == [
        *("svi", "ringing", "talk", "held", "talk", "conference", "talk", "transfer", "talk"),
    ] or kinds(own)[:3] == ["svi", "waiting", "ringing"]
    said, given = centre.tracks(call_id)
    music = {TONES["music"]}
    sequences = [
        s for s in own.sequences if s.kind is not SequenceKind.WAITING and s.ends - s.begins > 3 * MARGIN_S
    ]
    expected = [
        *({TONES["welcome"]}, music, {AGENT_HZ}, music, {AGENT_HZ}),
        *({AGENT_HZ, CALLEE_HZ}, {AGENT_HZ}, music, {CALLEE_HZ}),
    ]
    # On a loaded machine one wait may be told as two, that hear the same.
    assert [heard for heard, _ in groupby(heard_in(given, sequence) for sequence in sequences)] == expected
    assert all(heard_in(said, sequence) == {CALLER_HZ} for sequence in sequences[2:])
    for other, heard in zip(indexes.values(), ({CALLER_HZ, AGENT_HZ}, {CALLER_HZ}), strict=True):
        said, given = centre.tracks(CallId(other.recording_id))
        assert heard_in(given, other.sequences[0]) == heard
        assert heard_in(said, other.sequences[0]) == {CALLEE_HZ}
    errors = alignment(own, centre.tracks(call_id)[1])
    print("alignment of the index, in milliseconds:", [round(e * 1000) for e in errors])
    assert median(map(abs, errors)) < ALIGNED_WITHIN_S


async def test_waiting_and_parking_are_in_their_tracks_at_their_places(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with await Caller.open(TRUNK) as caller:
        number = new_number()
        caller.call("15", number=number)
        await caller.answered(60)
        call_id = await witness.call_of(number)
        caller.say(tone(CALLER_HZ, 120, level=QUIET))
        caller.press("1")
        await hears(caller, TONES["music"])  # nobody is there to take it
        async with RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1:
            await arm1.until(lambda view: "offer" in view, 60)
            arm1.say(tone(AGENT_HZ, 120, level=QUIET))
            await arm1.accept()
            await hears(caller, AGENT_HZ)
            await arm1.command("transfer", callId=call_id, kind="room", value="park", priority="")
            await hears(caller, TONES["music"])
            await arm1.command("take_call", callId=call_id)
            await hears(caller, AGENT_HZ)
            caller.hang_up()
            await caller.ended()
            [index] = await indexed(centre, witness, 1)
            await arm1.log_out()
    said, given = centre.tracks(call_id)
    looked_at = {SequenceKind.WAITING, SequenceKind.PARKED, SequenceKind.TALK}
    long_enough = [s for s in index.sequences if s.kind in looked_at and s.ends - s.begins > 3 * MARGIN_S]
    print("sequences:", [(str(s.kind), round(s.ends - s.begins, 2)) for s in index.sequences])
    half = 0.5  # short sequences, whose edges on a loaded machine are looked at above
    assert [(s.kind, heard_in(given, s, half), heard_in(said, s, half)) for s in long_enough] == [
        (SequenceKind.WAITING, {TONES["music"]}, {CALLER_HZ}),
        (SequenceKind.TALK, {AGENT_HZ}, {CALLER_HZ}),
        (SequenceKind.PARKED, {TONES["music"]}, {CALLER_HZ}),
        (SequenceKind.TALK, {AGENT_HZ}, {CALLER_HZ}),
    ]


def alignment(index: RecordingIndex, given: Pcm) -> list[float]:
    """By how much the sound is later than the index says, at each change of who is heard by the caller."""
    errors = []
    for before, after in pairwise(index.sequences):
        for hz, who in ((AGENT_HZ, "arm1"), (TONES["music"], None)):
            was, is_now = [who in s.heard if who else len(s.heard) == 1 for s in (before, after)]
            if was != is_now and SequenceKind.SVI not in (before.kind, after.kind):
                errors.append(edge_near(given, hz, after.begins, within=1.2) - after.begins)
    return errors


async def hears(caller: Caller, hz: float) -> None:
    """Wait until a tone is all that the caller has been given for a while, or is among it."""
    caller.forget()
    await caller.hears(lambda pcm: contains_tone(pcm, hz, seconds=1.5), 60, 2)


async def test_an_outgoing_call_is_recorded_from_its_answer_on(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with (
        await Operator.open(OPERATOR, TRUNK) as operator,
        RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1,
    ):
        await arm1.until(lambda view: view.get("position", {}).get("state") == "ready", 60)
        arm1.say(tone(AGENT_HZ, 120, level=QUIET))
        await arm1.command("place_call", kind="number", value=NUMBER)
        callee = await operator.called()
        callee.ring()
        callee.answer()
        callee.say(tone(CALLEE_HZ, 60, level=QUIET))
        callee.forget()
        await callee.hears(lambda pcm: contains_tone(pcm, AGENT_HZ, seconds=1.5), 60, 2)
        await arm1.command("hold")
        callee.forget()
        await callee.hears(lambda pcm: contains_tone(pcm, TONES["music"], seconds=1.5), 60, 2)
        await arm1.command("hang_up")
        await callee.ended()
        await witness.next(CallEnded)
        [index] = await indexed(centre, witness, 1)
        await arm1.log_out()
    assert (kinds(index), index.direction, index.number) == (["talk", "held"], "out", NUMBER)
    said, given = centre.tracks(CallId(index.recording_id))
    assert [heard_in(given, s) for s in index.sequences] == [{AGENT_HZ}, {TONES["music"]}]
    assert [heard_in(said, s) for s in index.sequences] == [{CALLEE_HZ}, {CALLEE_HZ}]


async def test_mode_secours_is_recorded_and_indexed(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with (
        RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1,
        await Caller.open(TRUNK) as caller,
    ):
        await arm1.until(lambda view: view.get("position", {}).get("state") == "ready", 60)
        async with centre.core_dead():
            caller.call("15", number=new_number())
            await caller.answered(60)
            caller.say(tone(CALLER_HZ, 60, level=QUIET))
            await arm1.hears(lambda pcm: contains_tone(pcm, CALLER_HZ), 60)  # on the call that rang
            arm1.say(tone(AGENT_HZ, 60, level=QUIET))
            await hears(caller, AGENT_HZ)
            caller.hang_up()
            await caller.ended()
        [index] = await indexed(centre, witness, 1)
        await arm1.strip_up(60)
        await arm1.log_out()
    assert set(kinds(index)) == {"fallback"}
    assert (index.agents, index.sequences[-1].heard) == ((ARM1.agent_id,), ("caller", "arm1"))
    said, given = centre.tracks(CallId(index.recording_id))
    talk = index.sequences[-1]
    begins = edge_near(given, AGENT_HZ, talk.begins, within=3)
    print(f"mode secours: the talk is {begins - talk.begins:.2f} s after what the index says")
    assert abs(begins - talk.begins) < 1.5  # Asterisk tells whole seconds, of its beginning and of the answer
    assert share_heard(given, AGENT_HZ, begins + MARGIN_S, talk.ends) > MOST_OF_IT
    assert share_heard(said, CALLER_HZ, begins, talk.ends) > MOST_OF_IT


async def test_a_pause_ends_though_its_core_died(centre: CentreProcess) -> None:
    witness = centre.witness()
    async with (
        RobotPosition(centre.url, ARM1.login, PASSWORD) as arm1,
        await Caller.open(TRUNK) as caller,
    ):
        await arm1.until(lambda view: view.get("position", {}).get("state") == "ready", 60)
        arm1.say(tone(AGENT_HZ, 110, level=QUIET))
        number = new_number()
        caller.call("15", number=number)
        await caller.answered(60)
        call_id = await witness.call_of(number)
        caller.say(tone(CALLER_HZ, 110, level=QUIET))
        caller.press("1")
        await arm1.until(lambda view: "offer" in view, 60)
        await arm1.accept()
        await hears(caller, AGENT_HZ)
        await arm1.command("pause_recording", reason="privacy")
        await witness.next(RecordingPaused)
        async with centre.core_dead():
            await hears(caller, AGENT_HZ)
        resumed = await witness.next(RecordingResumed, seconds=60)
        assert resumed.cause is ResumeCause.DEADLINE
        await hears(caller, AGENT_HZ)
        caller.hang_up()
        await caller.ended()
        [index] = await indexed(centre, witness, 1)
        await arm1.strip_up(60)
        await arm1.log_out()
    [pause] = index.pauses
    assert pause.ends - pause.begins > PAUSE_S - 0.5
    for track, hz in zip(centre.tracks(call_id), (CALLER_HZ, AGENT_HZ), strict=True):
        assert share_heard(track, hz, pause.begins + MARGIN_S, pause.ends - MARGIN_S) == 0
        assert share_heard(track, hz, pause.ends + MARGIN_S, index.seconds - MARGIN_S) > MOST_OF_IT
