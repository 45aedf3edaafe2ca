"""Reads the SVI's parts of a plan: lines, scripts, calendars, lists, thresholds. Pure."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from core import numbers
from core.ids import QueueId
from core.plan import Section
from core.words import FrontOffice, Priority
from ivr.calendar_reading import read_calendar
from ivr.checks import check_scripts
from ivr.script import (
    Announce,
    Assign,
    ByCaller,
    ByHours,
    ByLine,
    ByState,
    Callback,
    CallFlows,
    CentreState,
    HangUp,
    Line,
    Menu,
    NumberList,
    Saturation,
    SayQueue,
    Script,
    Step,
    Transfer,
    Wait,
)

OTHER_LINES: Final = "autres"
PRIORITIES: Final = {priority.value: priority for priority in Priority}
STATES: Final = {"normal": CentreState.NORMAL, "saturé": CentreState.SATURATED, "crise": CentreState.CRISIS}
_NAME: Final = r"[^:\s][^:]{0,39}"
_FLOW: Final = r"[A-Za-z0-9]{1,10}"
_FLOW_HELP: Final = "Des lettres sans accent et des chiffres, 10 au plus, comme « 15 » ou « Smur »"
_ANNOUNCEMENT: Final = re.compile(r"[a-z0-9-]{1,40}")


def read_flows(
    root: Section, rooms: Mapping[QueueId, FrontOffice], announcements: Mapping[str, str]
) -> CallFlows:
    """Read and check all that the SVI needs. With an error in ``root.problems`` the result must not be used.

    Args:
        root: the whole plan.
        rooms: the waiting rooms that the plan declares.
        announcements: those that exist, with their texts.
    """
    reader = _Reader(root, rooms, announcements)
    calendars = {name: read_calendar(s) for name, s in root.named("calendriers", required=False).items()}
    lists = {name: reader.numbers(s) for name, s in _lists(root).items()}
    reader.known["calendrier"] = frozenset(calendars)
    reader.known["liste"] = frozenset(lists)
    scripts = {name: reader.script(s) for name, s in root.named("parcours").items()}
    lines, other = reader.lines(frozenset(scripts))
    flows = CallFlows(
        lines=MappingProxyType(lines),
        other_lines=other,
        scripts=MappingProxyType(scripts),
        rescue=reader.room(root, "salle de secours"),
        rooms=MappingProxyType(dict(rooms)),
        calendars=MappingProxyType(calendars),
        lists=MappingProxyType(lists),
        saturation=reader.saturation(),
        state=root.choice("état", STATES) if "état" in root else None,
        silence_s=root.number("silence", 20, most=600, unit="secondes"),
    )
    check_scripts(flows, root.problems)
    return flows


def _lists(root: Section) -> dict[str, Section]:
    return root.named("listes", required=False)


class _Reader:
    """Reads parts that refer to each other. ``known``: the names that may be referred to, by kind."""

    def __init__(
        self, root: Section, rooms: Mapping[QueueId, FrontOffice], announcements: Mapping[str, str]
    ) -> None:
        self._root = root
        self._rooms = rooms
        self._announcements = announcements
        self.known: dict[str, frozenset[str]] = {"calendrier": frozenset(), "liste": frozenset()}
        self._steps: frozenset[str] = frozenset()

    # --- lines ------------------------------------------------------------------------------------------

    def lines(self, scripts: frozenset[str]) -> tuple[dict[str, Line], Line]:
        """The lines by number dialled, and what becomes of any other number."""
        found: dict[str, Line] = {}
        other = Line("15", "")
        group = self._root.named("lignes")
        for number, section in group.items():
            line = Line(
                flow=section.text("flux", pattern=_FLOW, what=_FLOW_HELP),
                script=self._reference(section, "parcours", scripts, "parcours"),
                priority=section.choice("priorité", PRIORITIES, Priority.PX),
            )
            section.close()
            if number == OTHER_LINES:
                other = line
            elif re.fullmatch(r"\+?[0-9]{1,15}", number):
                found[number] = line
            else:
                section.error("ce n'est pas un numéro appelé", "Écrivez des chiffres, ou « autres »")
        if group and OTHER_LINES not in group:
            self._root.error(
                "la ligne « autres » manque",
                "Ajoutez-la : un numéro imprévu est traité comme une urgence",
                "lignes",
            )
        return found, other

    # --- lists, thresholds ------------------------------------------------------------------------------

    def numbers(self, section: Section) -> NumberList:
        """One list of numbers."""
        exact: set[str] = set()
        prefixes: list[str] = []
        for text in section.texts("numéros", ()):
            number = e164(text.removesuffix("*"))
            if not re.fullmatch(r"\+[0-9]{6,15}" if not text.endswith("*") else r"\+[0-9]{2,15}", number):
                section.error(
                    f"« {text[:30]} » n'est pas un numéro",
                    "Écrivez +33612345678 ou 0612345678 ; un début de numéro se termine par *",
                    "numéros",
                )
            elif text.endswith("*"):
                prefixes.append(number)
            else:
                exact.add(number)
        section.text("titre", "")
        section.close()
        return NumberList(frozenset(exact), tuple(prefixes))

    def saturation(self) -> Saturation:
        """From when on the centre is saturated."""
        section = self._root.section("saturation", required=False)
        if section is None:
            return Saturation()
        found = Saturation(
            waiting=section.integer("en attente", 10, least=1),
            wait_s=section.number("attente", 120, least=1, most=7200, unit="secondes"),
        )
        section.close()
        return found

    # --- scripts ----------------------------------------------------------------------------------------

    def script(self, section: Section) -> Script:
        """One script."""
        section.text("titre", "")
        group = section.named("étapes")
        self._steps = frozenset(group)
        for name, step in group.items():
            if not re.fullmatch(_NAME, name):
                step.error("ce nom d'étape ne convient pas", "40 caractères au plus, sans « : »")
        first = next(iter(group), "")
        start = self._reference(section, "début", self._steps, "étape") if "début" in section else first
        section.close()
        return Script(start, MappingProxyType({name: self._step(s) for name, s in group.items()}))

    def _step(self, section: Section) -> Step:
        kinds = [kind for kind in _KINDS if kind in section]
        if "salle" in kinds and "dire" in kinds:
            kinds.remove("salle")
        if len(kinds) != 1:
            section.error(
                "une étape fait exactement une chose" if kinds else "cette étape ne dit pas ce qu'elle fait",
                f"Gardez un seul de : {', '.join(_KINDS)}",
            )
            return HangUp(sounds=(), line=section.line)
        step = _KINDS[kinds[0]](self, section)
        section.close()
        return step

    def _announce(self, section: Section) -> Step:
        return Announce(
            sounds=self._sounds(section, "annonce"),
            skippable=section.flag("coupable", True),
            next=self._next(section, "puis"),
            line=section.line,
        )

    def _menu(self, section: Section) -> Step:
        keys = self._branches(section, "touches")
        for key in keys:
            if not re.fullmatch(r"[0-9*#]", key):
                section.error(f"« {key} » n'est pas une touche", "Une touche est un chiffre, * ou #", "touches")
        return Menu(
            sounds=self._sounds(section, "menu"),
            keys=keys,
            other=self._next(section, "autre touche", required=False),
            invalid_sounds=self._sounds(section, "invalide", required=False),
            timeout_s=section.number("délai", 5, most=60, unit="secondes"),
            tries=section.integer("essais", 2, least=1, most=5),
            default=self._next(section, "sinon"),
            line=section.line,
        )

    def _say(self, section: Section) -> Step:
        what = section.texts("dire")
        unknown = set(what) - {"rang", "attente"}
        if unknown or not what:
            section.error("on ne sait pas dire cela", "Écrivez [rang], [attente] ou [rang, attente]", "dire")
        return SayQueue(
            queue=self.room(section, "salle"),
            rank="rang" in what,
            wait="attente" in what,
            next=self._next(section, "puis"),
            line=section.line,
        )

    def _by_hours(self, section: Section) -> Step:
        closed = self._next(section, "fermé")
        return ByHours(
            calendar=self._reference(section, "horaires", self.known["calendrier"], "calendrier"),
            open=self._next(section, "ouvert"),
            closed=closed,
            holiday=self._next(section, "férié", required=False) or closed,
            line=section.line,
        )

    def _by_line(self, section: Section) -> Step:
        return ByLine(
            lines=self._branches(section, "selon la ligne"),
            default=self._next(section, "sinon"),
            line=section.line,
        )

    def _by_caller(self, section: Section) -> Step:
        repeat = section.section("rappelle", required=False)
        minutes, following = 0.0, ""
        if repeat is not None:
            minutes = repeat.number("minutes", least=1, most=1440, unit="minutes")
            following = self._next(repeat, "puis")
            repeat.close()
        lists = self._branches(section, "selon l'appelant", required=False)
        for name in lists:
            if name not in self.known["liste"]:
                section.error(
                    f"la liste « {name} » n'existe pas", "Déclarez-la sous « listes »", "selon l'appelant"
                )
        return ByCaller(
            lists=lists,
            hidden=self._next(section, "masqué", required=False),
            repeat=following,
            repeat_minutes=minutes,
            default=self._next(section, "sinon"),
            line=section.line,
        )

    def _by_state(self, section: Section) -> Step:
        group = section.section("selon le centre")
        normal = self._next(group, "normal") if group else ""
        saturated = self._next(group, "saturé", required=False) if group else ""
        crisis = self._next(group, "crise", required=False) if group else ""
        if group:
            group.close()
        return ByState(
            normal=normal,
            saturated=saturated or normal,
            crisis=crisis or saturated or normal,
            line=section.line,
        )

    def _assign(self, section: Section) -> Step:
        group = section.section("affecter")
        flow, priority, skills = None, None, None
        if group is not None:
            flow = group.text("flux", pattern=_FLOW, what=_FLOW_HELP) if "flux" in group else None
            priority = group.choice("priorité", PRIORITIES) if "priorité" in group else None
            skills = group.texts("compétences") if "compétences" in group else None
            group.close()
        return Assign(
            flow=flow, priority=priority, skills=skills, next=self._next(section, "puis"), line=section.line
        )

    def _wait(self, section: Section) -> Step:
        keys: dict[str, Priority] = {}
        group = section.section("touches", required=False)
        for key in group or ():
            assert group is not None  # noqa: S101 - iterated
            keys[key] = group.choice(key, PRIORITIES)
        return Wait(queue=self.room(section, "salle"), keys=keys, line=section.line)

    def _transfer(self, section: Section) -> Step:
        number = e164(section.text("transfert"))
        if number and not re.fullmatch(r"\+?[0-9]{2,16}", number):
            section.error("ce n'est pas un numéro", "Écrivez +33140000000, 0140000000 ou 18", "transfert")
        return Transfer(
            number=number,
            otherwise=self._next(section, "sinon"),
            ring_s=section.number("sonnerie", 25, least=5, most=120, unit="secondes"),
            line=section.line,
        )

    def _hang_up(self, section: Section) -> Step:
        return HangUp(sounds=self._sounds(section, "raccrocher"), line=section.line)

    def _callback(self, section: Section) -> Step:
        return Callback(
            sounds=self._sounds(section, "rappel"), otherwise=self._next(section, "sinon"), line=section.line
        )

    # --- references -------------------------------------------------------------------------------------

    def room(self, section: Section, key: str) -> QueueId:
        """A waiting room, by its name."""
        return QueueId(self._reference(section, key, frozenset(self._rooms), "salle"))

    def _next(self, section: Section, key: str, *, required: bool = True) -> str:
        if not required and key not in section:
            section.text(key, "")
            return ""
        return self._reference(section, key, self._steps, "étape")

    def _branches(self, section: Section, key: str, *, required: bool = True) -> Mapping[str, str]:
        group = section.section(key, required=required)
        return MappingProxyType({} if group is None else {name: self._next(group, name) for name in group})

    def _reference(self, section: Section, key: str, known: frozenset[str], kind: str) -> str:
        name = section.text(key)
        if name and name not in known:
            section.error(
                f"{_ARTICLES.get(kind, 'le ')}{kind} « {name[:40]} » n'existe pas",
                f"Écrivez un de : {', '.join(sorted(known)) or 'aucun n’est déclaré'}",
                key,
            )
        return name

    def _sounds(self, section: Section, key: str, *, required: bool = True) -> tuple[str, ...]:
        if not required and key not in section:
            section.texts(key, ())
            return ()
        sounds = section.texts(key)
        for sound in sounds:
            if not _ANNOUNCEMENT.fullmatch(sound) or sound not in self._announcements:
                section.error(
                    f"l'annonce « {sound[:40]} » n'existe pas",
                    "Ajoutez son texte à asterisk-conf/prompts/catalogue.toml puis « make setup », "
                    "ou un enregistrement .wav de ce nom",
                    key,
                )
        return sounds


_ARTICLES: Final = {"étape": "l'", "salle": "la "}
_KINDS: Final[Mapping[str, Callable[[_Reader, Section], Step]]] = {
    "annonce": _Reader._announce,
    "menu": _Reader._menu,
    "dire": _Reader._say,
    "horaires": _Reader._by_hours,
    "selon la ligne": _Reader._by_line,
    "selon l'appelant": _Reader._by_caller,
    "selon le centre": _Reader._by_state,
    "affecter": _Reader._assign,
    "salle": _Reader._wait,
    "transfert": _Reader._transfer,
    "raccrocher": _Reader._hang_up,
    "rappel": _Reader._callback,
}
"""What a step may do → how it is read."""


def e164(text: str) -> str:
    """A number as people write it in France, in E.164; anything else, or its beginning, as far as it goes."""
    digits = re.sub(r"[ .\-]", "", text)
    if digits.startswith(("0", "+")) and (whole := numbers.e164(digits)) is not None:
        return whole
    if re.fullmatch(r"0[1-9][0-9]*", digits) and len(digits) > 3:
        return "+33" + digits[1:]
    if digits.startswith("00"):
        return "+" + digits[2:]
    return digits
