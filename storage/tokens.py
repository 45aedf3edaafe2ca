"""Tokens that browsers and programs hold: only their digests are kept."""

from hashlib import sha256


def token_digest(token: str) -> bytes:
    """The SHA-256 of a token, whatever a stranger sent as one."""
    return sha256(token.encode("utf-8", "replace")).digest()
