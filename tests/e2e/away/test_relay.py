"""A strip far from the centre: its sound goes by the TURN server or not at all, and by it to Asterisk alone."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aioice import stun, turn
from playwright.async_api import Playwright

from app.turn import turn_access
from core.ids import PositionId
from tests.e2e.conftest import MICROPHONES, browser_arguments
from tests.e2e.conversation import talking
from tests.e2e.pages import EAR, PAGE_SIZE, Desk
from tests.support.audio import write_wav
from tests.support.centre_process import ARM1, CentreProcess
from tests.support.far_network import CENTRE_SIDE, FarNetwork
from tests.support.netns import ADDRESS
from tests.support.voice import voice

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

RELAY_ONLY = """
(() => {
  const Native = window.RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(config) {
      super({ ...config, iceTransportPolicy: "relay" });
      window.connections.push(this);
    }
  };
})();
"""
PAIRS = """
async () => {
  const found = [];
  for (const connection of window.connections) {
    const stats = await connection.getStats();
    for (const [, stat] of stats) {
      if (stat.type !== "candidate-pair" || !stat.nominated) continue;
      const local = stats.get(stat.localCandidateId);
      found.push([local.candidateType, local.relayProtocol]);
    }
  }
  return found;
}
"""
DOCTOR = PositionId("doctor")


@asynccontextmanager
async def far_desk(
    playwright: Playwright, chromium: Path, far: FarNetwork, folder: Path, centre: CentreProcess
) -> AsyncIterator[Desk]:
    """An agent at a browser in the far network."""
    sound = folder / "microphone.wav"
    write_wav(sound, voice(MICROPHONES[ARM1.login], 10, 48_000), 48_000)
    browser = await playwright.chromium.launch(
        executable_path=str(far.script(chromium, folder / "far-chromium")),
        args=[*browser_arguments(sound), "--ignore-certificate-errors"],
    )
    try:
        context = await browser.new_context(viewport=PAGE_SIZE, locale="fr-FR", ignore_https_errors=True)
        await context.add_init_script(EAR)
        await context.add_init_script(RELAY_ONLY)
        url = f"https://{CENTRE_SIDE}:{centre.settings.web.https_port}"
        desk = Desk(ARM1, context, await context.new_page(), url, MICROPHONES[ARM1.login])
        yield desk
        await desk.leave()
    finally:
        await browser.close()


def reaches(far: FarNetwork, address: str, port: int) -> bool:
    """Whether a UDP packet may leave there for an address."""
    words = f"import socket; socket.socket(2, 2).sendto(b'?', ({address!r}, {port}))"
    return subprocess.run(far.inside("python3", "-c", words), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "tcp"])
async def test_both_hear_each_other_through_the_relay(
    _playwright: Playwright,  # noqa: PT019 - its value is used
    chromium: Path,
    far: FarNetwork,
    tmp_path: Path,
    centre: CentreProcess,
    udp: bool,
) -> None:
    rtp = centre.settings.asterisk.rtp_start
    assert not reaches(far, CENTRE_SIDE, rtp)
    assert not reaches(far, ADDRESS, rtp)
    with nullcontext() if udp else far.without_udp():
        assert reaches(far, CENTRE_SIDE, centre.settings.turn.port) is udp
        async with far_desk(_playwright, chromium, far, tmp_path, centre) as desk:
            await desk.take_position()
            async with talking(centre, desk) as talk:
                await talk.both_hear(desk)
                pairs = await desk.page.evaluate(PAIRS)
            assert ["relay", "udp" if udp else "tcp"] in pairs
            assert {kind for kind, _ in pairs} == {"relay"}


@asynccontextmanager
async def allocated(
    centre: CentreProcess,
    *,
    ago: timedelta = timedelta(),
    secret: str = "",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[turn.TurnTransport]:
    """An allocation on the TURN server, with credentials of so long ago; over TLS where there is ``tls``."""
    access = turn_access(centre.settings)
    if secret:
        access = type(access)(urls=access.urls, secret=secret)
    made = access.credentials(DOCTOR, datetime.now(UTC) - ago)
    transport, _ = await turn.create_turn_endpoint(
        lambda: asyncio.DatagramProtocol(),
        server_addr=(CENTRE_SIDE, centre.settings.turn.tls_port if tls else centre.settings.turn.port),
        username=made.username,
        password=made.password,
        ssl=tls,
        transport="tcp" if tls else "udp",
    )
    try:
        yield transport
    finally:
        transport.close()


async def bind(transport: turn.TurnTransport, peer: tuple[str, int]) -> None:
    """Ask for a channel to a peer: TransactionFailed where it is refused."""
    await transport._TurnTransport__inner_protocol.channel_bind(0x4000, peer)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "peer", ["10.16.0.2", "10.15.0.9", "192.0.2.1", "127.0.0.1", "8.8.8.8", "224.0.0.1", "169.254.169.254"]
)
async def test_nothing_but_asterisk_is_relayed_to(centre: CentreProcess, peer: str) -> None:
    async with allocated(centre) as transport:
        with pytest.raises(stun.TransactionFailed) as refused:
            await bind(transport, (peer, 5060))
        assert refused.value.response.attributes["ERROR-CODE"][0] == 403


async def test_asterisk_is_relayed_to(centre: CentreProcess) -> None:
    async with allocated(centre) as transport:
        await bind(transport, (ADDRESS, centre.settings.asterisk.rtp_start))


async def test_asterisk_is_relayed_to_over_tls_by_who_trusts_the_centre(centre: CentreProcess) -> None:
    trusting = ssl.create_default_context(cafile=centre.folder / "tls" / "authority.pem")
    async with allocated(centre, tls=trusting) as transport:
        await bind(transport, (ADDRESS, centre.settings.asterisk.rtp_start))
    with pytest.raises(ssl.SSLCertVerificationError):
        async with allocated(centre, tls=ssl.create_default_context()):
            pass


@pytest.mark.parametrize(
    ("minutes", "secret"), [(121, ""), (0, "0" * 64)], ids=["expired", "of another secret"]
)
async def test_credentials_that_are_not_good_are_refused(
    centre: CentreProcess, minutes: int, secret: str
) -> None:
    with pytest.raises(stun.TransactionFailed) as refused:
        async with allocated(centre, ago=timedelta(minutes=minutes), secret=secret):
            pass
    assert refused.value.response.attributes["ERROR-CODE"][0] == 401
