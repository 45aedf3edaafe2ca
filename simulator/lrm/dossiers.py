"""The dossiers of an LRM: what its agents write of calls. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

PRIORITIES: Final = ("P0", "P1", "P2", "P3", "NR")
SEXES: Final = {"": "—", "F": "F", "M": "M", "O": "Autre", "U": "Inconnu"}
UNITS: Final = {"Y": "ans", "M": "mois", "D": "jours"}
MOST_PATIENTS: Final = 9
_SHORT, _LONG = 32, 256


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient. ``age`` in ``unit`` (``Y``, ``M``, ``D``); ``None``: not known."""

    last_name: str = ""
    first_name: str = ""
    sex: str = ""
    age: int | None = None
    unit: str = "Y"
    reason: str = ""

    def told(self) -> dict[str, Any]:
        """As the published contract writes it: what is not known is left out."""
        said = {
            "nom": self.last_name,
            "prenom": self.first_name,
            "sexe": self.sex,
            "age": "" if self.age is None else f"P{self.age}{self.unit}",
            "motifRecours": self.reason,
        }
        return {name: value for name, value in said.items() if value}

    @property
    def readable(self) -> str:
        """In one line, for a list."""
        age = "" if self.age is None else f"{self.age} {UNITS[self.unit]}"
        name = " ".join(each for each in (self.first_name, self.last_name) if each)
        return " · ".join(each for each in (name or "Patient", self.sex, age, self.reason) if each)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """One dossier, opened by an agent for a call or for none."""

    number: str
    opened_at: datetime
    agent: str
    centre: str
    caller: str = ""
    """The number, as the contract writes it."""
    calls: tuple[str, ...] = ()
    priority: str = ""
    place: str = ""
    caller_last_name: str = ""
    caller_first_name: str = ""
    patients: tuple[Patient, ...] = ()
    correlated: str = ""
    """What came of the last correlation: empty, ``ok`` or why not."""

    def told(self, call_id: str | None) -> dict[str, Any]:
        """Body of ``correlerDossierAppel``."""
        caller = {"nom": self.caller_last_name, "prenom": self.caller_first_name}
        said: dict[str, Any] = {
            "idNatPs": self.agent,
            "idAppel": call_id,
            "prioriteRegul": self.priority,
            "localisation": self.place,
            "appelant": {name: value for name, value in caller.items() if value},
            "patients": [patient.told() for patient in self.patients],
        }
        return {name: value for name, value in said.items() if value}

    @property
    def title(self) -> str:
        """What tells it from others in a list."""
        return self.patients[0].readable if self.patients else self.place or "Sans précision"


def written(dossier: Dossier, form: Mapping[str, str]) -> Dossier:
    """The dossier as its form was filled in. What does not fit is cut or left as it was."""
    priority = form.get("priorite", dossier.priority)
    patients = tuple(
        patient for number in range(MOST_PATIENTS) if (patient := _patient(form, str(number))) is not None
    )
    return replace(
        dossier,
        priority=priority if priority in PRIORITIES else "",
        place=_text(form, "lieu", _LONG),
        caller_last_name=_text(form, "appelant_nom", _SHORT),
        caller_first_name=_text(form, "appelant_prenom", _SHORT),
        patients=patients,
    )


def _patient(form: Mapping[str, str], number: str) -> Patient | None:
    age, unit, sex = (form.get(f"{name}_{number}", "").strip() for name in ("age", "unite", "sexe"))
    patient = Patient(
        last_name=_text(form, f"nom_{number}", _SHORT),
        first_name=_text(form, f"prenom_{number}", _SHORT),
        sex=sex if sex in SEXES else "",
        age=int(age) if age.isascii() and age.isdecimal() and len(age) <= (3 if unit == "Y" else 2) else None,
        unit=unit if unit in UNITS else "Y",
        reason=_text(form, f"motif_{number}", _SHORT),
    )
    return None if patient == Patient(unit=patient.unit) else patient


def _text(form: Mapping[str, str], name: str, longest: int) -> str:
    return "".join(letter for letter in form.get(name, "") if letter.isprintable()).strip()[:longest]


@dataclass(slots=True)
class Shelf:
    """The dossiers kept, the latest first."""

    keep: int = 200
    by_number: dict[str, Dossier] = field(default_factory=dict)

    def put(self, dossier: Dossier) -> None:
        """Keep a dossier, new or changed."""
        self.by_number[dossier.number] = dossier
        while len(self.by_number) > self.keep:
            del self.by_number[next(iter(self.by_number))]

    def latest(self) -> list[Dossier]:
        """All of them."""
        return list(reversed(self.by_number.values()))

    def of_call(self, call_id: str) -> Dossier | None:
        """The dossier that a call belongs to."""
        return next((each for each in self.latest() if call_id in each.calls), None)
