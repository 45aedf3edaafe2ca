"""A certificate that nears its end is told by name, in its file and at the port that shows it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import isnan
from pathlib import Path

import pytest
import trustme

from app.certificates import CertificateWatch, certificate_watch
from app.settings import Settings
from tests.support.centre import HeldClock

pytestmark = pytest.mark.component


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


def _pem(authority: trustme.CA, ends: datetime) -> trustme.LeafCert:
    return authority.issue_cert("localhost", not_before=ends - timedelta(days=400), not_after=ends)


@asynccontextmanager
async def _door(leaf: trustme.LeafCert, *, asks: trustme.CA | None = None) -> AsyncIterator[int]:
    """A port that speaks TLS, and may ask for a certificate as the LRM's does."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    if asks is not None:
        asks.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("days", "told"), [(31, None), (29, "lrm.certificate: ends {}"), (-1, "lrm.certificate: ended {}")]
)
async def test_a_file_is_told_a_month_before_its_end(
    tmp_path: Path, clock: HeldClock, days: int, told: str | None
) -> None:
    ends = clock.now() + timedelta(days=days)
    file = tmp_path / "lrm.pem"
    file.write_bytes(_pem(trustme.CA(), ends).cert_chain_pems[0].bytes())
    watch = CertificateWatch({"lrm.certificate": file}, {}, clock)
    assert watch.trouble() is None
    assert isnan(watch.days_left())
    await watch.look()
    assert watch.trouble() == (told and told.format(f"{ends:%Y-%m-%d}"))
    assert watch.days_left() == pytest.approx(days, abs=0.001)


async def test_it_is_told_as_time_passes_and_no_more_once_renewed(tmp_path: Path, clock: HeldClock) -> None:
    authority, file = trustme.CA(), tmp_path / "server.pem"
    file.write_bytes(_pem(authority, clock.now() + timedelta(days=40)).cert_chain_pems[0].bytes())
    watch = CertificateWatch({"tls/server.pem": file}, {}, clock)
    await watch.look()
    assert watch.trouble() is None
    clock.advance(timedelta(days=11).total_seconds())
    assert watch.trouble() is not None
    file.write_bytes(_pem(authority, clock.now() + timedelta(days=365)).cert_chain_pems[0].bytes())
    await watch.look()
    assert watch.trouble() is None


async def test_of_a_chain_in_one_file_the_first_to_end_counts(tmp_path: Path, clock: HeldClock) -> None:
    authority, file = trustme.CA(), tmp_path / "both.pem"
    pems = [_pem(authority, clock.now() + timedelta(days=days)).cert_chain_pems[0] for days in (300, 3)]
    file.write_bytes(b"".join(pem.bytes() for pem in pems))
    watch = CertificateWatch({"lrm.authority": file}, {}, clock)
    await watch.look()
    assert watch.days_left() == pytest.approx(3, abs=0.001)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, clock: HeldClock, content: bytes | None
) -> None:
    file = tmp_path / "gone.pem"
    if content is not None:
        file.write_bytes(content)
    watch = CertificateWatch({"lrm.authority": file}, {}, clock)
    await watch.look()
    assert watch.trouble() == "lrm.authority: cannot be read"


@pytest.mark.parametrize("asks", [False, True])
async def test_a_port_that_shows_an_old_certificate_is_told_though_its_file_is_new(
    tmp_path: Path, clock: HeldClock, asks: bool
) -> None:
    """Asterisk reads its certificate when it starts: a new file changes nothing before its restart."""
    authority, file = trustme.CA(), tmp_path / "server.pem"
    file.write_bytes(_pem(authority, clock.now() + timedelta(days=365)).cert_chain_pems[0].bytes())
    ends = clock.now() + timedelta(days=20)
    async with _door(_pem(authority, ends), asks=authority if asks else None) as port:
        watch = CertificateWatch({"tls/server.pem": file}, {"asterisk.wss_port": ("127.0.0.1", port)}, clock)
        await watch.look()
        assert watch.trouble() == f"asterisk.wss_port: ends {ends:%Y-%m-%d}"


async def test_a_port_that_does_not_answer_is_no_matter_of_certificates(clock: HeldClock) -> None:
    async with _door(_pem(trustme.CA(), clock.now())) as port:
        pass
    watch = CertificateWatch({}, {"web.https_port": ("127.0.0.1", port)}, clock)
    await watch.look()
    assert watch.trouble() is None


async def test_all_that_a_centre_shows_or_believes_is_watched(tmp_path: Path, clock: HeldClock) -> None:
    files = {name: tmp_path / f"{name}.pem" for name in ("authority", "certificate", "private_key")}
    settings = Settings.model_validate(
        {"storage": {"data_dir": tmp_path}, "lrm": {"base_url": "https://lrm.example", **files}}
    )
    watch = certificate_watch(settings, clock)
    await watch.look()
    told = watch.trouble() or ""
    for name in ("tls/server.pem", "tls/authority.pem", "lrm.authority", "lrm.certificate"):
        assert f"{name}: cannot be read" in told
