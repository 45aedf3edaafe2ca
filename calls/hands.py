"""What every part of call control works with: the live calls, the switch, and the steps all of them take."""

import random
from datetime import datetime, timedelta

import structlog

from calls.call import CALLER, Call, Party
from calls.model import LiveCalls
from calls.neighbours import AidRules
from calls.numbers import NumberRules
from calls.policy import is_over, outcome_at_end
from calls.wirer import Wirer
from core.commands import Command
from core.errors import CommandRefused
from core.events import (
    CallEnded,
    CallHeld,
    CallReturned,
    Envelope,
    Event,
    LineOpened,
    PartyLeft,
    PartyNotReached,
)
from core.ids import AgentId, CallId, ChannelId, PartyId, PositionId
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Clock, Switch
from core.words import EndedBy, Outcome, PartyEnd, Target

log = structlog.get_logger(__name__)

INVITE_SECONDS = 30.0
"""How long a colleague is rung."""


class Hands:
    """Shared by the parts of call control of one centre."""

    def __init__(
        self,
        bus: Bus,
        switch: Switch,
        clock: Clock,
        rules: NumberRules,
        aid: AidRules | None = None,
        nodes: Nodes = ONE_NODE,
    ) -> None:
        self.bus = bus
        self.switch = switch
        self.clock = clock
        self.rules = rules
        self.aid = aid or AidRules()
        self.calls = LiveCalls()
        self.wirer = Wirer(switch, self.calls, nodes)
        self.nodes = nodes
        self.nodes_up: set[str] = set()
        """The Asterisks under command."""
        self.ending: dict[CallId, EndedBy] = {}
        """Calls whose last channels are being hung up, and who ended them."""
        self.dropping: dict[ChannelId, PartyEnd] = {}
        """Why channels are being hung up, where it is not that their party did."""

    # --- asking -----------------------------------------------------------------------------------------

    def ready(self, command: Command) -> None:
        """Make sure that a position's command can be carried out.

        Raises:
            CommandRefused: ``not_logged_in`` or ``switch_down``.
        """
        if command.position_id not in self.calls.agents:
            raise CommandRefused("not_logged_in")
        if not self.nodes_up:
            raise CommandRefused("switch_down")

    def heard(self, command: Command) -> Call:
        """The call that the position hears.

        Raises:
            CommandRefused: there is none (``no_call``, or ``not_talking`` where one is on hold).
        """
        call = self.calls.heard_by(command.position_id)
        if call is not None:
            self.ready(command)
            return call
        raise CommandRefused("not_talking" if self.calls.calls_of(command.position_id) else "no_call")

    def own(self, command: Command, call_id: CallId) -> Call:
        """A call that the position is in.

        Raises:
            CommandRefused: ``no_call``.
        """
        call = self.calls.by_position.get(command.position_id, {}).get(call_id)
        if call is None:
            raise CommandRefused("no_call")
        self.ready(command)
        return call

    def reaches(self, channel_id: str) -> bool:
        """Whether the Asterisk of a channel is under command."""
        return self.nodes.of(channel_id) in self.nodes_up

    def node_for(self, position_id: PositionId) -> str | None:
        """Where a position may begin a call: where the call is that it has, so that both can become one.

        ``None``: it has no leg there, or none at all.
        """
        calls = self.calls.calls_of(position_id)
        wanted = {self.wirer.node_of(call) for call in calls} or self.nodes.prefixes.keys()
        up = [node for node in self.nodes.prefixes if node in wanted and node in self.nodes_up]
        return next((node for node in up if self.wirer.leg(position_id, node) is not None), None)

    def new_channel(self, node: str) -> ChannelId:
        """A fresh id for a channel of ours, in the form of those a node makes itself: it tells its day."""
        prefix = self.nodes.prefixes[node]
        seconds = int(self.clock.now().timestamp())
        return ChannelId(f"{prefix}{seconds}.{random.randrange(10**11, 10**12)}")  # noqa: S311

    def deadline(self, seconds: float) -> datetime:
        """The instant so many seconds from now."""
        return self.clock.now() + timedelta(seconds=seconds)

    # --- steps ------------------------------------------------------------------------------------------

    def publish(self, event: Event, cause: Envelope | None = None) -> Envelope:
        """Write an event."""
        return self.bus.publish(event, cause)

    def hold(self, call: Call, position_id: PositionId, cause: Envelope | None = None) -> None:
        """Put a call on hold for a position, at once."""
        self.publish(CallHeld(call_id=call.call_id, position_id=position_id), cause)
        self.wirer.apply(call, (position_id,))

    def hold_what_is_heard(
        self, position_id: PositionId, but: Call | None = None, cause: Envelope | None = None
    ) -> None:
        """Hold whatever a position hears, beside one call."""
        for call in self.calls.calls_of(position_id):
            if call is not but and not call.parties[PartyId(position_id)].held:
                self.hold(call, position_id, cause)

    def open_line(self, call: Call, cause: Envelope | None = None) -> None:
        """Pick up the line of a neighbour's call: somebody takes it."""
        caller = call.parties.get(CALLER)
        if not call.line_open and caller is not None and caller.channel_id is not None:
            self.switch.pick_up(caller.channel_id)
            self.publish(LineOpened(call_id=call.call_id), cause)

    def uninvite(self, call: Call, party: Party, reason: PartyEnd, cause: Envelope | None = None) -> None:
        """End an invitation."""
        if party.channel_id is not None:
            self.switch.hang_up(party.channel_id)
        self.publish(PartyNotReached(call_id=call.call_id, party_id=party.party_id, reason=reason), cause)

    def leave(self, call: Call, party_id: PartyId, reason: PartyEnd, cause: Envelope | None = None) -> Envelope:
        """A party is out of a call."""
        position_id = PositionId(party_id)
        left = self.publish(PartyLeft(call_id=call.call_id, party_id=party_id, reason=reason), cause)
        self.wirer.apply(call, (position_id,))
        return left

    def give_back(
        self, call: Call, lost: Target, name: str, parties: list[Party], agent_id: AgentId | None = None
    ) -> None:
        """Who had the call is lost: they are out of it, and it is first in its room again."""
        returned = self.publish(CallReturned(call_id=call.call_id, lost=lost, name=name, agent_id=agent_id))
        for party in parties:
            self.leave(call, party.party_id, PartyEnd.LOST, returned)

    def settle(self, call: Call, by: EndedBy, cause: Envelope | None = None, detail: str = "") -> None:
        """End a call in which nobody has anybody to talk with any more."""
        if self.calls.by_id.get(call.call_id) is call and is_over(call):
            self.end(call, by, cause, detail)

    def end(self, call: Call, by: EndedBy, cause: Envelope | None = None, detail: str = "") -> None:
        """End a call: hang up who is outside; it is over when the last of them is gone."""
        for party in call.ringing():
            if party.channel_id is not None:
                self.switch.hang_up(party.channel_id)
        outside = call.outside()
        if not outside:
            self.over(call, by, cause=cause, detail=detail)
            return
        self.ending.setdefault(call.call_id, by)
        for party in outside:
            if party.channel_id is None:
                continue
            if party.party_id == CALLER and not call.line_open:
                self.switch.refuse(party.channel_id)
            else:
                self.switch.hang_up(party.channel_id)

    def over(
        self,
        call: Call,
        by: EndedBy,
        outcome: Outcome | None = None,
        cause: Envelope | None = None,
        detail: str = "",
    ) -> None:
        """Write a call's end."""
        self.ending.pop(call.call_id, None)
        self.publish(
            CallEnded(
                call_id=call.call_id,
                outcome=outcome or outcome_at_end(call),
                ended_by=by,
                position_id=call.answered_by,
                detail=detail,
            ),
            cause,
        )
