"""The archive in a folder and in an S3-compatible store: the same promises, kept by both."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.sealing.archive import Archive, LocalArchive, Place, StoreArchive, open_archive
from recorder.sealing.errors import NotFound
from recorder.sealing.layout import LISTEN, MANIFEST, ORIGINAL
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import erase, seal
from recorder.sealing.verify import Verifier, originals
from tests.support.s3 import running_s3
from tests.support.sealing import CENTRE, NOON, Keeping

pytestmark = pytest.mark.component

DAY = "FR751/2026/11/22/"


@pytest.fixture(scope="module")
def s3() -> Iterator[Place]:
    with running_s3() as place:
        yield place


@pytest.fixture(params=["folder", "S3"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "folder":
        return open_archive(Place(folder=tmp_path / "archive"))
    place = request.getfixturevalue("s3")
    return open_archive(replace(place, prefix=f"centre/{tmp_path.name}"))


def test_what_is_put_is_got(archive: Archive) -> None:
    archive.put(f"{DAY}rec/{LISTEN}", b"first")
    archive.put(f"{DAY}rec/{LISTEN}", b"a voice")
    archive.put(f"{DAY}rec/empty", b"")
    assert archive.get(f"{DAY}rec/{LISTEN}") == b"a voice"
    assert archive.get_range(f"{DAY}rec/{LISTEN}", 2, 3) == b"voi"
    assert archive.get_range(f"{DAY}rec/{LISTEN}", 2, 300) == b"voice"
    assert archive.get(f"{DAY}rec/empty") == b""
    assert archive.exists(f"{DAY}rec/{LISTEN}")


def test_what_is_not_there_is_told(archive: Archive) -> None:
    archive.put(f"{DAY}rec/{LISTEN}", b"a voice")
    assert not archive.exists(f"{DAY}rec/{MANIFEST}")
    assert not archive.exists(f"{DAY}rec")
    with pytest.raises(NotFound):
        archive.get(f"{DAY}rec/{MANIFEST}")
    with pytest.raises(NotFound):
        archive.get_range(f"{DAY}rec/{MANIFEST}", 0, 1)
    archive.delete(f"{DAY}rec/{MANIFEST}")
    archive.delete_prefix(f"{DAY}nobody/")
    assert list(archive.list("FR752/")) == []


def test_a_prefix_is_listed_and_deleted_alone(archive: Archive) -> None:
    keys = {f"{DAY}{recording}/{name}" for recording in ("rec", "rec-2") for name in (LISTEN, MANIFEST)}
    for key in keys:
        archive.put(key, b"x")
    assert set(archive.list("FR751/")) == set(archive.list("")) == keys
    archive.delete_prefix(f"{DAY}rec/")
    assert set(archive.list(DAY)) == {f"{DAY}rec-2/{LISTEN}", f"{DAY}rec-2/{MANIFEST}"}
    archive.delete(f"{DAY}rec-2/{LISTEN}")
    assert set(archive.list(DAY)) == {f"{DAY}rec-2/{MANIFEST}"}


def test_a_recording_is_sealed_read_rewrapped_verified_and_erased(archive: Archive, tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    job, keys, chain = keeping.job(seconds=6), keeping.keys(), keeping.chain()
    sealed = seal(job, archive, keys)
    chain.publish(sealed.body(), job.day, NOON)
    keys.rotate()
    assert keys.rewrap(archive) == 1
    chain.append("key_rotated", {"key": keys.current}, NOON)
    chain.close_days(NOON)
    chain.put_heads(archive)
    verifier = Verifier(archive, keys, tmp_path / "chain" / CENTRE, CENTRE, keeping.signers())
    assert list(verifier.everything()) == []
    reader = SealedReader.open(archive, keys, job.prefix)
    assert originals(reader)["caller"] == job.tracks[0].caller.read_bytes()
    assert reader.read(ORIGINAL, 65000, 1000) == reader.read(ORIGINAL)[65000:66000]
    chain.append("erased", {"recording_id": job.recording_id}, NOON)
    assert "was erased, and is there" in {each.what for each in verifier.everything()}
    erase(archive, job.prefix)
    assert list(verifier.everything()) == []


def test_no_key_leads_out_of_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key"):
        LocalArchive(tmp_path / "archive").put("FR751/../../elsewhere", b"x")


def test_a_bucket_that_is_none_is_told(s3: Place) -> None:
    with pytest.raises(OSError, match="no such bucket"):
        open_archive(replace(s3, bucket="nobodys-bucket")).put("key", b"x")


def test_a_store_without_tls_is_refused_unless_wished() -> None:
    place = Place(bucket="bucket", endpoint="http://127.0.0.1:9", access_key="archive", secret_key="secret")
    archive = open_archive(place)
    assert isinstance(archive, StoreArchive)
    with pytest.raises(OSError, match="store failed"):
        archive.put("key", b"x")
