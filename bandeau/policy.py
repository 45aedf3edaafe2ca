"""When a strip is proven alive, and what a strip's command means."""

from collections.abc import Callable, Mapping

from core.commands import (
    AcceptOffer,
    ChangePriority,
    ChangeRoomRule,
    CheckedBack,
    Command,
    DeclineOffer,
    GoReady,
    HangUp,
    HoldCall,
    LogOut,
    NoteCall,
    Pause,
    ResumeCall,
    RingPhone,
    SetMuted,
    TakeCall,
    UseHeadset,
    UsePhone,
)
from core.errors import CommandRefused
from core.ids import CallId, OfferId, PositionId, QueueId
from core.words import PauseReason, PhoneMode, Priority, RoomSetting
from web.live import ArgValue

Args = Mapping[str, ArgValue]

CHOSEN_REASONS = frozenset(PauseReason) - {PauseReason.NO_ANSWER}
"""Pause reasons an agent may give; the others are set by the system."""


def strip_alive(last_heard: float | None, now: float, heartbeat_seconds: float) -> bool:
    """Whether a strip last heard then (monotonic seconds) counts as watching now."""
    return last_heard is not None and now - last_heard <= heartbeat_seconds


def _text(args: Args, name: str) -> str:
    value = args[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _muted(args: Args) -> bool:
    value = args["muted"]
    if not isinstance(value, bool):
        raise TypeError("muted")
    return value


def _reason(args: Args) -> PauseReason:
    reason = PauseReason(_text(args, "reason"))
    if reason not in CHOSEN_REASONS:
        raise ValueError("reason")
    return reason


_COMMANDS: dict[str, tuple[frozenset[str], Callable[[PositionId, Args], Command]]] = {
    "accept_offer": (
        frozenset({"offerId"}),
        lambda p, a: AcceptOffer(position_id=p, offer_id=OfferId(_text(a, "offerId"))),
    ),
    "decline_offer": (
        frozenset({"offerId"}),
        lambda p, a: DeclineOffer(position_id=p, offer_id=OfferId(_text(a, "offerId"))),
    ),
    "hang_up": (frozenset(), lambda p, a: HangUp(position_id=p)),
    "hold": (frozenset(), lambda p, a: HoldCall(position_id=p)),
    "resume": (frozenset(), lambda p, a: ResumeCall(position_id=p)),
    "set_muted": (frozenset({"muted"}), lambda p, a: SetMuted(position_id=p, muted=_muted(a))),
    "pause": (frozenset({"reason"}), lambda p, a: Pause(position_id=p, reason=_reason(a))),
    "ready": (frozenset(), lambda p, a: GoReady(position_id=p)),
    "note_call": (
        frozenset({"callId", "text"}),
        lambda p, a: NoteCall(position_id=p, call_id=CallId(_text(a, "callId")), text=_text(a, "text")),
    ),
    "take_call": (
        frozenset({"callId"}),
        lambda p, a: TakeCall(position_id=p, call_id=CallId(_text(a, "callId"))),
    ),
    "change_priority": (
        frozenset({"callId", "priority"}),
        lambda p, a: ChangePriority(
            position_id=p, call_id=CallId(_text(a, "callId")), priority=Priority(_text(a, "priority"))
        ),
    ),
    "checked_back": (
        frozenset({"callId"}),
        lambda p, a: CheckedBack(position_id=p, call_id=CallId(_text(a, "callId"))),
    ),
    "change_room_rule": (
        frozenset({"queue", "setting", "value", "rule"}),
        lambda p, a: ChangeRoomRule(
            position_id=p,
            queue=QueueId(_text(a, "queue")),
            setting=RoomSetting(_text(a, "setting")),
            value=_text(a, "value"),
            rule=_text(a, "rule"),
        ),
    ),
    "use_phone": (
        frozenset({"number", "mode"}),
        lambda p, a: UsePhone(position_id=p, number=_text(a, "number"), mode=PhoneMode(_text(a, "mode"))),
    ),
    "use_headset": (frozenset(), lambda p, a: UseHeadset(position_id=p)),
    "ring_phone": (frozenset(), lambda p, a: RingPhone(position_id=p)),
    "log_out": (frozenset(), lambda p, a: LogOut(position_id=p)),
}

COMMAND_NAMES = tuple(_COMMANDS)


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
