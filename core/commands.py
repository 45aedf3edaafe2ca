"""What an agent may ask for, in the imperative. A command either takes effect or raises a named error."""

from dataclasses import dataclass

from core.ids import AgentId, CallId, DossierId, ItemId, OfferId, PartyId, PositionId, QueueId
from core.words import (
    ItemOutcome,
    NetworkPhase,
    PauseReason,
    PhoneMode,
    Priority,
    Role,
    RoomSetting,
    Target,
    TestStep,
    WhyUnrecorded,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """Base of all commands: each comes from one position."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class LogIn(Command):
    """Take a position. Logging in twice keeps the state; the newer strip replaces the older."""

    agent_id: AgentId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class LogOut(Command):
    """Leave the position. Refused while a call is in progress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptOffer(Command):
    """Décrocher."""

    offer_id: OfferId


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineOffer(Command):
    """Refuse the offered call: it goes back to its place, and the position is paused."""

    offer_id: OfferId


@dataclass(frozen=True, kw_only=True, slots=True)
class HangUp(Command):
    """Raccrocher: end the call heard, or the one named. With colleagues in it, only leave it."""

    call_id: CallId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldCall(Command):
    """Garde: the caller hears music."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeCall(Command):
    """Reprendre: take the caller off hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetMuted(Command):
    """Muet: close or open the agent's microphone."""

    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause(Command):
    """Take no more calls. On a call, takes effect when it and its wrap-up are over."""

    reason: PauseReason


@dataclass(frozen=True, kw_only=True, slots=True)
class GoReady(Command):
    """Take calls again: ends a pause or the wrap-up."""


# --- positions away from the centre -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class UsePhone(Command):
    """Let a telephone carry the position's sound. ``number`` as typed; empty: the one set for the position."""

    number: str
    mode: PhoneMode


@dataclass(frozen=True, kw_only=True, slots=True)
class UseHeadset(Command):
    """Let the strip carry the sound again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RingPhone(Command):
    """Call the position's telephone now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportNetwork(Command):
    """Tell what the page measured of its network."""

    phase: NetworkPhase
    loss_percent: float
    jitter_ms: float
    round_trip_ms: float
    mos: float


# --- calls: an agent may have two at a time, one heard and one on hold ------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceCall(Command):
    """Call a number, a colleague or everybody. A call being heard is put on hold first: a consultation.

    ``asked``: the request of another program that it follows from, kept in the journal; empty: the agent's own.
    """

    target: Target
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SwapCalls(Command):
    """Va-et-vient: hold the call being heard, and take up the one on hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeCalls(Command):
    """Conference: both calls of the position become one, the older."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteTransfer(Command):
    """Attended transfer: both calls of the position become one, without the position."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferCall(Command):
    """Blind transfer. Back to the position, or to the head of its room, when the target is not reached."""

    call_id: CallId
    target: Target
    priority: Priority | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InviteParty(Command):
    """Ask one more into the call being heard: up to eight parties."""

    target: Target


@dataclass(frozen=True, kw_only=True, slots=True)
class DropParty(Command):
    """Put a party out of the call, or withdraw its invitation."""

    call_id: CallId
    party_id: PartyId


@dataclass(frozen=True, kw_only=True, slots=True)
class MuteParty(Command):
    """Let the others no longer hear a party, or hear it again."""

    call_id: CallId
    party_id: PartyId
    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LeaveCall(Command):
    """Leave the others connected. Refused when fewer than two would remain."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class SendDigits(Command):
    """Send tones (``0123456789*#``) into the call being heard."""

    digits: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeOverCall(Command):
    """Take a colleague's call: they are out of it, this position is in."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayRecall(Command):
    """Hear the caller's last seconds again, alone, while the call goes on. ``speed`` in percent."""

    seconds: int
    speed: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class StopRecall(Command):
    """Enough of the recall."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseRecording(Command):
    """Have what is said in the call that is heard left out of its recording, for a moment."""

    reason: WhyUnrecorded


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeRecording(Command):
    """Have it recorded again."""


# --- waiting rooms ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeCall(Command):
    """Take a waiting call of one's choice: manual distribution, pick-up of a colleague's offer, taking back."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangePriority(Command):
    """Give a waiting call another priority."""

    call_id: CallId
    priority: Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedBack(Command):
    """Say that one has looked after a parked caller, or taken note that the caller is gone."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRoomRule(Command):
    """Change how a waiting room works; an empty value puts it back. Supervisors only."""

    queue: QueueId
    setting: RoomSetting
    value: str
    rule: str = ""


# --- where callers are ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class LocateCaller(Command):
    """Ask the operators' platform again where the other end of one of the position's calls is."""

    call_id: CallId


# --- notes, and the abandoned-call desk ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteCall(Command):
    """Write a note on a call that the position's agent handles, or handled."""

    call_id: CallId
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskCommand(Command):
    """Base of what is asked of the desk: by an agent, whose strip need not be open."""

    item_id: ItemId
    agent_id: AgentId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeItem(DeskCommand):
    """Take care of an item. A supervisor may take it from a colleague."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseItem(DeskCommand):
    """Give an item back."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallBack(DeskCommand):
    """Call the item's number from the position, and take the item."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseItem(DeskCommand):
    """Close an item, saying how it ended."""

    outcome: ItemOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteItem(DeskCommand):
    """Write a note on an item."""

    text: str


# --- the LRM ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrelateDossier(Command):
    """Say which dossier of the LRM a call belongs to: ``call_id``, live or of the last day, else the one heard.

    ``position_id`` is empty where the agent is logged in nowhere any more. Refused with ``unknown_call``, or
    ``no_call`` where none is heard.
    """

    agent_id: AgentId
    dossier_id: DossierId
    call_id: CallId | None = None
    priority: Priority | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportTestCall(Command):
    """The test robot tells how a test call of a line went. ``failed``: the step that did; empty: none."""

    line: str
    failed: TestStep | None
    seconds: float
