"""An archivist's commands beside an archive that runs: proof, tracks taken out, keys changed and recovered."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from app.commands import app as command_line
from core.recordings import Recording
from recorder.custody.places import prefix
from recorder.sealing.layout import LISTEN
from tests.component.test_app_archive import Place, catalogue, channel, sealed

pytestmark = pytest.mark.component


class Terminal:
    """Gives commands with a centre's settings."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def __call__(self, *words: object, status: int = 0) -> str:
        argv = ["--config", str(self._place.config), "archive", *map(str, words)]
        result = CliRunner().invoke(command_line, argv, env={"COLUMNS": "300"})
        assert result.exit_code == status, result.output
        return result.output


def test_what_an_archivist_does_from_a_terminal(tmp_path: Path) -> None:
    place = Place(tmp_path)
    terminal = Terminal(place)
    first = asyncio.run(_three_sealed(place, terminal))
    _finds_what_is_altered(place, terminal, first)
    _takes_tracks_out(place, terminal)
    _changes_keys(place, terminal, tmp_path)
    assert "Nothing was touched" in terminal("verify")


async def _three_sealed(place: Place, terminal: Terminal) -> Recording:
    """While the archive runs, everything is found untouched, and keys may change."""
    place.spool.open()
    place.call(1)
    place.call(2, hz=880)
    async with catalogue(place) as store:
        await place.program.start(place.serves)
        rows = [await sealed(store, number) for number in (1, 2)]
        assert "Nothing was touched" in await asyncio.to_thread(terminal, "verify")
        assert "2 recordings wrapped with FR751-k0002-" in await asyncio.to_thread(terminal, "keys", "rotate")
        place.call(3)
        await sealed(store, 3)
        assert "Nothing was touched" in await asyncio.to_thread(terminal, "verify")
        await place.stop()
    return rows[0]


def _finds_what_is_altered(place: Place, terminal: Terminal, row: Recording) -> None:
    day = row.caller_track.partition("/")[0]
    file = place.data / "archive" / prefix(row) / LISTEN
    with _altered(file):
        for words in ((), ("--day", day), ("--recording", row.recording_id)):
            told = terminal("verify", *words, status=1)
            assert f"{prefix(row)}{LISTEN}: was altered" in told
            assert "1 found" in told
    _set_number(place, row, "+33699999999")
    told = terminal("verify", status=1)
    assert f"{row.recording_id}: the catalogue differs from the recording's index: number" in told
    assert "Nothing was touched" in terminal("verify", "--no-catalogue")
    _set_number(place, row, row.number)
    assert "knows no such recording" in terminal("verify", "--recording", "nobodys", status=1)


def _set_number(place: Place, row: Recording, number: str) -> None:
    engine = create_engine(f"sqlite:///{place.data / 'bandeau15.db'}")
    with engine.begin() as connection:
        connection.execute(
            text("update recording set number = :number where recording_id = :id"),
            {"number": number, "id": row.recording_id},
        )
    engine.dispose()


def _takes_tracks_out(place: Place, terminal: Terminal) -> None:
    out = place.data / "out"
    (track,) = (place.data / "recordings").glob(f"*/{channel(2)}-caller.wav")
    words = ("unseal", channel(2), "--out", out, "--by", "899700000001")
    assert "who asks, and why" in terminal(*words, "--reason", " ", status=1)
    assert not out.exists()
    terminal(*words, "--reason", "réquisition judiciaire")
    assert (out / f"{channel(2)}-caller.wav").read_bytes() == track.read_bytes()
    assert len(list(out.iterdir())) == 2
    (day,) = (place.data / "chain" / "FR751").glob("*.jsonl")
    last = day.read_text().splitlines()[-1]
    assert '"kind":"listened"' in last
    assert "réquisition judiciaire" in last


def _changes_keys(place: Place, terminal: Terminal, folder: Path) -> None:
    private, public = folder / "escrow.pem", folder / "escrow.pub.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "X25519", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    terminal("keys", "escrow", public, folder / "copies")
    assert "Forgotten: FR751-k0001-" in terminal("keys", "rewrap", "--forget")
    (key,) = (place.data / "keys").glob("FR751-k*.key")
    key.unlink()
    assert key.stem in terminal("verify", status=1)
    copies = sorted((folder / "copies").iterdir())
    assert "Put back: FR751-k0001-" in terminal("keys", "recover", private, *copies)
    signer = folder / "signer.pub.pem"
    signer.write_text(terminal("keys", "public"))
    assert "Nothing was touched" in terminal("verify", "--public-key", signer)
    terminal("verify", "--public-key", public, status=1)


@contextmanager
def _altered(file: Path) -> Iterator[None]:
    octets = file.read_bytes()
    file.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    try:
        yield
    finally:
        file.write_bytes(octets)
