"""Plays a caller through a script without a telephone: keys, time, and what would be heard, as text. Pure.

The very interpreter of live calls runs it, so what is seen here is what callers get.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from ivr.calendar import PARIS
from ivr.policy import begin, proceed
from ivr.script import CallFlows
from ivr.walk import (
    CallBack,
    Circumstances,
    Enter,
    Finish,
    Happening,
    Hearing,
    Key,
    NotReached,
    Play,
    Played,
    Ring,
    ScriptBroken,
    Tick,
    Turn,
    Walk,
)

LISTEN: Final = "fin"
"""Let the announcement come to its end."""
WAIT: Final = "temps"
"""Let the time for a key pass."""
UNREACHED: Final = "échec"
"""The number outside does not answer."""
MOST_ACTS: Final = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What one turn showed.

    ``heard``: the announcements, as text (names in brackets where they have none); ``route``: the steps walked.
    """

    act: str
    route: tuple[str, ...]
    heard: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    result: str = ""
    """How the call left the SVI, in French; empty while it is there."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A caller at one moment: what was seen so far, and what may be done next."""

    script: str
    seen: tuple[Seen, ...]
    step: str
    acts: tuple[str, ...]
    """What the caller may do now: keys, ``fin``, ``temps``, ``échec``; empty once the call has left."""

    @property
    def over(self) -> bool:
        """Whether the call has left the SVI."""
        return not self.acts


@dataclass(frozen=True, slots=True)
class _Now:
    walk: Walk
    here: Circumstances
    over: bool = False
    seen: tuple[Seen, ...] = field(default=())


def play(flows: CallFlows, here: Circumstances, acts: Sequence[str], texts: Mapping[str, str]) -> Trial:
    """Play a caller who dials, then does these things one after the other.

    Args:
        flows: of the plan tried.
        here: who calls which line, when, and how the centre is.
        acts: keys (``1``), ``fin``, ``temps``, ``échec``; those that make no sense are passed over.
        texts: of the announcements.
    """
    try:
        turn = begin(flows, here)
    except ScriptBroken as error:
        broken = Seen("appel", (), result=_rescued(flows, error))
        return Trial(flows.line(here.line).script, (broken,), "", ())
    now = _after(flows, _Now(turn.walk, here), "appel", turn, texts)
    for act in acts[:MOST_ACTS]:
        if now.over or act not in _acts(flows, now.walk):
            continue
        now = _take(flows, now, act, texts)
    left = () if now.over else _acts(flows, now.walk)
    return Trial(now.walk.script, now.seen, now.walk.step, left)


def _take(flows: CallFlows, now: _Now, act: str, texts: Mapping[str, str]) -> _Now:
    here = now.here
    if act == WAIT and now.walk.deadline is not None:
        here = replace(here, now=max(now.walk.deadline, here.now) + timedelta(milliseconds=1))
    try:
        turn = proceed(flows, here, now.walk, _happening(act))
    except ScriptBroken as error:
        seen = Seen(act, (), result=_rescued(flows, error))
        return _Now(now.walk, here, True, (*now.seen, seen))
    return _after(flows, replace(now, here=here), act, turn, texts)


def _happening(act: str) -> Happening:
    known: dict[str, Happening] = {LISTEN: Played(), WAIT: Tick(), UNREACHED: NotReached()}
    return known.get(act, Key(act))


def _acts(flows: CallFlows, walk: Walk) -> tuple[str, ...]:
    """What a caller may do at a step."""
    if walk.hearing is Hearing.LAST_WORDS:
        return (LISTEN,)
    if walk.hearing is Hearing.ELSEWHERE:
        return (UNREACHED,)
    keys = tuple("123456789*0#")
    return (*keys, LISTEN if walk.hearing is Hearing.LISTENING else WAIT)


def _after(flows: CallFlows, now: _Now, act: str, turn: Turn, texts: Mapping[str, str]) -> _Now:
    heard: list[str] = []
    sounds: list[str] = []
    result = ""
    over = False
    for action in turn.actions:
        match action:
            case Play():
                sounds += action.sounds
                heard += [texts.get(sound) or f"[{sound}]" for sound in action.sounds]
            case Enter():
                result = _entered(action, turn.walk)
                over = True
            case Ring():
                heard.append(f"[sonnerie : {action.number}]")
            case CallBack():
                heard.append(f"[rappel noté : {action.number}]")
            case Finish():
                result = "l'appel est raccroché"
                over = True
    seen = Seen(act, turn.route, tuple(heard), tuple(sounds), result)
    return _Now(turn.walk, now.here, over, (*now.seen, seen))


def _entered(enter: Enter, walk: Walk) -> str:
    skills = f", compétences {', '.join(walk.skills)}" if walk.skills else ""
    keys = "".join(f" ; touche {key} : {priority.value}" for key, priority in enter.keys.items())
    given = f"flux {walk.flow}, priorité {walk.priority.value}"
    return f"salle « {enter.queue} » ({given}{skills}{keys})"


def _rescued(flows: CallFlows, error: ScriptBroken) -> str:
    return f"échec ({error}) : salle de secours « {flows.rescue} »"


def instant(text: str, default: datetime) -> datetime:
    """Read when a call is tried: ``2026-12-25T10:00``, in Europe/Paris unless it says otherwise.

    Raises:
        ValueError: it is no instant.
    """
    if not text:
        return default
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=PARIS)
