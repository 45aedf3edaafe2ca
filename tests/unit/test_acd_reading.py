"""The rooms of a plan, as they are read; and what is said of a plan that is wrong."""

import re
from pathlib import Path

import pytest

from acd.defaults import default_plan
from acd.model.rules import Mode, OverflowRule, RoomPlan, Strategy, Widening
from acd.reading import read_rooms
from app.plan import SHIPPED
from app.plan_file import read_yaml
from core.ids import PositionId, QueueId
from core.plan import Problems, Section
from core.words import FrontOffice, OverflowCause, Priority, Role, Target, TargetKind

pytestmark = pytest.mark.unit

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-waiting-room.md"


def read(text: str) -> tuple[RoomPlan, Problems]:
    problems = Problems()
    tree = read_yaml(text.encode(), problems)
    assert tree is not None, problems
    return read_rooms(Section(tree, "", problems), default_plan().fallback), problems


def test_everything_a_room_may_say() -> None:
    plan, problems = read(
        """
salles:
  "15":
    niveau: FO1
    nom: Quinze
    rôles: [arm, superviseur]
    agents: [mu1]
    compétences: [gestes]
    stratégie: dans l'ordre
    durée d'offre: 12
    post-appel: 7
    poids: 2,5
    vieillissement: 60
    élargissements:
      - {après: 60, avec: [médecin libéral]}
      - {après: 30, sans: [toutes]}
    débordements:
      - {nom: long, si: attente, seuil: 90, vers: {salle: MU}}
      - {nom: dit, si: fermeture, vers: {message: ferme}, toutes les: 60}
      - {nom: dehors, si: longueur, seuil: 3, vers: {numéro: "+33140000000"}}
    même numéro: {rappel: 10, avance: 60, dernier agent: 120}
  MU: {niveau: FO2, rôles: [médecin urgentiste], surveillance: {P0: 60, NR: 90}}
compétences: {arm1: [anglais, enfant]}
appels sortants: {post-appel: 5}
"""
    )
    assert problems.errors == []
    room = plan.rooms[QueueId("15")]
    assert (room.name, room.front_office, room.mode) == ("Quinze", FrontOffice.FO1, Mode.AUTOMATIC)
    assert room.roles == {Role.ARM, Role.SUPERVISOR}
    assert room.agents == ("mu1",)
    assert room.skills == {"gestes"}
    assert room.strategy is Strategy.SEQUENTIAL
    assert (room.offer_seconds, room.wrap_up_seconds, room.weight) == (12, 7, 2.5)
    assert room.ageing_seconds == 60
    assert room.widenings == (
        Widening(after=30, drops=None),
        Widening(after=60, roles=frozenset({Role.PHYSICIAN_ML})),
    )
    assert room.overflows[0] == OverflowRule(
        name="long", cause=OverflowCause.WAIT, target=Target(TargetKind.ROOM, "MU"), limit=90
    )
    assert room.overflows[1].every == 60
    assert room.overflows[2].target == Target(TargetKind.NUMBER, "+33140000000")
    assert (room.repeat_seconds, room.repeat_advance_seconds, room.affinity_seconds) == (600, 60, 7200)
    medical = plan.rooms[QueueId("MU")]
    assert (medical.mode, medical.check_back) == (Mode.MANUAL, {Priority.P0: 60, Priority.NR: 90})
    assert plan.agent_skills == {PositionId("arm1"): {"anglais", "enfant"}}
    assert plan.outgoing_wrap_up_seconds == 5


@pytest.mark.parametrize(
    ("room", "line", "said"),
    [
        ("{niveau: FO3, rôles: [arm]}", 2, "FO3"),
        ("{niveau: FO1, rôles: [pompier]}", 2, "pompier"),
        ("{niveau: FO1}", 2, "rôles"),
        ("{niveau: FO1, rôles: [arm], poid: 2}", 2, "nom inconnu"),
        ("{niveau: FO1, rôles: [arm], poids: 0}", 2, "« 0 » ne convient pas"),
        ("{niveau: FO1, rôles: [arm], stratégie: au hasard}", 2, "au hasard"),
        (
            "{niveau: FO1, rôles: [arm], débordements: [{nom: a, si: attente, vers: {salle: Y}}]}",
            2,
            "« seuil » manque",
        ),
        (
            "{niveau: FO1, rôles: [arm], débordements: [{nom: a, si: fermeture, vers: {salle: Y}}]}",
            2,
            "« Y » n'est pas une autre salle",
        ),
        (
            "{niveau: FO1, rôles: [arm], débordements: [{nom: a, si: fermeture, vers: {salle: X}}]}",
            2,
            "« X » n'est pas une autre salle",
        ),
        ("{niveau: FO1, rôles: [arm], élargissements: [{après: 10}]}", 2, "rien n'est élargi"),
        (
            "{niveau: FO1, rôles: [arm], débordements:"
            " [{nom: a, si: fermeture, vers: {numéro: '15'}, puis: raccrocher}]}",
            2,
            "seul un message peut terminer l'appel",
        ),
        (
            "{niveau: FO1, rôles: [arm], débordements:"
            " [{nom: a, si: fermeture, vers: {message: m}, toutes les: 9, puis: raccrocher}]}",
            2,
            "n'est dit qu'une fois",
        ),
        ("{niveau: FO2, rôles: [arm]}", 1, "premier niveau"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(room: str, line: int, said: str) -> None:
    _, problems = read(f"salles:\n  X: {room}\n")
    assert any(p.line == line and said in f"{p.what} {p.where}" for p in problems.errors), problems.errors


def test_a_room_of_the_first_level_that_ends_calls_is_warned_of() -> None:
    rule = "débordements: [{nom: a, si: fermeture, vers: {message: m}, puis: raccrocher}]"
    plan, problems = read(
        f"salles:\n  X: {{niveau: FO1, rôles: [arm], {rule}}}\n  Y: {{niveau: FO2, rôles: [arm], {rule}}}\n"
    )
    assert problems.errors == []
    assert [(p.line, p.remedy) for p in problems.warnings] == [(2, "Envoyez-le plutôt dans une autre salle")]
    assert plan.rooms[QueueId("Y")].overflows[0].ends


def test_the_plan_that_ships_has_the_rooms_of_a_centre_that_declares_none() -> None:
    plan, problems = read(SHIPPED.read_text())
    assert problems.errors == []
    assert plan.rooms == default_plan().rooms


def test_the_how_to_names_every_setting_and_its_examples_are_read() -> None:
    text = HOW_TO.read_text()
    overflow = re.findall(r"```yaml\n(    débordements:.*?)```", text, re.DOTALL)[0]
    other = "  Samu: {niveau: FO1, rôles: [arm]}\n"
    plan, problems = read(
        f'salles:\n{other}  "15": {{niveau: FO1, rôles: [arm]}}\n'
        f"  X:\n    niveau: FO1\n    rôles: [arm]\n{overflow}"
    )
    assert problems.errors == []
    assert len(plan.rooms[QueueId("X")].overflows) == 6
    _, problems = read("salles: {X: {niveau: FO1, rôles: [arm], inconnu: 1}}")
    [unknown] = problems.errors
    named = unknown.remedy.removeprefix("Noms connus : ").split(", ")
    assert named
    assert [name for name in named if f"`{name}`" not in text] == []
