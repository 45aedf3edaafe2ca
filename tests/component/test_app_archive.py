"""The archive as the program it is: served on ports of its own, beside a core or without one."""

import signal
import ssl
from pathlib import Path

import httpx2
import pytest

from tests.component.test_app_cores import free_port
from tests.support.program import Program

pytestmark = pytest.mark.component

SECONDS = 60


class Place:
    """A data folder, and an archive of it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.http_port, self.https_port = free_port(), free_port()
        config = folder / "centre.toml"
        config.write_text(
            f'[storage]\ndata_dir = "{self.data}"\n[web]\nhost = "127.0.0.1"\n'
            f"[archive]\nhttp_port = {self.http_port}\nhttps_port = {self.https_port}\n"
        )
        self.program = Program(
            *("app.cli", "--config", str(config), "archive"), log=folder / "log", patience=SECONDS
        )

    async def health(self) -> httpx2.Response:
        async with httpx2.AsyncClient() as http:
            return await http.get(f"http://127.0.0.1:{self.http_port}/healthz")

    async def serves(self) -> bool:
        try:
            return (await self.health()).status_code == 200
        except httpx2.TransportError:
            return False


async def test_it_serves_by_http_and_https_and_ends_when_asked(tmp_path: Path) -> None:
    place = Place(tmp_path)
    await place.program.start(place.serves)
    try:
        told = (await place.health()).json()
        assert told["archive"] == "FR751"
        assert told["failing"] == []
        trusted = ssl.create_default_context(cafile=place.data / "tls" / "authority.pem")
        async with httpx2.AsyncClient(verify=trusted) as http:
            answer = await http.get(f"https://localhost:{place.https_port}/healthz")
            assert answer.status_code == 200
            assert "Strict-Transport-Security" not in answer.headers  # localhost is shared with others
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    finally:
        place.program.send(signal.SIGTERM)
        assert await place.program.ended() == 0
