"""Reads the waiting rooms of a centre's plan. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from acd.defaults import PARKING
from acd.model.rules import Mode, OverflowRule, RoomPlan, RoomRule, Strategy, Widening
from core.ids import PositionId, QueueId
from core.plan import Section
from core.words import FrontOffice, OverflowCause, Priority, Role, Target, TargetKind

LEVELS: Final = {"FO1": FrontOffice.FO1, "FO2": FrontOffice.FO2}
ROLES: Final = {
    "arm": Role.ARM,
    "médecin urgentiste": Role.PHYSICIAN_MU,
    "médecin libéral": Role.PHYSICIAN_ML,
    "superviseur": Role.SUPERVISOR,
}
MODES: Final = {"automatique": Mode.AUTOMATIC, "manuel": Mode.MANUAL}
STRATEGIES: Final = {
    "plus longtemps libre": Strategy.LONGEST_IDLE,
    "moins d'appels": Strategy.FEWEST_CALLS,
    "dans l'ordre": Strategy.SEQUENTIAL,
    "tous à la fois": Strategy.RING_ALL,
}
CAUSES: Final = {
    "attente": OverflowCause.WAIT,
    "longueur": OverflowCause.LENGTH,
    "attente estimée": OverflowCause.ESTIMATE,
    "fermeture": OverflowCause.CLOSED,
    "personne": OverflowCause.NOBODY,
}
AFTERWARDS: Final = {"attendre": False, "raccrocher": True}
TARGETS: Final = {
    "salle": TargetKind.ROOM,
    "numéro": TargetKind.NUMBER,
    "centre": TargetKind.CENTRE,
    "message": TargetKind.MESSAGE,
}
_PATTERNS: Final = {
    TargetKind.ROOM: r"[A-Za-z0-9]{1,10}",
    TargetKind.NUMBER: r"\+?[0-9]{2,15}",
    TargetKind.CENTRE: r"FR[0-9][0-9AB]{2}",
    TargetKind.MESSAGE: r"[a-z0-9-]{1,40}",
}
_ROOM: Final = r"[A-Za-z0-9]{1,10}"
_LOGIN: Final = r"[a-z0-9][a-z0-9-]{0,39}"
_SKILL: Final = r"[^\s,]{1,30}"
_ALL: Final = "toutes"
_PRIORITIES: Final = {priority.value: priority for priority in Priority}


def read_rooms(root: Section, usual: RoomRule) -> RoomPlan:
    """Read all rooms. With an error in ``root.problems`` the result must not be used.

    Args:
        root: the whole plan.
        usual: what a room is where it does not say otherwise.
    """
    sections = root.named("salles")
    rooms = {QueueId(name): _room(QueueId(name), section, usual) for name, section in sections.items()}
    for name, section in sections.items():
        _check_targets(section, rooms[QueueId(name)], rooms)
    if not any(rule.front_office is FrontOffice.FO1 and rule.queue != PARKING for rule in rooms.values()):
        root.error("aucune salle de premier niveau", "Déclarez au moins une salle « niveau: FO1 »", "salles")
    first = next(iter(rooms.values()), usual)
    outgoing = root.section("appels sortants", required=False)
    wrap_up = outgoing.number("post-appel", 0, most=600, unit="secondes") if outgoing else 0
    if outgoing:
        outgoing.close()
    return RoomPlan(rooms=rooms, agent_skills=_skills(root), outgoing_wrap_up_seconds=wrap_up, fallback=first)


def _skills(root: Section) -> dict[PositionId, frozenset[str]]:
    group = root.section("compétences", required=False)
    return {PositionId(login): frozenset(_names(group, login, _SKILL)) for login in group} if group else {}


def _names(section: Section, key: str, pattern: str) -> tuple[str, ...]:
    found = section.texts(key, ())
    for each in found:
        if not re.fullmatch(pattern, each):
            section.error(f"« {each[:60]} » ne convient pas", "Un mot sans espace, comme « anglais »", key)
    return found


def _room(queue: QueueId, section: Section, usual: RoomRule) -> RoomRule:
    if not re.fullmatch(_ROOM, queue):
        section.error("ce nom de salle ne convient pas", "Des lettres sans accent et des chiffres, 10 au plus")
    level = section.choice("niveau", LEVELS)
    rule = RoomRule(
        queue=queue,
        name=section.text("nom", queue),
        front_office=level,
        roles=_roles(section, "rôles", () if "agents" in section else None),
        agents=tuple(PositionId(each) for each in _names(section, "agents", _LOGIN)),
        skills=frozenset(_names(section, "compétences", _SKILL)),
        mode=section.choice("mode", MODES, Mode.MANUAL if level is FrontOffice.FO2 else Mode.AUTOMATIC),
        strategy=section.choice("stratégie", STRATEGIES, usual.strategy),
        offer_seconds=section.number("durée d'offre", usual.offer_seconds, least=3, most=120, unit="secondes"),
        wrap_up_seconds=section.number("post-appel", usual.wrap_up_seconds, most=600, unit="secondes"),
        weight=section.number("poids", usual.weight, least=0.1, most=100),
        ageing_seconds=_optional(section, "vieillissement", least=1, most=3600),
        widenings=tuple(_widening(each) for each in section.listed("élargissements", required=False)),
        overflows=tuple(_overflow(each, level) for each in section.listed("débordements", required=False)),
        check_back=_check_back(section),
    )
    rule = _same_number(section, rule, usual)
    section.close()
    return replace(rule, widenings=tuple(sorted(rule.widenings, key=lambda each: each.after)))


def _optional(section: Section, key: str, *, least: float, most: float) -> float | None:
    return section.number(key, least=least, most=most, unit="secondes") if key in section else None


def _roles(section: Section, key: str, default: tuple[str, ...] | None) -> frozenset[Role]:
    found = section.texts(key, default)
    for each in found:
        if each not in ROLES:
            section.error(f"« {each[:60]} » n'est pas un rôle", f"Écrivez un de : {', '.join(ROLES)}", key)
    return frozenset(ROLES[each] for each in found if each in ROLES)


def _widening(section: Section) -> Widening:
    dropped = frozenset(_names(section, "sans", _SKILL))
    found = Widening(
        after=section.number("après", least=1, most=3600, unit="secondes"),
        drops=None if _ALL in dropped else dropped,
        roles=_roles(section, "avec", ()),
    )
    if found.drops == frozenset() and not found.roles:
        section.error("rien n'est élargi", "Ajoutez « sans: [compétence] » ou « avec: [rôle] »")
    section.close()
    return found


def _overflow(section: Section, level: FrontOffice) -> OverflowRule:
    cause = section.choice("si", CAUSES)
    needs_limit = cause not in (OverflowCause.CLOSED, OverflowCause.NOBODY)
    target = _target(section)
    ends = section.choice("puis", AFTERWARDS, False)
    found = OverflowRule(
        name=section.text("nom", pattern=r"[^:]{1,40}", what="40 caractères au plus, sans « : »"),
        cause=cause,
        target=target,
        limit=section.number("seuil", None if needs_limit else 0, most=7200),
        every=section.number("toutes les", 0, most=3600, unit="secondes"),
        ends=ends,
    )
    if ends and target.kind is not TargetKind.MESSAGE:
        section.error(
            "seul un message peut terminer l'appel",
            "Écrivez « vers: {message: …} », ou retirez « puis: raccrocher »",
            "puis",
        )
    elif ends and found.every:
        section.error(
            "un message qui termine l'appel n'est dit qu'une fois",
            "Retirez « toutes les », ou « puis: raccrocher »",
            "toutes les",
        )
    elif ends and level is FrontOffice.FO1:
        section.warn(
            "un appel de premier niveau peut être raccroché ici (jamais en UV)",
            "Envoyez-le plutôt dans une autre salle",
            "puis",
        )
    section.close()
    return found


def _target(section: Section) -> Target:
    towards = section.section("vers")
    if towards is None:
        return Target(TargetKind.ROOM, "")
    found = [
        (kind, towards.text(word, pattern=_PATTERNS[kind])) for word, kind in TARGETS.items() if word in towards
    ]
    if len(found) != 1:
        towards.error("une seule destination", f"Écrivez « vers » avec un de : {', '.join(TARGETS)}")
        return Target(TargetKind.ROOM, "")
    towards.close()
    return Target(*found[0])


def _check_targets(section: Section, rule: RoomRule, rooms: Mapping[QueueId, RoomRule]) -> None:
    names = [each.name for each in rule.overflows]
    if len(names) != len(set(names)):
        section.error("deux débordements ont le même nom", "Donnez à chacun le sien", "débordements")
    for each in rule.overflows:
        if each.target.kind is not TargetKind.ROOM:
            continue
        if each.target.value not in rooms or each.target.value == rule.queue:
            section.error(
                f"« {each.target.value} » n'est pas une autre salle du plan",
                f"Écrivez une de : {', '.join(sorted(rooms.keys() - {rule.queue}))}",
                "débordements",
            )


def _check_back(section: Section) -> dict[Priority, float]:
    group = section.section("surveillance", required=False)
    if group is None:
        return {}
    found = {
        priority: group.number(name, least=10, most=3600, unit="secondes")
        for name, priority in _PRIORITIES.items()
        if name in group
    }
    group.close()
    return found


def _same_number(section: Section, rule: RoomRule, usual: RoomRule) -> RoomRule:
    group = section.section("même numéro", required=False)
    if group is None:
        return replace(
            rule,
            repeat_seconds=usual.repeat_seconds,
            repeat_advance_seconds=usual.repeat_advance_seconds,
            affinity_seconds=usual.affinity_seconds,
        )
    found = replace(
        rule,
        repeat_seconds=60 * group.number("rappel", 15, most=1440, unit="minutes"),
        repeat_advance_seconds=group.number("avance", 120, most=3600, unit="secondes"),
        affinity_seconds=60 * group.number("dernier agent", 0, most=1440, unit="minutes"),
    )
    group.close()
    return found
