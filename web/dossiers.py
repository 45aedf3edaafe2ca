"""The LRM's dossier of each live call, as screens show it. Pure.

Its number and priority are folded from events; patients, names and addresses are in no event: they are asked
for.
"""

from collections.abc import Callable

from core.dossiers import DossierDetails, Patient
from core.events import CallArrived, CallEnded, CallEvent, CallPlaced, CallsMerged, DossierCorrelated, Envelope
from core.ids import CallId
from web.live import View, instant


class DossiersSeen:
    """The dossiers of the live calls of a centre. ``details`` gives what the LRM said beside the number."""

    def __init__(self) -> None:
        self.details: Callable[[CallId], DossierDetails | None] = lambda call_id: None
        self._told: dict[CallId, DossierCorrelated | None] = {}

    def brief(self, call_id: CallId) -> View | None:
        """Its number and priority, for who may take the call; ``None``: no dossier is known."""
        told = self._told.get(call_id)
        if told is None:
            return None
        view: View = {"id": told.dossier_id}
        if told.priority is not None:
            view["priority"] = told.priority.value
        return view

    def of(self, call_id: CallId) -> View | None:
        """All that is known of it, for who has the call."""
        view = self.brief(call_id)
        details = self.details(call_id) if view is not None else None
        if view is None or details is None or details.dossier_id != view["id"]:
            return view
        caller = f"{details.caller_first_name} {details.caller_name}".strip()
        said = {"place": details.place, "caller": caller, "address": details.caller_address}
        view |= {name: text for name, text in said.items() if text}
        if details.patients:
            view["patients"] = {str(n): _patient(each) for n, each in enumerate(details.patients, 1)}
        return {**view, "at": instant(details.at)}

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if not isinstance(event, CallEvent):
            return
        if isinstance(event, CallArrived | CallPlaced):
            self._told.setdefault(event.call_id, None)
        elif isinstance(event, CallEnded):
            self._told.pop(event.call_id, None)
        elif isinstance(event, DossierCorrelated) and event.call_id in self._told:
            self._told[event.call_id] = event
        elif isinstance(event, CallsMerged) and event.call_id in self._told:
            self._told[event.call_id] = self._told[event.call_id] or self._told.get(event.merged_id)


def _patient(patient: Patient) -> View:
    name = f"{patient.first_name} {patient.name}".strip()
    said = {
        "name": name,
        "birthName": patient.birth_name,
        "sex": patient.sex,
        "age": patient.age,
        "reason": patient.reason,
    }
    view: View = {field: text for field, text in said.items() if text}
    if patient.remarkable:
        view["remarkable"] = True
    return view
