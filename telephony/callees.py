"""Calls to numbers, by the one outgoing trunk: the orders that make, ring and record a channel. Pure.

A channel is made, put where its ringing is to be heard, then rung. Once it has picked up it goes through a few
lines of the dialplan that start its recording, and comes back: ARI cannot record two tracks by itself.
"""

import re
from typing import Final

from core.errors import SwitchRefused
from core.ids import CallId, ChannelId, PositionId
from telephony.ari_protocol import Request, created, uri
from telephony.translation import ANSWERED, CONFIRMED

TRUNK: Final = "trunk-out"
_NUMBER: Final = re.compile(r"\+?[0-9]{2,15}")
_SIP_PHONE: Final = re.compile(r"phone-[a-z0-9](?:[a-z0-9-]{0,29})")
_DIGITS: Final = re.compile(r"[0-9*#]{1,32}")


def made(app: str, channel: ChannelId, call_id: CallId, number: str) -> Request:
    """Make a channel towards a number.

    Raises:
        SwitchRefused: 400, it is no number: nothing else may ever follow ``PJSIP/``.
    """
    if not _NUMBER.fullmatch(number):
        raise SwitchRefused(400, "not a number")
    return created(app, channel, f"PJSIP/{number}@{TRUNK}", f"callee,{call_id}", {"CALLEE_OF": call_id})


def phone(app: str, channel: ChannelId, position_id: PositionId, number: str) -> Request:
    """Make a channel towards a position's telephone: a number, or a SIP phone of the centre.

    Raises:
        SwitchRefused: 400, it is neither.
    """
    if _NUMBER.fullmatch(number):
        endpoint = f"PJSIP/{number}@{TRUNK}"
    elif _SIP_PHONE.fullmatch(number):
        endpoint = f"PJSIP/{number}"
    else:
        raise SwitchRefused(400, "not a telephone")
    return created(app, channel, endpoint, f"phone,{position_id}", {"PHONE_OF": position_id})


def confirmed(channel: ChannelId) -> Request:
    """Let a position's telephone come back as its leg."""
    return Request("POST", uri("channels", channel, "continue", context=CONFIRMED, extension="s", priority="1"))


def presenting(channel: ChannelId, number: str) -> Request:
    """Choose the number shown to the callee.

    Raises:
        SwitchRefused: 400, it is no number.
    """
    if not _NUMBER.fullmatch(number):
        raise SwitchRefused(400, "not a number")
    address = uri("channels", channel, "variable", variable="CONNECTEDLINE(num,i)", value=number)
    return Request("POST", address)


def rung(channel: ChannelId, seconds: float) -> Request:
    """Ring the callee, so long at most."""
    return Request("POST", uri("channels", channel, "dial", timeout=str(max(1, round(seconds)))))


def recorded(channel: ChannelId) -> Request:
    """Send a callee that picked up through the dialplan that records it."""
    return Request("POST", uri("channels", channel, "continue", context=ANSWERED, extension="s", priority="1"))


def keyed(channel: ChannelId, digits: str) -> Request:
    """Sound keys to a channel.

    Raises:
        SwitchRefused: 400, they are not keys.
    """
    if not _DIGITS.fullmatch(digits):
        raise SwitchRefused(400, "not keys")
    return Request("POST", uri("channels", channel, "dtmf", dtmf=digits))
