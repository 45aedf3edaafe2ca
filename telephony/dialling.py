"""The numbers that agents may call, as patterns of the dialplan: mode secours has no core to check them. Pure.

The core reads any form of a number; the dialplan is given E.164 or a short number, and matches digit by digit:
no pattern holds a wildcard that would let another character through.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SHORTEST: Final = 8
LONGEST: Final = 15
"""Digits of a number of E.164."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferRules:
    """Whom callers may be passed on to in mode secours, and what number those see."""

    short_numbers: Collection[str] = ()
    prefixes: Collection[str] = ()
    refused_prefixes: Collection[str] = ()
    presented: str = ""
    presented_by_line: Mapping[str, str] = field(default_factory=dict)
    ring_seconds: float = 40


def patterns(rules: TransferRules) -> list[str]:
    """The extensions that exist: the short numbers, then E.164 by prefix, without the refused ones."""
    found = list(dict.fromkeys(rules.short_numbers))
    prefixes = [p for p in rules.prefixes if not any(p != q and p.startswith(q) for q in rules.prefixes)]
    for prefix in dict.fromkeys(prefixes):
        for head in _heads(prefix, tuple(rules.refused_prefixes)):
            digits = len(head) - 1
            least = max(SHORTEST - digits, 0)
            found += [f"_{head}{'X' * more}" for more in range(least, LONGEST - digits + 1)]
    return found


def _heads(prefix: str, refused: tuple[str, ...]) -> Iterator[str]:
    """How permitted numbers begin."""
    if prefix.startswith(refused):
        return
    if not any(each.startswith(prefix) for each in refused):
        yield prefix
        return
    for digit in "0123456789":
        yield from _heads(prefix + digit, refused)
