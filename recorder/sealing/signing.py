"""The key that signs the heads of the chain (Ed25519), and the public keys that tell who did. Blocking."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recorder.sealing.files import write_whole

PUBLIC_SUFFIX = ".pub.pem"


class SigningKey:
    """A private key kept in a file that the archive's user alone can read; made where there is none."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            with suppress(FileExistsError):
                write_whole(file, _pem(Ed25519PrivateKey.generate()), mode=0o600, new=True)
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not an Ed25519 key")
        self._key = key
        self.signer = signer_of(key.public_key())

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return self._key.sign(message)

    def public_pem(self) -> bytes:
        """The public key, to be kept where nobody of the centre can change it."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class Signers:
    """Public keys that are believed, by their ids."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, *pems: bytes) -> "Signers":
        """Believe these keys.

        Raises:
            ValueError: one is no Ed25519 public key.
        """
        keys = {}
        for pem in pems:
            key = serialization.load_pem_public_key(pem)
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError("not an Ed25519 public key")
            keys[signer_of(key)] = key
        return cls(keys)

    @classmethod
    def in_folder(cls, folder: Path) -> "Signers":
        """Believe the keys that lie in a folder: worth no more than the folder."""
        return cls.of(*(path.read_bytes() for path in folder.glob(f"*{PUBLIC_SUFFIX}")))

    def signed(self, signer: str, signature: bytes, message: bytes) -> bool:
        """Whether a key that is believed signed the message."""
        key = self._keys.get(signer)
        if key is None:
            return False
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def signer_of(key: Ed25519PublicKey) -> str:
    """Name a public key: the first 16 hexadecimal digits of its digest."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
