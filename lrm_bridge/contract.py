"""The published contract's words, both ways, and nothing else: paths, bodies, errors. Pure.

Field names are those of the two Swagger files. What comes in is read strictly by type and length, but fields
that are not of the contract are passed over, and ``null`` counts as absent: an LRM written for a later or
more talkative version must go on working, while a value that means something else than it seems must not.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from core.events import CallQueued
from core.ids import AgentId, CallId, CentreId, DossierId
from core.words import CallerNumber, FrontOffice, Priority

HIDDEN: Final = "***"
BASE_PATH: Final = "/si-samu-back-synchro-lrm-web/api/v1/cti/"
_NUM_TEL = re.compile(r"(([#+*]|37000)?[0-9]{2,15}|\*\*\*)")
_CENTRE = re.compile(r"FR[0-9][0-9AB]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ID_FLUX_MAX = 32
_ID_APPEL_MAX = 64
_SECOND_LEVEL_FLOW = "FluxStd"
"""The contract has one flow for all calls of the second level."""

# --- strip → LRM ------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class AffichageDossier:
    """Body of ``afficherDossier``: who has the call of a dossier now.

    Raises:
        ValueError: a field does not fit the contract.
    """

    idNatPs: str
    idAppel: str
    numTel: str

    def __post_init__(self) -> None:
        if not _NUM_TEL.fullmatch(self.numTel):
            raise ValueError("numTel does not fit the contract")
        if len(self.idAppel) > _ID_APPEL_MAX:
            raise ValueError("idAppel is too long for the contract")


def num_tel(caller: CallerNumber) -> str:
    """The caller's number as the contract writes it; one that it cannot write is shown as hidden."""
    number = caller.e164 or HIDDEN
    return number if _NUM_TEL.fullmatch(number) else HIDDEN


def id_flux(centre_id: CentreId, queued: CallQueued) -> str:
    """``{centre}-{flux}-{salle}-{prio}-{fo}``, such as ``FR751-15-15-Px-F01``, ``FR751-FluxStd-MU-P0-F02``.

    Names of a centre's own that make it too long are cut: an LRM that reads it badly still opens its window.
    """
    flow = queued.flow if queued.front_office is FrontOffice.FO1 else _SECOND_LEVEL_FLOW
    end = f"-{queued.priority}-{queued.front_office}"
    return f"{centre_id}-{flow}-{queued.queue}"[: _ID_FLUX_MAX - len(end)] + end


# --- LRM → strip ------------------------------------------------------------------------------------------


class ContractError(Exception):
    """A request is answered with ``status`` and the contract's Error body."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {name: value for name, value in given.items() if value is not None}
        return given


Short = Annotated[str, StringConstraints(max_length=32)]
Long = Annotated[str, StringConstraints(max_length=256)]


class DemandeAppelSortant(_Body):
    """Body of ``creerAppel``: a number to call for an agent, for a dossier or none."""

    numTel: Annotated[str, StringConstraints(pattern=r"^([#\+\*]|37000|00+)?[0-9]{2,15}$")]
    idDossier: Annotated[str, StringConstraints(max_length=25)] = ""

    @property
    def dossier_id(self) -> DossierId | None:
        """The dossier clicked in; none where it is empty."""
        return DossierId(self.idDossier) if self.idDossier else None


class Appelant(_Body):
    """Who calls, as the LRM knows it."""

    nom: Short = ""
    prenom: Short = ""
    adresse: Long = ""


class PatientDto(_Body):
    """A patient, as the LRM knows it."""

    nom: Short = ""
    nomNaissance: Short = ""
    prenom: Short = ""
    sexe: Literal["M", "F", "O", "U"] | None = None
    age: Annotated[str, StringConstraints(pattern=r"^P([0-9]{1,3}Y|[0-9]{1,2}M|[0-9]{1,2}D)$")] | None = None
    motifRecours: Short = ""
    patientRemarquable: bool = False


class CorrelationDossier(_Body):
    """Body of ``correlerDossierAppel``: what the LRM says of a call. ``idAppel`` empty: the current one."""

    idNatPs: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    idAppel: Annotated[str, StringConstraints(max_length=64)] = ""
    prioriteRegul: Literal["P0", "P1", "P2", "P3", "NR"] | None = None
    localisation: Long | None = None
    appelant: Appelant | None = None
    patients: Annotated[tuple[PatientDto, ...], Field(strict=False, max_length=100)] | None = None

    @property
    def agent_id(self) -> AgentId:
        """Whose LRM says it."""
        return AgentId(self.idNatPs)

    @property
    def call_id(self) -> CallId | None:
        """The call it is said of; none: the current one."""
        return CallId(self.idAppel) if self.idAppel else None

    @property
    def priority(self) -> Priority | None:
        """The regulation priority; none where it was not given."""
        return Priority(self.prioriteRegul) if self.prioriteRegul else None


B = TypeVar("B", bound=_Body)


def read(kind: type[B], body: bytes) -> B:
    """Read a body.

    Raises:
        ContractError: 400; its text names the fields, and no value.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        places = {".".join(map(str, each["loc"])) or "corps" for each in error.errors(include_input=False)}
        names = ", ".join(sorted(places))[:200]
        raise ContractError(400, "CORPS_INVALIDE", f"Champ absent ou invalide : {names}.") from error


@dataclass(frozen=True, slots=True)
class Target:
    """What a path addresses: the calls of an agent, or a dossier."""

    centre: CentreId
    agent: AgentId | None = None
    dossier: DossierId | None = None

    @property
    def method(self) -> str:
        """The only one that the contract has there."""
        return "POST" if self.agent is not None else "PUT"


def target_of(raw_path: bytes) -> Target:
    """Read the undecoded path of a request, so that ``%2F`` inside an identifier is no separator.

    Raises:
        ContractError: 404 for another path, 400 for an identifier that is not valid.
    """
    prefix = BASE_PATH.encode()
    if not raw_path.startswith(prefix):
        raise ContractError(404, "CHEMIN_INCONNU", "Chemin inconnu.")
    match raw_path[len(prefix) :].split(b"/"):
        case [centre, b"agents", agent, b"calls"]:
            return Target(_centre(centre), agent=AgentId(_identifier("idNatPs", agent, 32)))
        case [centre, b"dossiers", dossier]:
            return Target(_centre(centre), dossier=DossierId(_identifier("idDossier", dossier, 25)))
    raise ContractError(404, "CHEMIN_INCONNU", "Chemin inconnu.")


def _centre(segment: bytes) -> CentreId:
    text = segment.decode("ascii", errors="replace")
    if not _CENTRE.fullmatch(text):
        raise ContractError(400, "ID_CRRA_INVALIDE", "idCrra ne suit pas ^FR[0-9][0-9AB]{2}$.")
    return CentreId(text)


def _identifier(name: str, segment: bytes, longest: int) -> str:
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise ContractError(400, "CHEMIN_INVALIDE", f"{name} n’est pas de l’UTF-8.") from error
    if not 1 <= len(text) <= longest or _CONTROL.search(text):
        what = f"{name} doit avoir de 1 à {longest} caractères, aucun de commande."
        raise ContractError(400, "IDENTIFIANT_INVALIDE", what)
    return text
