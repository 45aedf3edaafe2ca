"""What the chain is made of: entries, each with the digest of the one before, and signed heads. Pure."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from core.custody import JSON
from recorder.canonical import canonical
from recorder.sealing.errors import ChainBroken
from recorder.sealing.layout import sha256

DAY_CLOSED = "day_closed"
KEY_ROTATED = "key_rotated"
"""The chain's own kinds, beside those of :mod:`core.custody`."""


def beginning(centre_id: str) -> str:
    """What the first entry of a centre holds as the digest of the one before."""
    return sha256(f"bandeau15 chain of {centre_id}".encode())


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the chain. ``n`` counts from 1, through all days of the centre."""

    n: int
    at: datetime
    kind: str
    body: Mapping[str, JSON]
    previous: str
    digest: str

    @classmethod
    def after(cls, n: int, previous: str, at: datetime, kind: str, body: Mapping[str, JSON]) -> Self:
        """Make the entry that follows ``n`` entries, the last with digest ``previous``."""
        entry = cls(n + 1, at, kind, body, previous, "")
        return replace(entry, digest=sha256(canonical(entry._held())))

    def line(self) -> bytes:
        """The entry as it is written, without the end of the line."""
        return canonical({**self._held(), "digest": self.digest})

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a line.

        Raises:
            ChainBroken: it is not octet by octet what was written.
        """
        try:
            told = json.loads(line)
            entry = cls(
                told["n"], datetime.fromisoformat(told["at"]), told["kind"], told["body"], told["previous"],
                told["digest"],
            )  # fmt: skip
            whole = entry.line() == line and sha256(canonical(entry._held())) == entry.digest
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ChainBroken("a line is no entry") from error
        if not whole:
            raise ChainBroken("a line is not what was written")
        return entry

    def _held(self) -> dict[str, object]:
        at = self.at.isoformat()
        return {"n": self.n, "at": at, "kind": self.kind, "body": dict(self.body), "previous": self.previous}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far a day's chain had come when it was signed; ``closed``: nothing follows on that day."""

    centre_id: str
    day: date
    n: int
    digest: str
    at: datetime
    closed: bool
    signer: str
    signature: str = ""

    def message(self) -> bytes:
        """What is signed."""
        return canonical(self._told())

    def signature_octets(self) -> bytes:
        """The signature itself; empty where it is none, or is not written in the one way it can be."""
        try:
            octets = base64.b64decode(self.signature, validate=True)
        except ValueError:
            return b""
        return octets if base64.b64encode(octets).decode() == self.signature else b""

    def document(self) -> bytes:
        """Write it down, with its signature."""
        return canonical({**self._told(), "signature": self.signature}) + b"\n"

    @classmethod
    def read(cls, document: bytes) -> Self:
        """Read what was written down.

        Raises:
            ChainBroken: it is nothing of the kind.
        """
        try:
            told = json.loads(document)
            head = cls(
                centre_id=told["centre_id"],
                day=date.fromisoformat(told["day"]),
                n=told["n"],
                digest=told["digest"],
                at=datetime.fromisoformat(told["at"]),
                closed=told["closed"],
                signer=told["signer"],
                signature=told["signature"],
            )
            whole = head.document() == document
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ChainBroken("a head is none") from error
        if not whole:
            raise ChainBroken("a head is not what was written")
        return head

    def _told(self) -> dict[str, object]:
        return {
            "centre_id": self.centre_id,
            "day": self.day.isoformat(),
            "n": self.n,
            "digest": self.digest,
            "at": self.at.isoformat(),
            "closed": self.closed,
            "signer": self.signer,
        }
