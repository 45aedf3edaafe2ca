"""Numbers, entries and CSV sheets of the directory: tables, and what is written is read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.directory import DirectoryEntry, DirectoryNumber, EntryKind
from core.ids import EntryId
from directory.policy import dialled, problems, tidy
from directory.sheet import KINDS, Changes, changes, decoded, read, written

pytestmark = pytest.mark.unit

HEADER = "nom;type;numéros;priorité;favori;étiquettes;notes;id\r\n"
NO_NUMBER = "n'est ni un numéro français, ni +…, ni un numéro court"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("01 99 00 12 34", "+33199001234"),
        ("01.99.00.12.34", "+33199001234"),
        ("01\u00a099\u202f00-12/34", "+33199001234"),
        ("+33 (0)1 99 00 12 34", "+33199001234"),
        ("0033 1 99 00 12 34", "+33199001234"),
        ("+44 20 7946 0000", "+442079460000"),
        ("0262 99 00 12", "+262262990012"),
        ("0692 00 12 34", "+262692001234"),
        ("15", "15"),
        ("116 117", "116117"),
        ("3624", "3624"),
        ("1", None),
        ("0000000000", None),
        ("1234567", None),
        ("+0123456789", None),
        ("+331990012345678901", None),
        ("06 39 98 AB CD", None),
        ("٠١٩٩٠٠١٢٣٤", None),
        ("15;rm", None),
        ("", None),
    ],
)
def test_numbers_as_people_write_them(typed: str, number: str | None) -> None:
    assert dialled(typed) == number


@given(st.text(max_size=40))
def test_what_is_dialled_is_e164_or_short_and_stays(typed: str) -> None:
    number = dialled(typed)
    if number is not None:
        assert number.removeprefix("+").isdecimal()
        assert number.isascii()
        assert dialled(number) == number


def test_a_sheet_as_french_spreadsheets_write_it() -> None:
    text = (
        HEADER
        + "SMUR Nord;SMUR;garde=01 99 00 00 10 | 02 61 91 00 10;3;oui;smur, nord;Base à l'hôpital;\r\n"
        + '"Clinique ""Les Pins"" ; sud";hopital;0199000011;;;;;id-7\r\n'
        + ";;;;;;;\r\n"
    )
    sheet = read(decoded(text.encode("utf-8-sig")))
    assert sheet.errors == ()
    assert sheet == read(decoded(text.encode("cp1252")))
    assert sheet.entries == (
        DirectoryEntry(
            entry_id=EntryId(""),
            name="SMUR Nord",
            kind=EntryKind.SMUR,
            numbers=(DirectoryNumber("+33199000010", "garde"), DirectoryNumber("+33261910010")),
            priority=3,
            favourite=True,
            tags=("smur", "nord"),
            notes="Base à l'hôpital",
        ),
        DirectoryEntry(
            entry_id=EntryId("id-7"),
            name='Clinique "Les Pins" ; sud',
            kind=EntryKind.HOSPITAL,
            numbers=(DirectoryNumber("+33199000011"),),
        ),
    )


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_other_separators_and_columns_in_any_order(separator: str) -> None:
    lines = (("NUMEROS", "Nom", "Type"), ("15", "Samu", "samu"))
    sheet = read("\n".join(separator.join(line) for line in lines))
    assert (sheet.errors, sheet.entries[0].name, sheet.entries[0].kind) == ((), "Samu", EntryKind.SAMU)


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        (";SMUR;15", ["ligne 3, nom : donnez un nom"]),
        ("x;SMUR;", ["ligne 3, numéros : donnez au moins un numéro"]),
        ("x;SMUR;12 34 5x", [f"ligne 3, numéros : « 12 34 5x » {NO_NUMBER}"]),
        ("x;Sorcier;15", [f"ligne 3, type : l'un de : {', '.join(KINDS.values())}"]),
        ("x;SMUR;15;9", ["ligne 3, priorité : de 0 à 3"]),
        ("x;SMUR;15;-1", ["ligne 3, priorité : de 0 à 3"]),
        ("x;SMUR;15;0;peut-être", ["ligne 3, favori : oui ou non"]),
        (f"{'x' * 121};SMUR;15", ["ligne 3, nom : 120 caractères au plus"]),
        ("Bon;SMUR;16", ["ligne 3, nom : « Bon » est là deux fois avec ce type"]),
        (
            ";Sorcier;x",
            [
                f"ligne 3, type : l'un de : {', '.join(KINDS.values())}",
                "ligne 3, nom : donnez un nom",
                f"ligne 3, numéros : « x » {NO_NUMBER}",
            ],
        ),
    ],
)
def test_errors_name_line_column_and_remedy(line: str, errors: list[str]) -> None:
    assert list(map(str, read(f"{HEADER}Bon;SMUR;15\n{line}\n").errors)) == errors


def test_a_sheet_without_its_columns_is_refused() -> None:
    assert list(map(str, read("a;b\n1;2\n").errors)) == [
        "ligne 1, nom, type, numéros : colonne absente de la première ligne"
    ]
    assert read("").errors
    assert read("\x00\x01").errors


def test_a_hostile_sheet_is_refused_with_few_words() -> None:
    assert read(HEADER + '"' + "x" * 200_000).errors
    assert 1 <= len(read(HEADER + "x;y;z\n" * 50_000).errors) <= 110


ENTRIES = st.builds(
    DirectoryEntry,
    entry_id=st.from_regex(r"\A[a-z0-9]{1,12}\Z").map(EntryId),
    name=st.text(min_size=1, max_size=120),
    kind=st.sampled_from(EntryKind),
    numbers=st.lists(
        st.builds(
            DirectoryNumber,
            st.sampled_from(["15", "+33199000001", "+442079460000", "116117"]),
            st.text(st.characters(blacklist_characters="|=", codec="utf-8"), max_size=20),
        ),
        min_size=1,
        max_size=8,
    ).map(tuple),
    priority=st.integers(0, 3),
    favourite=st.booleans(),
    tags=st.lists(
        st.text(st.characters(blacklist_characters=",|", codec="utf-8"), min_size=1, max_size=30), max_size=5
    ).map(tuple),
    notes=st.text(max_size=200),
).map(tidy)


@given(st.lists(ENTRIES.filter(lambda entry: not problems(entry)), max_size=8, unique_by=lambda e: e.entry_id))
def test_what_is_written_is_read_again(entries: list[DirectoryEntry]) -> None:
    sheet = read(written(entries))
    if sheet.errors:  # names that are the same but for accents and case
        assert all("deux fois" in str(error) for error in sheet.errors)
        return
    assert list(sheet.entries) == entries
    assert changes(entries, sheet.entries, lambda: EntryId("new"), replace_all=True) == Changes((), (), 0, 0)


def test_lines_find_their_entries_by_id_then_by_name() -> None:
    before = read(HEADER + "A;SMUR;15;;;;;a\nB;SMUR;15;;;;;b\nC;SMUR;15;;;;;c\n").entries
    sheet = read(HEADER + "Renommé;SMUR;15;;;;;a\nb;smur;18;;;;;\nD;SMUR;15\n").entries
    ids = iter(["new"])
    found = changes(before, sheet, lambda: EntryId(next(ids)), replace_all=False)
    assert [(str(e.entry_id), e.name) for e in found.saved] == [("a", "Renommé"), ("b", "b"), ("new", "D")]
    assert (found.added, found.changed, found.removed) == (1, 2, ())
    ids = iter(["new"])
    assert changes(before, sheet, lambda: EntryId(next(ids)), replace_all=True).removed == (EntryId("c"),)
