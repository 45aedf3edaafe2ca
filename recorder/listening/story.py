"""What happened to a call, as the journal tells it, in words: beside its recording. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.events import (
    AgentBack,
    AgentLost,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallHeld,
    CallNoted,
    CallOffered,
    CallOriented,
    CallPlaced,
    CallPrioritised,
    CallQueued,
    CallResumed,
    CallsMerged,
    DossierCorrelated,
    Envelope,
    Event,
    LineOpened,
    LrmNotificationFailed,
    LrmNotified,
    OfferWithdrawn,
    OverflowTriggered,
    ParkedCallerLeft,
    PartyInvited,
    PartyJoined,
    PartyLeft,
    RecordingEnded,
    RecordingMissing,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    TransferFailed,
    TransferStarted,
)
from core.ids import AgentId
from recorder.listening.views import Names, StoryLine

Told = Callable[[Any, Names], str]


def _position(event: Any, names: Names) -> str:
    return names.get(getattr(event, "agent_id", None) or AgentId(""), str(event.position_id))


_OUTCOMES = {
    "answered": "répondu",
    "abandoned_svi": "abandon au SVI",
    "abandoned_queue": "abandon en attente",
    "abandoned_ringing": "abandon en sonnerie",
    "fallback": "mode secours",
    "technical_failure": "panne technique",
    "overflowed": "débordé",
    "refused": "message de fin",
    "callback_asked": "rappel demandé",
    "not_reached": "non joint",
    "taken_back": "repris par le voisin",
}

_SAID: Mapping[type[Event], Told] = {
    CallArrived: lambda e, n: f"Appel reçu sur la ligne {e.line}",
    CallPlaced: lambda e, n: f"Appel passé par {_position(e, n)}",
    LineOpened: lambda e, n: "Ligne ouverte",
    CallOriented: lambda e, n: f"Orienté : flux {e.flow}, salle {e.queue}",
    CallPrioritised: lambda e, n: f"Priorité {e.priority.value}",
    CallQueued: lambda e, n: f"Mis en attente en salle {e.queue}, priorité {e.priority.value}",
    CallOffered: lambda e, n: f"Présenté à {_position(e, n)}",
    OfferWithdrawn: lambda e, n: f"N’est plus présenté à {_position(e, n)}",
    OverflowTriggered: lambda e, n: f"Débordement de la salle {e.queue}",
    CallAnswered: lambda e, n: f"Décroché par {_position(e, n)}",
    CallHeld: lambda e, n: f"Mis en garde par {_position(e, n)}",
    CallResumed: lambda e, n: f"Repris par {_position(e, n)}",
    AgentLost: lambda e, n: f"Agent perdu : {_position(e, n)}",
    AgentBack: lambda e, n: f"Agent revenu : {_position(e, n)}",
    TransferStarted: lambda e, n: f"Transfert lancé par {_position(e, n)}",
    TransferFailed: lambda e, n: "Transfert non abouti",
    PartyInvited: lambda e, n: "Participant appelé",
    PartyJoined: lambda e, n: "Participant présent",
    PartyLeft: lambda e, n: "Participant parti",
    ParkedCallerLeft: lambda e, n: "L’appelant en attente d’un médecin a raccroché",
    CallsMerged: lambda e, n: "Deux appels réunis",
    CallNoted: lambda e, n: f"Note de {e.name}",
    RecordingStarted: lambda e, n: "Enregistrement commencé",
    RecordingPaused: lambda e, n: f"Enregistrement suspendu par {_position(e, n)}",
    RecordingResumed: lambda e, n: "Enregistrement repris",
    RecordingEnded: lambda e, n: "Enregistrement terminé",
    RecordingMissing: lambda e, n: "Enregistrement incomplet ou absent",
    LrmNotified: lambda e, n: "Logiciel de régulation prévenu",
    LrmNotificationFailed: lambda e, n: "Le logiciel de régulation n’a pas pu être prévenu",
    DossierCorrelated: lambda e, n: f"Dossier {e.dossier_id} rattaché",
    CallEnded: lambda e, n: f"Appel terminé ({_OUTCOMES.get(e.outcome.value, e.outcome.value)})",
}
"""What each event reads as; those without a text are steps of no weight to who listens."""


def story_of(envelopes: Iterable[Envelope], names: Names) -> list[StoryLine]:
    """The events of a call that say something to who listens to it, in order."""
    return [
        StoryLine(at=envelope.occurred_at, text=told(envelope.event, names))
        for envelope in envelopes
        if (told := _SAID.get(type(envelope.event))) is not None
    ]
