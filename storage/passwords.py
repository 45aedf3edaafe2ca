"""Passwords: argon2id, off the event loop, a few at a time (each takes 64 MiB while it runs)."""

import asyncio
from functools import cached_property
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.accounts import PASSWORD_LENGTH
from core.errors import AccountRefused

_AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords. The same password typed on another keyboard is the same (NFC).

    Args:
        hasher: argon2's cost; the default is RFC 9106's for servers short of memory.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Hash a password to be kept.

        Raises:
            AccountRefused: it is too short or too long.
        """
        text = _typed(password)
        if len(text) not in PASSWORD_LENGTH:
            raise AccountRefused(
                "password_length",
                f"a password has {PASSWORD_LENGTH.start} to {PASSWORD_LENGTH.stop - 1} characters",
            )
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, text)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Check a password; takes as long when there is nothing to check it against."""
        text = _typed(password)[: PASSWORD_LENGTH.stop]
        async with self._turn:
            right = await asyncio.to_thread(self._check, kept, text)
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the cost has changed since."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        """Made when first needed: a core that restarts has no time for it."""
        return self._hasher.hash("nobody has this password")

    def _check(self, kept: str | None, text: str) -> bool:
        try:
            return self._hasher.verify(kept or self._nobodys, text)
        except (VerificationError, InvalidHashError):
            return False


def _typed(password: str) -> str:
    """One form for one password, in characters that UTF-8 can carry."""
    return normalize("NFC", password.encode("utf-8", "replace").decode())
