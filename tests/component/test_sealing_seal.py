"""Sealing real files into a folder: what is published, what comes back, what is done when it is done again."""

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from core.ids import RecordingId
from recorder.sealing.archive import LocalArchive
from recorder.sealing.audio import original_flac
from recorder.sealing.errors import NotAuthentic, NotFound, NotSealable
from recorder.sealing.layout import INDEX, KEY, LISTEN, MANIFEST, ORIGINAL, PEAKS, Manifest
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import SealJob, erase, seal
from recorder.sealing.tracks import Samples, TrackPair, wav_of
from recorder.sealing.verify import originals
from tests.support import sealing
from tests.support.sealing import Keeping

pytestmark = pytest.mark.component


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


def reader(keeping: Keeping, job: SealJob) -> SealedReader:
    return SealedReader.open(keeping.archive(), keeping.keys(), job.prefix)


def test_both_tracks_come_back_octet_by_octet(keeping: Keeping) -> None:
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    pair = job.tracks[0]
    assert originals(reader(keeping, job)) == {
        "caller": pair.caller.read_bytes(),
        "centre": pair.centre.read_bytes(),
    }


def test_the_manifest_tells_the_digests_of_the_files_asterisk_wrote(keeping: Keeping) -> None:
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    told = {each.name: each.sha256 for each in reader(keeping, job).manifest.originals}
    pair = job.tracks[0]
    assert told["caller"] == hashlib.sha256(pair.caller.read_bytes()).hexdigest()
    assert told["centre"] == hashlib.sha256(pair.centre.read_bytes()).hexdigest()


def test_the_listening_copy_is_as_long_and_has_both_tracks(keeping: Keeping) -> None:
    job = keeping.job(seconds=3)
    sealed = seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    with av.open(BytesIO(opened.read(LISTEN)), "r") as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert sealed.seconds == 3
    assert sound.shape == (2, 3 * 48000)
    assert len(opened.read(PEAKS)) == 3 * 50 * 2
    assert opened.read(INDEX) == sealing.INDEX


def test_nothing_in_the_archive_can_be_read_without_the_key(keeping: Keeping) -> None:
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    folder = keeping.place / job.prefix
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [ORIGINAL, LISTEN, INDEX, PEAKS, KEY, MANIFEST]
    )
    for path in folder.iterdir():
        for plain in (b"+33612345678", b"fLaC", b"OpusHead", job.tracks[0].caller.read_bytes()[44:144]):
            assert plain not in path.read_bytes()


def test_any_part_of_an_object_is_read_alone(keeping: Keeping) -> None:
    job = keeping.job(seconds=6)
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    whole = opened.read(ORIGINAL)
    assert len(whole) == opened.size(ORIGINAL) > 65536
    assert opened.read(ORIGINAL, 65530, 20) == whole[65530:65550]
    assert opened.read(ORIGINAL, len(whole) - 5, 100) == whole[-5:]


def test_sealed_twice_it_is_published_once(keeping: Keeping) -> None:
    job = keeping.job()
    first = seal(job, keeping.archive(), keeping.keys())
    again = seal(job, keeping.archive(), keeping.keys())
    assert replace(again, sealed_at=first.sealed_at) == first


def test_sealed_again_without_its_tracks_it_is_what_it_was(keeping: Keeping) -> None:
    job = keeping.job()
    first = seal(job, keeping.archive(), keeping.keys())
    for track in (job.tracks[0].caller, job.tracks[0].centre):
        track.unlink()
    assert seal(job, keeping.archive(), keeping.keys()).manifest_sha256 == first.manifest_sha256


def test_the_tracks_are_marked_once_they_may_be_deleted(keeping: Keeping) -> None:
    job = keeping.job()
    marks = []

    def look(step: str) -> None:
        pair = job.tracks[0]
        marks.append(
            (step, *(f"{pair.caller.name}{mark}" in _names(keeping) for mark in (".sealed", ".copied")))
        )

    seal(job, keeping.archive(), keeping.keys(), look)
    by_step = {step: told for step, *told in marks}
    assert by_step["read back"] == [False, False]
    assert by_step["published"] == [True, False]
    assert by_step["marked copied"] == [True, True]


def _names(keeping: Keeping) -> set[str]:
    return {path.name for path in keeping.folder.iterdir()}


def test_a_file_with_an_unusual_header_is_kept_as_it_is(keeping: Keeping) -> None:
    job = keeping.job()
    caller = job.tracks[0].caller
    caller.write_bytes(caller.read_bytes() + b"LIST\x04\x00\x00\x00INFO")  # a chunk after the sound
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    assert ORIGINAL not in opened.manifest.objects
    assert originals(opened)["caller"] == caller.read_bytes()


@pytest.mark.parametrize("rate", [0, 11025, 2**31])
def test_a_track_at_a_rate_that_asterisk_never_writes_is_no_track(keeping: Keeping, rate: int) -> None:
    job = keeping.job()
    caller = job.tracks[0].caller
    file = bytearray(caller.read_bytes())
    file[24:28] = rate.to_bytes(4, "little")
    caller.write_bytes(file)
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    assert opened.manifest.rate == 8000
    assert originals(opened) == {"caller": bytes(file), "centre": job.tracks[0].centre.read_bytes()}


def test_what_a_coder_gets_wrong_is_kept_as_it_is(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sample, at the very end: the FLAC file is not believed, the WAV files are kept."""

    def wrong(both: Samples, rate: int) -> bytes:
        altered = both.copy()
        altered[-1, 1] += 1
        return original_flac(altered, rate)

    monkeypatch.setattr("recorder.sealing.seal.original_flac", wrong)
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    assert ORIGINAL not in opened.manifest.objects
    assert originals(opened)["centre"] == job.tracks[0].centre.read_bytes()


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
@pytest.mark.parametrize("lengths", [(1, 0), (1, 5000), (79, 80), (4096, 4097), (70_000, 10)])
def test_any_two_tracks_come_back(keeping: Keeping, lengths: tuple[int, int], rate: int) -> None:
    job = keeping.job()
    pair = job.tracks[0]
    chance = np.random.default_rng(sum(lengths))
    for path, length in zip((pair.caller, pair.centre), lengths, strict=True):
        path.write_bytes(wav_of(chance.integers(-32768, 32768, length).astype(np.int16), rate))
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    assert set(opened.manifest.objects) >= {LISTEN, PEAKS}
    assert originals(opened) == {"caller": pair.caller.read_bytes(), "centre": pair.centre.read_bytes()}


def test_the_tracks_are_kept_as_they_are_where_this_is_wished(keeping: Keeping) -> None:
    job = replace(keeping.job(), keep_wav=True)
    seal(job, keeping.archive(), keeping.keys())
    opened = reader(keeping, job)
    assert set(opened.manifest.objects) == {"caller.wav", "centre.wav", LISTEN, PEAKS, INDEX}
    assert originals(opened)["centre"] == job.tracks[0].centre.read_bytes()


def test_the_second_writers_tracks_are_sealed_where_the_first_are_unreadable(keeping: Keeping) -> None:
    good, bad = keeping.job(), keeping.job("FR751-1-1700000000.2")
    bad.tracks[0].centre.write_bytes(b"RIFF")
    job = replace(good, tracks=(*bad.tracks, *good.tracks))
    seal(job, keeping.archive(), keeping.keys())
    assert originals(reader(keeping, job))["caller"] == good.tracks[0].caller.read_bytes()


def test_the_longest_tracks_are_sealed_whoever_wrote_them(keeping: Keeping) -> None:
    """The first writer's disk was full for a while, or Asterisk was cut."""
    whole, short = keeping.job(seconds=3), keeping.job("FR751-1-1700000000.2", seconds=2)
    for job in (replace(whole, tracks=pairs) for pairs in ((*short.tracks, *whole.tracks), whole.tracks)):
        assert seal(job, keeping.archive(), keeping.keys()).seconds == 3


def test_one_track_is_better_than_none(keeping: Keeping) -> None:
    job = keeping.job()
    job.tracks[0].centre.unlink()
    seal(job, keeping.archive(), keeping.keys())
    assert originals(reader(keeping, job)) == {"caller": job.tracks[0].caller.read_bytes(), "centre": b""}


def test_no_track_is_nothing_to_seal(keeping: Keeping) -> None:
    job = replace(
        keeping.job(), tracks=(TrackPair(keeping.folder / "none.wav", keeping.folder / "neither.wav"),)
    )
    with pytest.raises(NotSealable):
        seal(job, keeping.archive(), keeping.keys())
    assert not keeping.archive().exists(job.prefix + MANIFEST)


class _Forgetful(LocalArchive):
    """Loses an octet of what it is given, as a bad disk does."""

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data[:-1] + bytes([data[-1] ^ 1]) if key.endswith(LISTEN) else data)


def test_what_the_archive_does_not_give_back_is_not_published(keeping: Keeping) -> None:
    job = keeping.job()
    archive = _Forgetful(keeping.place)
    with pytest.raises(NotAuthentic):
        seal(job, archive, keeping.keys())
    assert not archive.exists(job.prefix + MANIFEST)
    assert not any(name.endswith((".sealed", ".copied")) for name in _names(keeping))


def test_erased_it_cannot_be_opened(keeping: Keeping) -> None:
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    erase(keeping.archive(), job.prefix)
    with pytest.raises(NotFound):
        reader(keeping, job)
    assert list(keeping.archive().list("FR751/")) == []


@pytest.mark.parametrize("name", ["../FR751-1.2", "a/b", "", ".hidden"])
def test_no_name_leads_out_of_the_archive(keeping: Keeping, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        seal(replace(keeping.job(), recording_id=RecordingId(name)), keeping.archive(), keeping.keys())


def test_a_manifest_is_read_as_it_was_written_or_not_at_all(keeping: Keeping) -> None:
    job = keeping.job()
    seal(job, keeping.archive(), keeping.keys())
    document = keeping.archive().get(job.prefix + MANIFEST)
    assert Manifest.read(document).document() == document
    for altered in (b" " + document, document.replace(b'"rate":8000', b'"rate":16000'), b"{}", b"\xff"):
        if altered.startswith(b'{"call_id"'):
            assert Manifest.read(altered) != Manifest.read(document)
        else:
            with pytest.raises(NotAuthentic):
                Manifest.read(altered)
    assert msgspec.json.decode(document)["recording_id"] == job.recording_id
