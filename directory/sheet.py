"""The directory as a CSV sheet, as spreadsheets of French offices write and read it. Pure.

Columns ``nom;type;numéros;priorité;favori;étiquettes;notes;id``; the first three are required. Several numbers
have ``|`` between them, each with its label before ``=`` if it has one: ``garde=01 99 00 12 34 | bureau=…``.
"""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core.directory import DirectoryEntry, DirectoryNumber, EntryKind
from core.ids import EntryId
from directory.policy import ENTRIES_AT_MOST, problems, tidy

COLUMNS = ("nom", "type", "numéros", "priorité", "favori", "étiquettes", "notes", "id")
REQUIRED = COLUMNS[:3]
ERRORS_AT_MOST = 100

KINDS = {
    EntryKind.SMUR: "SMUR",
    EntryKind.SAMU: "SAMU",
    EntryKind.HOSPITAL: "Hôpital",
    EntryKind.AMBULANCE: "Ambulance",
    EntryKind.FIRE: "Pompiers",
    EntryKind.POLICE: "Police",
    EntryKind.DOCTOR: "Médecin",
    EntryKind.HEALTH: "Santé",
    EntryKind.AUTHORITY: "Autorité",
    EntryKind.AGENT: "Agent",
    EntryKind.OTHER: "Autre",
}


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in a sheet: line (the header is line 1), column, and what to do."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        return f"ligne {self.line}, {self.column} : {self.text}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet holds. With errors, nothing of it may be used. Entries without an id have an empty one."""

    entries: tuple[DirectoryEntry, ...]
    errors: tuple[LineError, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What makes a directory of another one."""

    saved: tuple[DirectoryEntry, ...]
    """New or different."""
    removed: tuple[EntryId, ...]
    added: int
    changed: int


def decoded(octets: bytes) -> str:
    """The text of a file: UTF-8, or else as spreadsheets of French Windows write it."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def read(text: str) -> Sheet:
    """Read a sheet; separated by semicolons, commas or tabs, as its first line says."""
    header, _, _ = text.partition("\n")
    separator = max(";,\t", key=header.count)
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    entries: list[DirectoryEntry] = []
    errors: list[LineError] = []
    seen: set[tuple[str, str]] = set()
    try:
        columns = [_plain(name) for name in next(rows, [])]
        missing = [name for name in REQUIRED if _plain(name) not in columns]
        if missing:
            return Sheet((), (LineError(1, ", ".join(missing), "colonne absente de la première ligne"),))
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            line = rows.line_num
            entry, wrong = _read_row(dict(zip(columns, row, strict=False)))
            if (key := _key(entry)) in seen and not wrong:
                wrong = [("nom", f"« {entry.name} » est là deux fois avec ce type")]
            seen.add(key)
            entries.append(entry)
            errors.extend(LineError(line, column, text) for column, text in wrong)
            if len(errors) >= ERRORS_AT_MOST:
                break
    except csv.Error as error:
        errors.append(LineError(rows.line_num, "ligne", f"illisible ({error})"))
    if len(entries) > ENTRIES_AT_MOST:
        errors.append(LineError(rows.line_num, "ligne", f"{ENTRIES_AT_MOST} lignes au plus"))
    return Sheet(tuple(entries), tuple(errors))


def _read_row(row: dict[str, str]) -> tuple[DirectoryEntry, list[tuple[str, str]]]:
    """The entry of a row, and what is wrong with it: column and remedy."""

    def cell(column: str) -> str:
        return row.get(_plain(column), "").strip()

    wrong: list[tuple[str, str]] = []
    kind = _KIND_OF.get(_plain(cell("type")))
    if kind is None:
        wrong.append(("type", f"l'un de : {', '.join(KINDS.values())}"))
    favourite = _YES_NO.get(_plain(cell("favori")))
    if favourite is None:
        wrong.append(("favori", "oui ou non"))
    priority = cell("priorité") or "0"
    entry = tidy(
        DirectoryEntry(
            entry_id=EntryId(cell("id")[:64]),
            name=cell("nom"),
            kind=kind or EntryKind.OTHER,
            numbers=tuple(map(_number, filter(str.strip, cell("numéros").split("|")))),
            priority=int(priority) if priority in ("0", "1", "2", "3") else -1,
            favourite=favourite or False,
            tags=tuple(cell("étiquettes").replace("|", ",").split(",")),
            notes=cell("notes"),
        )
    )
    return entry, [*wrong, *problems(entry)]


def _number(written: str) -> DirectoryNumber:
    label, equals, number = written.rpartition("=")
    return DirectoryNumber(number.strip(), label.strip() if equals else "")


def written(entries: Iterable[DirectoryEntry]) -> str:
    """The sheet of these entries: read again, it gives the same ones."""
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";", lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for entry in entries:
        numbers = (f"{n.label}={n.number}" if n.label else n.number for n in entry.numbers)
        rows.writerow(
            (
                entry.name,
                KINDS[entry.kind],
                " | ".join(numbers),
                entry.priority,
                "oui" if entry.favourite else "non",
                ", ".join(entry.tags),
                entry.notes,
                entry.entry_id,
            )
        )
    return out.getvalue()


def changes(
    before: Iterable[DirectoryEntry],
    sheet: Iterable[DirectoryEntry],
    new_id: Callable[[], EntryId],
    *,
    replace_all: bool,
) -> Changes:
    """What a sheet changes: a line is the entry of its id, else of its name and kind, else a new one.

    Args:
        before: the directory as it is.
        sheet: entries read from a sheet without errors.
        new_id: makes ids of new entries.
        replace_all: whether entries that are not in the sheet are removed.
    """
    by_id = {entry.entry_id: entry for entry in before}
    by_key = {_key(entry): entry for entry in by_id.values()}
    saved: list[DirectoryEntry] = []
    kept: set[EntryId] = set()
    added = 0
    for line in sheet:
        known = by_id.get(line.entry_id) or by_key.get(_key(line))
        if known is None or known.entry_id in kept:
            saved.append(replace(line, entry_id=new_id()))
            added += 1
            continue
        kept.add(known.entry_id)
        if (wanted := replace(line, entry_id=known.entry_id)) != known:
            saved.append(wanted)
    removed = tuple(entry_id for entry_id in by_id if entry_id not in kept) if replace_all else ()
    return Changes(tuple(saved), removed, added, len(saved) - added)


def _key(entry: DirectoryEntry) -> tuple[str, str]:
    return _plain(entry.name), entry.kind.value


def _plain(text: str) -> str:
    """Without accents, case and spaces around."""
    apart = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


_KIND_OF = {_plain(name): kind for kind, name in KINDS.items()} | {kind.value: kind for kind in EntryKind}
_YES_NO = {"": False, "non": False, "0": False, "n": False, "oui": True, "1": True, "o": True, "x": True}
