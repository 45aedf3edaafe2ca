"""When a strip is proven alive, and what a strip's command means."""

import re
from collections.abc import Callable

from core.commands import (
    AcceptOffer,
    ChangePriority,
    ChangeRoomRule,
    CheckedBack,
    Command,
    CompleteTransfer,
    DeclineOffer,
    DropParty,
    GoReady,
    HangUp,
    HoldCall,
    InviteParty,
    LeaveCall,
    LocateCaller,
    LogOut,
    MergeCalls,
    MuteParty,
    NoteCall,
    Pause,
    PauseRecording,
    PlaceCall,
    PlayRecall,
    ReportNetwork,
    ReportTestCall,
    ResumeCall,
    ResumeRecording,
    RingPhone,
    SendDigits,
    SetMuted,
    StopRecall,
    SwapCalls,
    TakeCall,
    TakeOverCall,
    TransferCall,
    UseHeadset,
    UsePhone,
)
from core.errors import CommandRefused
from core.ids import CallId, OfferId, PartyId, PositionId, QueueId
from core.words import (
    NetworkPhase,
    PauseReason,
    PhoneMode,
    Priority,
    RoomSetting,
    Target,
    TargetKind,
    TestStep,
    WhyUnrecorded,
)
from web.arguments import Args, flag, integer, text

_LONGEST_TARGET = 40
_DIGITS = re.compile(r"[0-9*#]{1,32}")
CHOSEN_REASONS = frozenset(PauseReason) - {PauseReason.NO_ANSWER}
"""Pause reasons an agent may give; the others are set by the system."""


def strip_alive(last_heard: float | None, now: float, heartbeat_seconds: float) -> bool:
    """Whether a strip last heard then (monotonic seconds) counts as watching now."""
    return last_heard is not None and now - last_heard <= heartbeat_seconds


def _reason(args: Args) -> PauseReason:
    reason = PauseReason(text(args, "reason"))
    if reason not in CHOSEN_REASONS:
        raise ValueError("reason")
    return reason


def _target(args: Args) -> Target:
    """Whom to reach: ``kind`` and ``value``."""
    value = text(args, "value")
    if len(value) > _LONGEST_TARGET:
        raise ValueError("value")
    return Target(TargetKind(text(args, "kind")), value)


def _call_id(args: Args) -> CallId:
    return CallId(text(args, "callId"))


def _party_id(args: Args) -> PartyId:
    return PartyId(text(args, "partyId"))


def _priority_or_none(args: Args) -> Priority | None:
    given = text(args, "priority")
    return Priority(given) if given else None


def _digits(args: Args) -> str:
    digits = text(args, "digits")
    if not _DIGITS.fullmatch(digits):
        raise ValueError("digits")
    return digits


def _measure(args: Args, name: str, low: int, high: int) -> int:
    value = integer(args, name)
    if not low <= value <= high:
        raise ValueError(name)
    return value


def _network(position_id: PositionId, args: Args) -> Command:
    return ReportNetwork(
        position_id=position_id,
        phase=NetworkPhase(text(args, "phase")),
        loss_percent=_measure(args, "lossPerMille", 0, 1000) / 10,
        jitter_ms=_measure(args, "jitterMs", 0, 60_000),
        round_trip_ms=_measure(args, "roundTripMs", 0, 60_000),
        mos=_measure(args, "mosHundredths", 100, 450) / 100,
    )


_COMMANDS: dict[str, tuple[frozenset[str], Callable[[PositionId, Args], Command]]] = {
    "accept_offer": (
        frozenset({"offerId"}),
        lambda p, a: AcceptOffer(position_id=p, offer_id=OfferId(text(a, "offerId"))),
    ),
    "decline_offer": (
        frozenset({"offerId"}),
        lambda p, a: DeclineOffer(position_id=p, offer_id=OfferId(text(a, "offerId"))),
    ),
    "hang_up": (frozenset(), lambda p, a: HangUp(position_id=p)),
    "hang_up_call": (frozenset({"callId"}), lambda p, a: HangUp(position_id=p, call_id=_call_id(a))),
    "place_call": (
        frozenset({"kind", "value"}),
        lambda p, a: PlaceCall(position_id=p, target=_target(a)),
    ),
    "swap": (frozenset(), lambda p, a: SwapCalls(position_id=p)),
    "merge": (frozenset(), lambda p, a: MergeCalls(position_id=p)),
    "complete_transfer": (frozenset(), lambda p, a: CompleteTransfer(position_id=p)),
    "transfer": (
        frozenset({"callId", "kind", "value", "priority"}),
        lambda p, a: TransferCall(
            position_id=p, call_id=_call_id(a), target=_target(a), priority=_priority_or_none(a)
        ),
    ),
    "invite": (frozenset({"kind", "value"}), lambda p, a: InviteParty(position_id=p, target=_target(a))),
    "drop_party": (
        frozenset({"callId", "partyId"}),
        lambda p, a: DropParty(position_id=p, call_id=_call_id(a), party_id=_party_id(a)),
    ),
    "mute_party": (
        frozenset({"callId", "partyId", "muted"}),
        lambda p, a: MuteParty(
            position_id=p, call_id=_call_id(a), party_id=_party_id(a), muted=flag(a, "muted")
        ),
    ),
    "leave_call": (frozenset({"callId"}), lambda p, a: LeaveCall(position_id=p, call_id=_call_id(a))),
    "locate": (frozenset({"callId"}), lambda p, a: LocateCaller(position_id=p, call_id=_call_id(a))),
    "take_over": (frozenset({"callId"}), lambda p, a: TakeOverCall(position_id=p, call_id=_call_id(a))),
    "send_digits": (frozenset({"digits"}), lambda p, a: SendDigits(position_id=p, digits=_digits(a))),
    "hold": (frozenset(), lambda p, a: HoldCall(position_id=p)),
    "resume": (frozenset(), lambda p, a: ResumeCall(position_id=p)),
    "play_recall": (
        frozenset({"seconds", "speed"}),
        lambda p, a: PlayRecall(position_id=p, seconds=integer(a, "seconds"), speed=integer(a, "speed")),
    ),
    "pause_recording": (
        frozenset({"reason"}),
        lambda p, a: PauseRecording(position_id=p, reason=WhyUnrecorded(text(a, "reason"))),
    ),
    "resume_recording": (frozenset(), lambda p, a: ResumeRecording(position_id=p)),
    "stop_recall": (frozenset(), lambda p, a: StopRecall(position_id=p)),
    "set_muted": (frozenset({"muted"}), lambda p, a: SetMuted(position_id=p, muted=flag(a, "muted"))),
    "pause": (frozenset({"reason"}), lambda p, a: Pause(position_id=p, reason=_reason(a))),
    "ready": (frozenset(), lambda p, a: GoReady(position_id=p)),
    "note_call": (
        frozenset({"callId", "text"}),
        lambda p, a: NoteCall(position_id=p, call_id=CallId(text(a, "callId")), text=text(a, "text")),
    ),
    "take_call": (
        frozenset({"callId"}),
        lambda p, a: TakeCall(position_id=p, call_id=CallId(text(a, "callId"))),
    ),
    "change_priority": (
        frozenset({"callId", "priority"}),
        lambda p, a: ChangePriority(
            position_id=p, call_id=CallId(text(a, "callId")), priority=Priority(text(a, "priority"))
        ),
    ),
    "checked_back": (
        frozenset({"callId"}),
        lambda p, a: CheckedBack(position_id=p, call_id=CallId(text(a, "callId"))),
    ),
    "change_room_rule": (
        frozenset({"queue", "setting", "value", "rule"}),
        lambda p, a: ChangeRoomRule(
            position_id=p,
            queue=QueueId(text(a, "queue")),
            setting=RoomSetting(text(a, "setting")),
            value=text(a, "value"),
            rule=text(a, "rule"),
        ),
    ),
    "use_phone": (
        frozenset({"number", "mode"}),
        lambda p, a: UsePhone(position_id=p, number=text(a, "number"), mode=PhoneMode(text(a, "mode"))),
    ),
    "use_headset": (frozenset(), lambda p, a: UseHeadset(position_id=p)),
    "ring_phone": (frozenset(), lambda p, a: RingPhone(position_id=p)),
    "report_network": (
        frozenset({"phase", "lossPerMille", "jitterMs", "roundTripMs", "mosHundredths"}),
        _network,
    ),
    "report_test_call": (
        frozenset({"line", "failed", "milliseconds"}),
        lambda p, a: ReportTestCall(
            position_id=p,
            line=text(a, "line")[:_LONGEST_TARGET],
            failed=TestStep(failed) if (failed := text(a, "failed")) else None,
            seconds=_measure(a, "milliseconds", 0, 600_000) / 1000,
        ),
    ),
    "log_out": (frozenset(), lambda p, a: LogOut(position_id=p)),
}


COMMAND_NAMES = frozenset(_COMMANDS)
"""What a strip may ask for."""


def to_command(position_id: PositionId, name: str, args: Args) -> Command:
    """The command a strip's frame means.

    Raises:
        CommandRefused: ``unknown_command`` or ``bad_arguments``.
    """
    if name not in _COMMANDS:
        raise CommandRefused("unknown_command")
    wanted, make = _COMMANDS[name]
    if args.keys() != wanted:
        raise CommandRefused("bad_arguments")
    try:
        return make(position_id, args)
    except (TypeError, ValueError) as error:
        raise CommandRefused("bad_arguments") from error
