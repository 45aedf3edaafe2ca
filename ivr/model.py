"""The calls the SVI is speaking to, and those that may still press a key in their waiting room. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallEvent,
    CallOriented,
    CallPrioritised,
    Envelope,
    OfferAccepted,
    PartyJoined,
    PlanActivated,
    ScriptAdvanced,
    ScriptEnded,
)
from core.ids import CallId, ChannelId, PlaybackId
from core.words import Priority
from ivr.figures import Figures
from ivr.policy import retrace
from ivr.script import CallFlows, Wait
from ivr.walk import Walk

PlanKey = tuple[int, str]
"""A version of the plan, and the surge laid over it (empty: none)."""
Library = Callable[[PlanKey], CallFlows | None]
"""Gives the call flows of a version; ``None``: it is gone, or cannot be used."""


NOTHING = PlaybackId("")
UNHEARD: Final = timedelta(seconds=2)
"""Taken back from the fallback within this, a caller has heard nothing, or next to nothing, of its notice."""


@dataclass(slots=True)
class SviCall:
    """One call in the SVI. ``walk`` is absent until its line is open, and once its script has failed."""

    call_id: CallId
    channel_id: ChannelId
    line: str
    number: str | None
    called_before: datetime | None
    plan: PlanKey
    waited: bool = False
    """It has been in the fallback: no script."""
    unheard: bool = False
    """But so shortly that it has heard nothing there."""
    walk: Walk | None = None
    playback_id: PlaybackId = NOTHING
    """What it is hearing; empty: nothing of ours."""
    plays: int = 0


@dataclass(slots=True)
class RoomCall:
    """One call in a waiting room whose caller may press a key."""

    call_id: CallId
    channel_id: ChannelId
    priority: Priority
    keys: dict[str, Priority] = field(default_factory=dict)


class SviState:
    """Everything the SVI needs to go on after a restart."""

    def __init__(self, library: Library, default: PlanKey) -> None:
        self.figures = Figures()
        self.current = default
        """The plan that a new call begins with."""
        self.by_call: dict[CallId, SviCall] = {}
        self.by_channel: dict[ChannelId, SviCall] = {}
        self.in_room: dict[ChannelId, RoomCall] = {}
        self.entrusted: dict[CallId, CallArrived] = {}
        """Calls of neighbouring centres, until they are sent to their room."""
        self._room_channel: dict[CallId, ChannelId] = {}
        self._library = library
        self._default = default

    def flows(self, plan: PlanKey) -> CallFlows:
        """The call flows of a plan; of the default where it is gone."""
        found = self._library(plan) or self._library(self._default)
        if found is None:
            raise LookupError("the embedded plan is missing")
        return found

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if isinstance(event, PlanActivated):
            plan = (event.version, event.surge)
            if self._library(plan) is not None:
                self.current = plan
        elif isinstance(event, CallEvent):
            self._fold_call(event, envelope)
            self.figures.fold(envelope)

    def _fold_call(self, event: CallEvent, envelope: Envelope) -> None:
        if isinstance(event, CallOriented | CallEnded | ScriptEnded):
            self.entrusted.pop(event.call_id, None)
        match event:
            case CallArrived() if event.origin is not None:
                self.entrusted[event.call_id] = event
            case CallArrived():
                before = self.figures.called(event, envelope.occurred_at)
                call = SviCall(
                    event.call_id,
                    event.channel_id,
                    event.line,
                    event.caller.e164,
                    before,
                    self.current,
                    waited=event.since is not None,
                    unheard=event.since is not None and envelope.occurred_at - event.since < UNHEARD,
                )
                self.by_call[call.call_id] = call
                self.by_channel[call.channel_id] = call
            case ScriptAdvanced():
                if call_ := self.by_call.get(event.call_id):
                    call_.plan = (event.version, event.surge)
                    flows = self.flows(call_.plan)
                    call_.walk = retrace(flows, call_.walk, event.script, event.route, call_.line)
            case CallOriented():
                self._oriented(event)
            case CallPrioritised():
                channel = self._room_channel.get(event.call_id)
                if channel is not None:
                    self.in_room[channel].priority = event.priority
            case OfferAccepted() | CallAnswered():
                self._leave_room(event.call_id)
            case CallEnded() | PartyJoined():
                self._leave_svi(event.call_id)
                self._leave_room(event.call_id)
            case _:
                pass

    def _oriented(self, event: CallOriented) -> None:
        call = self._leave_svi(event.call_id)
        if call is None or not event.route:
            return
        script = self.flows((event.version, event.surge)).scripts.get(event.script)
        step = script.steps.get(event.route[-1]) if script else None
        if isinstance(step, Wait) and step.keys:
            waiting = RoomCall(call.call_id, call.channel_id, event.priority, dict(step.keys))
            self.in_room[call.channel_id] = waiting
            self._room_channel[call.call_id] = call.channel_id

    def _leave_svi(self, call_id: CallId) -> SviCall | None:
        call = self.by_call.pop(call_id, None)
        if call is not None:
            self.by_channel.pop(call.channel_id, None)
        return call

    def _leave_room(self, call_id: CallId) -> None:
        channel = self._room_channel.pop(call_id, None)
        if channel is not None:
            del self.in_room[channel]
