"""Sealed sound over HTTP, by the range, and cut out as a file."""

import hashlib
import io
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import av
import httpx2
import numpy as np
import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response

from recorder.listening.excerpt import Cut, cut_out
from recorder.listening.sound import PIECE, Sounds
from recorder.sealing.layout import LISTEN, ORIGINAL
from recorder.sealing.reader import SealedReader
from recorder.sealing.seal import seal
from tests.support.audio import Pcm, read_wav
from tests.support.sealing import RATE, Keeping
from tests.support.web_server import served

pytestmark = pytest.mark.component

BOTH = Cut(0, 60, "wav", "both")


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Keeping:
    """One recording of a minute: its original takes several encrypted chunks, and ends inside one."""
    keeping = Keeping(tmp_path_factory.mktemp("listening"))
    seal(keeping.job(seconds=60), keeping.archive(), keeping.keys())
    return keeping


@pytest.fixture
def sealed(keeping: Keeping) -> SealedReader:
    return SealedReader.open(keeping.archive(), keeping.keys(), keeping.job().prefix)


@pytest.fixture
async def http(sealed: SealedReader) -> AsyncIterator[httpx2.AsyncClient]:
    router, sounds = APIRouter(), Sounds()

    @router.api_route("/sound/{name}", methods=["GET", "HEAD"])
    async def sound(name: str, request: Request) -> Response:
        return await sounds.answer(request, sealed, name, "audio/ogg", sealed.manifest.objects[name].sha256)

    async with served(router) as host, httpx2.AsyncClient(base_url=f"http://{host}", trust_env=False) as client:
        yield client


async def test_ranges_at_every_chunk_border_are_the_plain_octets(
    http: httpx2.AsyncClient, sealed: SealedReader
) -> None:
    plain = sealed.read(ORIGINAL)
    size = len(plain)
    assert size > 4 * PIECE
    borders = [0, *range(PIECE, size, PIECE), size]
    ranges = {
        (max(0, border + first), min(size - 1, border + last))
        for border in borders
        for first, last in ((-2, -1), (-1, 0), (0, 0), (0, 1), (-1, PIECE), (1, PIECE + 1))
    }
    for first, last in sorted(each for each in ranges if each[0] <= each[1] and each[0] < size):
        answer = await http.get(f"/sound/{ORIGINAL}", headers={"Range": f"bytes={first}-{last}"})
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.content == plain[first : last + 1], (first, last)


async def test_the_whole_comes_without_a_range_and_nobody_keeps_it(
    http: httpx2.AsyncClient, sealed: SealedReader
) -> None:
    answer = await http.get(f"/sound/{LISTEN}")
    assert answer.status_code == 200
    assert answer.content == sealed.read(LISTEN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "audio/ogg"
    head = await http.head(f"/sound/{LISTEN}", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.headers["Content-Length"], head.content) == (206, "10", b"")


async def test_a_range_is_given_only_of_the_very_same_sound(
    http: httpx2.AsyncClient, sealed: SealedReader
) -> None:
    tag = (await http.head(f"/sound/{LISTEN}")).headers["ETag"]
    part = {"Range": "bytes=0-9", "If-Range": tag}
    assert (await http.get(f"/sound/{LISTEN}", headers=part)).status_code == 206
    changed = await http.get(f"/sound/{LISTEN}", headers={**part, "If-Range": '"another"'})
    assert (changed.status_code, len(changed.content)) == (200, sealed.size(LISTEN))


async def test_beyond_the_end_there_is_nothing(http: httpx2.AsyncClient, sealed: SealedReader) -> None:
    size = sealed.size(LISTEN)
    answer = await http.get(f"/sound/{LISTEN}", headers={"Range": f"bytes={size}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{size}"


async def test_an_altered_chunk_is_never_handed_over(keeping: Keeping, tmp_path: Path) -> None:
    other = Keeping(tmp_path)
    job = other.job(seconds=30)
    seal(job, other.archive(), other.keys())
    file = other.place / job.prefix / ORIGINAL
    octets = bytearray(file.read_bytes())
    octets[100] ^= 1
    file.write_bytes(octets)
    reader = SealedReader.open(other.archive(), other.keys(), job.prefix)
    router, sounds = APIRouter(), Sounds()

    @router.get("/sound")
    async def sound(request: Request) -> Response:
        return await sounds.answer(request, reader, ORIGINAL, "audio/ogg", "tag")

    async with served(router) as host, httpx2.AsyncClient(base_url=f"http://{host}", trust_env=False) as client:
        answer = await client.get("/sound")
        assert (answer.status_code, answer.json()["code"]) == (500, "recording_altered")
        after = await client.get("/sound", headers={"Range": f"bytes={PIECE}-{PIECE + 9}"})
        assert after.content == reader.read(ORIGINAL, PIECE, 10)


# --- extracts -----------------------------------------------------------------------------------------------


def tracks(keeping: Keeping) -> tuple[Pcm, Pcm]:
    """Both as they were written, the shorter one with silence after it."""
    pair = keeping.job().tracks[0]
    caller, centre = read_wav(pair.caller), read_wav(pair.centre)
    return np.pad(caller, (0, len(centre) - len(caller))), centre


def samples_of(file: bytes) -> tuple[int, Pcm]:
    with wave.open(io.BytesIO(file)) as sound:
        read = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return sound.getframerate(), read.reshape(-1, sound.getnchannels())


@pytest.mark.parametrize(("begins", "ends"), [(0, 60), (12.345, 40.001), (59.5, 60), (0.0004, 0.25), (30, 99)])
def test_a_wav_extract_is_the_original_sample_by_sample(
    keeping: Keeping, sealed: SealedReader, begins: float, ends: float
) -> None:
    progress: list[float] = []
    file = cut_out(sealed, replace(BOTH, begins=begins, ends=ends), False, progress.append)
    rate, cut = samples_of(file)
    wanted = np.stack(tracks(keeping), axis=1)[round(begins * RATE) : round(ends * RATE)]
    assert rate == RATE
    assert np.array_equal(cut, wanted)
    assert progress == sorted(progress)


def test_one_track_alone(keeping: Keeping, sealed: SealedReader) -> None:
    caller, centre = tracks(keeping)
    for name, track in (("caller", caller), ("centre", centre)):
        _, cut = samples_of(cut_out(sealed, Cut(5, 7, "wav", name), False, lambda share: None))
        assert np.array_equal(cut[:, 0], track[5 * RATE : 7 * RATE])


def test_an_mp3_extract_sounds_like_the_original(keeping: Keeping, sealed: SealedReader) -> None:
    file = cut_out(sealed, Cut(10, 20, "mp3", "both"), False, lambda share: None)
    with av.open(io.BytesIO(file), "r", format="mp3") as container:
        rate = container.streams.audio[0].rate
        decoded = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert (rate, decoded.shape[0]) == (16_000, 2)
    assert decoded.shape[1] / rate == pytest.approx(10, abs=0.2)
    for lane, track in zip(decoded, tracks(keeping), strict=True):
        loud = np.abs(track[10 * RATE : 20 * RATE].astype(float)).reshape(-1, RATE // 10).mean(axis=1)
        heard = np.abs(lane[: 10 * rate]).reshape(-1, rate // 10).mean(axis=1)
        assert np.corrcoef(loud, heard)[0, 1] > 0.9


def test_an_extract_of_an_original_kept_as_wav(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path)
    job = replace(keeping.job(seconds=4), keep_wav=True)
    seal(job, keeping.archive(), keeping.keys())
    reader = SealedReader.open(keeping.archive(), keeping.keys(), job.prefix)
    _, cut = samples_of(cut_out(reader, Cut(3.5, 4, "wav", "both"), True, lambda share: None))
    assert np.array_equal(cut, np.stack(tracks(keeping), axis=1)[28_000:32_000])


def test_only_the_part_that_is_cut_is_decrypted(sealed: SealedReader) -> None:
    read: list[tuple[int, int]] = []

    class Watched:
        def size(self, name: str) -> int:
            return sealed.size(name)

        def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
            read.append((offset, length or 0))
            return sealed.read(name, offset, length)

    cut_out(Watched(), Cut(1, 3, "wav", "both"), False, lambda share: None)
    assert sum(length for _, length in read) < sealed.size(ORIGINAL) / 2


def test_the_digest_of_an_extract_is_always_the_same(sealed: SealedReader) -> None:
    def digest(form: str) -> str:
        return hashlib.sha256(cut_out(sealed, Cut(2, 4, form, "both"), False, lambda share: None)).hexdigest()

    assert digest("wav") == digest("wav")
    assert digest("mp3") == digest("mp3")


def test_no_sound_is_no_extract(sealed: SealedReader) -> None:
    with pytest.raises(ValueError, match="no sound"):
        cut_out(sealed, Cut(70, 80, "wav", "both"), False, lambda share: None)
