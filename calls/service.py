"""Carries out the life of calls: listens to the switch, obeys agents, writes what happened."""

import asyncio
from collections.abc import Awaitable

import structlog

from calls.model import Call, CallState, LiveCalls
from calls.policy import Repair, outcome_at_end, repair
from core.commands import Command, HangUp, HoldCall, ResumeCall
from core.errors import CommandRefused, SwitchRefused, SwitchUnavailable
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallResumed,
    Envelope,
    LineOpened,
    OfferAccepted,
    OfferWithdrawn,
    ScriptEnded,
    SwitchConnected,
    SwitchLost,
)
from core.ids import CallId, ChannelId
from core.ports import Bus, Switch
from core.switch import (
    CallerArrived,
    CallerChannel,
    ChannelGone,
    SwitchDown,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
    position_bridge,
)
from core.words import EndedBy, Outcome, WithdrawReason

log = structlog.get_logger(__name__)

HOLD_MUSIC = "hold"
WAITING_MUSIC = "waiting"


class CallService:
    """The calls of one centre."""

    def __init__(self, bus: Bus, switch: Switch) -> None:
        self.calls = LiveCalls()
        self._bus = bus
        self._switch = switch
        self.switch_up = False
        """Whether Asterisk is under command."""
        self._hung_up_by_agent: set[CallId] = set()
        self._joins: set[asyncio.Future[bool]] = set()
        bus.project(self.calls.fold)
        bus.subscribe((OfferAccepted,), self._on_offer_accepted)
        bus.subscribe((ScriptEnded,), self._on_script_ended)
        bus.handle(HangUp, self._hang_up)
        bus.handle(HoldCall, self._hold)
        bus.handle(ResumeCall, self._resume)

    # --- what the switch says ---------------------------------------------------------------------------

    def on_switch(self, event: SwitchEvent) -> None:
        """Take note of a switch event."""
        if isinstance(event, CallerArrived):
            self._caller_arrived(event.channel)
        elif isinstance(event, ChannelGone):
            self._channel_gone(event.channel_id)
        elif isinstance(event, SwitchUp):
            self.switch_up = True
            self._reconcile(event.truth)
            self._bus.publish(SwitchConnected(switch=event.truth.switch))
        elif isinstance(event, SwitchDown):
            self.switch_up = False
            self._bus.publish(SwitchLost(switch=event.switch, detail=event.detail))

    def _caller_arrived(self, channel: CallerChannel) -> None:
        if channel.call_id in self.calls.by_id:
            return  # told twice: by the event and by the truth after a reconnection
        arrived = self._bus.publish(
            CallArrived(
                call_id=channel.call_id,
                channel_id=channel.channel_id,
                line=channel.line,
                caller=channel.caller,
            )
        )
        self._switch.pick_up(channel.channel_id)
        self._bus.publish(LineOpened(call_id=channel.call_id), arrived)

    def _channel_gone(self, channel_id: ChannelId) -> None:
        call = self.calls.by_channel.get(channel_id)
        if call is not None:
            by_agent = call.call_id in self._hung_up_by_agent
            ended_by = EndedBy.AGENT if by_agent else EndedBy.CALLER
            self._end(call, EndedBy.SYSTEM if call.closing else ended_by, call.closing)

    def _end(self, call: Call, ended_by: EndedBy, outcome: Outcome | None = None, detail: str = "") -> None:
        self._hung_up_by_agent.discard(call.call_id)
        self._bus.publish(
            CallEnded(
                call_id=call.call_id,
                outcome=outcome or outcome_at_end(call.state),
                ended_by=ended_by,
                position_id=call.position_id if call.answered else None,
                detail=detail,
            )
        )

    def _on_script_ended(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, ScriptEnded)  # noqa: S101 - by subscription
        call = self.calls.by_id.get(envelope.event.call_id)
        if call is not None:
            self._switch.hang_up(call.channel_id)

    # --- answering --------------------------------------------------------------------------------------

    def _on_offer_accepted(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, OfferAccepted)  # noqa: S101 - by subscription
        call = self.calls.by_id.get(envelope.event.call_id)
        if call is not None and call.state is CallState.CONNECTING:
            self._join(call, envelope)

    def _join(self, call: Call, cause: Envelope | None = None) -> None:
        """Join the caller to the call's position, then write how it went."""
        assert call.position_id is not None  # noqa: S101 - set with the accepted offer
        order = self._switch.join(position_bridge(call.position_id), call.channel_id)
        task = asyncio.ensure_future(_carried_out(order))

        def done(future: asyncio.Future[bool]) -> None:
            self._joins.discard(task)
            if future.cancelled() or self.calls.by_id.get(call.call_id) is not call:
                return  # the call has moved on meanwhile
            if future.result():
                self._joined(call, cause)
            else:
                self._not_joined(call, cause)

        self._joins.add(task)
        task.add_done_callback(done)

    def _joined(self, call: Call, cause: Envelope | None = None) -> None:
        if call.state is CallState.CONNECTING and call.offer_id and call.position_id and call.agent_id:
            self._bus.publish(
                CallAnswered(
                    call_id=call.call_id,
                    offer_id=call.offer_id,
                    position_id=call.position_id,
                    agent_id=call.agent_id,
                ),
                cause,
            )

    def _not_joined(self, call: Call, cause: Envelope | None = None) -> None:
        """Queue the call again; with Asterisk away, reconciliation will tell what to do."""
        if call.state is CallState.CONNECTING and self.switch_up and call.offer_id and call.position_id:
            self._switch.start_music(call.channel_id, WAITING_MUSIC)
            self._bus.publish(
                OfferWithdrawn(
                    call_id=call.call_id,
                    offer_id=call.offer_id,
                    position_id=call.position_id,
                    reason=WithdrawReason.CONNECT_FAILED,
                ),
                cause,
            )

    # --- what agents ask --------------------------------------------------------------------------------

    def _hang_up(self, command: HangUp) -> None:
        call = self._call_of(command)
        self._hung_up_by_agent.add(call.call_id)
        self._switch.hang_up(call.channel_id)

    def _hold(self, command: HoldCall) -> None:
        call = self._call_of(command)
        if call.state is not CallState.TALKING:
            raise CommandRefused("not_talking")
        self._switch.leave(position_bridge(command.position_id), call.channel_id)
        self._switch.start_music(call.channel_id, HOLD_MUSIC)
        self._bus.publish(CallHeld(call_id=call.call_id, position_id=command.position_id))

    def _resume(self, command: ResumeCall) -> None:
        call = self._call_of(command)
        if call.state is not CallState.HELD:
            raise CommandRefused("not_held")
        self._switch.join(position_bridge(command.position_id), call.channel_id)
        self._bus.publish(CallResumed(call_id=call.call_id, position_id=command.position_id))

    def _call_of(self, command: Command) -> Call:
        call = self.calls.by_position.get(command.position_id)
        if call is None:
            raise CommandRefused("no_call")
        if not self.switch_up:
            raise CommandRefused("switch_down")
        return call

    # --- when things go wrong ---------------------------------------------------------------------------

    def rescue(self, call_id: CallId) -> None:
        """Give a call about which something failed back to the dialplan's fallback, rather than to silence.

        A call somebody is talking on is left alone.
        """
        call = self.calls.by_id.get(call_id)
        if call is not None and not call.answered:
            self._switch.hand_back(call.channel_id)
            self._end(call, EndedBy.SYSTEM, Outcome.FALLBACK, "handed back after a fault")

    def _reconcile(self, truth: SwitchTruth) -> None:
        """Make the calls of the journal and the channels of Asterisk agree."""
        callers = {found.channel_id: found.caller for found in truth.channels if found.caller}
        for call in list(self.calls.by_id.values()):
            members = (
                truth.bridges.get(position_bridge(call.position_id), frozenset())
                if call.position_id
                else frozenset()
            )
            match repair(
                call,
                channel_exists=call.channel_id in callers,
                in_position_bridge=call.channel_id in members,
            ):
                case Repair.END:
                    self._end(call, EndedBy.CALLER, call.closing, "found ended at reconciliation")
                case Repair.CONFIRM:
                    self._joined(call)
                case Repair.JOIN:
                    self._join(call)
                case Repair.NONE:
                    pass
        for caller in callers.values():
            if caller is not None:
                self._caller_arrived(caller)


async def _carried_out(order: Awaitable[None]) -> bool:
    """Whether Asterisk carried out the order."""
    try:
        await order
    except (SwitchRefused, SwitchUnavailable) as error:
        log.warning("join_refused", reason=error.code)
        return False
    return True
