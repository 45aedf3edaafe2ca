"""From Asterisk's words to the core's: pure functions, with no state."""

import re
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from core.ids import BridgeId, CallId, ChannelId, PositionId
from core.location import Location
from core.switch import CallerChannel, ChannelTruth, FallbackCaller
from telephony import geolocation
from telephony.ari_protocol import Bridge, Channel, ChannelHangupRequest
from telephony.caller_number import described
from telephony.neighbours import entrusted

ANSWERED = "callee-answered"
"""The dialplan's context through which a callee that picked up comes back, recorded."""

CONFIRMED = "phone-confirmed"
"""The dialplan's context through which a position's telephone comes back as its leg."""

WHISPER = "whisper"
"""Argument of a channel that only speaks into another's ear."""

FALLBACK = "fallback"
"""The dialplan's context of callers whom no core has."""
OVER = "secours-over"
"""That of callers whose agent is gone, for the moment in which it is found out why."""
FALLBACKS = frozenset({FALLBACK, OVER, "secours-dial"})
"""These, and that of callers passed on to a number there."""

_STRIP = re.compile(r"PJSIP/([a-z0-9-]+)-[0-9a-f]{8}$")
"""A channel to a strip, by its account."""

NORMAL_CLEARING = 16
"""Q.850: somebody hung up."""
NORMAL_UNSPECIFIED = 31
CONGESTION = 34
"""Q.850: no circuit; SIP 503."""
REQUESTED_CHANNEL_UNAVAILABLE = 44
"""Q.850: what Asterisk sets when a channel's audio stopped coming."""
_SOFT_CAUSES = {0x01: REQUESTED_CHANNEL_UNAVAILABLE, 0x20: NORMAL_CLEARING}
"""Asterisk's reasons to end a channel by itself: its device failed it; it was told to."""
_REQUEST_TERMINATED = 487
"""SIP: the caller gave up before the answer."""


def caller_of(channel: Channel, args: Sequence[str], test_callers: Container[str] = ()) -> CallerChannel | None:
    """Read the caller from what the dialplan passed: ``caller, line, who calls``.

    From a neighbouring centre: ``neighbour, line, who calls, centre, what it says of the call``. With an INVITE
    that says where the caller is: ``located, line, who calls, place``; out of the fallback, place comes last.
    """
    match tuple(args):
        case (
            ("caller", line, words)
            | ("caller", line, words, "waited")
            | ("caller", line, words, "waited", _)
            | ("located", line, words, _)
            | ("neighbour", line, words, _, _)
        ):
            call_id, origin = entrusted(args) or (CallId(channel.id), None)
            return CallerChannel(
                channel_id=ChannelId(channel.id),
                call_id=call_id,
                line=line,
                caller=described(words, test_callers),
                created_at=channel.creationtime,
                origin=origin,
                waited=tuple(args[3:4]) == ("waited",),
                location=_place(args, channel.creationtime),
            )
    return None


def _place(args: Sequence[str], at: datetime) -> Location | None:
    match tuple(args):
        case ("located", _, _, place) | ("caller", _, _, "waited", place):
            return geolocation.read(place, at)
    return None


def leg_of(args: Sequence[str]) -> PositionId | None:
    """Read the position whose strip opened its audio leg: ``leg, position``."""
    match tuple(args):
        case ("leg", position) if position:
            return PositionId(position)
    return None


def callee_of(args: Sequence[str]) -> CallId | None:
    """Read the call for which a number is called: ``callee, call``."""
    match tuple(args):
        case ("callee", call_id) if call_id:
            return CallId(call_id)
    return None


def phone_of(args: Sequence[str]) -> PositionId | None:
    """Read the position whose telephone is called: ``phone, position``."""
    match tuple(args):
        case ("phone", position) if position:
            return PositionId(position)
    return None


def cause_of(message: ChannelHangupRequest) -> int:
    """Say why a channel ends, as a Q.850 number."""
    if message.soft:
        return _SOFT_CAUSES.get(message.cause or 0, NORMAL_UNSPECIFIED)
    if message.cause is None or message.tech_cause == _REQUEST_TERMINATED:
        return NORMAL_CLEARING
    return message.cause


def args_of(channel: Channel) -> tuple[str, ...]:
    """Find again what a channel was put under control with, long after its StasisStart."""
    words = channel.dialplan.app_data.split(",")
    match channel.dialplan.app_name:
        case "StasisBroadcast" if len(words) == 3:
            return tuple(words[2].split(":"))
        case "Stasis":
            return tuple(words[1:])
    return ()


def truth_of(channel: Channel, test_callers: Container[str] = ()) -> ChannelTruth | None:
    """Say what a channel under control is; ``None``: not one of ours."""
    args = args_of(channel)
    caller, leg, callee = caller_of(channel, args, test_callers), leg_of(args), callee_of(args)
    phone = phone_of(args)
    if caller is None and leg is None and callee is None and phone is None:
        return None
    return ChannelTruth(
        channel_id=ChannelId(channel.id),
        up=channel.state == "Up",
        caller=caller,
        leg=leg,
        callee=callee,
        phone=phone,
        recorded=callee is not None and channel.dialplan.context == ANSWERED,
    )


def bridges_of(bridges: Iterable[Bridge]) -> dict[BridgeId, frozenset[ChannelId]]:
    """Keep the bridges made through ARI (the fallback's queue makes others), with who is in each."""
    return {
        BridgeId(bridge.id): frozenset(ChannelId(channel) for channel in bridge.channels)
        for bridge in bridges
        if bridge.creator == "Stasis"
    }


def fallback_of(channels: Iterable[Channel], bridges: Iterable[Bridge]) -> tuple[FallbackCaller, ...]:
    """Find the callers in the dialplan's own hands, in order of arrival, and with whom each talks."""
    known = {channel.id: channel for channel in channels}
    together = {each: bridge.channels for bridge in bridges for each in bridge.channels}
    found = [channel for channel in known.values() if channel.dialplan.context in FALLBACKS]
    return tuple(
        _in_fallback(channel, [known[other] for other in together.get(channel.id, ()) if other in known])
        for channel in sorted(found, key=lambda channel: channel.creationtime)
    )


def _in_fallback(caller: Channel, together: Iterable[Channel]) -> FallbackCaller:
    others = [channel for channel in together if channel.id != caller.id]
    strips = [at[1] for channel in others if (at := _STRIP.match(channel.name))]
    position = PositionId(strips[0]) if strips and caller.dialplan.context == FALLBACK else None
    talking = bool(others) or caller.dialplan.context == OVER
    return FallbackCaller(channel_id=ChannelId(caller.id), talking=talking, position_id=position)
