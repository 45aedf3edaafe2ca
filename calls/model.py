"""A call's state, folded from the journal.

::

    CallArrived ──► SVI ──CallQueued──► WAITING ──CallOffered──► OFFERED ──OfferAccepted──► CONNECTING
                                          ▲                         │                          │
                                          └────── OfferWithdrawn ───┴──────────────────────────┤
                                                                                   CallAnswered▼
                                                               HELD ◄──CallHeld── TALKING ◄────┘
                                                                 └────CallResumed──►┘
    any of them ──CallEnded──► forgotten (the ledger keeps it)
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallQueued,
    CallResumed,
    Envelope,
    OfferAccepted,
    OfferWithdrawn,
    ScriptEnded,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId
from core.words import CallerNumber, Outcome, WithdrawReason


class CallState(StrEnum):
    """Where a call is in its life."""

    SVI = "svi"
    WAITING = "waiting"
    OFFERED = "offered"
    CONNECTING = "connecting"
    TALKING = "talking"
    HELD = "held"


TRANSITIONS: dict[type[CallEvent], tuple[frozenset[CallState], CallState]] = {
    CallQueued: (frozenset({CallState.SVI, CallState.WAITING}), CallState.WAITING),
    CallOffered: (frozenset({CallState.WAITING, CallState.OFFERED}), CallState.OFFERED),
    OfferWithdrawn: (frozenset({CallState.OFFERED, CallState.CONNECTING}), CallState.WAITING),
    OfferAccepted: (frozenset({CallState.OFFERED}), CallState.CONNECTING),
    CallAnswered: (frozenset({CallState.CONNECTING}), CallState.TALKING),
    CallHeld: (frozenset({CallState.TALKING}), CallState.HELD),
    CallResumed: (frozenset({CallState.HELD}), CallState.TALKING),
}
"""Event → (states it may find, state it leaves)."""


class ImpossibleStep(Exception):
    """An event came that the call's state does not allow: a fault of ours, never of the caller's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One live call. ``position_id`` and its fellows are set from the accepted offer on.

    ``offers``: those open now; a room may offer its call to several positions at once.
    """

    call_id: CallId
    channel_id: ChannelId
    line: str
    caller: CallerNumber
    state: CallState = CallState.SVI
    offers: frozenset[OfferId] = frozenset()
    offer_id: OfferId | None = None
    position_id: PositionId | None = None
    agent_id: AgentId | None = None
    closing: Outcome | None = None
    """The outcome the SVI's script has given it: it is being ended."""

    @property
    def answered(self) -> bool:
        """Whether a person has answered it."""
        return self.state in (CallState.TALKING, CallState.HELD)


class LiveCalls:
    """Every call that has arrived and not ended, by its id, its channel and its position."""

    def __init__(self) -> None:
        self.by_id: dict[CallId, Call] = {}
        self.by_channel: dict[ChannelId, Call] = {}
        self.by_position: dict[PositionId, Call] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event.

        Raises:
            ImpossibleStep: the call's state does not allow it.
        """
        event = envelope.event
        if isinstance(event, CallArrived):
            self._put(
                Call(
                    call_id=event.call_id,
                    channel_id=event.channel_id,
                    line=event.line,
                    caller=event.caller,
                )
            )
        elif isinstance(event, CallEnded):
            self._forget(event.call_id)
        elif isinstance(event, ScriptEnded):
            if call := self.by_id.get(event.call_id):
                self._forget(call.call_id)
                self._put(replace(call, closing=event.outcome))
        elif type(event) in TRANSITIONS:
            assert isinstance(event, CallEvent)  # noqa: S101 - TRANSITIONS holds nothing else
            self._step(event)

    def _step(self, event: CallEvent) -> None:
        call = self.by_id.get(event.call_id)
        before, after = TRANSITIONS[type(event)]
        if call is None and isinstance(event, OfferWithdrawn) and event.reason is WithdrawReason.CALLER_LEFT:
            return  # it follows the end of the call
        if call is not None and isinstance(event, OfferWithdrawn) and event.offer_id in call.offers:
            self._one_offer_less(call, event.offer_id)
            return
        if call is None or call.state not in before:
            found = call.state if call else "no live call"
            raise ImpossibleStep(f"{type(event).__name__} of {event.call_id}: {found}")
        self._forget(call.call_id)
        if isinstance(event, CallOffered):
            call = replace(call, offers=call.offers | {event.offer_id})
        elif isinstance(event, OfferAccepted):
            call = replace(
                call,
                offers=call.offers - {event.offer_id},
                offer_id=event.offer_id,
                position_id=event.position_id,
                agent_id=event.agent_id,
            )
        elif isinstance(event, OfferWithdrawn):
            call = replace(call, offer_id=None, position_id=None, agent_id=None)
        self._put(replace(call, state=after))

    def _one_offer_less(self, call: Call, offer_id: OfferId) -> None:
        """An offer ended unanswered: with others open, or accepted, the call is where it was."""
        offers = call.offers - {offer_id}
        offered_no_more = call.state is CallState.OFFERED and not offers
        self._forget(call.call_id)
        self._put(replace(call, offers=offers, state=CallState.WAITING if offered_no_more else call.state))

    def _put(self, call: Call) -> None:
        self.by_id[call.call_id] = call
        self.by_channel[call.channel_id] = call
        if call.position_id is not None:
            self.by_position[call.position_id] = call

    def _forget(self, call_id: CallId) -> None:
        call = self.by_id.pop(call_id, None)
        if call is None:
            return
        self.by_channel.pop(call.channel_id, None)
        if call.position_id is not None and self.by_position.get(call.position_id) is call:
            del self.by_position[call.position_id]
