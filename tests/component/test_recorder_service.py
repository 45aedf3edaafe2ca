"""Recordings are listed once Asterisk has closed them, and flagged where they cannot be listened to."""

import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.bus import InProcessBus
from core.events import (
    CallArrived,
    CallEnded,
    Envelope,
    LineOpened,
    PartyLeft,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
)
from core.ids import CallId, CentreId, ChannelId, PartyId, QueueId
from core.words import CallerNumber, EndedBy, FrontOffice, Origin, Outcome, PartyEnd, Priority
from recorder.policy import Measured, Patience, patience, tracks_of
from recorder.service import RecorderService
from recorder.store import close_left_open, measure, note_carried
from tests.support.centre import HeldClock, MemoryJournal
from tests.support.waiting import until

pytestmark = pytest.mark.component

CALL = CallId("FR751-asterisk-a-1795310037.0")


class Recorder:
    def __init__(self, folder: Path, past: list[Envelope] | None = None) -> None:
        self.folder = folder
        self.clock = HeldClock()
        self.journal = MemoryJournal(past or [])
        self.bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.service = RecorderService(self.bus, self.clock, folder)
        for envelope in self.journal.envelopes:
            self.bus.replay(envelope)

    def open(self) -> None:
        self.bus.publish(
            CallArrived(call_id=CALL, channel_id=ChannelId(CALL), line="15", caller=CallerNumber())
        )
        self.bus.publish(LineOpened(call_id=CALL))

    def end(self, outcome: Outcome = Outcome.ABANDONED_SVI) -> None:
        self.bus.publish(CallEnded(call_id=CALL, outcome=outcome, ended_by=EndedBy.CALLER))

    def write(self, which: str, seconds: float) -> None:
        track = self.folder / f"2026-11-22/{CALL}-{which}.wav"
        track.parent.mkdir(exist_ok=True)
        with wave.open(str(track), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(bytes(int(16000 * seconds)))

    async def listed(self) -> RecordingEnded | RecordingMissing:
        await until(self._is_listed, "the recording is listed")
        found = self.journal.events(RecordingEnded, RecordingMissing)
        [listed] = found
        assert isinstance(listed, RecordingEnded | RecordingMissing)
        return listed

    def _is_listed(self) -> bool:
        return bool(self.journal.events(RecordingEnded, RecordingMissing))


def test_a_call_id_tells_where_its_tracks_are() -> None:
    tracks = tracks_of(CALL)
    assert tracks.caller == f"2026-11-22/{CALL}-caller.wav"
    assert tracks.centre == f"2026-11-22/{CALL}-centre.wav"
    for other in ("../../etc/passwd", "x", "a/b-1795310037.0"):
        with pytest.raises(ValueError, match="call id"):
            tracks_of(CallId(other))


async def test_tracks_closed_after_the_call_are_listed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.open()
    assert recorder.journal.events(RecordingStarted)[0].caller_track == tracks_of(CALL).caller
    recorder.write("caller", 2.5)
    recorder.end()
    recorder.write("centre", 2.4)
    listed = await recorder.listed()
    assert isinstance(listed, RecordingEnded)
    assert (listed.seconds, listed.octets) == (2.5, 40044 + 38444)
    await recorder.service.close()


async def test_what_is_shorter_than_its_call_is_listed_and_flagged(tmp_path: Path) -> None:
    """The disk was full for a while: Asterisk closed its tracks, and they lack the end."""
    recorder = Recorder(tmp_path)
    recorder.open()
    recorder.clock.advance(10)
    recorder.write("caller", 4)
    recorder.write("centre", 4.5)
    recorder.end(Outcome.ANSWERED)
    await until(lambda: bool(recorder.journal.events(RecordingMissing)), "it is flagged")
    [ended] = recorder.journal.events(RecordingEnded)
    [missing] = recorder.journal.events(RecordingMissing)
    assert ended.seconds == 4.5
    assert (missing.detail, missing.caller_track) == ("short: 4.5 s of 10.0 s", tracks_of(CALL).caller)
    await recorder.service.close()


async def test_a_caller_who_left_before_the_others_is_not_short_of_sound(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.open()
    recorder.clock.advance(4)
    recorder.bus.publish(PartyLeft(call_id=CALL, party_id=PartyId("caller"), reason=PartyEnd.HUNG_UP))
    recorder.clock.advance(60)
    recorder.write("caller", 4)
    recorder.write("centre", 4)
    recorder.end(Outcome.ANSWERED)
    assert isinstance(await recorder.listed(), RecordingEnded)
    await recorder.service.close()
    assert recorder.journal.events(RecordingMissing) == []


async def test_a_missing_track_is_flagged(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.open()
    recorder.write("caller", 1)
    recorder.clock.advance(3600)
    recorder.end()

    def time_passes() -> bool:
        recorder.clock.advance(11)
        return bool(recorder.journal.events(RecordingMissing))

    await until(time_passes, "the recording is flagged")
    listed = await recorder.listed()
    assert isinstance(listed, RecordingMissing)
    assert listed.detail == "no readable track: centre"
    await recorder.service.close()


async def test_tracks_that_asterisk_left_open_are_closed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.open()
    for which, seconds in (("caller", 2.0), ("centre", 1.5)):
        recorder.write(which, seconds)
        track = tmp_path / f"2026-11-22/{CALL}-{which}.wav"
        with track.open("r+b") as file:  # as it is until Asterisk closes it, and with half a sample at its end
            file.write(bytes(track.read_bytes()[:4] + bytes(4)))
            file.seek(40)
            file.write(bytes(4))
            file.seek(0, 2)
            file.write(b"x")
        assert measure(track).seconds is None

    def time_passes() -> bool:
        recorder.clock.advance(2)
        return bool(recorder.journal.events(RecordingEnded, RecordingMissing))

    recorder.end(Outcome.TECHNICAL_FAILURE)
    await until(time_passes, "the recording is listed")
    listed = await recorder.listed()
    assert isinstance(listed, RecordingEnded)
    assert (listed.seconds, listed.octets, listed.repaired) == (2.0, 32044 + 24044, True)
    await recorder.service.close()


@pytest.mark.parametrize("content", [b"", b"RIFF", bytes(60), b"RIFFxxxxWAVEfmt " + bytes(20) + b"data0000"])
def test_what_is_no_track_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    track = tmp_path / "track.wav"
    track.write_bytes(content)
    assert not close_left_open(track)
    assert track.read_bytes() == content
    assert not close_left_open(tmp_path / "absent.wav")


async def test_a_recording_that_ended_with_the_core_is_listed_at_its_next_start(tmp_path: Path) -> None:
    killed = Recorder(tmp_path)
    killed.open()
    killed.end()
    await killed.service.close()
    recorder = Recorder(tmp_path, killed.journal.envelopes)
    recorder.write("caller", 1)
    recorder.write("centre", 1)
    recorder.service.start()
    assert isinstance(await recorder.listed(), RecordingEnded)
    await recorder.service.close()


async def test_a_call_in_the_fallback_is_still_recorded_and_not_flagged_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def looked(track: Path) -> Measured:
        looks.append(track)
        return measure(track)

    monkeypatch.setattr("recorder.service.patience", lambda outcome: Patience(patience(outcome).total, 0.01))
    monkeypatch.setattr("recorder.service.measure", looked)
    recorder = Recorder(tmp_path)
    recorder.open()
    recorder.bus.publish(CallEnded(call_id=CALL, outcome=Outcome.FALLBACK, ended_by=EndedBy.SYSTEM))
    recorder.clock.advance(1800)
    await until(lambda: len(looks) >= 6, "it looks several times")
    assert recorder.journal.events(RecordingEnded, RecordingMissing) == []
    recorder.write("caller", 1)
    recorder.write("centre", 1)
    assert isinstance(await recorder.listed(), RecordingEnded)
    await recorder.service.close()


def test_a_call_whose_tracks_cannot_be_named_is_flagged_and_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.bus.publish(LineOpened(call_id=CallId("no-day-in-it")))
    [missing] = recorder.journal.events(RecordingStarted, RecordingMissing)
    assert missing == RecordingMissing(call_id=CallId("no-day-in-it"), detail="not a call id made by Asterisk")


async def test_a_neighbours_call_is_recorded_under_its_channel_here(tmp_path: Path) -> None:
    there = CallId("FR752-asterisk-a-1795310037.5")
    told = Origin(
        path=(CentreId("FR752"),),
        flow="15",
        queue=QueueId("15"),
        priority=Priority.UV,
        front_office=FrontOffice.FO1,
        since=datetime(2026, 11, 22, tzinfo=UTC),
    )
    arrived = CallArrived(
        call_id=there, channel_id=ChannelId(CALL), line="15", caller=CallerNumber(), origin=told
    )
    recorder = Recorder(tmp_path)
    recorder.bus.publish(arrived)
    recorder.bus.publish(LineOpened(call_id=there))
    [started] = recorder.journal.events(RecordingStarted)
    assert (started.call_id, started.caller_track) == (there, tracks_of(CALL).caller)
    recorder.write("caller", 1)
    recorder.write("centre", 1)
    recorder.bus.publish(CallEnded(call_id=there, outcome=Outcome.ANSWERED, ended_by=EndedBy.CALLER))
    again = Recorder(tmp_path, recorder.journal.envelopes)
    again.service.start()
    assert isinstance(await again.listed(), RecordingEnded)
    await recorder.service.close()
    await again.service.close()


# --- the second writer --------------------------------------------------------------------------------------


class TwoWriters(Recorder):
    """A recorder beside which a second writer is carried away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.memory = folder / "memory"
        self.bus = InProcessBus(self.journal, self.clock, CentreId("FR751"))
        self.service = RecorderService(self.bus, self.clock, folder, self.memory)

    def carried(self, which: str, seconds: float) -> None:
        track = self.memory / f"2026-11-22/{CALL}-{which}.wav"
        track.parent.mkdir(parents=True, exist_ok=True)
        note_carried(track, seconds)


@pytest.mark.parametrize("first", [True, False])
async def test_what_the_second_writer_has_is_listed_as_well(tmp_path: Path, first: bool) -> None:
    recorder = TwoWriters(tmp_path)
    recorder.open()
    for which in ("caller", "centre"):
        if first:
            recorder.write(which, 2)
        recorder.carried(which, 2.5)
    recorder.end(Outcome.TECHNICAL_FAILURE)
    await until(lambda: bool(recorder.clock.advance(10)) and recorder._is_listed(), "the recording is listed")
    listed = await recorder.listed()
    assert isinstance(listed, RecordingEnded)
    assert (listed.seconds, listed.second, listed.repaired) == (2 if first else 2.5, 2.5, not first)
    await recorder.service.close()


async def test_a_second_writer_that_has_nothing_takes_nothing_from_the_first(tmp_path: Path) -> None:
    recorder = TwoWriters(tmp_path)
    recorder.open()
    for which in ("caller", "centre"):
        recorder.write(which, 2)
    recorder.end()
    await until(lambda: bool(recorder.clock.advance(10)) and recorder._is_listed(), "the recording is listed")
    listed = await recorder.listed()
    assert isinstance(listed, RecordingEnded)
    assert (listed.seconds, listed.second) == (2, None)
    await recorder.service.close()
