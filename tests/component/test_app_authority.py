"""The local authority: a server certificate that a client trusting the authority accepts, renewed when due."""

import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.authority import Certificates, ensure_certificates, own_names

pytestmark = pytest.mark.component


def handshake(files: Certificates, name: str) -> None:
    """A TLS handshake in memory, as a browser that installed the authority would do it."""
    client_context = ssl.create_default_context(cafile=str(files.authority))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate, files.private_key)
    a, b, c, d = (ssl.MemoryBIO() for _ in range(4))
    client = client_context.wrap_bio(a, b, server_hostname=name)
    server = server_context.wrap_bio(c, d, server_side=True)
    for _ in range(10):
        for side in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
        c.write(b.read())
        a.write(d.read())
    client.getpeercert()
    assert client.version() == "TLSv1.3"


def test_a_client_trusts_the_names_and_no_other(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, ["localhost", "192.0.2.7"])
    handshake(files, "localhost")
    handshake(files, "192.0.2.7")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "elsewhere.example")
    assert (tmp_path / "authority-key.pem").stat().st_mode & 0o077 == 0


def test_kept_while_good_and_renewed_when_names_or_time_ask(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    files = ensure_certificates(tmp_path, ["localhost"], now)
    first, authority = files.certificate.read_bytes(), files.authority.read_bytes()
    ensure_certificates(tmp_path, ["localhost"], now)
    assert files.certificate.read_bytes() == first
    ensure_certificates(tmp_path, ["localhost", "192.0.2.7"], now)
    second = files.certificate.read_bytes()
    assert second != first
    ensure_certificates(tmp_path, ["localhost"], now + timedelta(days=340))
    assert files.certificate.read_bytes() != second
    assert files.authority.read_bytes() == authority


def test_own_names_hold_the_loopback() -> None:
    assert {"localhost", "127.0.0.1"} <= set(own_names())
