"""``/api/plan``: the plan in force, its drawings, trying a call; surges, for supervisors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from core.plan import Difference
from core.ports import Clock
from core.words import Role
from ivr.diagram import draw
from ivr.reading import OTHER_LINES, STATES, e164
from ivr.script import CallFlows
from ivr.trial import MOST_ACTS, instant, play
from ivr.walk import Circumstances
from web.auth import Gate, Identity, WebError


class Plans(Protocol):
    """The plans of the centre, as these pages need them."""

    version: int
    surge: str
    trouble: str
    announcements: Mapping[str, str]

    @property
    def title(self) -> str:
        """Of the plan in force."""

    @property
    def surges(self) -> Mapping[str, str]:
        """The surges of the plan in force → their titles."""

    def flows(self, surge: str) -> CallFlows | None:
        """The call flows of the version in force under a surge; ``None``: it has no such surge."""

    def changes(self, surge: str) -> list[Difference]:
        """What a surge changes. ``KeyError``: there is no such surge."""

    async def surge_to(self, surge: str, by: str) -> None:
        """Lay a surge over the plan, or take it off (empty). ``KeyError``: there is no such surge."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineShown(_Body):
    """A number dialled and its script."""

    number: str
    flow: str
    script: str


class BoxShown(_Body):
    """A step as drawn."""

    name: str
    kind: str
    what: str
    start: bool


class ArrowShown(_Body):
    """A way from a step to another."""

    source: str
    target: str
    when: str


class ScriptShown(_Body):
    """A script as drawn."""

    name: str
    boxes: list[BoxShown]
    arrows: list[ArrowShown]


class SurgeShown(_Body):
    """A surge that the plan has prepared."""

    name: str
    title: str


class PlanShown(_Body):
    """The plan in force. ``shown`` is the surge under which lines and scripts are."""

    version: int
    title: str
    surge: str
    shown: str
    trouble: str
    supervisor: bool
    surges: list[SurgeShown]
    lines: list[LineShown]
    scripts: list[ScriptShown]


class ChangeShown(_Body):
    """One value that a surge changes."""

    where: str
    before: str
    after: str


class TrialAsked(_Body):
    """A caller to be played."""

    line: str = Field(max_length=16)
    number: str = Field(default="", max_length=24)
    at: str = Field(default="", max_length=32)
    state: str = Field(default="normal", max_length=10)
    surge: str = Field(default="", max_length=30)
    acts: list[Annotated[str, Field(max_length=6)]] = Field(default=[], max_length=MOST_ACTS)


class SeenShown(_Body):
    """One turn of the call."""

    act: str
    route: list[str]
    heard: list[str]
    result: str


class TrialShown(_Body):
    """What became of the caller so far."""

    script: str
    step: str
    acts: list[str]
    seen: list[SeenShown]


class SurgeAsked(_Body):
    """The surge to lay over the plan; empty: none."""

    name: str = Field(max_length=30)


def plan_routes(plans: Plans, gate: Gate, clock: Clock) -> APIRouter:
    """The routes of the plan's page."""
    router = APIRouter(prefix="/api/plan", dependencies=[Depends(gate.checked)])
    logged_in = Depends(gate.logged_in)

    @router.get("")
    async def plan(identity: Annotated[Identity, logged_in], surge: str | None = None) -> PlanShown:
        return _plan(plans, plans.surge if surge is None else surge, _is_supervisor(identity))

    @router.get("/surges/{name}")
    async def changes(name: str, identity: Annotated[Identity, logged_in]) -> list[ChangeShown]:
        try:
            found = plans.changes(name)
        except KeyError:
            raise WebError(404, "bad_request") from None
        return [ChangeShown(where=c.where, before=c.before, after=c.after) for c in found]

    @router.post("/surge", status_code=204)
    async def surge(body: SurgeAsked, identity: Annotated[Identity, logged_in]) -> None:
        if not _is_supervisor(identity):
            raise WebError(403, "supervisors_only")
        try:
            await plans.surge_to(body.name, identity.session.agent.agent_id)
        except KeyError:
            raise WebError(404, "bad_request") from None

    @router.post("/try")
    async def try_(body: TrialAsked, identity: Annotated[Identity, logged_in]) -> TrialShown:
        flows = plans.flows(body.surge)
        if flows is None or body.state not in STATES:
            raise WebError(400, "bad_request")
        try:
            now = instant(body.at, clock.now())
        except ValueError:
            raise WebError(400, "bad_request") from None
        return _trial(flows, body, now, plans.announcements)

    return router


def _is_supervisor(identity: Identity) -> bool:
    return identity.session.agent.role is Role.SUPERVISOR


def _plan(plans: Plans, surge: str, supervisor: bool) -> PlanShown:
    flows = plans.flows(surge)
    if flows is None:
        raise WebError(404, "bad_request")
    lines = [LineShown(number=n, flow=line.flow, script=line.script) for n, line in flows.lines.items()]
    other = flows.other_lines
    lines.append(LineShown(number=OTHER_LINES, flow=other.flow, script=other.script))
    return PlanShown(
        version=plans.version,
        title=plans.title,
        surge=plans.surge,
        shown=surge,
        trouble=plans.trouble,
        supervisor=supervisor,
        surges=[SurgeShown(name=name, title=title) for name, title in plans.surges.items()],
        lines=lines,
        scripts=[_script(flows, name) for name in flows.scripts],
    )


def _script(flows: CallFlows, name: str) -> ScriptShown:
    drawing = draw(flows.scripts[name])
    return ScriptShown(
        name=name,
        boxes=[BoxShown(name=b.name, kind=b.kind, what=b.what, start=b.start) for b in drawing.boxes],
        arrows=[ArrowShown(source=a.source, target=a.target, when=a.when) for a in drawing.arrows],
    )


def _trial(flows: CallFlows, body: TrialAsked, now: datetime, texts: Mapping[str, str]) -> TrialShown:
    here = Circumstances(
        now=now, line=body.line, number=e164(body.number) or None, state=flows.state or STATES[body.state]
    )
    trial = play(flows, here, body.acts, texts)
    seen = [SeenShown(act=s.act, route=list(s.route), heard=list(s.heard), result=s.result) for s in trial.seen]
    return TrialShown(script=trial.script, step=trial.step, acts=list(trial.acts), seen=seen)
