"""What is wrong with a plan is told all at once, each with its line and remedy."""

import re

import pytest

from app.plan import Reading, read_plan

pytestmark = pytest.mark.unit

TEXTS = {"welcome": "Bonjour.", "menu": "Tapez un.", "bye": "Au revoir."}
GOOD = """salle de secours: "15"
salles: {"15": {niveau: FO1, rôles: [arm]}}
lignes: {autres: {flux: "15", parcours: p}}
parcours:
  p:
    étapes:
      a: {menu: menu, touches: {"1": b}, sinon: b}
      b: {salle: "15"}
"""


def read(text: str) -> Reading:
    return read_plan(text.encode(), TEXTS)


def test_the_good_one_is_good() -> None:
    assert read(GOOD).errors == []
    assert read(GOOD).plans


@pytest.mark.parametrize(
    ("change", "line", "says", "remedy"),
    [
        (("sinon: b", "sinon: c"), 7, "l'étape « c » n'existe pas", "a, b"),
        (('{"1": b}', '{"x": b}'), 7, "« x » n'est pas une touche", "chiffre"),
        (("sinon: b", "sinonn: b"), 7, "nom inconnu", "« sinon »"),
        (("menu: menu", "menu: mneu"), 7, "l'annonce « mneu » n'existe pas", "catalogue"),
        (("menu: menu", "menu: ../../etc"), 7, "n'existe pas", "catalogue"),
        (('b: {salle: "15"}', "b: {salle: Samu}"), 8, "la salle « Samu » n'existe pas", "15"),
        (('b: {salle: "15"}', "b: {}"), 8, "ne dit pas ce qu'elle fait", "annonce"),
        (('b: {salle: "15"}', 'b: {salle: "15", raccrocher: bye}'), 8, "exactement une chose", "Gardez"),
        (('b: {salle: "15"}', "b: {annonce: bye, puis: a}"), 7, "n'aboutit jamais", "salle"),
        (('b: {salle: "15"}', "b: {affecter: {flux: A}, puis: b}"), 8, "revient sur elle-même", "annonce"),
        (('b: {salle: "15"}', 'b: {salle: "15"}\n      c: {salle: "15"}'), 9, "aucun chemin", "Citez"),
        (('b: {salle: "15"}', 'b: {salle: "15", touches: {"1": P9}}'), 8, "« P9 »", "P0"),
        (('b: {salle: "15"}', "b: {horaires: nuit, ouvert: a, fermé: a}"), 8, "le calendrier « nuit »", "décl"),
        (('b: {salle: "15"}', "b: {transfert: abc, sinon: a}"), 8, "pas un numéro", "+33"),
        (("parcours: p}", "parcours: q}"), 3, "le parcours « q » n'existe pas", "p"),
        (('flux: "15"', "flux: Été-15"), 3, "« Été-15 »", "sans accent"),
        (("autres:", '"15":'), 3, "« autres » manque", "imprévu"),
        (("autres:", "autres: {flux: A, parcours: p}, quinze:"), 3, "pas un numéro appelé", "chiffres"),
        (('salle de secours: "15"', "salle de secours: X"), 1, "la salle « X » n'existe pas", "15"),
        (('salle de secours: "15"\n', ""), 1, "« salle de secours » manque", "Ajoutez"),
        (('salle de secours: "15"', 'salle de secours: "15"\nsalllles: {}'), 2, "nom inconnu", "« salles »"),
        (("lignes:", "silence: beaucoup\nlignes:"), 3, "« beaucoup »", "0 à 600 secondes"),
        (("lignes:", "listes: {l: {numéros: [12ab]}}\nlignes:"), 3, "pas un numéro", "0612345678"),
        (("lignes:", "calendriers: {c: {lundi: 25:00-26:00}}\nlignes:"), 3, "pas un horaire", "8:00-18:30"),
        (("lignes:", "calendriers: {c: {région: Corse}}\nlignes:"), 3, "« Corse »", "57"),
        (("lignes:", "calendriers: {c: {exceptions: {demain: fermé}}}\nlignes:"), 3, "pas une date", "2026"),
        (
            ("lignes:", "renforts: {r: {titre: R, remplace: {lignes: 3}}}\nlignes:"),
            3,
            "nom : valeur",
            "retrait",
        ),
        (("lignes:", "renforts: {r: {titre: R}}\nlignes:"), 3, "« remplace » manque", "Ajoutez"),
    ],
)
def test_each_slip_is_told_with_its_line_and_remedy(
    change: tuple[str, str], line: int, says: str, remedy: str
) -> None:
    reading = read(GOOD.replace(*change, 1))
    assert not reading.plans
    told = [problem for problem in reading.errors if problem.line == line and says in problem.what]
    assert told, [str(problem) for problem in reading.errors]
    assert re.search(re.escape(remedy), told[0].remedy), told[0].remedy


def test_all_slips_are_told_at_once() -> None:
    reading = read(
        GOOD.replace("sinon: b", "sinon: z").replace('salle: "15"', "salle: Y").replace("FO1", "FO7")
    )
    assert {problem.line for problem in reading.errors} == {2, 7, 8}


def test_hanging_up_on_an_emergency_is_a_warning() -> None:
    reading = read(GOOD.replace('b: {salle: "15"}', "b: {raccrocher: bye}"))
    assert not reading.errors
    assert [problem.line for problem in reading.problems.warnings] == [8]


def test_a_surge_is_checked_as_the_plan_is_and_told_by_its_name() -> None:
    surge = "renforts: {afflux: {titre: A, remplace: {parcours: {p: {étapes: {a: {menu: rien}}}}}}}\n"
    reading = read(surge + GOOD)
    [problem] = reading.errors
    assert "renfort afflux" in problem.where
    assert problem.line == 1


def test_numbers_of_lists_are_read_as_people_write_them() -> None:
    text = GOOD.replace(
        "lignes:", "listes: {l: {numéros: [06 12 34 56 78, 0262 12 34 56, '+3314000*']}}\nlignes:", 1
    )
    numbers = read(text).plans[""].flows.lists["l"]
    assert "+33612345678" in numbers
    assert "+262262123456" in numbers
    assert "+33140001234" in numbers
    assert "+33140011234" not in numbers
    assert None not in numbers
