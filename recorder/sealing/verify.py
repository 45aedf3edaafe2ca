"""Proves a recording, a day or everything untouched, or names what was touched. Blocking; changes nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import msgspec

from core.custody import JSON
from recorder.sealing.archive import Archive
from recorder.sealing.audio import decoded_flac
from recorder.sealing.errors import ChainBroken, NotFound, SealingError
from recorder.sealing.keys import KeyRing
from recorder.sealing.layout import HEADS, INDEX, KEPT, KEY, MANIFEST, ORIGINAL, Manifest, prefix_of, sha256
from recorder.sealing.links import DAY_CLOSED, Entry, Head, beginning
from recorder.sealing.reader import SealedReader
from recorder.sealing.signing import Signers
from recorder.sealing.tracks import wav_of

_HEAD = ".head.json"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not what was written. ``where``: an object, a line, a row."""

    where: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the catalogue says of a recording. ``facts``: fields of the index that it repeats."""

    recording_id: str
    call_id: str
    manifest_sha256: str | None
    erased: bool
    facts: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """What the chain says of a recording."""

    recording_id: str
    call_id: str
    day: date
    manifest_sha256: str
    erased: bool = False

    def prefix(self, centre_id: str) -> str:
        """Where it is, or was."""
        return prefix_of(centre_id, self.day, self.recording_id)


class Verifier:
    """Looks at the recordings and the chain of one centre."""

    def __init__(self, archive: Archive, keys: KeyRing, chain: Path, centre_id: str, signers: Signers) -> None:
        """Look with these.

        Args:
            archive: where the recordings are.
            keys: of the centre.
            chain: folder of its chain: ``…/chain/FR751``.
            centre_id: the centre.
            signers: whose signatures are believed: best, a public key kept elsewhere.
        """
        self._archive = archive
        self._keys = keys
        self._chain = chain
        self._centre_id = centre_id
        self._signers = signers
        self._witnessed: dict[int, Head] = {}
        """What heads kept in the archive tell of the chain, by the number of the entry."""

    # --- what is asked ----------------------------------------------------------------------------------

    def everything(self, rows: Iterable[Row] | None = None) -> Iterator[Trouble]:
        """The whole chain, every object of the archive, and every row of the catalogue where it is given."""
        published: dict[str, Published] = {}
        yield from self._take_witnesses()
        yield from self._walk(self._days(), beginning(self._centre_id), 0, published)
        yield from self._heads_without_day()
        for head in self._witnessed.values():
            yield Trouble(f"{head.day}", "entries are missing that the archive has a signed head of")
        for each in published.values():
            yield from self._recording(each)
        yield from self._strangers(f"{self._centre_id}/", published)
        if rows is not None:
            yield from self._rows(rows, published)

    def day(self, day: date) -> Iterator[Trouble]:
        """The chain of a day, how it follows on the one before, and every recording that began on that day."""
        days = self._days()
        before = [each for each in days if each < day]
        if day in days:
            previous, n = beginning(self._centre_id), 0
            if before:
                try:
                    last = self._last(before[-1])
                    previous, n = last.digest, last.n
                except ChainBroken as error:
                    yield Trouble(str(before[-1]), str(error))
            yield from self._walk([day], previous, n, {})
        elif self._head_file(day).exists():
            yield Trouble(str(day), "the day was signed for, and is missing")
        published: dict[str, Published] = {}
        for _ in self._walk([each for each in days if each >= day - timedelta(days=1)], None, None, published):
            pass  # troubles of other days are told when these are asked for
        of_day = {name: each for name, each in published.items() if each.day == day}
        for each in of_day.values():
            yield from self._recording(each)
        yield from self._strangers(f"{self._centre_id}/{day:%Y/%m/%d}/", of_day)

    def recording(self, day: date, recording_id: str) -> Iterator[Trouble]:
        """One recording, against its manifest and against the chain."""
        published: dict[str, Published] = {}
        for _ in self._walk(
            [each for each in self._days() if each >= day - timedelta(days=1)], None, None, published
        ):
            pass
        found = published.get(recording_id)
        if found is None:
            yield Trouble(prefix_of(self._centre_id, day, recording_id), "is not on the chain")
        else:
            yield from self._recording(found)

    # --- the chain --------------------------------------------------------------------------------------

    def _walk(
        self, days: Iterable[date], previous: str | None, n: int | None, published: dict[str, Published]
    ) -> Iterator[Trouble]:
        """Follow the chain from an entry on (``None``: from wherever it is), taking in what it says."""
        days = list(days)
        for day in days:
            last = None
            data = (self._chain / f"{day}.jsonl").read_bytes()
            *lines, torn = data.split(b"\n")
            if torn:
                yield Trouble(f"{day}", "the last line is torn")
            head, trouble = self._head(day)
            if trouble:
                yield trouble
            for number, line in enumerate(lines, 1):
                where = f"{day}, line {number}"
                try:
                    entry = Entry.read(line)
                except ChainBroken as error:
                    yield Trouble(where, str(error))
                    previous, n = None, None
                    continue
                if last is not None and last.kind == DAY_CLOSED:
                    yield Trouble(where, "follows the end of its day")
                if previous is not None and entry.previous != previous:
                    yield Trouble(where, "does not follow the entry before it")
                if n is not None and entry.n != n + 1:
                    yield Trouble(where, f"is entry {entry.n}, not {n + 1}")
                for signed in (head, self._witnessed.pop(entry.n, None)):
                    if signed is not None and entry.n == signed.n and entry.digest != signed.digest:
                        yield Trouble(where, "is not what was signed")
                previous, n, last = entry.digest, entry.n, entry
                _take_in(entry, published)
            yield from self._end_of(day, last, head, is_last=day == days[-1])

    def _end_of(self, day: date, last: Entry | None, head: Head | None, *, is_last: bool) -> Iterator[Trouble]:
        if head is not None and (last is None or last.n < head.n):
            yield Trouble(f"{day}", "entries that were signed for are missing")
        if last is None or (last.kind != DAY_CLOSED and is_last and not (head and head.closed)):
            return  # the day goes on
        if last.kind != DAY_CLOSED:
            yield Trouble(f"{day}", "the day was not closed")
        elif head is None or not head.closed:
            yield Trouble(f"{day}", "the end of the day is not signed")
        elif (head.n, head.digest) != (last.n, last.digest):
            yield Trouble(f"{day}", "the end of the day is not what was signed")

    def _head(self, day: date) -> tuple[Head | None, Trouble | None]:
        file = self._head_file(day)
        try:
            return self._believed(file.name, file.read_bytes()), None
        except FileNotFoundError:
            return None, None
        except ChainBroken as error:
            return None, Trouble(file.name, str(error))

    def _believed(self, name: str, document: bytes) -> Head:
        head = Head.read(document)
        if (head.centre_id, f"{head.day}{_HEAD}") != (self._centre_id, name):
            raise ChainBroken("is the head of another day or centre")
        if not self._signers.signed(head.signer, head.signature_octets(), head.message()):
            raise ChainBroken("is not signed by a key that is believed")
        return head

    def _take_witnesses(self) -> Iterator[Trouble]:
        """The heads that the archive has: on another machine, they are not changed with the chain."""
        for name in sorted(self._archive.list(f"{self._centre_id}/{HEADS}/")):
            try:
                head = self._believed(name.split("/")[-1], self._archive.get(name))
            except ChainBroken as error:
                yield Trouble(name, str(error))
            else:
                self._witnessed[head.n] = head

    def _heads_without_day(self) -> Iterator[Trouble]:
        days = {f"{day}" for day in self._days()}
        for file in sorted(self._chain.glob(f"????-??-??{_HEAD}")):
            if file.name.removesuffix(_HEAD) not in days:
                yield Trouble(file.name, "the day was signed for, and is missing")

    def _last(self, day: date) -> Entry:
        lines = (self._chain / f"{day}.jsonl").read_bytes().split(b"\n")
        if len(lines) < 2:
            raise ChainBroken("the day is empty")
        return Entry.read(lines[-2])

    def _days(self) -> list[date]:
        files = sorted(self._chain.glob("????-??-??.jsonl"))
        return [date.fromisoformat(file.name.removesuffix(".jsonl")) for file in files if file.stat().st_size]

    def _head_file(self, day: date) -> Path:
        return self._chain / f"{day}{_HEAD}"

    # --- the recordings ---------------------------------------------------------------------------------

    def _recording(self, published: Published) -> Iterator[Trouble]:
        prefix = published.prefix(self._centre_id)
        there = {name.removeprefix(prefix) for name in self._archive.list(prefix)}
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

    def _strangers(self, prefix: str, published: Mapping[str, Published]) -> Iterator[Trouble]:
        """What is published in the archive and nowhere on the chain. Attempts not published are none."""
        for name in sorted(self._archive.list(prefix)):
            if name.endswith(f"/{MANIFEST}"):
                recording_id = name.split("/")[-2]
                known = published.get(recording_id)
                if known is None or known.prefix(self._centre_id) + MANIFEST != name:
                    yield Trouble(name, "is not on the chain")

    # --- the catalogue ----------------------------------------------------------------------------------

    def _rows(self, rows: Iterable[Row], published: Mapping[str, Published]) -> Iterator[Trouble]:
        seen = set()
        for row in rows:
            seen.add(row.recording_id)
            yield from self._row(row, published.get(row.recording_id))
        for recording_id in published.keys() - seen:
            yield Trouble(recording_id, "is on the chain, and not in the catalogue")

    def _row(self, row: Row, published: Published | None) -> Iterator[Trouble]:
        if published is None:
            if row.manifest_sha256 is not None:
                yield Trouble(row.recording_id, "is sealed in the catalogue, and not on the chain")
            return
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


def _take_in(entry: Entry, published: dict[str, Published]) -> None:
    body = entry.body
    recording_id = body.get("recording_id")
    if not isinstance(recording_id, str):
        return
    if entry.kind == "sealed":
        day = date.fromisoformat(str(body["day"]))
        published[recording_id] = Published(
            recording_id, str(body["call_id"]), day, str(body["manifest_sha256"])
        )
    elif entry.kind == "erased" and recording_id in published:
        was = published[recording_id]
        published[recording_id] = Published(
            was.recording_id, was.call_id, was.day, was.manifest_sha256, erased=True
        )
