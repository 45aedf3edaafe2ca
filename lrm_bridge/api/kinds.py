"""The closed list of public events: what each says, and which scope it needs."""

import builtins
from dataclasses import dataclass

from core.api_clients import Scope
from lrm_bridge.api.shown import AgentChanged, CallChanged, CallLocated, Data, RecordingChanged


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of public event."""

    type: str
    says: str
    data: builtins.type[Data]
    scope: Scope
    version: int = 1


def _call(name: str, says: str) -> Kind:
    return Kind(name, says, CallChanged, Scope.CALLS_READ)


_ALL = (
    _call("call.arrived", "A caller reached the centre."),
    _call("call.placed", "An agent began a call, by hand or by click-to-call."),
    _call("call.queued", "The call entered a waiting room."),
    _call("call.prioritised", "The priority of a waiting call changed."),
    _call("call.offered", "The call is proposed to an agent."),
    _call("call.offer_ended", "It is no longer proposed to an agent, who did not take it."),
    _call("call.ringing", "The number called rings."),
    _call("call.answered", "An agent took the call, or the number called answered."),
    _call("call.joined", "One more number answered and is in the call."),
    _call("call.not_reached", "The number that an agent called did not answer: ``result`` says why."),
    _call("call.held", "An agent put the call on hold."),
    _call("call.resumed", "An agent took the call off hold."),
    _call("call.transferred", "An agent passes the call on."),
    _call("call.transfer_failed", "Whom the call was passed on to was not reached."),
    _call("call.left", "Somebody left the call, which goes on for the others."),
    _call("call.merged", "Two calls became one; the other one's call.ended follows."),
    _call("call.noted", "An agent wrote a note on the call."),
    _call("call.ended", "The call is over."),
    _call("dossier.correlated", "The call belongs to a dossier from here on."),
    Kind("agent.state", "An agent came, left, or is doing something else.", AgentChanged, Scope.PRESENCE_READ),
    Kind("call.located", "Somebody told where the caller is.", CallLocated, Scope.LOCATION_READ),
    Kind(
        "recording.started", "Both tracks of a call are being written.", RecordingChanged, Scope.RECORDINGS_READ
    ),
    Kind("recording.available", "The tracks are closed.", RecordingChanged, Scope.RECORDINGS_READ),
    Kind(
        "recording.missing", "The call was not recorded as it should.", RecordingChanged, Scope.RECORDINGS_READ
    ),
)
KINDS: dict[str, Kind] = {kind.type: kind for kind in _ALL}
"""Every type, in the order in which people read them."""
