"""What LRMs are still to be told, folded from the journal: so nothing is forgotten by a restart. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.events import (
    CallAnswered,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    LrmNotificationFailed,
    LrmNotified,
)
from core.ids import AgentId, CallId, DossierId
from core.words import CallerNumber, CallKind, LrmMessage
from lrm_bridge.contract import AffichageDossier, AppelEntrant, id_flux, num_tel
from lrm_bridge.model import Call, CallBook

Key = tuple[CallId, AgentId, DossierId | None]
"""One thing to tell: of a call, to an agent; with a dossier, that it is to be shown."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to be told to an agent's LRM, since an instant."""

    call_id: CallId
    agent_id: AgentId
    at: datetime
    caller: CallerNumber
    id_flux: str
    dossier_id: DossierId | None = None

    @property
    def key(self) -> Key:
        """What makes it one thing."""
        return self.call_id, self.agent_id, self.dossier_id

    @property
    def message(self) -> LrmMessage:
        """Which request of the contract tells it."""
        return LrmMessage.AFFICHER_DOSSIER if self.dossier_id else LrmMessage.APPEL_ENTRANT

    def body(self, professional: Callable[[str], bool]) -> AppelEntrant | AffichageDossier:
        """What the LRM is told. A test call, or a professional's, must open no dossier there.

        Raises:
            ValueError: it does not fit the contract.
        """
        if self.dossier_id is not None:
            return AffichageDossier(self.agent_id, self.call_id, num_tel(self.caller))
        number = self.caller.e164
        known = self.caller.test or (number is not None and professional(number))
        return AppelEntrant(num_tel(self.caller), self.call_id, self.id_flux, known)


class Outbox:
    """What is pending, by agent in order; and what each was told of a call, or is about to be."""

    def __init__(self, book: CallBook) -> None:
        self.book = book
        self.pending: dict[AgentId, dict[Key, Notice]] = {}
        """No entry for an agent to whom nothing is to be told."""
        self.stirred: list[AgentId] = []
        """Agents for whom something came, since somebody emptied this."""

    def __len__(self) -> int:
        """How much is pending."""
        return sum(map(len, self.pending.values()))

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if isinstance(event, CallsMerged):
            came = self._agents(event.merged_id) - self._agents(event.call_id)
            self.book.fold(envelope)
            self._merged(event, came, envelope)
            return
        self.book.fold(envelope)
        match event:
            case CallAnswered():
                self._answered(event, envelope)
            case DossierCorrelated():
                self._correlated(event, envelope)
            case LrmNotified() | LrmNotificationFailed():
                self._told(event)
            case _:
                pass

    def _agents(self, call_id: CallId) -> set[AgentId]:
        call = self.book.find(call_id)
        return set(call.agents()) if call is not None and call.ended_at is None else set()

    # --- what makes something to be told ----------------------------------------------------------------

    def _answered(self, event: CallAnswered, envelope: Envelope) -> None:
        """An agent took a call: their LRM opens a dossier, or shows the one it has."""
        call = self.book.find(event.call_id)
        if call is not None and call.kind is CallKind.INTERNAL:
            call = self._asked_about(call)
        if call is not None:
            self._add(call, event.agent_id, envelope)

    def _asked_about(self, consultation: Call) -> Call | None:
        """The call with a dossier that a colleague asks about: the one they hold meanwhile."""
        if consultation.placed_by is None:
            return None
        calls = self.book.calls_of(consultation.placed_by)
        return next((call for call in calls if call is not consultation and call.dossier_id), None)

    def _merged(self, event: CallsMerged, came: set[AgentId], envelope: Envelope) -> None:
        """Two calls are one: who had only the other has this one now, unless they were told of it already."""
        if (call := self.book.find(event.call_id)) is None:
            return
        for agent_id in sorted(came):
            if agent_id not in call.told or call.told[agent_id] != call.dossier_id:
                self._add(call, agent_id, envelope)

    def _correlated(self, event: DossierCorrelated, envelope: Envelope) -> None:
        """The dossier is known: the LRMs of the others in the call show it; whose LRM said it has it open."""
        if (call := self.book.find(event.call_id)) is None:
            return
        call.told[event.agent_id] = event.dossier_id
        if call.ended_at is None:
            for agent_id in sorted(set(call.agents())):
                if call.told.get(agent_id) != event.dossier_id:
                    self._add(call, agent_id, envelope)

    def _add(self, call: Call, agent_id: AgentId, envelope: Envelope) -> None:
        incoming = call.caller is not None and call.queued is not None
        if call.dossier_id is None and not incoming:
            return  # a call of ours is no appelEntrant
        flux = id_flux(envelope.centre_id, call.queued) if call.queued is not None else ""
        notice = Notice(
            call_id=call.call_id,
            agent_id=agent_id,
            at=envelope.occurred_at,
            caller=call.caller or CallerNumber(call.number or None),
            id_flux=flux,
            dossier_id=call.dossier_id,
        )
        mine = self.pending.setdefault(agent_id, {})
        mine.pop(notice.key, None)
        mine[notice.key] = notice
        self.stirred.append(agent_id)
        call.told[agent_id] = call.dossier_id

    # --- what settles it --------------------------------------------------------------------------------

    def _told(self, event: LrmNotified | LrmNotificationFailed) -> None:
        mine = self.pending.get(event.agent_id)
        if mine is not None:
            mine.pop((event.call_id, event.agent_id, event.dossier_id), None)
            if not mine:
                del self.pending[event.agent_id]
        call = self.book.find(event.call_id)
        if isinstance(event, LrmNotificationFailed) and call is not None:
            call.told.pop(event.agent_id, None)
