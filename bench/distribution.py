"""A distribution of any size for measures: rooms, agents with skills, waiting calls; no bus, no Asterisk."""

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from acd.defaults import plan_of
from acd.model.room import Room
from acd.model.rules import RoomRule
from acd.policy.matching import Match, next_match
from core.events import (
    AgentLoggedIn,
    CallEnded,
    CallOffered,
    CallQueued,
    Envelope,
    Event,
    OfferWithdrawn,
    PositionReadinessChanged,
    PositionStateChanged,
)
from core.ids import AgentId, CallId, CentreId, EventId, OfferId, PositionId, QueueId
from core.words import EndedBy, FrontOffice, Outcome, PositionState, Priority, Role, WithdrawReason

SKILLS = ("anglais", "enfant", "psy", "obstetrique", "toxicologie", "gestes")
PRIORITIES = (Priority.UV, Priority.P1, Priority.P2, Priority.P3, Priority.PX)
ROOMS_OF_AN_AGENT = 5


class Distribution:
    """Rooms and positions folded from made-up events, one a millisecond."""

    def __init__(self, rooms: int, agents: int, *, skilled: bool) -> None:
        self.chance = Random(15)
        self._seq = 0
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self.queues = [QueueId(f"s{number}") for number in range(rooms)]
        self.positions = [PositionId(f"p{number}") for number in range(agents)]
        served = {p: self._served(number) for number, p in enumerate(self.positions)}
        rules = [
            RoomRule(
                queue=queue,
                name=queue,
                roles=frozenset(),
                agents=tuple(p for p in self.positions if queue in served[p]),
                ageing_seconds=60,
            )
            for queue in self.queues
        ]
        skills = {p: self._skills() if skilled else frozenset[str]() for p in self.positions}
        self.room = Room(replace(plan_of(rules), agent_skills=skills))
        self._skilled = skilled
        for position in self.positions:
            self.fold(AgentLoggedIn(position_id=position, agent_id=AgentId(position), name="", role=Role.ARM))
            self.fold(PositionReadinessChanged(position_id=position, leg=True, strip=True))
            self.put(position, PositionState.PAUSED)

    def _served(self, number: int) -> set[QueueId]:
        """A few rooms next to each other: an agent serves no more in a big centre than in a small one."""
        first = ROOMS_OF_AN_AGENT * number
        return {self.queues[(first + each) % len(self.queues)] for each in range(ROOMS_OF_AN_AGENT)}

    def _skills(self) -> frozenset[str]:
        return frozenset(skill for skill in SKILLS if self.chance.random() < 0.5)

    @property
    def now(self) -> datetime:
        """The present of this distribution."""
        return self._now

    def fold(self, event: Event) -> None:
        """Let something happen, a millisecond later."""
        self._seq += 1
        self._now += timedelta(milliseconds=1)
        self.room.fold(
            Envelope(
                event_id=EventId(str(self._seq)),
                seq=self._seq,
                occurred_at=self._now,
                centre_id=CentreId("FR751"),
                event=event,
            )
        )

    def put(self, position: PositionId, state: PositionState) -> None:
        """Change a position's state."""
        self.fold(PositionStateChanged(position_id=position, state=state))

    def queue_call(self, queue: QueueId | None = None) -> CallId:
        """A call enters a room, asking for a skill now and then."""
        call_id = CallId(f"c{self._seq}")
        asked = self.chance.sample(SKILLS, self.chance.choice((0, 0, 1, 2))) if self._skilled else ()
        self.fold(
            CallQueued(
                call_id=call_id,
                flow="15",
                queue=queue or self.chance.choice(self.queues),
                priority=self.chance.choice(PRIORITIES),
                front_office=FrontOffice.FO1,
                skills=tuple(asked),
            )
        )
        return call_id

    def decide(self) -> Match | None:
        """The next match."""
        return next_match(self.room, self._now)

    def carry_out(self, match: Match) -> None:
        """Offer the call, let the caller leave, and pause the position."""
        call_id, position = match.call.call_id, match.positions[0]
        offer_id = OfferId(f"o{self._seq}")
        self.fold(
            CallOffered(
                call_id=call_id,
                offer_id=offer_id,
                position_id=position.position_id,
                agent_id=position.agent_id,
                deadline=self._now,
                reasons=match.reasons,
            )
        )
        self.put(position.position_id, PositionState.OFFERED)
        self.fold(
            OfferWithdrawn(
                call_id=call_id,
                offer_id=offer_id,
                position_id=position.position_id,
                reason=WithdrawReason.CALLER_LEFT,
            )
        )
        self.fold(CallEnded(call_id=call_id, outcome=Outcome.ABANDONED_RINGING, ended_by=EndedBy.CALLER))
        self.put(position.position_id, PositionState.PAUSED)


def spare_the_collector() -> None:
    """Let the garbage collector pass over what is there, and come as rarely as in the core."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
