"""Seals one recording: codes, encrypts, publishes and proves it. Blocking; runs in a worker.

Ended at any instant and begun again, it comes to the same: until the manifest is there nothing is published,
and all is made anew from the tracks; once it is there, it is looked at again and nothing else is done.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from core.custody import JSON
from core.ids import CallId, CentreId, RecordingId
from recorder.sealing.archive import Archive
from recorder.sealing.audio import for_listening, holds_exactly, original_flac
from recorder.sealing.crypto import encrypt, new_key
from recorder.sealing.errors import NotAuthentic
from recorder.sealing.files import Step, no_step, write_whole
from recorder.sealing.keys import KeyRing
from recorder.sealing.layout import (
    FORMAT,
    INDEX,
    KEPT,
    KEY,
    LISTEN,
    MANIFEST,
    ORIGINAL,
    PEAKS,
    Manifest,
    Original,
    Sealing,
    context,
    prefix_of,
    sha256,
)
from recorder.sealing.reader import SealedReader
from recorder.sealing.tracks import Samples, Track, TrackPair, read_pair, together
from recorder.store import COPIED, SEALED


@dataclass(frozen=True, slots=True, kw_only=True)
class SealJob:
    """A recording to seal."""

    recording_id: RecordingId
    call_id: CallId
    centre_id: CentreId
    day: date
    """On which it began, in UTC as its tracks are named: where it is in the archive."""
    tracks: tuple[TrackPair, ...]
    """One pair a writer, the best first."""
    index: bytes
    """The document of its sequences."""
    keep_wav: bool = False
    """Keep both tracks as Asterisk wrote them, instead of one FLAC file they can be made again from."""

    @property
    def prefix(self) -> str:
        """Where it is in the archive."""
        return prefix_of(self.centre_id, self.day, self.recording_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A recording that is published, and was read back."""

    recording_id: RecordingId
    call_id: CallId
    day: date
    manifest_sha256: str
    octets: int
    """In the archive."""
    seconds: float
    sealed_at: datetime

    def body(self) -> dict[str, JSON]:
        """What the chain says of it, under ``sealed``."""
        return {
            "recording_id": self.recording_id,
            "call_id": self.call_id,
            "day": self.day.isoformat(),
            "manifest_sha256": self.manifest_sha256,
        }


def seal(job: SealJob, archive: Archive, keys: KeyRing, step: Step = no_step) -> Sealed:
    """Seal a recording, or look again at one that is sealed.

    Args:
        job: the recording.
        archive: where it is published.
        keys: of its centre.
        step: told of each thing done.

    Raises:
        NotSealable: no track of it can be read.
        NotAuthentic: what the archive gives back is not what was put in.
        OSError: the disk or the archive refuses; the same may be tried again.
    """
    prefix = job.prefix
    if archive.exists(prefix + MANIFEST):
        document = archive.get(prefix + MANIFEST)
        manifest = Manifest.read(document)
        check_content(SealedReader.open(archive, keys, prefix, manifest))
        _mark(job, SEALED, COPIED)
        return _sealed(manifest, document)
    archive.delete_prefix(prefix)  # of an attempt that ended in the middle
    tracks = read_pair(job.tracks)
    step("tracks read")
    contents = _contents(job, tracks, step)
    manifest = _put_sealed(job, tracks, contents, archive, keys, step)
    check_content(SealedReader.open(archive, keys, prefix, manifest))
    step("read back")
    _mark(job, SEALED)
    step("marked sealed")
    document = manifest.document()
    archive.put(prefix + MANIFEST, document)
    step("published")
    _mark(job, COPIED)
    step("marked copied")
    return _sealed(manifest, document)


def erase(archive: Archive, prefix: str) -> None:
    """Erase a recording: its key first, without which the rest means nothing, wherever copies of it are."""
    archive.delete(prefix + KEY)
    archive.delete_prefix(prefix)


def check_content(reader: SealedReader) -> None:
    """Read every object of a recording back.

    Raises:
        NotAuthentic: one is not what the manifest tells.
        NotFound: one is missing.
    """
    for name, told in reader.manifest.objects.items():
        content = reader.read(name)
        if len(content) != told.octets or sha256(content) != told.sha256:
            raise NotAuthentic(f"{name} is not what was sealed")


def _contents(job: SealJob, tracks: tuple[Track, Track], step: Step) -> dict[str, bytes]:
    """Every object, not encrypted yet."""
    rate = next(track.rate for track in tracks if track.rate)
    left, right = (track.samples if track.rate == rate else track.samples[:0] for track in tracks)
    contents = {} if job.keep_wav else _as_flac(tracks, left, right, rate)
    if not contents:
        contents = {KEPT[track.name]: track.file for track in tracks if track.file}
    step("original coded")
    contents[LISTEN], contents[PEAKS] = for_listening(left, right, rate)
    step("listening copy coded")
    contents[INDEX] = job.index
    return contents


def _as_flac(tracks: tuple[Track, Track], left: Samples, right: Samples, rate: int) -> dict[str, bytes]:
    """Both tracks as one FLAC file; nothing if their files could not be made again from it, octet by octet."""
    if not all(track.rebuilt or not track.file for track in tracks):
        return {}
    both = together(left, right)
    coded = original_flac(both, rate)
    return {ORIGINAL: coded} if holds_exactly(coded, both) else {}


def _put_sealed(
    job: SealJob,
    tracks: tuple[Track, Track],
    contents: dict[str, bytes],
    archive: Archive,
    keys: KeyRing,
    step: Step,
) -> Manifest:
    """Encrypt and put every object but the manifest, which is given back."""
    data_key, objects = new_key(), {}
    for name, content in contents.items():
        closed = encrypt(data_key, content, context(job.prefix, name))
        archive.put(job.prefix + name, closed)
        objects[name] = Sealing(len(content), sha256(content), len(closed), sha256(closed))
        step(f"{name} put")
    archive.put(job.prefix + KEY, keys.wrap(data_key, job.prefix).document())
    step("key put")
    rate = next(track.rate for track in tracks if track.rate)
    return Manifest(
        format=FORMAT,
        recording_id=job.recording_id,
        call_id=job.call_id,
        centre_id=job.centre_id,
        day=job.day,
        rate=rate,
        seconds=round(max(len(track.samples) for track in tracks) / rate, 3),
        originals=tuple(
            Original(track.name, len(track.file), sha256(track.file), len(track.samples)) for track in tracks
        ),
        objects=objects,
    )


def _sealed(manifest: Manifest, document: bytes) -> Sealed:
    return Sealed(
        recording_id=manifest.recording_id,
        call_id=manifest.call_id,
        day=manifest.day,
        manifest_sha256=sha256(document),
        octets=sum(told.sealed_octets for told in manifest.objects.values()),
        seconds=manifest.seconds,
        sealed_at=datetime.now(UTC),
    )


def _mark(job: SealJob, *marks: str) -> None:
    """Say beside the tracks what was done: they may be deleted once both is said."""
    for track in (path for pair in job.tracks for path in (pair.caller, pair.centre)):
        for mark in marks:
            beside = Path(f"{track}{mark}")
            if track.exists() and not beside.exists():
                write_whole(beside, b"")
