"""Asks Asterisk, over a fresh link, what it holds under the core's control."""

import asyncio
from collections.abc import Container
from typing import Final

import msgspec

from core.switch import FallbackCaller, SwitchTruth
from telephony.ari import AriLink
from telephony.ari_protocol import EVENTS, Application, Bridge, Channel, Information, uri
from telephony.translation import bridges_of, fallback_of, truth_of

_ALLOWED: Final = {"allowed": [{"type": name} for name in EVENTS]}


async def ask_truth(
    link: AriLink, app: str, switch: str, test_callers: Container[str] = ()
) -> tuple[SwitchTruth, frozenset[str]]:
    """Set the allow-list of events, then read bridges and channels.

    Returns:
        what is under the core's control, and the ids of all channels, of whomever.

    The readings are not one instant: who calls must hold back the events that come meanwhile, and tell
    them after the truth.

    Raises:
        SwitchUnavailable: the link was lost meanwhile.
        SwitchRefused: Asterisk does not know the application.
    """
    _, information, application, bridges, channels = await asyncio.gather(
        link.request("PUT", uri("applications", app, "eventFilter"), _ALLOWED),
        link.request("GET", uri("asterisk", "info", only="status")),
        link.request("GET", uri("applications", app)),
        link.request("GET", "bridges"),
        link.request("GET", "channels"),
    )
    met = msgspec.json.decode(bridges, type=list[Bridge])
    controlled = set(msgspec.json.decode(application, type=Application).channel_ids)
    present = msgspec.json.decode(channels, type=list[Channel])
    found = (truth_of(channel, test_callers) for channel in present if channel.id in controlled)
    truth = SwitchTruth(
        switch=switch,
        started_at=msgspec.json.decode(information, type=Information).status.startup_time,
        channels=tuple(channel for channel in found if channel is not None),
        bridges=bridges_of(met),
        fallback=fallback_of(present, met),
    )
    return truth, frozenset(channel.id for channel in present)


async def ask_fallback(link: AriLink) -> tuple[FallbackCaller, ...]:
    """Ask who is in the dialplan's own hands. Raises SwitchUnavailable."""
    bridges, channels = await asyncio.gather(link.request("GET", "bridges"), link.request("GET", "channels"))
    return fallback_of(
        msgspec.json.decode(channels, type=list[Channel]), msgspec.json.decode(bridges, type=list[Bridge])
    )
