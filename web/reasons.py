"""Why this call, why this agent: the reasons that an offer carries, read out in French. Pure."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_PARIS = ZoneInfo("Europe/Paris")


def _at(value: str) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(_PARIS):%H:%M:%S}"
    except ValueError:
        return value


def _duration(value: str) -> str:
    seconds = int(value.removesuffix("s"))
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"


_READINGS: dict[str, Callable[[str], str]] = {
    "room": lambda v: f"salle {v}",
    "priority": lambda v: f"priorité {v}",
    "waited": lambda v: f"attend depuis {_duration(v)}",
    "first_of": lambda v: f"premier qui convienne, de {v} appels dans la salle",
    "before_rooms": lambda v: f"passe avant {v} autre(s) file(s)",
    "weight": lambda v: f"poids de la salle : {v}",
    "repeat_caller": lambda v: "rappelle : avancé dans la file",
    "skill": lambda v: f"demande la compétence {v}",
    "widened": lambda v: f"recherche élargie {v} fois",
    "longest_idle": lambda v: f"agent libre depuis le plus longtemps ({_at(v)})",
    "fewest_calls": lambda v: f"agent ayant pris le moins d'appels ({v})",
    "sequential": lambda v: f"agent premier dans l'ordre de la salle ({v})",
    "ring_all": lambda v: f"proposé à tous ({v} postes)",
    "ready": lambda v: f"{v} poste(s) disponible(s)",
    "agent_of_first_call": lambda v: "agent du premier appel de ce numéro",
    "last_agent": lambda v: "dernier agent de ce numéro",
    "chosen": lambda v: "choisi par l'agent",
    "rang_at": lambda v: f"repris de {v}",
    "invited_by": lambda v: f"demandé par {v}",
    "everybody_by": lambda v: f"appel général de {v}",
    "invited": lambda v: "demandé par un collègue",
    "everybody": lambda v: "appel général",
}


def read_out(code: str) -> str:
    """One reason. A code of a later version is shown as it is."""
    name, _, value = code.partition(":")
    reading = _READINGS.get(name)
    try:
        return reading(value) if reading is not None else code
    except ValueError:
        return code


@lru_cache(maxsize=512)  # an offer is shown again at each change of its position
def why(reasons: tuple[str, ...]) -> str:
    """All the reasons of an offer, on one line."""
    return " · ".join(read_out(code) for code in reasons)
