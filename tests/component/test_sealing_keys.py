"""Keys of the centre: who may read them, what they open, how they change, how lost ones come back."""

import json
import subprocess
from pathlib import Path

import pytest

from recorder.sealing.crypto import new_key
from recorder.sealing.errors import NoSuchKey, NotAuthentic
from recorder.sealing.escrow import escrow, recover
from recorder.sealing.keys import KeyRing, Wrapped
from recorder.sealing.layout import KEY, LISTEN
from recorder.sealing.reader import SealedReader
from recorder.sealing.signing import Signers, SigningKey
from tests.support.sealing import CENTRE, Keeping

pytestmark = pytest.mark.component

PLACE = "FR751/2026/11/22/rec/"


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


def key_pair(folder: Path, name: str = "escrow") -> tuple[bytes, bytes]:
    """A pair as the how-to tells to make it: private, public."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return private.read_bytes(), public.read_bytes()


def key_files(keeping: Keeping) -> list[Path]:
    keeping.keys()
    return sorted(keeping.keys_dir.glob(f"{CENTRE}-k*.key"))


def test_what_is_wrapped_is_unwrapped_for_its_recording_alone(keeping: Keeping) -> None:
    keys, data_key = keeping.keys(), new_key()
    wrapped = Wrapped.read(keys.wrap(data_key, PLACE).document())
    assert keeping.keys().unwrap(wrapped, PLACE) == data_key
    with pytest.raises(NotAuthentic):
        keys.unwrap(wrapped, "FR751/2026/11/22/another/")


@pytest.mark.parametrize("wrapped", [b"", b"AAAA", b"A" * 80])
def test_a_wrapped_key_of_no_use_is_refused(keeping: Keeping, wrapped: bytes) -> None:
    keys = keeping.keys()
    document = b'{"key":"%s","wrapped":"%s"}' % (keys.current.encode(), wrapped)
    with pytest.raises(NotAuthentic):
        keys.unwrap(Wrapped.read(document), PLACE)


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"{", b'{"key":1}', b'{"key":"k","wrapped":"%%"}'])
def test_a_wrapped_key_that_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(NotAuthentic):
        Wrapped.read(document)


def test_only_the_archives_user_can_read_the_keys(keeping: Keeping) -> None:
    keeping.keys().rotate()
    keeping.signing()
    files = list(keeping.keys_dir.iterdir())
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_program_that_runs_sees_a_rotation_of_another(keeping: Keeping) -> None:
    running, other = keeping.keys(), keeping.keys()
    other.rotate()
    data_key = new_key()
    assert running.unwrap(other.wrap(data_key, PLACE), PLACE) == data_key
    assert running.current == other.current
    assert running.current.startswith("FR751-k0002-")


def test_an_old_key_opens_what_it_sealed_until_all_is_wrapped_anew(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    keys = keeping.keys()
    old = keys.current
    keys.rotate()
    before = keeping.archive().get(job.prefix + LISTEN)
    assert SealedReader.open(keeping.archive(), keys, job.prefix).read(LISTEN)
    with pytest.raises(ValueError, match="still in use"):
        keys.forget(old, keeping.archive())
    assert keys.rewrap(keeping.archive()) == 1
    assert keys.rewrap(keeping.archive()) == 0
    keys.forget(old, keeping.archive())
    assert keeping.archive().get(job.prefix + LISTEN) == before
    assert keeping.troubles() == []


def test_the_current_key_is_never_forgotten(keeping: Keeping) -> None:
    keys = keeping.keys()
    with pytest.raises(ValueError, match="still in use"):
        keys.forget(keys.current, keeping.archive())


def test_a_lost_key_comes_back_from_escrow(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    private, public = key_pair(keeping.folder)
    copies = escrow(keeping.keys(), public, keeping.folder / "safe")
    (lost,) = key_files(keeping)
    content = lost.read_bytes()
    lost.unlink()
    with pytest.raises(NoSuchKey):
        SealedReader.open(keeping.archive(), KeyRing(keeping.keys_dir, CENTRE, make=False), job.prefix)
    assert recover(keeping.keys_dir, CENTRE, private, copies) == [lost.stem]
    assert recover(keeping.keys_dir, CENTRE, private, copies) == []
    assert lost.read_bytes() == content
    assert lost.stat().st_mode & 0o777 == 0o600
    assert keeping.troubles() == []


def test_a_key_made_in_the_place_of_a_lost_one_stands_beside_it(keeping: Keeping) -> None:
    private, public = key_pair(keeping.folder)
    before, after = keeping.job(), keeping.job("FR751-1-1700000000.2")
    keeping.published(before)
    copies = escrow(keeping.keys(), public, keeping.folder / "safe")
    for lost in keeping.keys_dir.glob("*-k*.key"):
        lost.unlink()
    keeping.published(after)  # a program started meanwhile makes its own
    assert len(recover(keeping.keys_dir, CENTRE, private, copies)) == 1
    assert len(keeping.keys().versions) == 2
    assert keeping.troubles() == []


@pytest.mark.parametrize("damage", [b"", b"%", b"AAAA"])
def test_a_damaged_key_is_as_good_as_lost_and_comes_back(keeping: Keeping, damage: bytes) -> None:
    job = keeping.job()
    keeping.published(job)
    private, public = key_pair(keeping.folder)
    copies = escrow(keeping.keys(), public, keeping.folder / "safe")
    (file,) = key_files(keeping)
    file.write_bytes(damage)
    assert [each.what for each in keeping.troubles()] == [file.stem]
    assert recover(keeping.keys_dir, CENTRE, private, copies) == [file.stem]
    assert keeping.troubles() == []


def test_escrow_opens_with_its_own_key_alone(keeping: Keeping) -> None:
    _, public = key_pair(keeping.folder)
    another, _ = key_pair(keeping.folder, "another")
    copies = escrow(keeping.keys(), public, keeping.folder / "safe")
    (file,) = key_files(keeping)
    assert file.read_text().strip() not in copies[0].read_text()
    with pytest.raises(NotAuthentic):
        recover(keeping.keys_dir, CENTRE, another, copies)


def test_a_copy_that_was_altered_is_refused(keeping: Keeping) -> None:
    private, public = key_pair(keeping.folder)
    (copy,) = escrow(keeping.keys(), public, keeping.folder / "safe")
    told = json.loads(copy.read_text())
    copy.write_text(json.dumps({**told, "key": "FR751-k0009-00000000"}))
    with pytest.raises(NotAuthentic):
        recover(keeping.keys_dir, CENTRE, private, [copy])


@pytest.mark.parametrize(
    "key_id", ["FR752-k0001-00000000", "FR751-1", "../FR751-k0001-00000000", "FR751-k0001"]
)
def test_only_keys_of_this_centre_are_taken_in(keeping: Keeping, key_id: str) -> None:
    with pytest.raises(ValueError, match="no key of this centre"):
        keeping.keys().add(key_id, new_key())


def test_two_programs_that_rotate_at_once_agree(keeping: Keeping) -> None:
    first, second = keeping.keys(), keeping.keys()
    made = {first.rotate(), second.rotate()}
    assert first.rotate() not in made
    data_key = new_key()
    assert second.unwrap(first.wrap(data_key, PLACE), PLACE) == data_key


def test_a_signature_is_believed_by_the_public_key_alone(keeping: Keeping) -> None:
    key, stranger = keeping.signing(), SigningKey(keeping.keys_dir / "stranger.pem")
    believed = Signers.of(key.public_pem())
    assert SigningKey(keeping.keys_dir / "signing.pem").signer == key.signer
    assert believed.signed(key.signer, key.sign(b"head"), b"head")
    assert not believed.signed(key.signer, key.sign(b"head"), b"another")
    assert not believed.signed(key.signer, stranger.sign(b"head"), b"head")
    assert not believed.signed(stranger.signer, stranger.sign(b"head"), b"head")


def test_the_damaged_key_of_an_archive_is_told(keeping: Keeping) -> None:
    job = keeping.job()
    keeping.published(job)
    document = keeping.archive().get(job.prefix + KEY)
    keeping.archive().put(job.prefix + KEY, document.replace(b"k0001", b"k0002"))
    (found,) = keeping.troubles()
    assert found.what.startswith("FR751-k0002-")
