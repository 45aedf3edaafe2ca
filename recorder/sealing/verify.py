"""Proves a recording, a day or everything untouched, or names what was touched. Blocking; changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import msgspec

from core.custody import JSON
from recorder.sealing.archive import Archive
from recorder.sealing.audio import decoded_flac
from recorder.sealing.chain_check import ChainCheck, Published, Trouble
from recorder.sealing.errors import NotFound, SealingError
from recorder.sealing.keys import KeyRing
from recorder.sealing.layout import INDEX, KEPT, KEY, MANIFEST, ORIGINAL, Manifest, prefix_of, sha256
from recorder.sealing.reader import SealedReader
from recorder.sealing.signing import Signers
from recorder.sealing.tracks import wav_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the catalogue says of a recording. ``facts``: fields of the index that it repeats."""

    recording_id: str
    call_id: str
    manifest_sha256: str | None
    erased: bool
    facts: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue. ``n``: the last entry of the chain that it had taken in before anything was looked at.

    ``rows`` are read last, one by one: they may know more than the chain as it was looked at.
    """

    n: int
    rows: Iterable[Row]


def untold(_how_far: str) -> None:
    """Nobody wants to know how far it is."""


class Verifier:
    """Looks at the recordings and the chain of one centre."""

    def __init__(
        self,
        archive: Archive,
        keys: KeyRing,
        chain: Path,
        centre_id: str,
        signers: Signers,
        told: Callable[[str], None] = untold,
    ) -> None:
        """Look with these.

        Args:
            archive: where the recordings are.
            keys: of the centre.
            chain: folder of its chain: ``…/chain/FR751``.
            centre_id: the centre.
            signers: whose signatures are believed: best, a public key kept elsewhere.
            told: how far it is, a few words a day of the chain.
        """
        self._archive = archive
        self._keys = keys
        self._chain = chain
        self._centre_id = centre_id
        self._signers = signers
        self._told = told

    # --- what is asked ----------------------------------------------------------------------------------

    def everything(self, catalogue: Catalogue | None = None) -> Iterator[Trouble]:
        """The whole chain, every object of the archive, and every row of the catalogue where it is given."""
        check = self._check()
        yield from check.whole(self._archive)
        days: dict[date, list[Published]] = {}
        for each in check.published.values():
            days.setdefault(each.day, []).append(each)
        for day in sorted(days):
            self._told(f"recordings of {day}")
            yield from self._recordings(day, days.pop(day))
        self._told("what is in the archive beside")
        yield from self._strangers(f"{self._centre_id}/", check)
        if catalogue is not None:
            yield from self._rows(catalogue, check)

    def day(self, day: date) -> Iterator[Trouble]:
        """The chain of a day, how it follows on the one before, and every recording that began on that day."""
        yield from self._check().day(day)
        check = self._check()
        check.gather(_before(day))
        yield from self._recordings(day, [each for each in check.published.values() if each.day == day])
        yield from self._strangers(f"{self._centre_id}/{day:%Y/%m/%d}/", check)

    def recording(self, day: date, recording_id: str) -> Iterator[Trouble]:
        """One recording, against its manifest and against the chain."""
        check = self._check()
        check.gather(_before(day))
        found = check.published.get(recording_id)
        if found is None:
            yield Trouble(prefix_of(self._centre_id, day, recording_id), "is not on the chain")
        else:
            prefix = found.prefix(self._centre_id)
            yield from self._recording(
                found, {name.removeprefix(prefix) for name in self._archive.list(prefix)}
            )

    def published(self, recording_id: str) -> Published | None:
        """What the chain says of a recording, whatever its day."""
        check = self._check()
        check.gather()
        return check.published.get(recording_id)

    def _check(self) -> ChainCheck:
        return ChainCheck(self._chain, self._centre_id, self._signers, self._told)

    # --- the recordings ---------------------------------------------------------------------------------

    def _recordings(self, day: date, published: Sequence[Published]) -> Iterator[Trouble]:
        """Recordings of one day, whose objects are named together: a store takes long for each question."""
        there: dict[str, set[str]] = {}
        folder = f"{self._centre_id}/{day:%Y/%m/%d}/"
        for key in self._archive.list(folder):
            recording_id, _, name = key.removeprefix(folder).partition("/")
            there.setdefault(recording_id, set()).add(name)
        for each in published:
            yield from self._recording(each, there.get(each.recording_id, set()))

    def _recording(self, published: Published, there: Set[str]) -> Iterator[Trouble]:
        """One recording, of which these objects are there."""
        prefix = published.prefix(self._centre_id)
        if published.erased:
            for name in sorted(there):
                yield Trouble(prefix + name, "was erased, and is there")
            return
        if MANIFEST not in there:
            yield Trouble(prefix + MANIFEST, "is missing")
            return
        document = self._archive.get(prefix + MANIFEST)
        if sha256(document) != published.manifest_sha256:
            yield Trouble(prefix + MANIFEST, "is not the one on the chain")
            return
        try:
            manifest = Manifest.read(document)
            reader = SealedReader.open(self._archive, self._keys, prefix, manifest)
        except NotFound:
            yield Trouble(prefix + KEY, "is missing")
            return
        except SealingError as error:
            yield Trouble(prefix + KEY, f"{error}")
            return
        for name in sorted(there - {MANIFEST, KEY, *manifest.objects}):
            yield Trouble(prefix + name, "was added")
        for name in manifest.objects:
            yield from self._object(prefix, name, manifest, reader)

    def _object(self, prefix: str, name: str, manifest: Manifest, reader: SealedReader) -> Iterator[Trouble]:
        told = manifest.objects[name]
        try:
            closed = self._archive.get(prefix + name)
        except NotFound:
            yield Trouble(prefix + name, "is missing")
            return
        if (len(closed), sha256(closed)) != (told.sealed_octets, told.sealed_sha256):
            yield Trouble(prefix + name, "was altered")
            return
        try:
            content = reader.read(name)
        except SealingError as error:
            yield Trouble(prefix + name, f"{error}")
            return
        if (len(content), sha256(content)) != (told.octets, told.sha256):
            yield Trouble(prefix + name, "does not decrypt to what was sealed")
        elif name == ORIGINAL:
            yield from self._original(prefix, content, manifest)

    def _original(self, prefix: str, content: bytes, manifest: Manifest) -> Iterator[Trouble]:
        for name, file in wav_files(content, manifest).items():
            told = next(each for each in manifest.originals if each.name == name)
            if (len(file), sha256(file)) != (told.octets, told.sha256):
                yield Trouble(prefix + ORIGINAL, f"the track {name} is not what was recorded")

    def _strangers(self, prefix: str, check: ChainCheck) -> Iterator[Trouble]:
        """What is published in the archive and nowhere on the chain. Attempts not published are none."""
        manifests = (name for name in self._archive.list(prefix) if name.endswith(f"/{MANIFEST}"))
        found = [name for name in manifests if not self._is_known(name, check.published)]
        if found:
            check.gather()  # what was published while we looked
        for name in sorted(name for name in found if not self._is_known(name, check.published)):
            yield Trouble(name, "is not on the chain")

    def _is_known(self, manifest: str, published: Mapping[str, Published]) -> bool:
        known = published.get(manifest.split("/")[-2])
        return known is not None and known.prefix(self._centre_id) + MANIFEST == manifest

    # --- the catalogue ----------------------------------------------------------------------------------

    def _rows(self, catalogue: Catalogue, check: ChainCheck) -> Iterator[Trouble]:
        doubtful, unseen = [], check.published
        for number, row in enumerate(catalogue.rows):
            if number % 10_000 == 0:
                self._told(f"row {number:,} of the catalogue")
            known = unseen.pop(row.recording_id, None)
            if any(self._held_against(row, known, catalogue.n)):
                doubtful.append(row)
        missing = [known.recording_id for known in unseen.values() if known.n <= catalogue.n]
        if doubtful:
            check.gather()  # a row may tell what was done since the chain was looked at
        for row in doubtful:
            yield from self._held_against(row, check.published.get(row.recording_id), catalogue.n)
        for recording_id in missing:
            yield Trouble(recording_id, "is on the chain, and not in the catalogue")

    def _held_against(self, row: Row, known: Published | None, n: int) -> Iterator[Trouble]:
        """A row against the chain, unless the chain tells newer things than the row can know."""
        if known is None and row.manifest_sha256 is not None:
            yield Trouble(row.recording_id, "is sealed in the catalogue, and not on the chain")
        elif known is not None and known.n <= n:
            yield from self._row(row, known)

    def _row(self, row: Row, published: Published) -> Iterator[Trouble]:
        for what, said, truth in (
            ("its manifest", row.manifest_sha256, published.manifest_sha256),
            ("its call", row.call_id, published.call_id),
            ("whether it was erased", row.erased, published.erased),
        ):
            if said != truth:
                yield Trouble(row.recording_id, f"the catalogue differs from the chain: {what}")
        if not published.erased and row.facts:
            yield from self._facts(row, published)

    def _facts(self, row: Row, published: Published) -> Iterator[Trouble]:
        try:
            reader = SealedReader.open(self._archive, self._keys, published.prefix(self._centre_id))
            index = msgspec.json.decode(reader.read(INDEX), type=dict[str, object])
        except (SealingError, msgspec.DecodeError):
            return  # told with the recording itself
        for name, said in row.facts.items():
            if index.get(name) != said:
                yield Trouble(row.recording_id, f"the catalogue differs from the recording's index: {name}")


def wav_files(content: bytes, manifest: Manifest) -> dict[str, bytes]:
    """Make the WAV files again, as Asterisk wrote them, from the FLAC file they are kept in."""
    both = decoded_flac(content)
    return {
        each.name: wav_of(both[: each.samples, number], manifest.rate) if each.samples else b""
        for number, each in enumerate(manifest.originals)
    }


def originals(reader: SealedReader) -> dict[str, bytes]:
    """Give both tracks of a recording as Asterisk wrote them, by name: ``caller``, ``centre``.

    Raises:
        NotAuthentic: what is in the archive was altered.
    """
    if ORIGINAL in reader.manifest.objects:
        return wav_files(reader.read(ORIGINAL), reader.manifest)
    return {name: reader.read(kept) for name, kept in KEPT.items() if kept in reader.manifest.objects}


def _before(day: date) -> date:
    """From where on the chain may say something of a recording of that day: days are told in two time zones."""
    return day - timedelta(days=1)
