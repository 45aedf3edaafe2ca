"""What an LRM receives (``swagger-lrm.json``): paths and bodies, validated as published. Pure."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

BASE_PATH = "/lrm/api/v1/cti"
MAX_BODY = 16 * 1024
_CENTRE = re.compile(r"^FR[0-9][0-9AB]{2}$")
_FLOW = re.compile(r"^(?P<centre>[^-]+)-(?P<flow>.+)-(?P<room>[^-]+)-(?P<priority>[^-]+)-(?P<level>F0[12])$")

Number = Annotated[str, StringConstraints(pattern=r"^(([#\+\*]|37000)?[0-9]{2,15}|\*\*\*)$")]


class ContractError(Exception):
    """What was received is not of the contract. ``status`` and ``code`` go in the answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class AppelEntrant(_Body):
    """Body of ``appelEntrant``."""

    idAppel: str = Field(max_length=64)
    idFlux: str = Field(max_length=32)
    numTel: Number
    nePasExecuter: bool = False


class AffichageDossier(_Body):
    """Body of ``afficherDossier``."""

    idNatPs: str = Field(max_length=32)
    idAppel: str | None = Field(default=None, max_length=64)
    numTel: Number | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a path addresses: the calls of an agent, or a dossier."""

    centre: str
    agent: str | None = None
    dossier: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """``idFlux`` taken apart."""

    flow: str
    room: str
    priority: str
    level: str


def target_of(raw_path: bytes) -> Target:
    """Read the undecoded path of a request, so that ``%2F`` inside an identifier is not a separator.

    Raises:
        ContractError: 404 for another path, 400 for an identifier that is not valid.
    """
    prefix = BASE_PATH.encode() + b"/"
    if not raw_path.startswith(prefix):
        raise ContractError(404, "CHEMIN_INCONNU", "Chemin inconnu.")
    match [_segment(part) for part in raw_path[len(prefix) :].split(b"/")]:
        case [centre, "agents", agent, "calls"]:
            _check(centre, "idNatPs", agent, 32)
            return Target(centre, agent=agent)
        case [centre, "dossiers", dossier]:
            _check(centre, "idDossier", dossier, 25)
            return Target(centre, dossier=dossier)
    raise ContractError(404, "CHEMIN_INCONNU", "Chemin inconnu.")


def flow_of(text: str) -> Flow | None:
    """The parts of an ``idFlux``; ``None`` where it is not in the published form."""
    found = _FLOW.match(text)
    return Flow(found["flow"], found["room"], found["priority"], found["level"]) if found else None


def _segment(part: bytes) -> str:
    try:
        return unquote(part.decode("ascii"), errors="strict")
    except UnicodeDecodeError as error:
        raise ContractError(400, "CHEMIN_INVALIDE", "Le chemin n’est pas de l’UTF-8.") from error


def _check(centre: str, name: str, value: str, longest: int) -> None:
    if not _CENTRE.fullmatch(centre):
        raise ContractError(400, "ID_CRRA_INVALIDE", "idCrra ne suit pas ^FR[0-9][0-9AB]{2}$.")
    if len(value) > longest:
        raise ContractError(400, "IDENTIFIANT_TROP_LONG", f"{name} dépasse {longest} caractères.")
