"""The live calls of a centre and who is in each, folded from the journal.

Where a call is in its life::

    CallArrived ──► SVI ──CallQueued──► WAITING ──CallAnswered, PartyJoined──► ENGAGED ──CallQueued──► WAITING …
                                                        CallPlaced ──────────► ENGAGED
    any of them ──CallEnded, CallsMerged──► forgotten (the ledger keeps it)

A party of a call (the caller, a number, an agent by their position)::

    PartyInvited ──► RINGING ──OfferAccepted──► JOINING ──CallAnswered──► IN ──PartyLeft──► forgotten
                        └──────────PartyJoined───────────────────────────►┘
    PartyNotReached ends the first two. An agent in a call hears it, or has put it on hold.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from calls.call import CALLER, EVERYBODY, OUTSIDE, Call, Party, PartyState, Stage, Transfer
from core.events import (
    AgentBack,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallDismissed,
    CallDiverted,
    CallEnded,
    CallerLocated,
    CallerSilent,
    CallerSpoke,
    CallHeld,
    CallOffered,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallResumed,
    CallReturned,
    CallsMerged,
    Envelope,
    Event,
    LineOpened,
    OfferAccepted,
    OfferWithdrawn,
    OverflowTriggered,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyMuted,
    PartyNotReached,
    PartyRinging,
    ScriptEnded,
    TransferFailed,
    TransferStarted,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PartyId, PositionId
from core.words import CallKind, OfferKind, Outcome, Target, TargetKind


class ImpossibleStep(Exception):
    """An event came that the call's state does not allow: a fault of ours, never of the caller's."""


class LiveCalls:
    """Every call that has begun and not ended, by its id, its channels and its positions."""

    def __init__(self) -> None:
        self.by_id: dict[CallId, Call] = {}
        self.by_channel: dict[ChannelId, Call] = {}
        self.by_position: dict[PositionId, dict[CallId, Call]] = {}
        """The calls that a position is in, the oldest first; no entry where there are none."""
        self.agents: dict[PositionId, AgentId] = {}
        """Who is logged in where."""
        self.names: dict[PositionId, str] = {}
        """Their names."""
        self.ringing: dict[tuple[CallId, PartyId], datetime] = {}
        """The open invitations, with their deadlines."""
        self.offered: dict[PositionId, dict[OfferId, Call]] = {}
        """The calls that are offered to a position; no entry where there are none."""
        self.stirred: set[PositionId] = set()
        """The positions that came into calls or offers, or out of them, since somebody emptied this."""
        self._folds: dict[type[Event], Callable[[Any, Envelope], None]] = {
            CallArrived: self._arrived,
            CallPlaced: self._placed,
            CallEnded: self._ended,
            CallQueued: self._queued,
            AgentLoggedIn: self._logged_in,
            AgentLoggedOut: self._logged_out,
        }
        self._steps: dict[type[Event], Callable[[Call, Any], None]] = {
            LineOpened: self._line_opened,
            CallPrioritised: self._prioritised,
            CallerLocated: self._located,
            CallerSilent: self._silent,
            CallerSpoke: self._silent,
            CallOffered: self._offered,
            OfferWithdrawn: self._withdrawn,
            OfferAccepted: self._accepted,
            CallAnswered: self._answered,
            CallHeld: self._held,
            CallResumed: self._resumed,
            PartyInvited: self._invited,
            PartyRinging: self._rings,
            PartyJoined: self._joined,
            PartyNotReached: self._out,
            PartyLeft: self._out,
            PartyMuted: self._muted,
            CallsMerged: self._merged,
            TransferStarted: self._transfer_started,
            TransferFailed: self._transfer_failed,
            OverflowTriggered: self._overflowed,
            CallDiverted: self._diverted,
            ScriptEnded: self._closing,
            CallDismissed: self._dismissed,
            AgentLost: self._lost,
            AgentBack: self._back,
            CallReturned: self._returned,
        }

    # --- questions --------------------------------------------------------------------------------------

    def calls_of(self, position_id: PositionId) -> list[Call]:
        """The calls that a position is in, the oldest first."""
        return list(self.by_position.get(position_id, {}).values())

    def heard_by(self, position_id: PositionId) -> Call | None:
        """The call that a position hears: there is never more than one, but for an instant."""
        return next((c for c in self.calls_of(position_id) if not c.parties[PartyId(position_id)].held), None)

    def held_by(self, position_id: PositionId) -> Call | None:
        """A call that a position has put on hold."""
        return next((c for c in self.calls_of(position_id) if c.parties[PartyId(position_id)].held), None)

    def about(self, position_id: PositionId) -> list[Call]:
        """The calls that a position is in, or may be in a moment from now: they are offered to it."""
        return self.calls_of(position_id) + list(self.offered.get(position_id, {}).values())

    def party_of(self, channel_id: ChannelId) -> tuple[Call, Party] | None:
        """Whose channel it is."""
        call = self.by_channel.get(channel_id)
        if call is None:
            return None
        return call, next(p for p in call.parties.values() if p.channel_id == channel_id)

    # --- folding ----------------------------------------------------------------------------------------

    def fold(self, envelope: Envelope) -> None:
        """Apply one event. What concerns a call that is over, or began before the journal read, is passed over.

        Raises:
            ImpossibleStep: the call's state does not allow it.
        """
        event = envelope.event
        if step := self._steps.get(type(event)):
            call = self.by_id.get(event.call_id)  # type: ignore[attr-defined]
            if call is not None:
                step(call, event)
        elif apply := self._folds.get(type(event)):
            apply(event, envelope)

    def _arrived(self, event: CallArrived, envelope: Envelope) -> None:
        call = Call(
            call_id=event.call_id,
            kind=CallKind.INCOMING,
            seq=envelope.seq,
            line=event.line,
            caller=event.caller,
            stage=Stage.SVI,
            origin=event.origin,
            line_open=event.origin is None,
            waits_since=event.origin.since if event.origin else None,
        )
        self.by_id[call.call_id] = call
        target = Target(TargetKind.NUMBER, event.caller.e164 or "")
        caller = Party(party_id=CALLER, state=PartyState.IN, target=target, channel_id=event.channel_id)
        self._add(call, caller)

    def _placed(self, event: CallPlaced, envelope: Envelope) -> None:
        call = Call(
            call_id=event.call_id,
            kind=event.kind,
            seq=envelope.seq,
            placed_by=event.position_id,
            presented=event.presented,
        )
        self.by_id[call.call_id] = call
        self._add(call, _agent(event.position_id, PartyState.IN, event.agent_id))

    def _ended(self, event: CallEnded, envelope: Envelope) -> None:
        call = self.by_id.pop(event.call_id, None)
        if call is not None:
            for party_id in list(call.parties):
                self._remove(call, party_id)
            for offer_id in list(call.offered_to):
                self._offer_over(call, offer_id)

    def _logged_in(self, event: AgentLoggedIn, envelope: Envelope) -> None:
        self.agents[event.position_id] = event.agent_id
        self.names[event.position_id] = event.name

    def _logged_out(self, event: AgentLoggedOut, envelope: Envelope) -> None:
        self.agents.pop(event.position_id, None)
        self.names.pop(event.position_id, None)

    # offers

    def _queued(self, event: CallQueued, envelope: Envelope) -> None:
        call = self.by_id.get(event.call_id)
        if call is None:
            return
        call.stage = Stage.WAITING
        call.transfer = None
        call.overflowing = False
        call.queued, call.priority = event, event.priority
        call.waits_since = call.waits_since or event.since or envelope.occurred_at

    def _line_opened(self, call: Call, event: LineOpened) -> None:
        call.line_open = True

    def _prioritised(self, call: Call, event: CallPrioritised) -> None:
        call.priority = event.priority

    def _located(self, call: Call, event: CallerLocated) -> None:
        if event.best:
            call.location = event.location

    def _silent(self, call: Call, event: CallerSilent | CallerSpoke) -> None:
        call.silent = isinstance(event, CallerSilent)

    def _offered(self, call: Call, event: CallOffered) -> None:
        call.offered_to[event.offer_id] = event.position_id
        self.offered.setdefault(event.position_id, {})[event.offer_id] = call
        self.stirred.add(event.position_id)
        if event.kind is OfferKind.EVERYBODY:
            call.offers_to_all.add(event.offer_id)
        elif event.kind is OfferKind.INVITED:
            if party := call.parties.get(PartyId(event.position_id)):
                party.offer_id = event.offer_id
        else:
            call.offers.add(event.offer_id)

    def _offer_over(self, call: Call, offer_id: OfferId) -> None:
        call.offers.discard(offer_id)
        call.offers_to_all.discard(offer_id)
        position_id = call.offered_to.pop(offer_id, None)
        if position_id is not None and (offers := self.offered.get(position_id)):
            offers.pop(offer_id, None)
            self.stirred.add(position_id)
            if not offers:
                del self.offered[position_id]

    def _withdrawn(self, call: Call, event: OfferWithdrawn) -> None:
        self._offer_over(call, event.offer_id)
        party = call.parties.get(PartyId(event.position_id))
        if party is not None and party.offer_id == event.offer_id and party.state is PartyState.JOINING:
            self._remove(call, party.party_id)

    def _accepted(self, call: Call, event: OfferAccepted) -> None:
        party_id = PartyId(event.position_id)
        from_room = event.offer_id in call.offers
        self._offer_over(call, event.offer_id)
        before = call.parties.get(party_id)
        if before is not None and before.present:
            raise ImpossibleStep(f"OfferAccepted of {event.call_id}: the position is in it")
        self._remove(call, party_id)
        party = _agent(event.position_id, PartyState.JOINING, event.agent_id)
        party.offer_id, party.from_room = event.offer_id, from_room
        party.by = before.by if before is not None else None
        self._add(call, party)
        if EVERYBODY in call.parties and not call.offers_to_all:
            self._remove(call, EVERYBODY)

    def _answered(self, call: Call, event: CallAnswered) -> None:
        party = call.parties.get(PartyId(event.position_id))
        if party is None or not party.present:
            raise ImpossibleStep(f"CallAnswered of {event.call_id}: the position is not being joined")
        party.state = PartyState.IN
        call.stage, call.transfer = Stage.ENGAGED, None
        call.answered_by = call.answered_by or event.position_id

    def _held(self, call: Call, event: CallHeld) -> None:
        if party := call.parties.get(PartyId(event.position_id)):
            party.held = True

    def _resumed(self, call: Call, event: CallResumed) -> None:
        if party := call.parties.get(PartyId(event.position_id)):
            party.held = False

    # parties

    def _invited(self, call: Call, event: PartyInvited) -> None:
        number = event.target.kind in OUTSIDE
        party = Party(
            party_id=event.party_id,
            state=PartyState.RINGING,
            target=event.target,
            channel_id=ChannelId(event.party_id) if number else None,
            deadline=event.deadline,
            by=event.by,
        )
        self._add(call, party)

    def _rings(self, call: Call, event: PartyRinging) -> None:
        if party := call.parties.get(event.party_id):
            party.rings = True

    def _joined(self, call: Call, event: PartyJoined) -> None:
        party = call.parties.get(event.party_id)
        if party is None:
            raise ImpossibleStep(f"PartyJoined of {event.call_id}: nobody was asked")
        party.state = PartyState.IN
        self.ringing.pop((call.call_id, party.party_id), None)
        call.stage, call.transfer, call.reached = Stage.ENGAGED, None, True

    def _out(self, call: Call, event: PartyNotReached | PartyLeft) -> None:
        self._remove(call, event.party_id)
        if isinstance(event, PartyNotReached):
            call.overflowing = False

    def _muted(self, call: Call, event: PartyMuted) -> None:
        if party := call.parties.get(event.party_id):
            party.muted = event.muted

    def _merged(self, call: Call, event: CallsMerged) -> None:
        merged = self.by_id.pop(event.merged_id, None)
        if merged is None:
            raise ImpossibleStep(f"CallsMerged of {event.call_id}: the other is over")
        for offer_id in list(merged.offered_to):
            self._offer_over(merged, offer_id)
        for party in list(merged.parties.values()):
            self._remove(merged, party.party_id)
            if party.party_id == CALLER and CALLER in call.parties:
                party.party_id = PartyId(event.merged_id)
            if party.party_id not in call.parties:
                self._add(call, party)
        both = call.parties.get(PartyId(event.position_id))
        if both is not None:
            both.held = False
        call.stage = Stage.ENGAGED
        call.answered_by = call.answered_by or merged.answered_by
        call.reached = call.reached or merged.reached

    # the call as a whole

    def _transfer_started(self, call: Call, event: TransferStarted) -> None:
        call.transfer = Transfer(position_id=event.position_id, target=event.target)
        call.stage = Stage.ENGAGED

    def _transfer_failed(self, call: Call, event: TransferFailed) -> None:
        call.transfer = Transfer(position_id=event.position_id, target=event.target, back=True)

    def _overflowed(self, call: Call, event: OverflowTriggered) -> None:
        call.overflowing = event.target.kind in OUTSIDE

    def _diverted(self, call: Call, event: CallDiverted) -> None:
        call.overflowing = True

    def _closing(self, call: Call, event: ScriptEnded) -> None:
        call.closing = event.outcome

    def _dismissed(self, call: Call, event: CallDismissed) -> None:
        call.closing = Outcome.REFUSED

    def _lost(self, call: Call, event: AgentLost) -> None:
        if party := call.parties.get(PartyId(event.position_id)):
            party.lost_until = event.until

    def _back(self, call: Call, event: AgentBack) -> None:
        if party := call.parties.get(PartyId(event.position_id)):
            party.lost_until = None

    def _returned(self, call: Call, event: CallReturned) -> None:
        call.stage, call.transfer = Stage.WAITING, None

    # indexes

    def _add(self, call: Call, party: Party) -> None:
        call.parties[party.party_id] = party
        if party.channel_id is not None:
            self.by_channel[party.channel_id] = call
        if party.state is PartyState.RINGING and party.deadline is not None:
            self.ringing[call.call_id, party.party_id] = party.deadline
        elif party.position_id is not None:
            calls = self.by_position.setdefault(party.position_id, {})
            calls[call.call_id] = call
            self.stirred.add(party.position_id)
            if len(calls) > 1:
                self.by_position[party.position_id] = dict(sorted(calls.items(), key=lambda i: i[1].seq))

    def _remove(self, call: Call, party_id: PartyId) -> None:
        party = call.parties.pop(party_id, None)
        if party is None:
            return
        self.ringing.pop((call.call_id, party_id), None)
        if party.channel_id is not None:
            self.by_channel.pop(party.channel_id, None)
        elif party.position_id is not None and (calls := self.by_position.get(party.position_id)):
            if calls.get(call.call_id) is call and party.present:
                del calls[call.call_id]
                self.stirred.add(party.position_id)
            if not calls:
                del self.by_position[party.position_id]


def _agent(position_id: PositionId, state: PartyState, agent_id: AgentId) -> Party:
    target = Target(TargetKind.POSITION, position_id)
    return Party(party_id=PartyId(position_id), state=state, target=target, agent_id=agent_id)
