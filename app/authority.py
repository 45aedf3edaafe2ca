"""The local certificate authority: what lets another machine of the network trust our pages and SIP.

A browser gives no microphone to a page that is not served securely. A centre with certificates of its own gives
them in the settings instead.
"""

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import trustme
from cryptography import x509

from app.private_files import write_private

LEAF_DAYS = 365
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM. ``authority`` is what a user installs in their browser."""

    authority: Path
    certificate: Path
    private_key: Path


def own_names() -> list[str]:
    """Every name and address this machine can be reached by."""
    names = {"localhost", socket.gethostname()}
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6) and "%" not in address.address:
                names.add(address.address)
    return sorted(names)


def ensure_certificates(folder: Path, names: list[str], now: datetime | None = None) -> Certificates:
    """Make the authority once, and a server certificate whenever the names change or it nears its end."""
    now = now or datetime.now(UTC)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server-key.pem")
    authority_key = folder / "authority-key.pem"
    if not (files.authority.exists() and authority_key.exists()):
        made = trustme.CA(organization_name="Bandeau15", organization_unit_name="autorité locale")
        write_private(authority_key, made.private_key_pem.bytes())
        write_private(files.authority, made.cert_pem.bytes())
    elif _still_good(files, names, now):
        return files
    authority = trustme.CA.from_pem(files.authority.read_bytes(), authority_key.read_bytes())
    leaf = authority.issue_cert(
        *names, organization_name="Bandeau15", not_after=now + timedelta(days=LEAF_DAYS)
    )
    write_private(files.private_key, leaf.private_key_pem.bytes())
    write_private(files.certificate, b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    return files


def _still_good(files: Certificates, names: list[str], now: datetime) -> bool:
    if not (files.certificate.exists() and files.private_key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(name.value) for name in extension}
    return set(names) <= known and certificate.not_valid_after_utc - now > RENEW_BEFORE
