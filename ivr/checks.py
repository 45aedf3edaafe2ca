"""What a whole script must hold to: each step reached, a way out of each, no loop that is not heard. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.plan import Problems
from ivr.script import CallFlows, HangUp, Script, Step, is_end, successors, takes_time

MOST_STEPS: Final = 200
EMERGENCY_LINES: Final = ("15", "112")


def check_scripts(flows: CallFlows, problems: Problems) -> None:
    """Note what is wrong with the scripts as wholes. Names that lead nowhere were noted before."""
    for name, script in flows.scripts.items():
        where = f"parcours › {name}"
        if not script.steps:
            continue
        if len(script.steps) > MOST_STEPS:
            line = next(iter(script.steps.values())).line
            problems.error(line, where, f"plus de {MOST_STEPS} étapes", "Partagez-le en plusieurs parcours")
            continue
        _check(where, script, problems)
    _warn_of_emergencies_cut(flows, problems)


def _check(where: str, script: Script, problems: Problems) -> None:
    steps = script.steps
    after = {name: [s for s in successors(step) if s in steps] for name, step in steps.items()}
    reached = _reachable([script.start], after)
    for name, step in steps.items():
        at = f"{where} › étapes › {name}"
        if name not in reached:
            problems.error(
                step.line,
                at,
                "aucun chemin ne mène à cette étape",
                "Citez-la dans une autre étape, ou retirez-la",
            )
        elif not any(is_end(steps[other]) for other in _reachable([name], after)):
            problems.error(
                step.line,
                at,
                "ce chemin n'aboutit jamais",
                "Menez-le à une salle, un transfert, un rappel ou un message final",
            )
    silent = {name: [s for s in after[name] if not takes_time(steps[s])] for name in steps}
    for name in sorted(_in_cycles(steps, silent), key=lambda each: steps[each].line):
        problems.error(
            steps[name].line,
            f"{where} › étapes › {name}",
            "cette étape revient sur elle-même sans que l'appelant n'entende rien",
            "Mettez une annonce ou un menu dans la boucle, ou sortez-en",
        )


def _in_cycles(steps: Mapping[str, Step], after: Mapping[str, Iterable[str]]) -> set[str]:
    """The steps that come back to themselves through steps that take no time."""
    return {
        name for name, step in steps.items() if not takes_time(step) and name in _reachable(after[name], after)
    }


def _reachable(start: Iterable[str], after: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(after.get(name, ()))
    return found


def _warn_of_emergencies_cut(flows: CallFlows, problems: Problems) -> None:
    """An emergency must never be hung up on: say so where a script of an emergency line can."""
    lines = [flows.other_lines, *(flows.lines[n] for n in EMERGENCY_LINES if n in flows.lines)]
    told: set[int] = set()
    for line in lines:
        script = flows.scripts.get(line.script)
        if script is None:
            continue
        after = {name: successors(step) for name, step in script.steps.items()}
        for name in _reachable([script.start], after):
            step = script.steps.get(name)
            if isinstance(step, HangUp) and step.line not in told:
                told.add(step.line)
                problems.warn(
                    step.line,
                    f"parcours › {line.script} › étapes › {name}",
                    "un appel d'urgence peut être raccroché ici",
                    "Envoyez-le plutôt dans une salle",
                )
