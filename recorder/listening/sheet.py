"""The custody sheet of an extract: who asked, who granted, why, what, and by what it is recognised."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typst

from recorder.listening.words import verification_words

TEMPLATE = Path(__file__).with_name("sheet.typ")
PARIS = ZoneInfo("Europe/Paris")
_MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre"),
    *("novembre", "décembre"),
)
FORMS: Mapping[str, str] = {"wav": "WAV", "mp3": "MP3"}
TRACKS: Mapping[str, str] = {
    "both": "appelant (à gauche) et centre (à droite)",
    "caller": "appelant seul",
    "centre": "centre seul",
}

LANES: Mapping[str, str] = {"caller": "de l’appelant", "centre": "du centre"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One track as it was written (``caller``, ``centre``), and its SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the sheet says. Lengths are seconds; people are named with what they are."""

    centre: str
    centre_id: str
    export_id: str
    recording_id: str
    call_id: str
    started_at: datetime
    seconds: float
    number: str
    """Empty: hidden."""
    line: str
    dossier: str
    begins: float
    ends: float
    tracks: str
    form: str
    file: str
    octets: int
    sha256: str
    asked_by: str
    asked_at: datetime
    reason: str
    granted_by: str
    granted_at: datetime
    made_at: datetime
    originals: tuple[Original, ...]
    manifest_sha256: str
    sealed_at: datetime
    chain_n: int


def custody_sheet(facts: Facts) -> bytes:
    """Make the sheet, as PDF: one page. Blocking, a tenth of a second.

    Raises:
        RuntimeError: it could not be set.
    """
    inputs = {"facts": json.dumps(_written(facts), ensure_ascii=False)}
    made = typst.compile(str(TEMPLATE), format="pdf", sys_inputs=inputs, ignore_system_fonts=True)
    assert isinstance(made, bytes)  # noqa: S101 - of one document
    return made


def _written(facts: Facts) -> dict[str, object]:
    return {
        **{
            name: value for name, value in asdict(facts).items() if isinstance(value, str | int | float | tuple)
        },
        "export": facts.export_id[-12:],
        "number": facts.number or "masqué",
        "line": facts.line or "–",
        "begins": clock(facts.begins),
        "ends": clock(facts.ends),
        "length": clock(facts.ends - facts.begins),
        "seconds": clock(facts.seconds),
        "tracks": TRACKS[facts.tracks],
        "form": FORMS[facts.form],
        "words": verification_words(facts.sha256),
        "originals": [{"name": LANES.get(o.name, o.name), "sha256": o.sha256} for o in facts.originals],
        **{
            name: day_and_hour(getattr(facts, name))
            for name in ("started_at", "asked_at", "granted_at", "made_at", "sealed_at")
        },
    }


def clock(seconds: float) -> str:
    """``1 h 02 min 03,4 s``."""
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    whole, tenth = divmod(rest, 10)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes:02d} min" if hours else f"{minutes} min"] if hours or minutes else []
    return " ".join([*parts, f"{whole},{tenth} s"])


def day_and_hour(instant: datetime) -> str:
    """``22 novembre 2026 à 14:05:09`` in Paris, told apart in the night when an hour comes twice."""
    at = instant.astimezone(PARIS)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} à {at:%H:%M:%S} (UTC{at:%z})"[:-3] + ")"
