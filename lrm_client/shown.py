"""What the API shows. Words of closed lists are plain text here, so that new ones break nothing."""

from datetime import datetime
from typing import Any

import msgspec


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that this client does not know yet are passed over."""


class AgentInCall(_Shown, frozen=True, kw_only=True):
    """An agent in a call. ``held``: the agent has put it on hold."""

    agent_id: str
    held: bool = False


class Note(_Shown, frozen=True, kw_only=True):
    """What an agent wrote on a call."""

    at: datetime
    agent_id: str
    text: str


class Call(_Shown, frozen=True, kw_only=True):
    """One call; every field as the API's description says."""

    call_id: str
    direction: str
    state: str
    began_at: datetime
    line: str = ""
    number: str | None = None
    hidden: bool = False
    agents: tuple[AgentInCall, ...] = ()
    offered_to: tuple[str, ...] = ()
    placed_by: str | None = None
    result: str | None = None
    flow: str | None = None
    queue: str | None = None
    priority: str | None = None
    front_office: str | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = None
    merged_into: str | None = None
    dossier_id: str | None = None
    dossier_priority: str | None = None
    notes: tuple[Note, ...] = ()


class Agent(_Shown, frozen=True, kw_only=True):
    """An agent at work; ``state`` is ``None`` where they have just left."""

    agent_id: str
    name: str
    role: str
    position_id: str
    state: str | None
    since: datetime
    pause_reason: str | None = None
    until: datetime | None = None


class CallLocation(_Shown, frozen=True, kw_only=True):
    """Where a caller is."""

    call_id: str
    source: str
    at: datetime
    best: bool
    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    altitude_m: float | None = None
    confidence: int | None = None
    address: str = ""
    commune: str = ""


class Recording(_Shown, frozen=True, kw_only=True):
    """One recording; ``state``: ``recording``, ``available`` or ``missing``."""

    recording_id: str
    call_id: str
    state: str
    began_at: datetime
    seconds: float | None = None


class Webhook(_Shown, frozen=True, kw_only=True):
    """A webhook and how it goes."""

    webhook_id: str
    url: str
    types: tuple[str, ...]
    created_at: datetime
    state: str
    after: int
    failures: int = 0
    failing_since: datetime | None = None
    last_status: int | None = None
    last_detail: str = ""
    previous_secret_until: datetime | None = None


class DeadLetter(_Shown, frozen=True, kw_only=True):
    """An event that a webhook could not be told of."""

    webhook_id: str
    seq: int
    event_id: str
    type: str
    given_up_at: datetime
    attempts: int
    status: int
    detail: str


class Snapshot(_Shown, frozen=True, kw_only=True):
    """Everything that is going on, as of ``seq``."""

    seq: int
    calls: tuple[Call, ...] = ()
    agents: tuple[Agent, ...] = ()
    locations: tuple[CallLocation, ...] = ()


class Data(_Shown, frozen=True, kw_only=True):
    """What an event is about: one of these, by its type."""

    call: Call | None = None
    agent: Agent | None = None
    location: CallLocation | None = None
    recording: Recording | None = None


class Event(_Shown, frozen=True, kw_only=True):
    """One event. ``seq`` only grows; ``id`` never comes twice."""

    type: str
    version: int
    seq: int
    id: str
    timestamp: datetime
    centre_id: str
    data: Data


def read(kind: Any, body: bytes | str) -> Any:
    """Read what the API wrote.

    Raises:
        msgspec.DecodeError: it is not that.
    """
    return msgspec.json.decode(body, type=kind)
