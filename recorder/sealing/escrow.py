"""Copies of the centre's keys that only a key kept elsewhere can open. Blocking.

Whoever keeps the private key (a safe, a notary, the hospital group's own) has it made by
``openssl genpkey -algorithm X25519``; the centre holds the public half alone. HPKE (RFC 9180) with AES-256-GCM.
"""

import base64
import json
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from recorder.sealing.errors import NotAuthentic
from recorder.sealing.files import write_whole
from recorder.sealing.keys import KeyRing

SUFFIX = ".escrow.json"
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def escrow(keys: KeyRing, public_pem: bytes, folder: Path) -> list[Path]:
    """Write a copy of every version of the centre's key that ``public_pem``'s owner alone can open.

    Raises:
        ValueError: it is no X25519 public key.
    """
    public = serialization.load_pem_public_key(public_pem)
    if not isinstance(public, X25519PublicKey):
        raise ValueError("not an X25519 public key")
    written = []
    for key_id in keys.versions:
        closed = _SUITE.encrypt(keys.key(key_id), public, key_id.encode())
        document = {"key": key_id, "closed": base64.b64encode(closed).decode()}
        written.append(folder / f"{key_id}{SUFFIX}")
        write_whole(written[-1], json.dumps(document).encode())
    return written


def recover(keys_dir: Path, centre_id: str, private_pem: bytes, copies: Iterable[Path]) -> list[str]:
    """Put back the versions that are missing, from their copies.

    Returns:
        those put back; versions that are there stay as they are.

    Raises:
        NotAuthentic: a copy was altered, or made for another key.
        ValueError: no X25519 private key; no key of this centre.
    """
    private = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(private, X25519PrivateKey):
        raise ValueError("not an X25519 private key")
    opened = {}
    for copy in copies:
        told = json.loads(copy.read_bytes())
        key_id = str(told["key"])
        try:
            opened[key_id] = _SUITE.decrypt(base64.b64decode(told["closed"]), private, key_id.encode())
        except (InvalidTag, ValueError) as error:
            raise NotAuthentic(f"{copy.name} cannot be opened with this key") from error
    return KeyRing.put_back(keys_dir, centre_id, opened)
