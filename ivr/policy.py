"""The interpreter of scripts: where a call is, what happened, and the circumstances give what is done next.

A call is at one step that takes time, or has left the SVI. Steps that take none are passed through at once. Any
difficulty raises :class:`ScriptBroken`: the caller then goes to the emergency room, never into silence.

::

    begin ─► play ──end, or a skip──► next step …          ─► Enter (a room)
              │                                             ─► Leave (transfer, callback, last message)
              └─(menu)─ key ─► its step
                        wrong key, or time-out after the end ─► again, at last the default
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from core.words import Outcome
from ivr.calendar import Opening, opening
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
    Menu,
    SayQueue,
    Script,
    Step,
    Transfer,
    Wait,
)
from ivr.speech import say_rank, say_wait
from ivr.walk import (
    Action,
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

MOST_MOVES: Final = 40
"""Prompts heard in one script: a caller who is still there then goes to the emergency room."""


_UNTOLD: Final = timedelta(seconds=10)
"""After the time for ringing outside, how long its end may stay untold."""


def begin(flows: CallFlows, here: Circumstances) -> Turn:
    """Enter the script of the line that was dialled.

    Raises:
        ScriptBroken: it cannot be.
    """
    line = flows.line(here.line)
    start = _script(flows, line.script).start
    walk = Walk(script=line.script, step=start, flow=line.flow, priority=line.priority)
    return _go(flows, here, walk, walk.step, ())


def resume(flows: CallFlows, here: Circumstances, walk: Walk) -> Turn:
    """Begin again the step where a call was: its announcement is played once more.

    Raises:
        ScriptBroken: it cannot be.
    """
    return _go(flows, here, walk, walk.step, ())


def retrace(flows: CallFlows, walk: Walk | None, script: str, route: tuple[str, ...], line: str) -> Walk:
    """Where a call is after a journalled route, with what it was given on the way.

    It never fails: what the plan no longer tells (a version that is gone) is left out.
    """
    if walk is None:
        to = flows.line(line)
        walk = Walk(script=script, step="", flow=to.flow, priority=to.priority)
    found = flows.scripts.get(script)
    for item in route:
        name, _, why = item.partition(":")
        again = why in ("invalid", "timeout")
        step = found.steps.get(name) if found else None
        if isinstance(step, Assign) and why:
            walk = _assign(walk, step)
        tries = walk.tries if name == walk.step else 0
        if why:
            tries = tries + 1 if again else 0
        if isinstance(step, Menu) and tries >= step.tries:
            tries = 0  # it was left by its default, which may be the menu itself, as a key's may be
        walk = replace(walk, step=name, tries=tries)
    ringing = found is not None and isinstance(found.steps.get(walk.step), Transfer)
    hearing = Hearing.ELSEWHERE if ringing else Hearing.LISTENING
    return replace(walk, moves=walk.moves + 1, hearing=hearing)


def proceed(flows: CallFlows, here: Circumstances, walk: Walk, happening: Happening) -> Turn:
    """Take in what happened to a call.

    Raises:
        ScriptBroken: the script cannot go on.
    """
    step = _step(flows, walk)
    if isinstance(happening, Played) and not happening.ok:
        raise ScriptBroken("an announcement could not be played")
    if walk.hearing is Hearing.LAST_WORDS:
        ended = isinstance(happening, Played)
        return Turn(walk, actions=(Finish(walk.outcome or Outcome.REFUSED),)) if ended else Turn(walk)
    match step:
        case Announce() if isinstance(happening, Played):
            return _leave(flows, here, walk, "end", step.next)
        case Announce() if isinstance(happening, Key) and step.skippable:
            return _leave(flows, here, walk, "skip", step.next, hush=True)
        case SayQueue() if isinstance(happening, Played | Key):
            skipped = isinstance(happening, Key)
            return _leave(flows, here, walk, "skip" if skipped else "end", step.next, hush=skipped)
        case Menu():
            return _choose(flows, here, walk, step, happening)
        case Transfer() if isinstance(happening, NotReached) or _is_late(walk, here, happening):
            return _leave(flows, here, walk, "not reached", step.otherwise)
    return Turn(walk)


def ringing_still(flows: CallFlows, walk: Walk, now: datetime) -> Walk:
    """The call found again while a number outside may still be rung for it."""
    step = _script(flows, walk.script).steps.get(walk.step)
    return elsewhere(walk, step, now) if isinstance(step, Transfer) else walk


def elsewhere(walk: Walk, step: Transfer, now: datetime) -> Walk:
    """The call while a number outside is rung: should nobody tell how that ended, it goes on by itself."""
    deadline = now + timedelta(seconds=step.ring_s) + _UNTOLD
    return replace(walk, hearing=Hearing.ELSEWHERE, deadline=deadline)


def _is_late(walk: Walk, here: Circumstances, happening: Happening) -> bool:
    return isinstance(happening, Tick) and walk.deadline is not None and walk.deadline <= here.now


def _choose(flows: CallFlows, here: Circumstances, walk: Walk, menu: Menu, happening: Happening) -> Turn:
    listening = walk.hearing is Hearing.LISTENING
    if isinstance(happening, Key):
        to = menu.keys.get(happening.digit) or menu.other
        if to:
            return _leave(flows, here, walk, f"key {happening.digit}", to, hush=listening)
        return _again(flows, here, walk, menu, "invalid", menu.invalid_sounds, hush=listening)
    if isinstance(happening, Played) and listening:
        if menu.timeout_s > 0:
            deadline = here.now + timedelta(seconds=menu.timeout_s)
            return Turn(replace(walk, hearing=Hearing.CHOOSING, deadline=deadline))
        return _again(flows, here, walk, menu, "timeout", ())
    if _is_late(walk, here, happening):
        return _again(flows, here, walk, menu, "timeout", ())
    return Turn(walk)


def _again(
    flows: CallFlows,
    here: Circumstances,
    walk: Walk,
    menu: Menu,
    why: str,
    sounds: tuple[str, ...],
    *,
    hush: bool = False,
) -> Turn:
    """Ask once more, or give up asking."""
    if walk.tries + 1 >= menu.tries:
        return _leave(flows, here, walk, why, menu.default, hush=hush)
    walk = replace(walk, tries=walk.tries + 1)
    return _stay(walk, (f"{walk.step}:{why}", walk.step), Play((*sounds, *menu.sounds)), hush=hush)


def _leave(flows: CallFlows, here: Circumstances, walk: Walk, why: str, to: str, *, hush: bool = False) -> Turn:
    return _go(flows, here, replace(walk, tries=0), to, (f"{walk.step}:{why}",), hush=hush)


def _go(
    flows: CallFlows,
    here: Circumstances,
    walk: Walk,
    to: str,
    route: tuple[str, ...],
    *,
    hush: bool = False,
) -> Turn:
    """Pass through the steps that take no time, up to one that does, or out of the SVI."""
    steps = _script(flows, walk.script).steps
    for _ in range(len(steps) + 1):
        walk = replace(walk, step=to, deadline=None, hearing=Hearing.LISTENING)
        step = _step(flows, walk)
        if stopped := _stop(flows, here, walk, step, (*route, to), hush):
            return stopped
        walk, why, to = _pass(flows, here, walk, step)
        route = (*route, f"{walk.step}:{why}")
    raise ScriptBroken("the script turns in circles")


def _stop(
    flows: CallFlows, here: Circumstances, walk: Walk, step: Step, route: tuple[str, ...], hush: bool
) -> Turn | None:
    """What is done at a step where the call stays or leaves; ``None``: it is passed through."""
    match step:
        case Announce() | Menu():
            return _stay(walk, route, Play(step.sounds), hush=hush)
        case SayQueue():
            if sounds := spoken(step, here, walk):
                return _stay(walk, route, Play(sounds), hush=hush)
            return None
        case Wait():
            front_office = flows.rooms.get(step.queue)
            if front_office is None:
                raise ScriptBroken("the waiting room does not exist")
            return Turn(walk, route, (Enter(step.queue, front_office, step.keys),), hush)
        case Transfer():
            until = here.now + timedelta(seconds=step.ring_s)
            rung = replace(elsewhere(walk, step, here.now), moves=walk.moves + 1)
            _bound(rung)
            return Turn(rung, route, (Ring(step.number, until),), hush)
        case HangUp():
            return _last_words(walk, route, step.sounds, Outcome.REFUSED, (), hush)
        case Callback() if here.number is not None:
            wish = (CallBack(here.number),)
            return _last_words(walk, route, step.sounds, Outcome.CALLBACK_ASKED, wish, hush)
    return None


def _pass(flows: CallFlows, here: Circumstances, walk: Walk, step: Step) -> tuple[Walk, str, str]:
    """Pass through a step: the walk, why this way, and the next step."""
    match step:
        case Assign():
            return _assign(walk, step), "set", step.next
        case SayQueue():
            return walk, "nothing to say", step.next
        case Callback():
            return walk, "hidden", step.otherwise
        case ByHours():
            calendar = flows.calendars.get(step.calendar)
            if calendar is None:
                raise ScriptBroken("the calendar does not exist")
            found = opening(calendar, here.now)
            ways = {Opening.OPEN: step.open, Opening.CLOSED: step.closed, Opening.HOLIDAY: step.holiday}
            return walk, found.value, ways[found]
        case ByLine():
            return walk, "line", step.lines.get(here.line, step.default)
        case ByState():
            ways_by_state = {
                CentreState.NORMAL: step.normal,
                CentreState.SATURATED: step.saturated,
                CentreState.CRISIS: step.crisis,
            }
            return walk, here.state.value, ways_by_state[here.state]
        case ByCaller():
            return walk, *_who(flows, here, step)
    raise ScriptBroken("a step of an unknown kind")


def _assign(walk: Walk, step: Assign) -> Walk:
    return replace(
        walk,
        flow=step.flow or walk.flow,
        priority=step.priority or walk.priority,
        skills=walk.skills if step.skills is None else step.skills,
    )


def _who(flows: CallFlows, here: Circumstances, step: ByCaller) -> tuple[str, str]:
    for name, to in step.lists.items():
        if here.number is not None and here.number in flows.lists.get(name, ()):
            return f"list {name}", to
    if here.number is None and step.hidden:
        return "hidden", step.hidden
    since = here.now - here.called_before if here.called_before is not None else None
    if step.repeat and since is not None and since <= timedelta(minutes=step.repeat_minutes):
        return "repeat", step.repeat
    return "else", step.default


def spoken(step: SayQueue, here: Circumstances, walk: Walk) -> tuple[str, ...]:
    """What is said of a room to a call."""
    figures = here.room(step.queue)
    rank = say_rank(figures.rank(walk.priority)) if step.rank else ()
    return rank + (say_wait(figures.wait(walk.priority)) if step.wait else ())


def _stay(walk: Walk, route: tuple[str, ...], play: Play, *, hush: bool) -> Turn:
    walk = replace(walk, hearing=Hearing.LISTENING, deadline=None, moves=walk.moves + 1)
    _bound(walk)
    if not play.sounds:
        raise ScriptBroken("a step has nothing to say")
    return Turn(walk, route, (play,), hush)


def _last_words(
    walk: Walk,
    route: tuple[str, ...],
    sounds: tuple[str, ...],
    outcome: Outcome,
    before: tuple[Action, ...],
    hush: bool,
) -> Turn:
    walk = replace(walk, hearing=Hearing.LAST_WORDS, outcome=outcome, moves=walk.moves + 1)
    if not sounds:
        raise ScriptBroken("the last message is missing")
    return Turn(walk, route, (*before, Play(sounds)), hush)


def _bound(walk: Walk) -> None:
    if walk.moves > MOST_MOVES:
        raise ScriptBroken("the caller has heard too many announcements")


def _script(flows: CallFlows, name: str) -> Script:
    script = flows.scripts.get(name)
    if script is None:
        raise ScriptBroken("the script does not exist")
    return script


def _step(flows: CallFlows, walk: Walk) -> Step:
    step = _script(flows, walk.script).steps.get(walk.step)
    if step is None:
        raise ScriptBroken("the step does not exist")
    return step
