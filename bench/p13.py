"""p13: CPU of sealing recordings, all of it, ÷ ffmpeg merely coding the same tracks as one Opus file.

Ours: both tracks read, kept bit-exact as FLAC and decoded again, levelled, coded for listening, peaks,
digests, encryption, everything put on the disk and read back, in a worker that is kept; and the chain's
entry. The peer does nothing but the coding: ``ffmpeg``, started for each recording as one would from a
script. No Asterisk.
"""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.cpu import cpu_seconds
from bench.figures import Figure, median
from core.ids import CallId, CentreId, RecordingId
from recorder.sealing.archive import Place
from recorder.sealing.audio import OPUS, OPUS_BITS
from recorder.sealing.chain import Chain
from recorder.sealing.seal import SealJob
from recorder.sealing.signing import SigningKey
from recorder.sealing.tracks import Samples, TrackPair, read_track, wav_of
from recorder.sealing.worker import Bench, SealWorkers
from setup import announcements
from setup.progress import Reporter
from setup.roots import PrivateRoot

RATE = 8000
SECONDS = (20, 45, 90, 150, 240)
"""Calls of a centre: a wrong number, a question, a regulation."""
CENTRE = CentreId("FR751")
FFMPEG = PrivateRoot(name="ffmpeg", packages=("ffmpeg",), components="main", probes=(("ffmpeg", "-version"),))


async def measure(folder: Path, quick: bool) -> AsyncIterator[Figure]:
    """Ours and the peer's in turn over the same recordings; then the peer with our coder's settings."""
    rounds, lengths = (1, SECONDS[:2]) if quick else (5, SECONDS)
    calls = [_write_call(folder, number, seconds) for number, seconds in enumerate(lengths)]
    ffmpeg = _ffmpeg(folder)
    ours: list[float] = []
    bare: list[float] = []
    alike: list[float] = []
    sealing = Bench(place=Place(folder=folder / "archive"), keys_dir=folder / "keys", centre_id=CENTRE)
    workers = SealWorkers(sealing, count=1)
    chain = Chain(folder / "chain", CENTRE, SigningKey(folder / "keys" / "signing.pem"))
    try:
        await workers.seal(_job(calls[0], "warm"))
        for number in range(rounds):
            ours.append(await _sealed(workers, chain, calls, str(number)))
            bare.append(_coded(ffmpeg, calls, folder, {}))
            alike.append(_coded(ffmpeg, calls, folder, OPUS))
            print(
                f"  p13 {number + 1}/{rounds}: sealed {ours[-1]:.2f} s, coded {bare[-1]:.2f} s, "
                f"as ours {alike[-1]:.2f} s",
                file=sys.stderr,
            )
    finally:
        await workers.close()
    minutes = sum(lengths) / 60
    unit = "ms of CPU a recorded minute, two tracks"
    for name, peer in (("p13", bare), ("p13_same_settings", alike)):
        yield Figure(
            name=name,
            ours=1000 * median(ours) / minutes,
            peer=1000 * median(peer) / minutes,
            unit=unit,
            n=rounds * len(calls),
        )


async def _sealed(workers: SealWorkers, chain: Chain, calls: list[TrackPair], name: str) -> float:
    """CPU of sealing each: the worker's, and ours beside it."""
    (worker,) = workers.pids
    before = cpu_seconds([worker]) + time.process_time()
    for number, pair in enumerate(calls):
        job = _job(pair, f"{name}-{number}")
        chain.publish((await workers.seal(job)).body(), job.day, datetime.now(UTC))
    return cpu_seconds([worker]) + time.process_time() - before


def _job(pair: TrackPair, name: str) -> SealJob:
    now = datetime.now(UTC)
    return SealJob(
        recording_id=RecordingId(f"{CENTRE}-bench-{name}"),
        call_id=CallId(f"{CENTRE}-bench-{name}"),
        centre_id=CENTRE,
        day=now.date(),
        tracks=(pair,),
        index=b"{}",
    )


def _coded(ffmpeg: list[str], calls: list[TrackPair], folder: Path, options: dict[str, str]) -> float:
    """CPU of the peer, from each start of it to its end."""
    before = _children()
    for pair in calls:
        settings = [word for name, value in options.items() for word in (f"-{name}", value)]
        argv: list[str | Path] = [
            *ffmpeg,
            "-nostdin",
            "-v",
            "error",
            "-y",
            "-i",
            pair.caller,
            "-i",
            pair.centre,
        ]
        argv += ["-filter_complex", "amerge=inputs=2", "-c:a", "libopus", "-b:a", f"{OPUS_BITS}", *settings]
        subprocess.run([*argv, folder / "peer.opus"], check=True)
    return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ffmpeg(folder: Path) -> list[str]:
    """The host's, or else Debian's from a private root: started as it is, with no sandbox to be paid for."""
    if shutil.which("ffmpeg"):
        return ["ffmpeg"]
    if not FFMPEG.exists():
        with Reporter(folder).task("ffmpeg", "Debian's ffmpeg") as task:
            FFMPEG.build(task)
    root = FFMPEG.path
    libraries = next(root.glob("usr/lib/*/libavcodec.so.*")).parent
    folders = [libraries, *(path for path in libraries.iterdir() if path.is_dir())]
    loader = next(root.glob("usr/lib*/*/ld-linux-*.so.*"))
    return [str(loader), "--library-path", os.pathsep.join(map(str, folders)), str(root / "usr/bin/ffmpeg")]


def _write_call(folder: Path, number: int, seconds: int) -> TrackPair:
    """Two people who speak in turn, the caller softly, on a line with some noise."""
    chance = np.random.default_rng(number)
    spoken = _speech()
    length = seconds * RATE
    tracks = np.zeros((2, length))
    at = 0
    while at < length:
        turn = int(chance.uniform(1, 6) * RATE)
        begins = int(chance.uniform(0, len(spoken) - turn))
        who = int(chance.random() < 0.5)
        words = spoken[begins : begins + turn][: length - at]
        tracks[who, at : at + len(words)] = words * (0.1, 0.7)[who]
        at += turn
    noisy = np.clip(tracks + chance.integers(-8, 9, tracks.shape), -32768, 32767).astype(np.int16)
    pair = TrackPair(folder / f"{number}-caller.wav", folder / f"{number}-centre.wav")
    for path, samples in zip((pair.caller, pair.centre), noisy, strict=True):
        path.write_bytes(wav_of(samples, RATE))
    return pair


def _speech() -> Samples:
    """All announcements, one after the other."""
    voices = [read_track(path, "voice") for path in sorted(announcements.folder().glob("*.wav"))]
    return np.concatenate([voice.samples for voice in voices if voice.rate == RATE])
