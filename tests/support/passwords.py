"""Passwords hashed in no time: as they should be, each account made and each login costs 0.2 s of processor."""

from argon2 import PasswordHasher

from storage import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""What a test's password needs: nobody is after it."""


def hash_cheaply() -> None:
    """Have this process hash and check so, wherever it says nothing of the cost."""
    passwords.PasswordHasher = lambda: CHEAP  # type: ignore[assignment, misc, attr-defined]
