"""What a line of the directory may hold, and how a number is written. Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace

from core.directory import DirectoryEntry, DirectoryNumber, EntryKind
from core.numbers import bare, e164

NAME_LENGTH = 120
LABEL_LENGTH = 40
TAG_LENGTH = 30
NOTES_LENGTH = 500
NUMBERS_AT_MOST = 8
TAGS_AT_MOST = 12
ENTRIES_AT_MOST = 50_000
PRIORITIES = range(4)

_SHORT = re.compile(r"[0-9]{2,6}")


def dialled(written: str) -> str | None:
    """A number as it is dialled, E.164 or short, from the way people write it; ``None``: it is no number.

    ``01 99 00 12 34`` and ``0033199001234`` become ``+33199001234``; ``15`` and ``116 117`` stay themselves.
    """
    digits = bare(written.replace("(0)", ""))
    if not digits.isascii():
        return None
    return digits if _SHORT.fullmatch(digits) else e164(digits)


def cleaned(text: str) -> str:
    """A text of one line: no control characters, single spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def tidy(entry: DirectoryEntry) -> DirectoryEntry:
    """The entry with texts of one line, tags once each, and numbers as they are dialled where they can be."""
    tags = dict.fromkeys(tag for tag in map(cleaned, entry.tags) if tag)
    numbers = tuple(
        DirectoryNumber(dialled(each.number) or each.number, cleaned(each.label)) for each in entry.numbers
    )
    return replace(
        entry, name=cleaned(entry.name), notes=cleaned(entry.notes), tags=tuple(tags), numbers=numbers
    )


def problems(entry: DirectoryEntry) -> list[tuple[str, str]]:
    """What is wrong with a tidy entry: column and what to do, in French for those who fill it in."""
    return [
        (column, text)
        for column, text, wrong in (
            ("nom", "donnez un nom", not entry.name),
            ("nom", f"{NAME_LENGTH} caractères au plus", len(entry.name) > NAME_LENGTH),
            ("numéros", "donnez au moins un numéro", not entry.numbers),
            ("numéros", f"{NUMBERS_AT_MOST} numéros au plus", len(entry.numbers) > NUMBERS_AT_MOST),
            *_number_problems(entry.numbers),
            ("priorité", "de 0 à 3", entry.priority not in PRIORITIES),
            ("étiquettes", f"{TAGS_AT_MOST} au plus", len(entry.tags) > TAGS_AT_MOST),
            (
                "étiquettes",
                f"{TAG_LENGTH} caractères au plus chacune",
                any(len(t) > TAG_LENGTH for t in entry.tags),
            ),
            ("notes", f"{NOTES_LENGTH} caractères au plus", len(entry.notes) > NOTES_LENGTH),
        )
        if wrong
    ]


def _number_problems(numbers: Iterable[DirectoryNumber]) -> Iterable[tuple[str, str, bool]]:
    for each in numbers:
        text = f"« {each.number[:30]} » n'est ni un numéro français, ni +…, ni un numéro court"
        yield "numéros", text, dialled(each.number) != each.number
        yield "numéros", f"{LABEL_LENGTH} caractères au plus par libellé", len(each.label) > LABEL_LENGTH


_NOBODY_AT_WORK = frozenset({EntryKind.AGENT, EntryKind.OTHER})
"""Entries that may hold a private number: who calls from there may need help."""


def professionals(entries: Iterable[DirectoryEntry]) -> frozenset[str]:
    """The numbers of professionals: a call from one of them is no call for help of a new patient."""
    known = (entry for entry in entries if entry.kind not in _NOBODY_AT_WORK)
    return frozenset(each.number for entry in known for each in entry.numbers)
