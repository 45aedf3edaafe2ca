"""What the API shows, as it is written on the wire. Instants are UTC; ``null`` is "not told" or "none".

These are the public words: they change by addition only, or under another version of the API.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.words import CallKind, Outcome, PauseReason, PositionState, Priority, Role


class CallState(StrEnum):
    """Where a call is in its life."""

    WELCOMED = "welcomed"
    """With the voice server (SVI)."""
    WAITING = "waiting"
    """In a waiting room (salle)."""
    OFFERED = "offered"
    """Proposed to an agent, or to several."""
    CALLING = "calling"
    """An agent's call: the other end does not ring yet."""
    RINGING = "ringing"
    """An agent's call: the other end rings."""
    TALKING = "talking"
    HELD = "held"
    """Every agent in it has put it on hold."""
    TRANSFERRING = "transferring"
    """On its way from an agent to somebody else."""
    ENDED = "ended"


class CallResult(StrEnum):
    """How an agent's call to a number or a colleague went."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    """The agent gave up before any answer."""
    FAILED = "failed"
    """The network does not know the number or cannot reach it, or a technical fault."""


class RecordingState(StrEnum):
    """How far a recording is."""

    RECORDING = "recording"
    AVAILABLE = "available"
    """Both tracks are closed. Sealing and listening are the archive's business."""
    MISSING = "missing"
    """A track is absent, unreadable or too short."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentInCall:
    """An agent in a call. ``held``: the agent has put it on hold."""

    agent_id: str
    held: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What an agent wrote on a call."""

    at: datetime
    agent_id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call. ``call_id`` is ``idAppel`` of the published contract: it never changes.

    ``number``: the caller's, or the one called, E.164 or a short number; ``null`` where it is hidden or a
    colleague is called. ``line``: the number that was dialled. ``result``: of a call that an agent began.
    ``offered_to`` and ``agents`` hold ``idNatPs``. ``flow``, ``queue``, ``priority``, ``front_office``: as in
    ``idFlux``. ``dossier_priority``: what the LRM said with the dossier.
    """

    call_id: str
    direction: CallKind
    state: CallState
    began_at: datetime
    line: str = ""
    number: str | None = None
    hidden: bool = False
    agents: tuple[AgentInCall, ...] = ()
    offered_to: tuple[str, ...] = ()
    placed_by: str | None = None
    result: CallResult | None = None
    flow: str | None = None
    queue: str | None = None
    priority: Priority | None = None
    front_office: str | None = None
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    merged_into: str | None = None
    dossier_id: str | None = None
    dossier_priority: Priority | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """An agent at work. ``until``: when the state ends by itself, if so. ``state`` ``null``: logged out."""

    agent_id: str
    name: str
    role: Role
    position_id: str
    state: PositionState | None
    since: datetime
    pause_reason: PauseReason | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLocation:
    """Where the caller of a call is (WGS 84, metres), or an address in words, or both.

    ``best``: the position to show where there is room for one. ``at``: when it was taken. ``radius_m``: the
    caller is within so many metres, in ``confidence`` percent of cases. ``source``: ``aml_sms``, ``aml_https``,
    ``pidf_lo``, ``pflau``, ``pflau_simulated`` or ``lrm``; more may come.
    """

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One recording: a call has one for each who is outside the centre. ``seconds``: its length, once known."""

    recording_id: str
    call_id: str
    state: RecordingState
    began_at: datetime
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallChanged:
    """What a call is from here on: all of it, so that nothing else need be remembered."""

    call: Call


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentChanged:
    """What an agent is doing from here on."""

    agent: Agent


@dataclass(frozen=True, kw_only=True, slots=True)
class CallLocated:
    """Where the caller is, from here on."""

    location: CallLocation


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingChanged:
    """What a recording is from here on."""

    recording: Recording


Data = CallChanged | AgentChanged | CallLocated | RecordingChanged


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicEvent:
    """One event of the stream, and the body of one webhook.

    ``seq``: its place in the centre's journal. It only grows, with gaps, whatever is restarted. ``id`` never
    comes twice. ``version``: of this type's ``data``.
    """

    type: str
    version: int
    seq: int
    id: str
    timestamp: datetime
    centre_id: str
    data: Data


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything that is going on, as of the event ``seq``: live calls, who is at work, where callers are.

    What a client may not see is left empty.
    """

    seq: int
    calls: tuple[Call, ...] = ()
    agents: tuple[Agent, ...] = ()
    locations: tuple[CallLocation, ...] = ()
