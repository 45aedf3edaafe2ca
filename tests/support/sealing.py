"""Recordings to seal: tracks of a voice, an archive in a folder, keys, a chain."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from core.ids import CallId, CentreId, RecordingId
from recorder.sealing.archive import LocalArchive
from recorder.sealing.chain import Chain
from recorder.sealing.chain_check import Trouble
from recorder.sealing.files import Step, no_step
from recorder.sealing.keys import KeyRing
from recorder.sealing.seal import Sealed, SealJob, seal
from recorder.sealing.signing import Signers, SigningKey
from recorder.sealing.tracks import Samples, TrackPair, wav_of
from recorder.sealing.verify import Catalogue, Row, Verifier

CENTRE = CentreId("FR751")
DAY = date(2026, 11, 22)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
INDEX = b'{"line":"15","number":"+33612345678"}'
RATE = 8000


def voice(seconds: float, *, db: float = -20.0, seed: int = 1, rate: int = RATE) -> Samples:
    """Something with the spectrum and the pauses of speech: its loud parts are at ``db`` of full scale, rms."""
    chance = np.random.default_rng(seed)
    count = int(seconds * rate)
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / rate)
    spectrum *= (hertz > 200) * (hertz < 3400) / np.maximum(hertz, 500.0)
    sound = np.fft.irfft(spectrum, count)
    syllables = np.repeat(chance.random(count // (rate // 5) + 1), rate // 5)[:count]
    sound *= np.clip(syllables * 2 - 0.6, 0.0, 1.0)  # pauses between words
    loud = np.sqrt(np.mean(sound[np.abs(sound) > 0] ** 2))
    wanted = sound / loud * 10 ** (db / 20) * 32768
    samples: Samples = np.clip(wanted, -32768, 32767).astype(np.int16)
    return samples


@dataclass(frozen=True)
class Keeping:
    """A centre's archive, in a folder of a test."""

    folder: Path

    @property
    def place(self) -> Path:
        """Folder of the archive."""
        return self.folder / "archive"

    @property
    def keys_dir(self) -> Path:
        """Folder of the keys."""
        return self.folder / "keys"

    def archive(self, step: Step = no_step) -> LocalArchive:
        """The archive."""
        return LocalArchive(self.place, step)

    def keys(self) -> KeyRing:
        """The centre's keys."""
        return KeyRing(self.keys_dir, CENTRE)

    def signing(self) -> SigningKey:
        """What signs the chain."""
        return SigningKey(self.keys_dir / "signing.pem")

    def chain(self, step: Step = no_step) -> Chain:
        """The chain."""
        return Chain(self.folder / "chain", CENTRE, self.signing(), step)

    def job(
        self, recording_id: str = "FR751-1-1700000000.1", *, seconds: float = 1.5, db: float = -30.0
    ) -> SealJob:
        """A recording whose tracks are there: the caller's is the shorter one."""
        pair = TrackPair(self.folder / f"{recording_id}-caller.wav", self.folder / f"{recording_id}-centre.wav")
        seed = sum(recording_id.encode())
        if not pair.caller.exists():
            pair.caller.write_bytes(wav_of(voice(seconds - 0.25, db=db, seed=seed), RATE))
            pair.centre.write_bytes(wav_of(voice(seconds, seed=seed + 1), RATE))
        return SealJob(
            recording_id=RecordingId(recording_id),
            call_id=CallId(recording_id),
            centre_id=CENTRE,
            day=DAY,
            tracks=(pair,),
            index=INDEX,
        )

    def published(self, job: SealJob, now: datetime = NOON) -> Sealed:
        """Seal a recording and put it on the chain."""
        sealed = seal(job, self.archive(), self.keys())
        self.chain().publish(sealed.body(), job.day, now)
        return sealed

    def signers(self) -> Signers:
        """Whose signatures are believed."""
        return Signers.of(self.signing().public_pem())

    def verifier(self, signers: Signers | None = None) -> Verifier:
        """What looks at all of it."""
        chain = self.folder / "chain" / CENTRE
        return Verifier(self.archive(), self.keys(), chain, CENTRE, signers or self.signers())

    def troubles(self) -> list[Trouble]:
        """Everything that is not as it was written."""
        return list(self.verifier().everything())

    def troubles_with(self, rows: list[Row], n: int = 1) -> list[Trouble]:
        """The same, with a catalogue that has taken in the chain up to its nth entry."""
        return list(self.verifier().everything(Catalogue(n, rows)))
