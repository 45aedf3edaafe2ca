"""Asks Asterisk, over a fresh link, what it holds under the core's control."""

import asyncio
from collections.abc import Container
from typing import Final

import msgspec

from core.switch import SwitchTruth
from telephony.ari import AriLink
from telephony.ari_protocol import EVENTS, Application, Bridge, Channel, uri
from telephony.translation import bridges_of, truth_of

_ALLOWED: Final = {"allowed": [{"type": name} for name in EVENTS]}


async def ask_truth(link: AriLink, app: str, switch: str, test_callers: Container[str] = ()) -> SwitchTruth:
    """Set the allow-list of events, then read channels and bridges.

    The three readings are not one instant: who calls must hold back the events that come meanwhile, and tell
    them after the truth.

    Raises:
        SwitchUnavailable: the link was lost meanwhile.
        SwitchRefused: Asterisk does not know the application.
    """
    _, application, channels, bridges = await asyncio.gather(
        link.request("PUT", uri("applications", app, "eventFilter"), _ALLOWED),
        link.request("GET", uri("applications", app)),
        link.request("GET", "channels"),
        link.request("GET", "bridges"),
    )
    controlled = set(msgspec.json.decode(application, type=Application).channel_ids)
    found = (
        truth_of(channel, test_callers)
        for channel in msgspec.json.decode(channels, type=list[Channel])
        if channel.id in controlled
    )
    return SwitchTruth(
        switch=switch,
        channels=tuple(truth for truth in found if truth is not None),
        bridges=bridges_of(msgspec.json.decode(bridges, type=list[Bridge])),
    )
