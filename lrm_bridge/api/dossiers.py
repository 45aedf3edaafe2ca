"""What a program says of a call's dossier, and the same in the words of the published contract."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.words import Priority
from lrm_bridge.contract import Appelant, CorrelationDossier, PatientDto

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
AgentName = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=PRINTABLE)]
DossierName = Annotated[str, StringConstraints(min_length=1, max_length=25, pattern=PRINTABLE)]
Short = Annotated[str, StringConstraints(max_length=32)]
Long = Annotated[str, StringConstraints(max_length=256)]


class Body(BaseModel):
    """Base of what programs send: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallerTold(Body):
    """Who calls, as the LRM knows it."""

    last_name: Short = ""
    first_name: Short = ""
    address: Long = ""


class PatientTold(Body):
    """One patient, as the LRM knows them. ``reason``: a code of the nomenclature TYPMDR, or text."""

    last_name: Short = ""
    birth_name: Short = ""
    first_name: Short = ""
    sex: Annotated[Literal["M", "F", "O", "U"] | None, Field(description="``O``: other; ``U``: unknown.")] = (
        None
    )
    age: Annotated[
        str | None,
        Field(pattern=r"^P([0-9]{1,3}Y|[0-9]{1,2}M|[0-9]{1,2}D)$", description="ISO 8601 duration: ``P38Y``."),
    ] = None
    reason: Short = ""
    remarkable: Annotated[bool, Field(description="Instructions are kept for this patient.")] = False


class DossierOfCall(Body):
    """Which dossier a call belongs to, and what agents should see of it on the strip for a day.

    ``agent_id``: who says so. What is left out stays as it was told before. Nothing but the dossier's number
    and priority is kept any longer, or told to others.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dossier_id": "D261122-0007",
                    "agent_id": "899700000001",
                    "priority": "P1",
                    "place": "12 rue de la République, Rouen",
                    "patients": [{"last_name": "Petit", "sex": "F", "age": "P38Y", "reason": "Chute"}],
                }
            ]
        }
    )

    dossier_id: DossierName
    agent_id: AgentName
    priority: Annotated[
        Priority | None,
        Field(
            description="Regulation priority, P0–P3 or NR: sorts the medical waiting room at once.",
            json_schema_extra={"enum": ["P0", "P1", "P2", "P3", "NR", None]},
        ),
    ] = None
    place: Annotated[Long | None, Field(description="Where help is needed.")] = None
    caller: CallerTold | None = None
    patients: Annotated[tuple[PatientTold, ...] | None, Field(max_length=100)] = None

    def in_contract(self) -> CorrelationDossier | None:
        """What is to be shown, as ``correlerDossierAppel`` says it; none: nothing."""
        if self.place is None and self.caller is None and self.patients is None:
            return None
        caller = self.caller
        return CorrelationDossier(
            idNatPs=self.agent_id,
            localisation=self.place,
            appelant=None
            if caller is None
            else Appelant(nom=caller.last_name, prenom=caller.first_name, adresse=caller.address),
            patients=None if self.patients is None else tuple(map(_patient, self.patients)),
        )


def _patient(told: PatientTold) -> PatientDto:
    return PatientDto(
        nom=told.last_name,
        nomNaissance=told.birth_name,
        prenom=told.first_name,
        sexe=told.sex,
        age=told.age,
        motifRecours=told.reason,
        patientRemarquable=told.remarkable,
    )
