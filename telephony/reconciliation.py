"""Asks Asterisk, over a fresh link, what it holds under the core's control.

Never in one long list: Asterisk 22 builds each WebSocket frame on its thread's stack of 496 kB, and ends by a
segmentation fault, with all its calls, where a frame is longer. ``GET channels`` gets there at some 700
channels. So the channels' ids are asked for, then each channel by itself.
"""

import asyncio
from collections.abc import Container, Iterable
from typing import Final

import msgspec
import structlog

from core.errors import SwitchRefused
from core.ids import ChannelId
from core.switch import FallbackCaller, FallbackRecord, SwitchTruth
from telephony.ari import AriLink
from telephony.ari_protocol import EVENTS, Application, Bridge, Channel, Endpoint, Information, uri
from telephony.translation import bridges_of, fallback_of, truth_of

log = structlog.get_logger(__name__)

_ALLOWED: Final = {"allowed": [{"type": name} for name in EVENTS]}
_GONE: Final = 404
_BROADCAST: Final = "StasisBroadcast"
"""What a caller's channel is in until a core claims it, and afterwards."""


async def allow_events(link: AriLink, app: str) -> None:
    """Set the allow-list of events. All that Asterisk kept for the core has come once this is answered.

    Raises:
        SwitchUnavailable: the link was lost meanwhile.
        SwitchRefused: Asterisk does not know the application.
    """
    await link.request("PUT", uri("applications", app, "eventFilter"), _ALLOWED)


async def ask_truth(
    link: AriLink, app: str, switch: str, test_callers: Container[str] = ()
) -> tuple[SwitchTruth, frozenset[str], tuple[Channel, ...]]:
    """Read bridges and channels.

    Returns:
        what is under the core's control, the ids of all channels, of whomever, and the callers who wait to be
        claimed: what the core before us was told of them may have died with it.

    The readings are not one instant: who calls must hold back the events that come meanwhile, and tell
    them after the truth.

    Raises:
        SwitchUnavailable: the link was lost meanwhile.
        SwitchRefused: Asterisk does not know the application.
    """
    information, application, bridges, endpoints = await asyncio.gather(
        link.request("GET", uri("asterisk", "info", only="status")),
        link.request("GET", uri("applications", app)),
        link.request("GET", "bridges"),
        link.request("GET", "endpoints"),
    )
    met = msgspec.json.decode(bridges, type=list[Bridge])
    controlled = set(msgspec.json.decode(application, type=Application).channel_ids)
    present = await _channels(link, controlled | _ids(endpoints))
    found = (truth_of(channel, test_callers) for channel in present if channel.id in controlled)
    truth = SwitchTruth(
        switch=switch,
        started_at=msgspec.json.decode(information, type=Information).status.startup_time,
        channels=tuple(channel for channel in found if channel is not None),
        bridges=bridges_of(met),
        fallback=fallback_of(present, met),
    )
    unclaimed = tuple(
        channel
        for channel in present
        if channel.id not in controlled and channel.dialplan.app_name == _BROADCAST
    )
    return truth, frozenset(channel.id for channel in present), unclaimed


async def ask_fallback(link: AriLink) -> tuple[FallbackCaller, ...]:
    """Ask who is in the dialplan's own hands. Raises SwitchUnavailable."""
    bridges, endpoints = await asyncio.gather(link.request("GET", "bridges"), link.request("GET", "endpoints"))
    present = await _channels(link, _ids(endpoints))
    return fallback_of(present, msgspec.json.decode(bridges, type=list[Bridge]))


def _ids(endpoints: str) -> set[str]:
    """The ids of all SIP channels."""
    found = msgspec.json.decode(endpoints, type=list[Endpoint])
    return {channel for endpoint in found for channel in endpoint.channel_ids}


async def _channels(link: AriLink, ids: Iterable[str]) -> list[Channel]:
    """Read each of these channels that still is there."""
    found = await asyncio.gather(*(read_channel(link, channel_id) for channel_id in ids))
    return [channel for channel in found if channel is not None]


async def read_channel(link: AriLink, channel_id: str) -> Channel | None:
    """Read one channel; ``None``: it ended meanwhile, or Asterisk finds no words for it.

    A ``Call-ID`` is any octets to Asterisk, and it puts it in what it says of a channel. Where they are not
    UTF-8, its events of that channel are never sent, and its answer is empty: the dialplan alone serves such a
    caller, who must cost the others nothing.

    Raises:
        SwitchUnavailable: the link was lost meanwhile.
        SwitchRefused: Asterisk refused.
    """
    try:
        answer = await link.request("GET", uri("channels", channel_id))
    except SwitchRefused as error:
        if error.status == _GONE:
            return None
        raise
    if not answer:
        log.warning("channel_without_words", channel_id=channel_id)
        return None
    return msgspec.json.decode(answer, type=Channel)


def fallen_back(truth: SwitchTruth, noted: Iterable[FallbackRecord]) -> frozenset[ChannelId]:
    """The callers who are, or were, in the dialplan's own hands, less those whom a core has again. Pure."""
    were = {ChannelId(record.call_id) for record in noted if not record.taken_back}
    here = {caller.channel_id for caller in truth.fallback}
    return frozenset(were | here) - {channel.channel_id for channel in truth.channels}
