"""What an archivist does beside the archive, running or not: proof, keys, tracks taken out. Blocking."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from app.archive_parts import archive_place, signing_key
from app.settings import Settings
from core.custody import Listened
from core.ids import AgentId, RecordingId
from core.recordings import Recording, RecordingState
from recorder.sealing import escrow
from recorder.sealing.archive import open_archive
from recorder.sealing.chain import Chain
from recorder.sealing.chain_check import Published
from recorder.sealing.errors import NotFound
from recorder.sealing.keys import KeyRing
from recorder.sealing.links import KEY_ROTATED
from recorder.sealing.reader import SealedReader
from recorder.sealing.signing import Signers
from recorder.sealing.verify import Catalogue, Row, Verifier, originals, untold
from storage.database import Database
from storage.recordings import StoredRecordings


class ArchiveTools:
    """The archive of one centre, as its settings tell. Makes no key but by :meth:`rotate`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._centre_id = settings.centre.id
        self._archive = open_archive(archive_place(settings))
        self.keys = KeyRing(settings.storage.keys_dir, self._centre_id, make=False)

    def verifier(self, *public_pems: bytes, told: Callable[[str], None] = untold) -> Verifier:
        """What proves; it believes the keys given, or else those that lie beside the chain.

        ``told``: how far it is.
        """
        chain = self._settings.storage.chain_dir / self._centre_id
        signers = Signers.of(*public_pems) if public_pems else Signers.in_folder(chain)
        return Verifier(self._archive, self.keys, chain, self._centre_id, signers, told)

    def published(self, recording_id: str) -> Published:
        """What the chain says of a recording.

        Raises:
            NotFound: nothing.
        """
        found = self.verifier().published(recording_id)
        if found is None:
            raise NotFound("the chain knows no such recording")
        return found

    def unseal(self, recording_id: RecordingId, folder: Path, by: AgentId, reason: str) -> Iterator[Path]:
        """Write both tracks as they were recorded, once the chain says who wants them, and why.

        Raises:
            NotFound: there is no such recording, or it was erased.
            SealingError, OSError: it cannot be read, or the chain takes nothing.
        """
        prefix = self.published(recording_id).prefix(self._centre_id)
        reader = SealedReader.open(self._archive, self.keys, prefix)
        said = Listened(recording_id=recording_id, by=by, reason=reason)
        self._chain().append(said.KIND, said.body(), datetime.now(UTC))
        folder.mkdir(parents=True, exist_ok=True)
        for name, track in originals(reader).items():
            if track:
                file = folder / f"{recording_id}-{name}.wav"
                file.write_bytes(track)
                yield file

    def rotate(self) -> None:
        """Make the next version of the centre's key. The chain says so."""
        key_id = self.keys.rotate()
        self._chain().append(KEY_ROTATED, {"key": key_id}, datetime.now(UTC))

    def rewrap(self) -> int:
        """Wrap with the newest version what is not yet; how many recordings."""
        return self.keys.rewrap(self._archive)

    def forget(self) -> list[str]:
        """Delete the older versions; which these were.

        Raises:
            ValueError: one is still in use.
        """
        old = self.keys.versions[:-1]
        for key_id in old:
            self.keys.forget(key_id, self._archive)
        return old

    def escrow(self, public_pem: bytes, folder: Path) -> list[Path]:
        """Write copies of the keys for whoever holds the private key."""
        return escrow.escrow(self.keys, public_pem, folder)

    def recover(self, private_pem: bytes, copies: Iterable[Path]) -> list[str]:
        """Put missing keys back; which these were."""
        return escrow.recover(self._settings.storage.keys_dir, self._centre_id, private_pem, copies)

    def public_pem(self) -> str:
        """The public key that the chain is signed with."""
        return signing_key(self._settings).public_pem().decode()

    def _chain(self) -> Chain:
        return Chain(self._settings.storage.chain_dir, self._centre_id, signing_key(self._settings))


def catalogue_in(database: Database, runner: asyncio.Runner) -> Catalogue:
    """Every row, to be held against the chain, a thousand in memory at a time.

    Args:
        database: where the rows are.
        runner: of the loop that the database is used in.

    Raises:
        StorageUnavailable: the database does not answer; so does reading the rows.
    """
    store = StoredRecordings(database)

    def rows() -> Iterator[Row]:
        place = -1
        while some := runner.run(store.after(place)):
            yield from map(_row, some)
            place = some[-1].place

    return Catalogue(runner.run(store.places()).chain, rows())


def _row(recording: Recording) -> Row:
    return Row(
        recording_id=recording.recording_id,
        call_id=recording.call_id,
        manifest_sha256=recording.manifest_sha256 or None,
        erased=recording.state is RecordingState.ERASED,
        facts={"line": recording.line, "number": recording.number, "direction": recording.direction},
    )
