"""Programs that may use the centre's API, and what they want to be told of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """What a client may do."""

    CALLS_READ = "calls:read"
    """See calls: who calls, from which number, with whom, the dossier and the notes."""
    CALLS_WRITE = "calls:write"
    """Let an agent call a number, and tell which dossier a call is about."""
    PRESENCE_READ = "presence:read"
    """See who is at work, and in which state."""
    RECORDINGS_READ = "recordings:read"
    """See which recordings there are. Listening to them is not for programs."""
    LOCATION_READ = "location:read"
    """See where callers are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiClient:
    """A program with a token. ``client_id`` is no secret: it is in logs."""

    client_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """An address of a client's that is told of events, in order.

    ``after``: the place in the journal up to which it has been told. ``previous_secret`` signs beside
    ``secret`` until ``previous_until``. ``stopped``: why nothing is sent any more; empty: it is.
    """

    webhook_id: str
    client_id: str
    url: str
    types: tuple[str, ...]
    secret: str
    created_at: datetime
    after: int
    previous_secret: str = ""
    previous_until: datetime | None = None
    stopped: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """An event that could not be told to a webhook. ``status``: the last answer; 0: none came."""

    webhook_id: str
    seq: int
    event_id: str
    type: str
    given_up_at: datetime
    attempts: int
    status: int
    detail: str


class ApiClients(Protocol):
    """The clients. Every method raises StorageUnavailable when the database does not answer."""

    async def find(self, token: str) -> ApiClient | None:
        """Whose token it is; ``None``: nobody's, or revoked."""


class Webhooks(Protocol):
    """The webhooks. Every method raises StorageUnavailable when the database does not answer."""

    async def all(self) -> list[Webhook]:
        """Every webhook of a client that is not revoked, the oldest first."""

    async def save(self, webhook: Webhook) -> None:
        """Write one, new or changed."""

    async def told(self, places: dict[str, int]) -> None:
        """Note how far webhooks have been told: id → place in the journal."""

    async def remove(self, webhook_id: str) -> None:
        """Forget one and its dead letters; an unknown one is no error."""

    async def bury(self, letter: DeadLetter) -> None:
        """Keep what could not be told; the same twice is once."""

    async def dead_letters(self, webhook_id: str) -> Sequence[DeadLetter]:
        """What could not be told to one, the latest first, a hundred at most."""
