"""The life of every call of one centre: put together from its parts, each in a file of its own."""

from datetime import datetime

from calls.absences import Absences
from calls.answering import Answering
from calls.arriving import Arriving
from calls.conferring import Conferring
from calls.forsaken import Forsaken
from calls.hands import Hands
from calls.holding import Holding
from calls.model import LiveCalls
from calls.neighbours import AidRules
from calls.numbers import NumberRules
from calls.patrolling import Patrolling
from calls.placing import Placing
from calls.reconciling import Reconciling
from calls.transferring import Transferring
from core.events import Envelope, SwitchConnected, SwitchLost
from core.ids import CallId
from core.nodes import ONE_NODE, Nodes
from core.ports import Bus, Clock, Switch
from core.switch import (
    CalleeAnswered,
    CalleeProgress,
    CalleeReady,
    CalleeRinging,
    CallerArrived,
    ChannelGone,
    LegOpened,
    PlaybackEnded,
    SwitchDied,
    SwitchDown,
    SwitchEvent,
    SwitchSeen,
    SwitchUp,
)

__all__ = ["AidRules", "CallService", "NumberRules"]


class CallService:
    """The calls of one centre.

    Args:
        bus: where events and commands meet.
        switch: Asterisk.
        clock: the time.
        rules: whom agents may call.
        aid: the neighbouring centres.
        nodes: the Asterisks.
        lost_sound_seconds: after how long without an agent's sound the caller is told.
        lost_agent_seconds: how long that agent may then take to come back.
    """

    def __init__(
        self,
        bus: Bus,
        switch: Switch,
        clock: Clock,
        rules: NumberRules | None = None,
        aid: AidRules | None = None,
        nodes: Nodes = ONE_NODE,
        lost_sound_seconds: float = 4,
        lost_agent_seconds: float = 30,
    ) -> None:
        self._hands = hands = Hands(bus, switch, clock, rules or NumberRules(), aid, nodes)
        bus.project(hands.calls.fold)
        self._absences = Absences(hands, lost_sound_seconds, lost_agent_seconds)
        self._arriving = Arriving(hands)
        self._answering = Answering(hands)
        self._holding = Holding(hands)
        self._placing = Placing(hands)
        self._transferring = Transferring(hands, self._placing)
        self._conferring = Conferring(hands)
        self._forsaken = Forsaken(hands)
        self._reconciling = Reconciling(hands, self._arriving, self._answering, self._placing)
        self._patrolling = Patrolling(hands, self._arriving)
        bus.subscribe(None, self._follow_legs)

    @property
    def calls(self) -> LiveCalls:
        """The live calls."""
        return self._hands.calls

    @property
    def switch_up(self) -> bool:
        """Whether an Asterisk at least is under command."""
        return bool(self._hands.nodes_up)

    @property
    def nodes_down(self) -> list[str]:
        """The Asterisks that are not under command."""
        return [name for name in self._hands.nodes.prefixes if name not in self._hands.nodes_up]

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        match event:
            case CallerArrived():
                if event.found:
                    self._patrolling.stray(event.channel)
                self._arriving.caller_arrived(event.channel)
            case ChannelGone():
                if event.found:
                    self._patrolling.gone(event.channel_id)
                self._absences.channel_gone(event.channel_id, event.cause)
                self._arriving.channel_gone(event.channel_id, event.cause)
            case SwitchSeen():
                self._patrolling.look(event)
            case PlaybackEnded():
                self._hands.wirer.said(event.playback_id)
                self._absences.playback_ended(event)
            case LegOpened():
                self._hands.wirer.leg_opened(event.position_id, event.channel_id)
            case CalleeReady() | CalleeRinging() | CalleeProgress() | CalleeAnswered():
                self._placing.on_callee(event)
            case SwitchUp():
                self._hands.nodes_up.add(self._name(event.truth.switch))
                self._absences.switch_is_back(self._name(event.truth.switch))
                self._reconciling.reconcile(event.truth)
                self._hands.publish(
                    SwitchConnected(switch=event.truth.switch, started_at=event.truth.started_at)
                )
            case SwitchDown():
                self._hands.nodes_up.discard(self._name(event.switch))
                self._hands.publish(SwitchLost(switch=event.switch, detail=event.detail))
            case SwitchDied():
                self._reconciling.died(event.truth)
            case _:
                pass

    def _name(self, switch: str) -> str:
        """The node of a switch: with one, whatever it is called."""
        return switch if switch in self._hands.nodes.prefixes else self._hands.nodes.first

    def before_switch(self, event: SwitchEvent) -> None:
        """Calls that mode secours has are over for us, before it is told who talks in them."""
        if isinstance(event, SwitchUp):
            self._reconciling.give_up(event.truth)

    def after_switch(self, event: SwitchEvent) -> None:
        """The others have taken note of a switch event: legs have their bridges, and go where they belong."""
        match event:
            case LegOpened():
                self._hands.wirer.apply_leg(event.position_id)
            case SwitchUp():
                self._hands.wirer.apply_legs()
            case _:
                pass

    def _follow_legs(self, envelope: Envelope) -> None:
        """A leg is in its bridge while calls concern its position, and only then."""
        stirred = self._hands.calls.stirred
        if stirred:
            positions = list(stirred)
            stirred.clear()
            self._hands.wirer.apply_legs(positions)

    def tick(self, now: datetime) -> None:
        """Act on the deadlines that have passed."""
        self._placing.tick(now)
        self._forsaken.tick(now)
        self._absences.tick(now)

    def rescue(self, call_id: CallId) -> None:
        """Give a call about which something failed back to the dialplan's fallback, rather than to silence."""
        self._arriving.rescue(call_id)
