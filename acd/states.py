"""Keeps each position's state: logging in and out, pauses, wrap-up."""

from acd.model.positions import Position
from acd.model.room import Room
from acd.policy.after import NextState, after_call, after_unanswered_offer, resting
from core.commands import Command, GoReady, LogIn, LogOut, Pause
from core.errors import CommandRefused
from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    Envelope,
    OfferWithdrawn,
    PositionStateChanged,
)
from core.ports import Bus, Clock
from core.words import OfferKind, PauseReason, PositionState

RESTING = frozenset({PositionState.READY, PositionState.UNREADY, PositionState.PAUSED})


class States:
    """The positions' states of one centre."""

    def __init__(self, bus: Bus, clock: Clock, room: Room) -> None:
        self._bus = bus
        self._clock = clock
        self._room = room

    def of(self, command: Command) -> Position:
        """The position that gives a command.

        Raises:
            CommandRefused: ``not_logged_in``.
        """
        position = self._room.positions.get(command.position_id)
        if position is None:
            raise CommandRefused("not_logged_in")
        return position

    def enter(self, position: Position, to: NextState, cause: Envelope | None = None) -> None:
        """Put a position in a state, unless it is there already."""
        if (position.state, position.pause_reason, position.until) == (to.state, to.pause_reason, to.until):
            return
        self._bus.publish(
            PositionStateChanged(
                position_id=position.position_id,
                state=to.state,
                pause_reason=to.pause_reason,
                until=to.until,
            ),
            cause,
        )

    def rest(self, position: Position, cause: Envelope | None = None) -> None:
        """Put a position that has nothing to do where it belongs."""
        if position.state in RESTING:
            self.enter(position, resting(position), cause)

    def end_wrap_up(self, position: Position) -> None:
        """Its wrap-up is over."""
        self.enter(position, resting(position))

    def begin_call(self, position: Position, cause: Envelope | None = None) -> None:
        """It is in a call. A pause that it is in begins again after the call."""
        if position.state is not PositionState.ON_CALL:
            chosen = position.pause_reason is not PauseReason.NO_ANSWER
            pending = position.pause_reason if chosen else None
            self.enter(position, NextState(PositionState.ON_CALL, pending), cause)

    def move_on(self, cause: Envelope | None = None) -> None:
        """Let the positions whose last call is over go on to wrap-up."""
        for position in list(self._room.released.values()):
            if position.state is PositionState.ON_CALL and not position.calls:
                self.enter(position, after_call(self._wrap_up(position), position, self._clock.now()), cause)

    def _wrap_up(self, position: Position) -> float:
        if position.served is None:
            return self._room.plan.outgoing_wrap_up_seconds
        return self._room.rule(position.served).wrap_up_seconds

    def offer_over(self, position: Position, event: OfferWithdrawn, cause: Envelope) -> None:
        """An offer to the position ended unanswered, or could not be joined."""
        offered = position.state is PositionState.OFFERED and position.offer is None
        unjoined = position.state is PositionState.ON_CALL and not position.calls
        if not offered and not unjoined:
            return
        offer = position.last_offer
        known = offer is not None and offer.offer_id == event.offer_id
        kind = offer.kind if offer is not None and known else OfferKind.DISTRIBUTED
        alone = not (offer is not None and known and offer.shared)
        self.enter(position, after_unanswered_offer(position, event.reason, kind, alone=alone), cause)

    # --- commands ---------------------------------------------------------------------------------------

    def log_in(self, command: LogIn) -> None:
        """Take a position; taking it again keeps its state."""
        position = self._room.positions.get(command.position_id)
        if position is not None and position.agent_id == command.agent_id:
            return
        if position is not None:
            raise CommandRefused("position_taken")
        self._bus.publish(
            AgentLoggedIn(
                position_id=command.position_id,
                agent_id=command.agent_id,
                name=command.name,
                role=command.role,
            )
        )
        self._bus.publish(PositionStateChanged(position_id=command.position_id, state=PositionState.UNREADY))

    def log_out(self, command: LogOut) -> None:
        """Leave the position, its offers having been withdrawn. Refused during a call."""
        position = self.of(command)
        self._bus.publish(AgentLoggedOut(position_id=position.position_id, agent_id=position.agent_id))

    def pause(self, command: Pause) -> None:
        """Pause now, or after the call and its wrap-up."""
        position = self.of(command)
        if position.state in (PositionState.ON_CALL, PositionState.WRAP_UP):
            self.enter(position, NextState(position.state, command.reason, position.until))
        else:
            self.enter(position, NextState(PositionState.PAUSED, command.reason))

    def go_ready(self, command: GoReady) -> None:
        """End a pause or the wrap-up; on a call, take back the pause asked for."""
        position = self.of(command)
        if position.state is PositionState.ON_CALL:
            self.enter(position, NextState(PositionState.ON_CALL))
        elif position.state in (PositionState.PAUSED, PositionState.WRAP_UP):
            ready = PositionState.READY if position.ready else PositionState.UNREADY
            self.enter(position, NextState(ready))
