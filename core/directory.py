"""The telephone directory of a centre: whom an agent may have to call, and on which numbers."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import BandeauError
from core.ids import EntryId


class EntryKind(StrEnum):
    """Who it is."""

    SMUR = "smur"
    SAMU = "samu"
    HOSPITAL = "hospital"
    AMBULANCE = "ambulance"
    FIRE = "fire"
    POLICE = "police"
    DOCTOR = "doctor"
    HEALTH = "health"
    """Pharmacy, nurse, poison centre…"""
    AUTHORITY = "authority"
    AGENT = "agent"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DirectoryNumber:
    """One number, E.164 or short, and what it is for (``garde``, ``secrétariat``)."""

    number: str
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryEntry:
    """One line of the directory. ``priority``: 0 as the others, to 3 shown before them.

    ``favourite``: for the whole centre; each agent has favourites of their own beside.
    """

    entry_id: EntryId
    name: str
    kind: EntryKind
    numbers: tuple[DirectoryNumber, ...]
    priority: int = 0
    favourite: bool = False
    tags: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """The whole directory. ``version`` grows with each change, ``changed_by`` made the last one."""

    version: int
    changed_by: str
    entries: tuple[DirectoryEntry, ...]


class DirectoryRefused(BandeauError):
    """A change of the directory was refused: nothing was changed. ``code`` says why.

    Codes: ``entry_gone``, ``entry_invalid``, ``directory_full``, ``directory_file_invalid``.
    """

    code = "directory_refused"

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
