"""Extracts: asked for by one person, granted by another, taken once, with a sheet that says so."""

import hashlib
import io
import wave
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from core.ids import RecordingId
from recorder.listening.packages import SHEET, SUMS, Packages, packed
from recorder.listening.sheet import Facts, Original, clock, custody_sheet, day_and_hour
from recorder.listening.words import verification_words
from recorder.sealing.errors import NotAuthentic
from tests.support.listening import (
    ARCHIVIST,
    ARM1,
    CHIEF,
    CHIEF2,
    ListeningPlace,
    detail,
    listening_place,
)

pytestmark = pytest.mark.component

ASKED = {"begins": 1.5, "ends": 4, "form": "wav", "tracks": "both", "reason": "Réquisition n° 12"}
Served = tuple[ListeningPlace, str]


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Served]:
    async with listening_place(tmp_path) as place:
        yield place


async def requests(http: httpx2.AsyncClient) -> list[dict[str, object]]:
    answer = await http.get("/api/exports")
    assert answer.status_code == 200
    told: list[dict[str, object]] = answer.json()
    return told


async def made(place: ListeningPlace, http: httpx2.AsyncClient, export: str) -> None:
    """Have it made, and wait for it."""
    assert (await http.post(f"/api/exports/{export}/make", json={})).status_code == 202
    making = place.exports.making(export)
    assert making is not None
    assert making.task is not None
    await making.task


async def ask(http: httpx2.AsyncClient, recording: RecordingId, **change: object) -> str:
    answer = await http.post(f"/api/recordings/{recording}/exports", json=ASKED | change)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_two_persons_and_once(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, CHIEF) as asker, place.browser(host, ARCHIVIST) as granter:
        export = await ask(asker, recording)
        own = await asker.post(f"/api/exports/{export}/grant", json={})
        assert (own.status_code, detail(own)) == (403, "two_persons")
        early = await asker.post(f"/api/exports/{export}/make", json={})
        assert (early.status_code, detail(early)) == (409, "not_granted")
        (seen,) = await requests(granter)
        assert (seen["state"], seen["mayGrant"], seen["mayTake"]) == ("asked", True, False)
        assert (await granter.post(f"/api/exports/{export}/grant", json={})).status_code == 204
        stolen = await granter.get(f"/api/exports/{export}/file")
        assert stolen.status_code == 403
        unready = await asker.get(f"/api/exports/{export}/file")
        assert (unready.status_code, detail(unready)) == (409, "not_ready")
        await made(place, asker, export)
        (seen,) = await requests(asker)
        assert (seen["state"], seen["progress"], seen["mayTake"]) == ("ready", 1, True)
        assert place.entries("exported") == []
        answer = await asker.get(f"/api/exports/{export}/file")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="extrait-{recording}.zip"'
        again = await asker.get(f"/api/exports/{export}/file")
        assert (again.status_code, detail(again)) == (409, "already_taken")
    assert list((place.folder / "exports").iterdir()) == []

    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        sound_name, *others = pack.namelist()
        sound = pack.read(sound_name)
        assert others == [SHEET, SUMS]
        assert pack.read(SHEET).startswith(b"%PDF")
        lines = [line.split("  ") for line in pack.read(SUMS).decode().splitlines()]
        sums = {name: digest for digest, name in lines}
        assert {name: hashlib.sha256(pack.read(name)).hexdigest() for name in (sound_name, SHEET)} == sums
    with wave.open(io.BytesIO(sound)) as opened:
        assert (opened.getnframes(), opened.getnchannels()) == (20_000, 2)
    (entry,) = place.entries("exported")
    assert entry["by"] == CHIEF.agent_id
    assert entry["sha256"] == hashlib.sha256(sound).hexdigest()
    assert entry["packed_sha256"] == hashlib.sha256(answer.content).hexdigest()
    assert [place.entries(kind)[0]["by"] for kind in ("export_asked", "export_granted")] == [
        CHIEF.agent_id,
        ARCHIVIST.agent_id,
    ]


async def test_what_waits_to_be_taken_cannot_be_read_on_the_disk(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, CHIEF) as asker, place.browser(host, CHIEF2) as granter:
        export = await ask(asker, recording, form="mp3", tracks="caller")
        await granter.post(f"/api/exports/{export}/grant", json={})
        await made(place, asker, export)
    (file,) = (place.folder / "exports").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    for plain in (b"PK\x03\x04", b"%PDF", recording.encode()):
        assert plain not in file.read_bytes()


async def test_a_refused_request_is_over(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, CHIEF) as asker, place.browser(host, CHIEF2) as granter:
        export = await ask(asker, recording)
        assert (await granter.post(f"/api/exports/{export}/refuse", json={})).status_code == 204
        assert [each["state"] for each in await requests(asker)] == ["refused"]
        answer = await asker.post(f"/api/exports/{export}/make", json={})
        assert (answer.status_code, detail(answer)) == (409, "not_granted")
        assert (await granter.post(f"/api/exports/{export}/grant", json={})).status_code == 409


async def test_agents_ask_for_no_extract(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARM1) as http:
        assert (await http.post(f"/api/recordings/{recording}/exports", json=ASKED)).status_code == 403


async def test_what_is_no_extract_is_refused(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    wrong: list[tuple[dict[str, object], int]] = [
        ({"begins": 4, "ends": 4}, 409),
        ({"ends": 60}, 409),
        ({"form": "exe"}, 409),
        ({"tracks": "all"}, 409),
        ({"reason": " "}, 409),
        ({"begins": -1}, 422),
        ({"begins": "a"}, 422),
        ({"more": 1}, 422),
    ]
    async with place.browser(host, CHIEF) as http:
        for change, status in wrong:
            answer = await http.post(f"/api/recordings/{recording}/exports", json=ASKED | change)
            assert answer.status_code == status, change
    assert place.entries("export_asked") == []


async def test_where_the_archive_fails_it_can_be_made_again(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    hidden, sealed = place.folder / "hidden", place.keeping.place
    async with place.browser(host, CHIEF) as asker, place.browser(host, CHIEF2) as granter:
        export = await ask(asker, recording)
        await granter.post(f"/api/exports/{export}/grant", json={})
        sealed.rename(hidden)
        await made(place, asker, export)
        assert [each["state"] for each in await requests(asker)] == ["failed"]
        hidden.rename(sealed)
        await made(place, asker, export)
        assert [each["state"] for each in await requests(asker)] == ["ready"]


# --- packages -----------------------------------------------------------------------------------------------


def test_an_altered_package_is_not_handed_over(tmp_path: Path) -> None:
    package = Packages(tmp_path).keep("e1", "e1.zip", "", b"x" * 100_000)
    assert b"".join(package.pieces()) == b"x" * 100_000
    octets = bytearray(package.path.read_bytes())
    octets[70_000] ^= 1
    package.path.write_bytes(octets)
    with pytest.raises(NotAuthentic):
        list(package.pieces())


def test_what_an_earlier_program_left_is_deleted(tmp_path: Path) -> None:
    left = Packages(tmp_path).keep("e1", "e1.zip", "", b"x")
    Packages(tmp_path)
    assert not left.path.exists()


def test_the_same_content_is_packed_the_same(tmp_path: Path) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert packed("a.wav", b"sound", b"sheet", at) == packed("a.wav", b"sound", b"sheet", at)


# --- the sheet ----------------------------------------------------------------------------------------------

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
FACTS = Facts(
    centre="SAMU d’essai",
    centre_id="FR751",
    export_id="e" * 32,
    recording_id="c-1.1",
    call_id="c-1.1",
    started_at=AT,
    seconds=6,
    number="",
    line="15",
    dossier="",
    begins=1.5,
    ends=4,
    tracks="both",
    form="wav",
    file="c-1.1.wav",
    octets=80_044,
    sha256="0123456789abcdef" * 4,
    asked_by="Sacha Bernard",
    asked_at=AT,
    reason='#panic("x") $y$ *z* _t_ @u <v> \\ ' + "très long " * 20,
    granted_by="Claude Roy",
    granted_at=AT,
    made_at=AT,
    originals=(Original(name="caller", sha256="a" * 64), Original(name="centre", sha256="b" * 64)),
    manifest_sha256="c" * 64,
    sealed_at=AT,
    chain_n=12,
)


def test_the_sheet_is_one_page_whatever_is_written_on_it() -> None:
    sheet = custody_sheet(FACTS)
    assert sheet.startswith(b"%PDF")
    assert b"/Type/Pages/Count 1/" in sheet


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0,0 s"),
        (4.04, "4,0 s"),
        (59.96, "1 min 0,0 s"),
        (3600, "1 h 00 min 0,0 s"),
        (3671.4, "1 h 01 min 11,4 s"),
    ],
)
def test_lengths_in_words(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    assert day_and_hour(AT) == "25 octobre 2026 à 02:30:00 (UTC+02)"
    assert day_and_hour(AT.replace(hour=1)) == "25 octobre 2026 à 02:30:00 (UTC+01)"


def test_verification_words_are_the_first_eight_figures() -> None:
    assert (
        verification_words("0123456789abcdef") == "Anatole Berthe Célestin Désiré Eugène François Gaston Henri"
    )
    assert verification_words("ffffffff") == " ".join(["Pierre"] * 8)
