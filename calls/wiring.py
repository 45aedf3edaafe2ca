"""Where the sound of every live call belongs, as a state: pure. The service makes Asterisk agree with it.

A call heard by exactly one position: those outside join that position's standing bridge, where its leg has been
since the offer. Heard by several, or by nobody while several outside are in it: its own bridge, into which the
legs of the positions that hear it move. One alone outside whom nobody hears listens to music.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from calls.call import CALLER, Call, Party, PartyState, Stage
from calls.model import LiveCalls
from core.ids import BridgeId, ChannelId, PositionId
from core.switch import call_bridge, position_bridge

HOLD_MUSIC = "hold"
WAITING_MUSIC = "waiting"


@dataclass(frozen=True, slots=True)
class InBridge:
    """Hears, and is heard by, those in a bridge."""

    bridge: BridgeId


@dataclass(frozen=True, slots=True)
class Music:
    """Hears a class of music."""

    name: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hears nothing of ours: a number that rings, unheard; a leg that is not needed."""


Place = InBridge | Music | Quiet
QUIET = Quiet()


@dataclass(frozen=True, slots=True)
class Wiring:
    """Of one call: where its channels belong, where its positions' legs do, and who is not to be heard."""

    channels: dict[ChannelId, Place] = field(default_factory=dict)
    muted: frozenset[ChannelId] = frozenset()


def wiring(call: Call) -> Wiring:
    """Where those outside a call belong. In the SVI that is the script's business."""
    if call.stage is Stage.SVI and not call.positions():
        return Wiring()
    together = _where_it_is_heard(call)
    channels: dict[ChannelId, Place] = {}
    for party in call.parties.values():
        if party.channel_id is None:
            continue
        if party.state is PartyState.RINGING:
            channels[party.channel_id] = together if together and rings_alone(call, party) else QUIET
        elif together is not None:
            channels[party.channel_id] = together
        elif party.party_id == CALLER and not call.line_open:
            channels[party.channel_id] = QUIET  # it hears the music of the centre that sent it
        else:
            channels[party.channel_id] = Music(WAITING_MUSIC if call.stage is Stage.WAITING else HOLD_MUSIC)
    muted = frozenset(p.channel_id for p in call.parties.values() if p.channel_id is not None and p.muted)
    return Wiring(channels, muted)


def anchor(call: Call) -> str:
    """An id that tells the node a call is on: of a channel of those outside, else its own."""
    return next((p.channel_id for p in call.parties.values() if p.channel_id is not None), call.call_id)


def leg_place(
    calls: LiveCalls, position_id: PositionId, here: Callable[[Call], bool] = lambda call: True
) -> Place:
    """Where a leg of a position belongs: where several hear their call, else at home, from the offer on.

    A bridge sends its members sound all the time, also where there is none to be heard. Who has no call is in
    none, since it would cost for nothing; who is offered one hears silence already, since a browser that has
    received nothing for a while keeps the first 100 ms back. ``here``: whether a call is where that leg is.
    """
    call = calls.heard_by(position_id)
    if call is not None and here(call) and len(call.hearing()) > 1:
        return InBridge(call_bridge(call.call_id))
    if any(map(here, calls.about(position_id))):
        return InBridge(position_bridge(position_id))
    return QUIET


def leg_muted(calls: LiveCalls, position_id: PositionId) -> bool:
    """Whether colleagues have put a position's leg out of hearing, in the call that it hears."""
    call = calls.heard_by(position_id)
    return call is not None and any(p.muted for p in call.positions() if p.position_id == position_id)


def rings_alone(call: Call, party: Party) -> bool:
    """Whether one position waits for that party alone: it is to hear it ring."""
    return len(call.hearing()) == 1 and not call.outside() and call.ringing() == [party]


def hears_ringing(calls: LiveCalls, position_id: PositionId) -> Call | None:
    """The call of a position that waits for somebody to answer, alone."""
    call = calls.heard_by(position_id)
    if call is None or not call.ringing() or call.outside() or len(call.positions()) > 1:
        return None
    return call


def _where_it_is_heard(call: Call) -> InBridge | None:
    """The bridge of those who are together in a call; ``None``: one outside is alone."""
    hearing = call.hearing()
    if len(hearing) == 1 and (position_id := hearing[0].position_id) is not None:
        return InBridge(position_bridge(position_id))
    if hearing or len(call.outside()) > 1:
        return InBridge(call_bridge(call.call_id))
    return None
