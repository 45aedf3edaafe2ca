"""Draws scripts: as a graph for the page, as Mermaid for anybody's documents. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from ivr.script import (
    Announce,
    Assign,
    ByCaller,
    ByHours,
    ByLine,
    ByState,
    Callback,
    CallFlows,
    HangUp,
    Menu,
    SayQueue,
    Script,
    Step,
    Transfer,
    Wait,
)


@dataclass(frozen=True, slots=True)
class Box:
    """One step as drawn. ``kind``: say, ask, choose, give, room, out."""

    name: str
    kind: str
    what: str
    start: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one step to another, and when."""

    source: str
    target: str
    when: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One script."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(script: Script) -> Drawing:
    """The steps and their ways, one arrow between two steps."""
    boxes = tuple(Box(name, *_what(step), start=name == script.start) for name, step in script.steps.items())
    arrows: dict[tuple[str, str], list[str]] = {}
    for name, step in script.steps.items():
        for target, when in _ways(step):
            if target in script.steps:
                arrows.setdefault((name, target), []).append(when)
    joined = tuple(
        Arrow(source, target, ", ".join(each for each in when if each))
        for (source, target), when in arrows.items()
    )
    return Drawing(boxes, joined)


def _what(step: Step) -> tuple[str, str]:
    match step:
        case Announce():
            return "say", f"annonce {', '.join(step.sounds)}"
        case Menu():
            return "ask", f"menu {', '.join(step.sounds)}"
        case SayQueue():
            words = [word for word, said in (("rang", step.rank), ("attente", step.wait)) if said]
            return "say", f"dire {' et '.join(words)} ({step.queue})"
        case ByHours():
            return "choose", f"horaires {step.calendar}"
        case ByLine():
            return "choose", "selon la ligne"
        case ByCaller():
            return "choose", "selon l'appelant"
        case ByState():
            return "choose", "selon le centre"
        case Assign():
            return "give", f"affecter {_given(step)}"
        case Wait():
            keys = "".join(f" · {key} : {priority.value}" for key, priority in step.keys.items())
            return "room", f"salle {step.queue}{keys}"
        case Transfer():
            return "out", f"transfert {step.number}"
        case HangUp():
            return "out", f"raccrocher {', '.join(step.sounds)}"
        case Callback():
            return "out", f"rappel {', '.join(step.sounds)}"
    return "say", ""


def _given(step: Assign) -> str:
    parts = [f"flux {step.flow}"] if step.flow else []
    parts += [f"priorité {step.priority.value}"] if step.priority else []
    parts += [f"compétences {', '.join(step.skills)}"] if step.skills else []
    return ", ".join(parts)


def _ways(step: Step) -> list[tuple[str, str]]:
    """The steps that may follow, and when."""
    match step:
        case Announce() | SayQueue() | Assign():
            return [(step.next, "")]
        case Menu():
            keys = [(to, f"touche {key}") for key, to in step.keys.items()]
            other = [(step.other, "autre touche")] if step.other else []
            return [*keys, *other, (step.default, "sinon")]
        case ByHours():
            holiday = [(step.holiday, "férié")]
            return [(step.open, "ouvert"), (step.closed, "fermé"), *holiday]
        case ByLine():
            return [*((to, line) for line, to in step.lines.items()), (step.default, "sinon")]
        case ByCaller():
            ways = [(to, name) for name, to in step.lists.items()]
            ways += [(step.hidden, "masqué")] if step.hidden else []
            ways += [(step.repeat, f"rappelle sous {step.repeat_minutes:g} min")] if step.repeat else []
            return [*ways, (step.default, "sinon")]
        case ByState():
            return [(step.normal, "normal"), (step.saturated, "saturé"), (step.crisis, "crise")]
        case Transfer():
            return [(step.otherwise, "sans réponse")]
        case Callback():
            return [(step.otherwise, "masqué")]
    return []


_SHAPES: Final = {
    "say": ('["', '"]'),
    "ask": ('{{"', '"}}'),
    "choose": ('{"', '"}'),
    "give": ('[/"', '"/]'),
    "room": ('(["', '"])'),
    "out": ('[["', '"]]'),
}


def mermaid(flows: CallFlows, name: str) -> str:
    """One script as Mermaid text, with the lines that lead to it."""
    script = flows.scripts[name]
    drawing = draw(script)
    ids = {box.name: f"e{place}" for place, box in enumerate(drawing.boxes)}
    lines = ["flowchart TD", f"    %% {_plain(name)}"]
    numbers = [number for number, line in flows.lines.items() if line.script == name]
    numbers += ["autres"] if flows.other_lines.script == name else []
    if numbers:
        lines.append(f'    appel(("{_plain(", ".join(numbers))}")) --> {ids[script.start]}')
    for box in drawing.boxes:
        left, right = _SHAPES[box.kind]
        lines.append(f"    {ids[box.name]}{left}{_plain(box.name)}<br>{_plain(box.what)}{right}")
    for arrow in drawing.arrows:
        when = f'|"{_plain(arrow.when)}"|' if arrow.when else ""
        lines.append(f"    {ids[arrow.source]} -->{when} {ids[arrow.target]}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Leave out what Mermaid would take for its own."""
    return re.sub(r'["<>#;`|{}\[\]]', " ", text)
