"""What an LRM asks of the strip: to call a number for an agent, to say which dossier a call belongs to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from core.commands import Command, CorrelateDossier, PlaceCall
from core.dossiers import SHOWN_FOR
from core.errors import CommandRefused
from core.events import CallPlaced, CallsMerged, DossierCorrelated, Envelope
from core.ids import AgentId, DossierId, PositionId
from core.ports import Bus, Clock
from core.words import Target, TargetKind
from lrm_bridge.contract import CorrelationDossier
from lrm_bridge.display import Displays, details_of
from lrm_bridge.model import Call, CallBook
from lrm_bridge.policy import Click, click_to_call, same_number

WISH_LASTS: Final = timedelta(seconds=60)
"""How long a call may take to begin: the telephone of a position away from the centre is rung first."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A number clicked, whose call has not begun yet; for a dossier, or none."""

    number: str
    dossier_id: DossierId | None
    agent_id: AgentId
    at: datetime


class LrmRequests:
    """What the LRM of a centre may ask.

    Args:
        bus: where events and commands meet.
        clock: the time.
        book: the calls of the centre.
        displays: what is shown of dossiers.
        execute: carries out a command as the agent's strip would: a telephone may have to be rung first.
    """

    def __init__(
        self, bus: Bus, clock: Clock, book: CallBook, displays: Displays, execute: Callable[[Command], None]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._book = book
        self._displays = displays
        self._execute = execute
        self._wishes: dict[PositionId, _Wish] = {}
        bus.handle(CorrelateDossier, self.correlate)
        bus.subscribe((CallPlaced,), self._on_placed)
        bus.subscribe((CallsMerged,), self._on_merged)

    # --- click-to-call ----------------------------------------------------------------------------------

    def call(
        self, agent_id: AgentId, number: str, dossier_id: DossierId | None = None, *, asked: str = ""
    ) -> Click:
        """Call a number for an agent; a call they hear is put on hold first. ``asked``: as in PlaceCall.

        Raises:
            CommandRefused: the number may not be called, or the position cannot call now.
        """
        position_id, now = self._book.positions.get(agent_id), self._clock.now()
        if position_id is None:
            return Click.NOT_LOGGED_IN
        wish = self._wishes.get(position_id)
        if wish is not None and now - wish.at < WISH_LASTS and same_number(wish.number, number):
            return Click.IGNORED
        click = click_to_call(position_id, self._book.calls_of(position_id), number)
        if click is not Click.CALL:
            return click
        self._wishes[position_id] = _Wish(number, dossier_id, agent_id, now)
        try:
            self._execute(
                PlaceCall(position_id=position_id, target=Target(TargetKind.NUMBER, number), asked=asked)
            )
        except CommandRefused:
            self._wishes.pop(position_id, None)
            raise
        return click

    def _on_placed(self, envelope: Envelope) -> None:
        """The call of a click has begun: it belongs to the dossier that was clicked in."""
        event = envelope.event
        assert isinstance(event, CallPlaced)  # noqa: S101 - by subscription
        wish = self._wishes.pop(event.position_id, None)
        if wish is None or wish.dossier_id is None or envelope.occurred_at - wish.at >= WISH_LASTS:
            return
        if wish.agent_id == event.agent_id and same_number(wish.number, event.target.value):
            self._bus.publish(
                DossierCorrelated(call_id=event.call_id, dossier_id=wish.dossier_id, agent_id=event.agent_id),
                envelope,
            )

    # --- correlation ------------------------------------------------------------------------------------

    def correlate(self, command: CorrelateDossier, said: CorrelationDossier | None = None) -> None:
        """Note which dossier a call belongs to, and show what was ``said`` of it. The same again is nothing.

        What is not said any more of the same dossier stays as it was: of two requests that overtake each other
        on the way, neither undoes the other.

        Raises:
            CommandRefused: ``unknown_call``, or ``no_call``.
        """
        call = self._call_of(command)
        same = call.dossier_id == command.dossier_id
        priority = command.priority or (call.regulation if same else None)
        news = not same or priority is not call.regulation
        if said is not None:
            before = self._displays.of(call.call_id)
            details = details_of(said, call.call_id, command.dossier_id, self._clock.now(), before)
            news = self._displays.put(details) or news
        if news:
            self._bus.publish(
                DossierCorrelated(
                    call_id=call.call_id,
                    dossier_id=command.dossier_id,
                    agent_id=command.agent_id,
                    priority=priority,
                )
            )

    def _call_of(self, command: CorrelateDossier) -> Call:
        if command.call_id is not None:
            call = self._book.find(command.call_id)
            if call is None or (call.ended_at is not None and self._clock.now() - call.ended_at >= SHOWN_FOR):
                raise CommandRefused("unknown_call")
            return call
        position_id = self._book.positions.get(command.agent_id)
        current = self._book.current(position_id) if position_id is not None else None
        if current is None:
            raise CommandRefused("no_call")
        return current

    def _on_merged(self, envelope: Envelope) -> None:
        """A call that became part of another without a dossier brings its own with it."""
        event = envelope.event
        assert isinstance(event, CallsMerged)  # noqa: S101 - by subscription
        call, details = self._book.find(event.call_id), self._displays.of(event.merged_id)
        if call is None or details is None or call.dossier_id != details.dossier_id:
            return
        if self._displays.of(call.call_id) is None:
            self._displays.put(replace(details, call_id=call.call_id))
