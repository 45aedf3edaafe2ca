"""Who is in each live call, as screens show it, folded from events. Pure; never fails, as ``web.room``."""

from dataclasses import dataclass, field
from datetime import datetime

from core.events import (
    AgentBack,
    AgentLoggedIn,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallPlaced,
    CallResumed,
    CallsMerged,
    Envelope,
    OfferAccepted,
    OfferWithdrawn,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    PartyMuted,
    PartyNotReached,
    RecallEnded,
    RecallPlayed,
    RecordingPaused,
    RecordingResumed,
)
from core.ids import CallId, OfferId, PartyId, PositionId
from core.words import CallKind, OfferKind, Target, TargetKind
from web.live import View, instant

CALLER = PartyId("caller")
EVERYBODY = PartyId("everybody")


@dataclass(slots=True)
class PartySeen:
    """Somebody in a call. ``state``: ringing, connecting or talking. ``label``: an agent's name."""

    state: str
    number: str = ""
    position_id: PositionId | None = None
    label: str = ""
    muted: bool = False
    held_at: datetime | None = None
    lost_at: datetime | None = None
    """Since when an agent's sound is lost, the one outside waiting."""

    def view(self) -> View:
        """As screens read it."""
        shown: View = {"state": "held" if self.held_at is not None else self.state, "muted": self.muted}
        if self.number:
            shown["number"] = self.number
        if self.position_id is not None:
            shown["position"] = self.position_id
        if self.label:
            shown["label"] = self.label
        return shown


@dataclass(slots=True)
class CallParties:
    """One live call: how it began, and who is in it."""

    call_id: CallId
    kind: CallKind
    began_at: datetime
    seq: int
    target: Target | None = None
    answered_at: datetime | None = None
    parties: dict[PartyId, PartySeen] = field(default_factory=dict)
    unrecorded: View | None = None
    """Set while what is said is left out of the recording: until when, why, and by whom."""
    offers_to_all: set[OfferId] = field(default_factory=set)

    def positions(self) -> set[PositionId]:
        """The positions in it, or asked into it."""
        return {p.position_id for p in self.parties.values() if p.position_id is not None}

    @property
    def asked(self) -> str:
        """How somebody is asked into it: ``internal``, ``transfer``, or ``invite`` into a conference."""
        if self.kind is CallKind.INTERNAL and len(self.parties) <= 2:
            return "internal"
        present = any(p.position_id is not None and p.state == "talking" for p in self.parties.values())
        return "invite" if present else "transfer"

    def state_for(self, position_id: PositionId) -> str:
        """Where it is for one of its positions: ringing, connecting, talking or held."""
        own = self.parties[PartyId(position_id)]
        if own.held_at is not None:
            return "held"
        others = [p for party_id, p in self.parties.items() if party_id != PartyId(position_id)]
        if own.state == "talking" and others and all(p.state == "ringing" for p in others):
            return "ringing"
        return own.state

    def view(self, position_id: PositionId) -> View:
        """As one of its positions sees it, beside what is known of its caller."""
        state, own = self.state_for(position_id), self.parties[PartyId(position_id)]
        view: View = {
            "kind": self.kind.value,
            "state": state,
            "heard": state != "held",
            "parties": {party_id: p.view() for party_id, p in self.parties.items() if p is not own},
        }
        if own.held_at is not None:
            view["heldAt"] = instant(own.held_at)
        if own.lost_at is not None:
            view["lostAt"] = instant(own.lost_at)
        if self.answered_at is not None:
            view["answeredAt"] = instant(self.answered_at)
        if self.unrecorded is not None:
            view["unrecorded"] = self.unrecorded
        return view


class PartiesSeen:
    """The parties of every live call of a centre."""

    def __init__(self) -> None:
        self.calls: dict[CallId, CallParties] = {}
        self.recalls: dict[PositionId, View] = {}
        """What each position hears again."""
        self.offers: dict[PositionId, CallOffered] = {}
        """What colleagues' own calls ask each position to join; the rooms' offers are in ``web.room``."""
        self._names: dict[PositionId, str] = {}

    def calls_of(self, position_id: PositionId) -> list[CallParties]:
        """The calls that a position is in, the oldest first."""
        party_id = PartyId(position_id)
        found = [
            call
            for call in self.calls.values()
            if (own := call.parties.get(party_id)) is not None
            and own.position_id == position_id
            and own.state != "ringing"
        ]
        return sorted(found, key=lambda call: call.seq)

    def shown_of(self, position_id: PositionId) -> CallParties | None:
        """The call that a position hears, else the one that it holds."""
        calls = self.calls_of(position_id)
        heard = [c for c in calls if c.parties[PartyId(position_id)].held_at is None]
        return next(iter([*heard, *calls]), None)

    def fold(self, envelope: Envelope) -> frozenset[PositionId]:
        """Apply one event; give the positions that may see a change."""
        event, now = envelope.event, envelope.occurred_at
        if isinstance(event, AgentLoggedIn):
            self._names[event.position_id] = event.name
        if not isinstance(event, CallEvent):
            return frozenset()
        if isinstance(event, RecallPlayed | RecallEnded):
            return self._recall(event, now)
        if isinstance(event, CallArrived | CallPlaced) and event.call_id not in self.calls:
            self._begun(event, now, envelope.seq)
        call = self.calls.get(event.call_id)
        if call is None:
            return frozenset()
        before = call.positions() | {p for p, offer in self.offers.items() if offer.call_id == call.call_id}
        before |= self._offer(call, event)
        if isinstance(event, CallsMerged) and (merged := self.calls.get(event.merged_id)):
            before |= merged.positions()
        if isinstance(event, CallEnded):
            del self.calls[event.call_id]
        else:
            self._fold(call, event, now)
        return frozenset(before | call.positions())

    def _offer(self, call: CallParties, event: CallEvent) -> set[PositionId]:
        """Note the offers of a call that a colleague placed; give the positions concerned."""
        if isinstance(event, CallOffered) and call.kind is not CallKind.INCOMING:
            self.offers[event.position_id] = event
            return {event.position_id}
        if isinstance(event, OfferAccepted | OfferWithdrawn):
            offer = self.offers.get(event.position_id)
            if offer is not None and offer.offer_id == event.offer_id:
                del self.offers[event.position_id]
                return {event.position_id}
        if isinstance(event, CallEnded | CallsMerged):
            over = event.call_id if isinstance(event, CallEnded) else event.merged_id
            asked = {p for p, offer in self.offers.items() if offer.call_id == over}
            for position_id in asked:
                del self.offers[position_id]
            return asked
        return set()

    def _recall(self, event: RecallPlayed | RecallEnded, now: datetime) -> frozenset[PositionId]:
        if isinstance(event, RecallEnded):
            self.recalls.pop(event.position_id, None)
        else:
            self.recalls[event.position_id] = {
                "callId": event.call_id,
                "startedAt": instant(now),
                "asked": event.asked,
                "seconds": event.seconds,
                "speed": event.speed,
            }
        return frozenset({event.position_id})

    def _begun(self, event: CallArrived | CallPlaced, now: datetime, seq: int) -> None:
        if isinstance(event, CallArrived):
            call = CallParties(event.call_id, CallKind.INCOMING, now, seq)
            call.parties[CALLER] = PartySeen("talking", number=event.caller.e164 or "")
        else:
            call = CallParties(event.call_id, event.kind, now, seq, event.target)
            call.parties[PartyId(event.position_id)] = self._agent(event.position_id, "talking")
        self.calls[call.call_id] = call

    def _agent(self, position_id: PositionId, state: str) -> PartySeen:
        label = self._names.get(position_id, "")
        return PartySeen(state, position_id=position_id, label=label)

    def _fold(self, call: CallParties, event: CallEvent, now: datetime) -> None:
        parties = call.parties
        match event:
            case CallOffered(kind=OfferKind.EVERYBODY):
                call.offers_to_all.add(event.offer_id)
            case OfferAccepted():
                parties[PartyId(event.position_id)] = self._agent(event.position_id, "connecting")
                self._offer_over(call, event.offer_id)
            case OfferWithdrawn():
                own = parties.get(PartyId(event.position_id))
                if own is not None and own.state == "connecting":
                    del parties[PartyId(event.position_id)]
                call.offers_to_all.discard(event.offer_id)
            case CallAnswered():
                parties[PartyId(event.position_id)] = self._agent(event.position_id, "talking")
                call.answered_at = call.answered_at or now
            case CallHeld() | CallResumed():
                if own := parties.get(PartyId(event.position_id)):
                    own.held_at = now if isinstance(event, CallHeld) else None
            case AgentLost() | AgentBack():
                if own := parties.get(PartyId(event.position_id)):
                    own.lost_at = now if isinstance(event, AgentLost) else None
            case PartyInvited():
                parties[event.party_id] = self._invited(event)
            case PartyJoined():
                if party := parties.get(event.party_id):
                    party.state = "talking"
                    call.answered_at = call.answered_at or now
            case PartyNotReached() | PartyLeft():
                parties.pop(event.party_id, None)
            case PartyMuted():
                if party := parties.get(event.party_id):
                    party.muted = event.muted
            case CallsMerged():
                self._merge(call, event)
            case RecordingPaused():
                by = self._names.get(event.position_id, "")
                call.unrecorded = {"until": instant(event.until), "reason": event.reason.value, "by": by}
            case RecordingResumed():
                call.unrecorded = None
            case _:
                pass

    @staticmethod
    def _offer_over(call: CallParties, offer_id: OfferId) -> None:
        call.offers_to_all.discard(offer_id)
        if not call.offers_to_all:
            call.parties.pop(EVERYBODY, None)

    def _invited(self, event: PartyInvited) -> PartySeen:
        if event.target.kind is TargetKind.NUMBER:
            return PartySeen("ringing", number=event.target.value)
        if event.target.kind is TargetKind.POSITION:
            return self._agent(PositionId(event.target.value), "ringing")
        return PartySeen("ringing")

    def _merge(self, call: CallParties, event: CallsMerged) -> None:
        merged = self.calls.get(event.merged_id)
        if merged is None or merged is call:
            return
        del self.calls[event.merged_id]
        for party_id, party in merged.parties.items():
            known = party_id in call.parties
            if known and party_id == CALLER:
                call.parties[PartyId(event.merged_id)] = party
            elif not known:
                call.parties[party_id] = party
        if own := call.parties.get(PartyId(event.position_id)):
            own.held_at = None
        call.answered_at = call.answered_at or merged.answered_at
        call.unrecorded = call.unrecorded or merged.unrecorded
