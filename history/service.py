"""Writes notes on calls, and keeps the recent calls."""

from core.commands import NoteCall
from core.errors import CommandRefused
from core.events import CallNoted
from core.notes import note_text
from core.ports import Bus
from core.words import Role
from history.model import History


class HistoryService:
    """The recent calls and the notes of one centre."""

    def __init__(self, bus: Bus) -> None:
        self.history = History()
        self._bus = bus
        bus.project(self.history.fold)
        bus.handle(NoteCall, self._note)

    def note(self, command: NoteCall) -> None:
        """Write a note.

        Raises:
            CommandRefused: see :meth:`_note`.
        """
        self._bus.execute(command)

    def _note(self, command: NoteCall) -> None:
        """Whoever is or was in the call may write on it, and the supervisor on any."""
        agent = self.history.agents.get(command.position_id)
        if agent is None:
            raise CommandRefused("not_logged_in")
        call = self.history.calls.get(command.call_id)
        may = agent.role is Role.SUPERVISOR or self.history.handled(agent.agent_id, command.call_id)
        if call is None or not may:
            raise CommandRefused("not_your_call")
        self._bus.publish(
            CallNoted(
                call_id=command.call_id,
                position_id=command.position_id,
                agent_id=agent.agent_id,
                name=agent.name,
                text=note_text(command.text, len(call.notes)),
            )
        )
