"""Whatever is altered in the archive, the chain or the catalogue is found, and named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.sealing.chain_check import Trouble
from recorder.sealing.layout import INDEX, KEY, LISTEN, MANIFEST, ORIGINAL, PEAKS, Manifest
from recorder.sealing.seal import Sealed, SealJob, erase
from recorder.sealing.verify import Catalogue, Row, Verifier
from tests.support.sealing import CENTRE, DAY, NOON, Keeping

pytestmark = pytest.mark.component

OBJECTS = (ORIGINAL, LISTEN, INDEX, PEAKS, KEY, MANIFEST)


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Keeping, SealJob]]:
    """One recording, sealed and published, on a closed day."""
    keeping = Keeping(tmp_path_factory.mktemp("kept"))
    job = keeping.job(seconds=0.5)
    keeping.published(job)
    keeping.chain().close_days(NOON + timedelta(days=1))
    yield keeping, job
    assert keeping.troubles() == []


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_flipped_bit_of_any_object_is_found(kept: tuple[Keeping, SealJob], data: st.DataObject) -> None:
    keeping, job = kept
    name = data.draw(st.sampled_from(OBJECTS))
    file = keeping.place / job.prefix / name
    octets = file.read_bytes()
    at = data.draw(st.integers(0, len(octets) - 1))
    altered = bytearray(octets)
    altered[at] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(altered)
    try:
        found = keeping.troubles()
        assert [each.where.startswith(job.prefix) for each in found] == [True]
        assert list(keeping.verifier().day(DAY)) == found
        assert list(keeping.verifier().recording(DAY, job.recording_id)) == found
    finally:
        file.write_bytes(octets)


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.parametrize("how", ["missing", "empty", "cut", "longer"])
def test_an_object_that_is_not_whole_is_found(kept: tuple[Keeping, SealJob], name: str, how: str) -> None:
    keeping, job = kept
    file = keeping.place / job.prefix / name
    octets = file.read_bytes()
    match how:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(octets[:-1])
        case _:
            file.write_bytes(octets + b"\0")
    try:
        assert job.prefix + name in {each.where for each in keeping.troubles()}
    finally:
        file.write_bytes(octets)


def test_an_object_put_beside_is_found(kept: tuple[Keeping, SealJob]) -> None:
    keeping, job = kept
    keeping.archive().put(job.prefix + "note.txt", b"x")
    assert keeping.troubles() == [Trouble(job.prefix + "note.txt", "was added")]
    keeping.archive().delete(job.prefix + "note.txt")


def test_a_recording_published_behind_the_chain_is_found(
    kept: tuple[Keeping, SealJob], keeping: Keeping
) -> None:
    """Somebody with every key, but who did not write it on the chain."""
    true, _ = kept
    forged = keeping.job("FR751-1-1700000000.9")
    keeping.published(forged)
    for name in keeping.archive().list(forged.prefix):
        true.archive().put(name, keeping.archive().get(name))
    expected = [Trouble(forged.prefix + MANIFEST, "is not on the chain")]
    assert true.troubles() == expected
    assert list(true.verifier().day(DAY)) == expected
    erase(true.archive(), forged.prefix)


def test_a_recording_sealed_anew_with_other_sound_is_found(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    erase(keeping.archive(), job.prefix)
    forger = Keeping(keeping.folder / "forger")
    forger.folder.mkdir()
    other = replace(forger.job(seconds=2), recording_id=job.recording_id)
    forger.published(other)
    for name in forger.archive().list(job.prefix):
        keeping.archive().put(name, forger.archive().get(name))
    assert keeping.troubles() == [Trouble(job.prefix + MANIFEST, "is not the one on the chain")]


def test_objects_exchanged_between_recordings_are_found(keeping: Keeping) -> None:
    first, second = keeping.job(), keeping.job("FR751-1-1700000000.2")
    for job in (first, second):
        keeping.published(job)
    archive = keeping.archive()
    for name in (MANIFEST, KEY, LISTEN):
        one, other = archive.get(first.prefix + name), archive.get(second.prefix + name)
        archive.put(first.prefix + name, other)
        archive.put(second.prefix + name, one)
        assert {each.where for each in keeping.troubles()} == {first.prefix + name, second.prefix + name}
        archive.put(first.prefix + name, one)
        archive.put(second.prefix + name, other)


def test_an_attempt_that_was_not_published_is_no_trouble(keeping: Keeping) -> None:
    keeping.archive().put("FR751/2026/11/22/FR751-1-1700000000.7/original.flac", b"half")
    assert keeping.troubles() == []


def test_a_recording_that_is_not_there_is_told(keeping: Keeping) -> None:
    (found,) = keeping.verifier().recording(DAY, "FR751-1-1700000000.7")
    assert found.what == "is not on the chain"


def test_what_was_erased_must_be_gone(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    keeping.chain().append("erased", {"recording_id": job.recording_id}, NOON)
    assert {each.what for each in keeping.troubles()} == {"was erased, and is there"}
    erase(keeping.archive(), job.prefix)
    assert keeping.troubles() == []


# --- the end of the chain, and its witness in the archive ---------------------------------------------------


def test_the_end_of_the_chain_taken_away_is_found_by_the_archives_head(keeping: Keeping) -> None:
    """Lines and heads after an instant, deleted together by who has the disk: the archive elsewhere tells."""
    chain = keeping.chain()
    folder = keeping.folder / "chain" / CENTRE
    chain.append("listened", {"recording_id": "rec-1", "agent": "a"}, NOON)
    before = {path: path.read_bytes() for path in folder.glob("20*")}
    chain.append("listened", {"recording_id": "rec-1", "agent": "b"}, NOON)
    chain.close_days(NOON)
    chain.put_heads(keeping.archive())
    for path in folder.glob("20*"):
        path.unlink()
    for path, octets in before.items():
        path.write_bytes(octets)
    assert [each.what for each in keeping.troubles()] == [
        "entries are missing that the archive has a signed head of"
    ]


def test_the_heads_in_the_archive_follow_the_chain(keeping: Keeping) -> None:
    chain, archive = keeping.chain(), keeping.archive()
    chain.append("listened", {"recording_id": "rec-1"}, NOON)
    chain.close_days(NOON)
    chain.put_heads(archive)
    chain.append("listened", {"recording_id": "rec-2"}, NOON + timedelta(days=1))
    chain.close_days(NOON + timedelta(days=1))
    chain.put_heads(archive)
    assert sorted(archive.list("FR751/heads/")) == [
        "FR751/heads/2026-11-22.head.json",
        "FR751/heads/2026-11-23.head.json",
    ]
    assert keeping.troubles() == []


# --- the catalogue -------------------------------------------------------------------------------------------


def row(job: SealJob, sealed: Sealed) -> Row:
    facts = {"line": "15", "number": "+33612345678"}
    return Row(
        recording_id=job.recording_id,
        call_id=job.call_id,
        manifest_sha256=sealed.manifest_sha256,
        erased=False,
        facts=facts,
    )


def test_a_catalogue_that_differs_is_found(keeping: Keeping) -> None:
    job = keeping.job()
    good = row(job, keeping.published(job))
    assert keeping.troubles_with([good]) == []
    for altered, what in (
        (replace(good, manifest_sha256="00"), "the catalogue differs from the chain: its manifest"),
        (replace(good, call_id="another"), "the catalogue differs from the chain: its call"),
        (replace(good, erased=True), "the catalogue differs from the chain: whether it was erased"),
        (
            replace(good, facts={"line": "15", "number": "+33699999999"}),
            "the catalogue differs from the recording's index: number",
        ),
    ):
        assert keeping.troubles_with([altered]) == [Trouble(job.recording_id, what)]


def test_what_the_archive_does_meanwhile_is_no_trouble(keeping: Keeping) -> None:
    """Rows are read last: they know what was sealed and erased since the chain was looked at."""
    job, later = keeping.job(), keeping.job("FR751-1-1700000000.2")
    good = row(job, keeping.published(job))

    def rows() -> Iterator[Row]:
        keeping.chain().append("erased", {"recording_id": job.recording_id}, NOON)
        yield replace(good, erased=True)
        yield row(later, keeping.published(later))

    assert list(keeping.verifier().everything(Catalogue(1, rows()))) == []


def test_how_far_it_is_is_told(keeping: Keeping) -> None:
    job = keeping.job()
    good, told = row(job, keeping.published(job)), list[str]()
    chain, keys = keeping.folder / "chain" / CENTRE, keeping.keys()
    verifier = Verifier(keeping.archive(), keys, chain, CENTRE, keeping.signers(), told.append)
    assert list(verifier.everything(Catalogue(1, [good]))) == []
    assert told == [
        f"chain of {DAY}",
        f"recordings of {DAY}",
        "what is in the archive beside",
        "row 0 of the catalogue",
    ]


def test_a_row_removed_or_added_is_found(keeping: Keeping) -> None:
    job = keeping.job()
    good = row(job, keeping.published(job))
    assert [each.what for each in keeping.troubles_with([])] == ["is on the chain, and not in the catalogue"]
    added = replace(good, recording_id="FR751-1-1700000000.8")
    assert keeping.troubles_with([good, added]) == [
        Trouble("FR751-1-1700000000.8", "is sealed in the catalogue, and not on the chain")
    ]
    waiting = replace(added, manifest_sha256=None)
    assert keeping.troubles_with([good, waiting]) == []


def test_what_the_catalogue_has_not_taken_in_yet_is_no_trouble(keeping: Keeping) -> None:
    job = keeping.job()
    waiting = replace(row(job, keeping.published(job)), manifest_sha256=None)
    assert keeping.troubles_with([waiting], n=0) == []
    assert keeping.troubles_with([], n=0) == []
    assert keeping.troubles_with([waiting], n=1) != []


def test_the_manifest_holds_no_number(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    document = keeping.archive().get(job.prefix + MANIFEST)
    assert b"33612345678" in job.index
    assert b"612345678" not in document
    assert Manifest.read(document).call_id == job.call_id
