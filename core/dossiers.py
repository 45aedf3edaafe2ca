"""What an LRM says about a call, for agents to see: shown for a day, never journalled."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.ids import CallId, DossierId

SHOWN_FOR: Final = timedelta(hours=24)
"""How long it is kept, from the last time that the LRM said something of the call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """One patient of a dossier. Empty: not said. ``age`` is an ISO 8601 duration (``P38Y``)."""

    name: str = ""
    birth_name: str = ""
    first_name: str = ""
    sex: str = ""
    """``M``, ``F``, ``O`` (other) or ``U`` (unknown)."""
    age: str = ""
    reason: str = ""
    """Why help was asked for: a code of the national nomenclature TYPMDR, or text."""
    remarkable: bool = False
    """A patient for whom instructions are kept (patient remarquable)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DossierDetails:
    """What is shown of the dossier of one call, beside its number and priority. Empty: not said."""

    call_id: CallId
    dossier_id: DossierId
    at: datetime
    """When the LRM said it last."""
    place: str = ""
    """Where help is needed (localisation)."""
    caller_name: str = ""
    caller_first_name: str = ""
    caller_address: str = ""
    patients: tuple[Patient, ...] = ()
