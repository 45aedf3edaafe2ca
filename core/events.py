"""Everything that can happen at a centre, in the past tense: the journal's only words.

Each event is a frozen dataclass with a version; an :class:`Envelope` says when, where and in what order it
happened. From a sequence of envelopes every state, screen and indicator can be recomputed. The list is closed:
``EVENT_TYPES`` names every type that may be written or read.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.desk import LostItem
from core.ids import (
    AgentId,
    CallId,
    CentreId,
    ChannelId,
    EventId,
    ItemId,
    OfferId,
    PartyId,
    PlaybackId,
    PositionId,
    QueueId,
)
from core.words import (
    CallerNumber,
    CallKind,
    EndedBy,
    FrontOffice,
    ItemOutcome,
    LossPlace,
    NetworkPhase,
    OfferKind,
    Origin,
    Outcome,
    OverflowCause,
    PartyEnd,
    PauseReason,
    PhoneEnd,
    PhoneMode,
    PositionState,
    Priority,
    Role,
    RoomSetting,
    Target,
    WithdrawReason,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Base of all events. ``VERSION`` grows when a type's fields change meaning."""

    VERSION: ClassVar[int] = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEvent(Event):
    """Something that happened to one call."""

    call_id: CallId


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionEvent(Event):
    """Something that happened to one position."""

    position_id: PositionId


# --- the life of a call -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CallArrived(CallEvent):
    """A caller reached the centre on a line and the core claimed the call. ``line`` is the number dialled.

    With an ``origin`` it is a neighbour's call, under the id that it has there: not a new one, and not in the
    SVI. Its line is opened when somebody here takes it.
    """

    channel_id: ChannelId
    line: str
    caller: CallerNumber
    origin: Origin | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineOpened(CallEvent):
    """The caller's line was picked up by the SVI (SIP 200 OK): audio and recording run from here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WelcomeEnded(CallEvent):
    """Of journals from before scripts: the welcome is over; ``skipped`` when the caller pressed a key."""

    skipped: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptAdvanced(CallEvent):
    """The SVI went on in a call's script, of a plan's version with a surge laid over it or none.

    ``route`` is what it passed through, in order: each step with why it was left (``menu:key 1``), the last one
    where the caller is now. From it a restarted core goes on where the caller was.
    """

    version: int
    surge: str
    script: str
    route: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptFailed(CallEvent):
    """Something went wrong in the SVI (a prompt missing, a fault): to the emergency room at once."""

    step: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptEnded(CallEvent):
    """The SVI has said its last message and ends the call, as its script says: with this outcome."""

    outcome: Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDiverted(CallEvent):
    """The SVI passes the call on to a number outside, rung until ``deadline``.

    It is invited, and the call leaves with it; or the script goes on when it is not reached.
    """

    target: Target
    deadline: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CallbackRequested(CallEvent):
    """The caller asked in the SVI to be called back on ``number`` (E.164)."""

    number: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOriented(CallEvent):
    """The SVI decided where the call goes. The rest: as in :class:`ScriptAdvanced`, from the last one on."""

    flow: str
    queue: QueueId
    priority: Priority
    front_office: FrontOffice
    skills: tuple[str, ...] = ()
    version: int = 0
    surge: str = ""
    script: str = ""
    route: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPrioritised(CallEvent):
    """A waiting call has another priority: an agent's choice (``by``), or the caller's own key in the room."""

    priority: Priority
    by: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerSilent(CallEvent):
    """Nobody has spoken on the caller's line for ``seconds``: an open line. The call goes on like any other."""

    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerSpoke(CallEvent):
    """Somebody speaks on a line that was silent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallQueued(CallEvent):
    """The call entered a waiting room: from the SVI, or from a position (transfer, parking, overflow).

    Its place is by the room's policy; ``since`` is when its wait began, where that is earlier than this event
    (a call that failed to reach somebody comes back to its place). ``by`` is the position that sent it.
    ``repeat_of`` is the call of the same number shortly before, if there was one: the caller calls again.
    ``prefers`` is the agent to be chosen before others, if free: who had that number last.
    """

    flow: str
    queue: QueueId
    priority: Priority
    front_office: FrontOffice
    skills: tuple[str, ...] = ()
    since: datetime | None = None
    by: PositionId | None = None
    repeat_of: CallId | None = None
    prefers: AgentId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OverflowTriggered(CallEvent):
    """A rule of its room sends a waiting call elsewhere, because of ``cause``.

    To a room: CallQueued there follows. To a number or a centre: it is invited, and the call leaves with it,
    or comes back to its place when it is not reached. To a message: it is played, and the call goes on waiting.
    """

    queue: QueueId
    rule: str
    cause: OverflowCause
    target: Target


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckBackDue(CallEvent):
    """Nobody has looked after a parked caller for the longest time allowed: somebody must, now."""

    queue: QueueId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallCheckedBack(CallEvent):
    """An agent has looked after a parked caller, or taken note that the caller is gone."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedCallerLeft(CallEvent):
    """A caller parked by ``by`` hung up before anybody took the call: an alarm, until checked back."""

    queue: QueueId
    priority: Priority
    by: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOffered(CallEvent):
    """The call is proposed to a position until ``deadline``.

    ``reasons`` say why this call and why this agent, as codes with their values (``longest_idle:312s``). An
    offer of kind INVITED or EVERYBODY answers a :class:`PartyInvited` of the same position.
    """

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId
    deadline: datetime
    kind: OfferKind = OfferKind.DISTRIBUTED
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferWithdrawn(CallEvent):
    """An offer ended unanswered. Unless the caller left, the call waits again at the same place."""

    offer_id: OfferId
    position_id: PositionId
    reason: WithdrawReason


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferAccepted(CallEvent):
    """The agent clicked Décrocher in time: the one winner. The audio is being joined."""

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallAnswered(CallEvent):
    """Caller and agent hear each other: answered by a person."""

    offer_id: OfferId
    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallHeld(CallEvent):
    """The agent put the caller on hold: the caller hears music."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallResumed(CallEvent):
    """The agent took the caller off hold."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class CallPlaced(CallEvent):
    """An agent started a call of their own. The position is in it from here on; ``target`` is being reached.

    ``presented`` is the number shown to the called party, E.164 or a short number; empty for internal calls.
    """

    position_id: PositionId
    agent_id: AgentId
    kind: CallKind
    target: Target
    presented: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyInvited(CallEvent):
    """Somebody is asked into the call until ``deadline``: a number rings, or a position is made an offer.

    Ends in PartyJoined (a number), CallAnswered (a position), or PartyNotReached. ``by`` is who asked, if a
    person did.
    """

    party_id: PartyId
    target: Target
    deadline: datetime
    by: PositionId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyJoined(CallEvent):
    """An invited number answered and is in the call."""

    party_id: PartyId
    channel_id: ChannelId


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyNotReached(CallEvent):
    """An invitation ended without the party in the call. The call goes on without it."""

    party_id: PartyId
    reason: PartyEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyLeft(CallEvent):
    """A party is out of the call, which goes on for the others. A position is free from here on."""

    party_id: PartyId
    reason: PartyEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class PartyMuted(CallEvent):
    """A party of a conference is no longer heard by the others, or is heard again."""

    party_id: PartyId
    muted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CallsMerged(CallEvent):
    """The parties of ``merged_id`` are now in this call. CallEnded of the other follows."""

    merged_id: CallId
    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferStarted(CallEvent):
    """An agent passes the call on. Until it has arrived the caller hears music, and it may come back.

    To a room: the room queues it at once, with ``priority`` where one is given.
    """

    position_id: PositionId
    target: Target
    priority: Priority | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferFailed(CallEvent):
    """The target was not reached. The call goes back to who passed it on, else to the head of its room."""

    position_id: PositionId
    target: Target
    reason: PartyEnd


@dataclass(frozen=True, kw_only=True, slots=True)
class DigitsSent(CallEvent):
    """An agent sent tones into the call. Which ones is nobody's business."""

    position_id: PositionId
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CallNoted(CallEvent):
    """An agent wrote a note on the call, during it or afterwards. ``name`` is the agent's."""

    position_id: PositionId
    agent_id: AgentId
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEnded(CallEvent):
    """The call is over, with its one outcome. ``position_id`` is where it was answered, if it was."""

    outcome: Outcome
    ended_by: EndedBy
    position_id: PositionId | None = None
    detail: str = ""


# --- positions and agents ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLoggedIn(PositionEvent):
    """An agent took a position."""

    agent_id: AgentId
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLoggedOut(PositionEvent):
    """An agent left a position."""

    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionReadinessChanged(PositionEvent):
    """What proves a position able to take a call: its audio leg is up, and its strip answers heartbeats."""

    leg: bool
    strip: bool

    @property
    def ready(self) -> bool:
        """Whether a call may be offered."""
        return self.leg and self.strip


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionStateChanged(PositionEvent):
    """A position entered a state. ``until`` is when it leaves it by itself (wrap-up), if it does."""

    state: PositionState
    pause_reason: PauseReason | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionMuted(PositionEvent):
    """The agent's microphone was muted or opened again."""

    muted: bool


# --- positions away from the centre -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneChosen(PositionEvent):
    """A telephone carries the position's sound from here on: E.164, or the name of a SIP phone."""

    number: str
    mode: PhoneMode


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneReleased(PositionEvent):
    """The position's sound is its strip's own again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneCalled(PositionEvent):
    """The position's telephone is being called, until ``deadline``: the keys ``code`` confirm it."""

    channel_id: ChannelId
    deadline: datetime
    attempt: int
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PhonePickedUp(PositionEvent):
    """The position's phone was picked up, by whomever or whatever. It has until ``deadline`` for the keys."""

    deadline: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneConfirmed(PositionEvent):
    """The keys were pressed: a person is there. The telephone may carry the position's sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneRested(PositionEvent):
    """The call to the telephone is over, as it should be: the next call rings it again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneFailed(PositionEvent):
    """The telephone was not reached, or was lost. ``retry_at`` is when it is called again by itself, if so."""

    reason: PhoneEnd
    attempt: int
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkMeasured(PositionEvent):
    """What a strip's page measured of its network. ``loss_percent`` 0–100; ``mos`` 1–4.5, by the E-model."""

    phase: NetworkPhase
    loss_percent: float
    jitter_ms: float
    round_trip_ms: float
    mos: float


# --- waiting rooms ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomRuleChanged(Event):
    """A supervisor changed how a waiting room works, until put back or until another plan is activated.

    ``value`` empty: back to the plan's. ``before`` is what it was, as such a value. ``rule`` names the overflow
    rule, for the settings about one.
    """

    queue: QueueId
    setting: RoomSetting
    value: str
    before: str
    rule: str = ""
    by: PositionId | None = None


# --- around the call --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingStarted(CallEvent):
    """Both tracks of a call are being written. Paths are relative to the recordings folder."""

    caller_track: str
    centre_track: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingEnded(CallEvent):
    """The tracks are closed. ``seconds`` is their length, ``octets`` their total size.

    ``caller_track`` says which, as in RecordingStarted: a call has one recording for each who is outside.
    """

    seconds: float
    octets: int
    caller_track: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingMissing(CallEvent):
    """A call ended with a track absent or unreadable: it is flagged "not recorded"."""

    detail: str
    caller_track: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallPlayed(CallEvent):
    """An agent hears what the caller said last again: ``asked`` seconds, lasting ``seconds`` at ``speed`` %."""

    position_id: PositionId
    playback_id: PlaybackId
    asked: float
    seconds: float
    speed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RecallEnded(CallEvent):
    """The recall is over: heard to its end, or stopped."""

    position_id: PositionId


@dataclass(frozen=True, kw_only=True, slots=True)
class LrmNotified(CallEvent):
    """The agent's LRM took note of the call (``appelEntrant``), after ``attempts`` tries."""

    agent_id: AgentId
    status: int
    attempts: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LrmNotificationFailed(CallEvent):
    """The agent's LRM could not be told of the call; no further try will be made."""

    agent_id: AgentId
    detail: str
    attempts: int


# --- the abandoned-call desk --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class LostCallFiled(CallEvent):
    """A lost call went to the desk: it opened the item (of its own id), or was added to the one of its number.

    ``waited_seconds`` is its time on the line; ``short``: too short to be taken for a call for help.
    """

    item_id: ItemId
    number: str | None
    line: str
    flow: str
    priority: Priority
    place: LossPlace
    lost_at: datetime
    waited_seconds: float
    short: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemEvent(Event):
    """Something that happened to one item of the desk."""

    item_id: ItemId


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemTaken(ItemEvent):
    """An agent, or another one, takes care of the item."""

    position_id: PositionId
    agent_id: AgentId
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemReleased(ItemEvent):
    """The item is anybody's again."""

    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemNoted(ItemEvent):
    """Somebody wrote a note on the item."""

    agent_id: AgentId
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemClosed(ItemEvent):
    """The item is over. By an agent, or by itself where ``agent_id`` is absent.

    ``call_id`` is the call that settled it, if one did: the caller's new one, or ours that was answered.
    """

    outcome: ItemOutcome
    agent_id: AgentId | None = None
    call_id: CallId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemKept(ItemEvent):
    """An item open for long, said again in full: so a start that looks back one day finds it."""

    item: LostItem


# --- the directory ------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryChanged(Event):
    """The telephone directory has another version: how many entries came, changed and went, and by whom."""

    version: int
    by: str
    added: int
    changed: int
    removed: int


# --- the platform -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class CoreStarted(Event):
    """A core began to serve the centre. ``core`` names it (``core-a``)."""

    core: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchConnected(Event):
    """The core commands Asterisk again; calls and positions have been reconciled with it."""

    switch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchLost(Event):
    """The core no longer hears Asterisk. Calls in progress go on; new ones are answered by the fallback."""

    switch: str
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanActivated(Event):
    """A version of the centre's plan is in force from here on, with that surge laid over it or none.

    ``digest`` is the SHA-256 of the version's file. Calls in the SVI go on with the version they began with.
    """

    version: int
    digest: str
    surge: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRefused(Event):
    """A plan due to be in force cannot be used; the last good one stays in force."""

    version: int
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityIncidentSeen(Event):
    """Asterisk refused a message for a security reason (wrong password, unknown account, denied address)."""

    kind: str
    source: str


EVENT_TYPES: dict[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        CallArrived,
        LineOpened,
        WelcomeEnded,
        ScriptAdvanced,
        ScriptFailed,
        ScriptEnded,
        CallDiverted,
        CallbackRequested,
        CallOriented,
        CallPrioritised,
        CallerSilent,
        CallerSpoke,
        CallQueued,
        OverflowTriggered,
        CheckBackDue,
        CallCheckedBack,
        ParkedCallerLeft,
        CallOffered,
        OfferWithdrawn,
        OfferAccepted,
        CallAnswered,
        CallHeld,
        CallResumed,
        CallPlaced,
        PartyInvited,
        PartyJoined,
        PartyNotReached,
        PartyLeft,
        PartyMuted,
        CallsMerged,
        TransferStarted,
        TransferFailed,
        DigitsSent,
        CallNoted,
        CallEnded,
        AgentLoggedIn,
        AgentLoggedOut,
        PositionReadinessChanged,
        PositionStateChanged,
        PositionMuted,
        PhoneChosen,
        PhoneReleased,
        PhoneCalled,
        PhonePickedUp,
        PhoneConfirmed,
        PhoneRested,
        PhoneFailed,
        NetworkMeasured,
        RoomRuleChanged,
        RecordingStarted,
        RecordingEnded,
        RecordingMissing,
        RecallPlayed,
        RecallEnded,
        LrmNotified,
        LrmNotificationFailed,
        LostCallFiled,
        ItemTaken,
        ItemReleased,
        ItemNoted,
        ItemClosed,
        ItemKept,
        DirectoryChanged,
        CoreStarted,
        SwitchConnected,
        SwitchLost,
        PlanActivated,
        PlanRefused,
        SecurityIncidentSeen,
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One event with its place in the centre's journal.

    ``seq`` grows by one with each event of the centre; ``cause_id`` is the event this one follows from.
    """

    event_id: EventId
    seq: int
    occurred_at: datetime
    centre_id: CentreId
    event: Event
    cause_id: EventId | None = None

    @property
    def call_id(self) -> CallId | None:
        """The call it is about, if any."""
        return self.event.call_id if isinstance(self.event, CallEvent) else None
