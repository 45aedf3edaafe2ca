"""The contract's words, and the calls an LRM is to be told of."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallPrioritised,
    CallQueued,
    Envelope,
    LrmNotificationFailed,
    LrmNotified,
)
from core.ids import AgentId, CallId, CentreId
from core.words import CallerNumber

HIDDEN = "***"
_NUM_TEL = re.compile(r"(([#+*]|37000)?[0-9]{2,15}|\*\*\*)")
_ID_FLUX_MAX = 32
_ID_APPEL_MAX = 64


@dataclass(frozen=True, slots=True)
class AppelEntrant:
    """Body of ``appelEntrant``: the call that an agent has just taken.

    Raises:
        ValueError: a field does not fit the contract.
    """

    numTel: str
    idAppel: str
    idFlux: str
    nePasExecuter: bool = False

    def __post_init__(self) -> None:
        if not _NUM_TEL.fullmatch(self.numTel):
            raise ValueError("numTel does not fit the contract")
        if len(self.idAppel) > _ID_APPEL_MAX or len(self.idFlux) > _ID_FLUX_MAX:
            raise ValueError("idAppel or idFlux is too long for the contract")


def num_tel(caller: CallerNumber) -> str:
    """The caller's number as the contract writes it; one that it cannot write is shown as hidden."""
    number = caller.e164 or HIDDEN
    return number if _NUM_TEL.fullmatch(number) else HIDDEN


def id_flux(centre_id: CentreId, queued: CallQueued) -> str:
    """``{centre}-{flux}-{salle}-{prio}-{fo}``, such as ``FR751-15-15-Px-F01``."""
    return f"{centre_id}-{queued.flow}-{queued.queue}-{queued.priority}-{queued.front_office}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One call taken, to be told to its agent's LRM."""

    call_id: CallId
    agent_id: AgentId
    answered_at: datetime
    caller: CallerNumber
    id_flux: str

    def body(self) -> AppelEntrant:
        """What the LRM is told. A test call must open no file there.

        Raises:
            ValueError: it does not fit the contract.
        """
        return AppelEntrant(num_tel(self.caller), self.call_id, self.id_flux, self.caller.test)


class Notices:
    """What LRMs have not been told yet, folded from the journal: so nothing is forgotten by a restart."""

    def __init__(self) -> None:
        self.pending: dict[tuple[CallId, AgentId], Notice] = {}
        """One for each agent who took the call: after a transfer the next one's LRM opens the same dossier."""
        self._callers: dict[CallId, CallerNumber] = {}
        self._queued: dict[CallId, CallQueued] = {}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        match event:
            case CallArrived():
                self._callers[event.call_id] = event.caller
            case CallQueued():
                self._queued[event.call_id] = event
            case CallPrioritised() if queued := self._queued.get(event.call_id):
                self._queued[event.call_id] = replace(queued, priority=event.priority)
            case CallAnswered():
                self._answered(event, envelope)
            case LrmNotified() | LrmNotificationFailed():
                self.pending.pop((event.call_id, event.agent_id), None)
            case CallEnded():
                self._callers.pop(event.call_id, None)
                self._queued.pop(event.call_id, None)
            case _:
                pass

    def _answered(self, event: CallAnswered, envelope: Envelope) -> None:
        caller, queued = self._callers.get(event.call_id), self._queued.get(event.call_id)
        if caller is None or queued is None:
            return
        self.pending[event.call_id, event.agent_id] = Notice(
            event.call_id,
            event.agent_id,
            envelope.occurred_at,
            caller,
            id_flux(envelope.centre_id, queued),
        )
