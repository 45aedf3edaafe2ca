"""YAML read with its lines; and the typed questions that parts of the plan are read by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.plan_file import MOST_DEPTH, MOST_OCTETS, read_yaml
from core.plan import Difference, Node, Problems, Section, differences, merged

pytestmark = pytest.mark.unit


def read(text: str) -> tuple[Node, Problems]:
    problems = Problems()
    node = read_yaml(text.encode(), problems)
    assert node is not None, problems
    return node, problems


def test_every_scalar_is_text_and_has_the_line_of_its_name() -> None:
    node, problems = read("# a comment\n'15': 0140\nheure: 8:00\nb:\n  c: non\n  d: [1, 2]\n")
    assert not problems.errors
    assert node == Node(
        {
            "15": Node("0140", 2),
            "heure": Node("8:00", 3),
            "b": Node({"c": Node("non", 5), "d": Node((Node("1", 6), Node("2", 6)), 6)}, 4),
        },
        2,
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "vide"),
        ("a: [", 2, "YAML"),
        ("a: 1\nb: 'x\n", 2, "YAML"),
        ("a: 1\n\tb: 2\n", 2, "YAML"),
        ("a: 1\na: 2\n", 2, "deux fois"),
        ("a: &x 1\nb: *x\n", 1, "renvois"),
        ("a: 1\n---\nb: 2\n", 3, "second document"),
        ("[x]: 1\n", 1, "nom doit être un texte"),
        ("a: \x07\n", 1, "caractère"),
        ("[" * (MOST_DEPTH + 1), 1, "niveaux"),
        ("a: " + "x" * 2001, 1, "2000 caractères"),
        ("[" + "a," * 20_001 + "]", 1, "valeurs"),
        ("x" * (MOST_OCTETS + 1), 1, "Kio"),
    ],
)
def test_what_is_not_a_plan_is_refused_with_its_line(text: str, line: int, says: str) -> None:
    problems = Problems()
    read_yaml(text.encode(), problems)
    assert problems.errors
    assert problems.errors[0].line == line
    assert says in problems.errors[0].what
    assert problems.errors[0].remedy


def test_bytes_that_are_not_text_are_refused() -> None:
    problems = Problems()
    assert read_yaml(b"a: 1\nb: \xff\n", problems) is None
    assert problems.errors[0].line == 2


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda b: b.decode("latin-1")))
@settings(max_examples=300)
def test_no_text_breaks_the_reader(text: str) -> None:
    problems = Problems()
    node = read_yaml(text.encode("utf-8", "surrogatepass"), problems)
    assert node is not None or problems.errors


def test_wrong_values_are_all_named_with_line_and_remedy() -> None:
    node, problems = read(
        "durée: dix\nniveau: FO9\nnom: é\nliste: {a: 1}\nvide:\nnombre: 2,5\nsallle: x\nsous: 3\n"
    )
    section = Section(node, "essai", problems)
    assert section.number("durée", most=60, unit="s") == 0
    assert section.choice("niveau", {"FO1": 1, "FO2": 2}) == 1
    section.text("nom", pattern=r"[a-z]+", what="Des lettres de a à z")
    section.texts("liste")
    section.text("vide")
    assert section.number("nombre") == 2.5
    section.text("salle", "15")
    section.section("sous")
    section.text("absent")
    section.close()
    found = {(problem.line, problem.where.removeprefix("essai › ")): problem for problem in problems.errors}
    assert list(found) == [
        (1, "durée"),
        (2, "niveau"),
        (3, "nom"),
        (4, "liste"),
        (5, "vide"),
        (8, "sous"),
        (1, "essai"),
        (7, "sallle"),
    ]
    assert "de 0 à 60 s" in found[1, "durée"].remedy
    assert "« salle »" in found[7, "sallle"].remedy
    assert "« absent » manque" in found[1, "essai"].what


def test_a_change_is_laid_over_name_by_name_and_its_differences_are_told() -> None:
    base, _ = read("a: {x: 1, y: [1, 2]}\nb: 3\n")
    change, _ = read("a: {y: [9], z: {k: v}}\nb:\n")
    after = merged(base, change)
    assert differences(base, after) == [
        Difference("a › y", "[1, 2]", "[9]"),
        Difference("a › z", "", "{k: v}"),
        Difference("b", "3", ""),
    ]
    assert differences(base, merged(base, Node({}, 1))) == []
