"""What a run cost, in figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.audit import Invariant
from core.alarms import AlarmKind
from core.events import AlarmRaised, CallArrived, CallEnded, CallQueued, CoreStarted, Event, LostCallFiled
from tests.chaos.costs import Cost
from tests.chaos.rows import Row
from tests.chaos.run import Observed

SILENT_S = 2.0
STALLED_S = 1.0
"""Where this process did not run for so long, its agents were silent meanwhile: silences tell nothing."""
_BY_OURSELVES = frozenset({Cost.SILENT, Cost.SILENT_SVI})
PATIENT_S = 5.0
"""Who leaves sooner without an answer was not lost: probes do."""
CALLBACK_S = 5.0
"""Within how long a caller who was cut is on the callback desk."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run's figures, or those of several together. ``beyond``: what was not allowed, in words."""

    offered: int
    costs: Counter[Cost]
    worst_answer_s: float
    recovery_s: float | None
    lag_s: float
    beyond: tuple[str, ...] = ()
    alarm_s: float | None = None
    """From the fault to its alarm, where one must be raised."""

    @property
    def verdict(self) -> str:
        """``ok``: nothing. ``known``: only what the row says may happen. ``FAILED``: more."""
        if self.beyond:
            return "FAILED"
        return "known" if self.costs.total() else "ok"

    def figures(self) -> dict[str, object]:
        """For machines."""
        return {
            "offered": self.offered,
            **{cost.value: self.costs[cost] for cost in Cost},
            Cost.SILENT.value: self.costs[Cost.SILENT] + self.costs[Cost.SILENT_SVI],
            "worst_answer_s": round(self.worst_answer_s, 2),
            "recovery_s": None if self.recovery_s is None else round(self.recovery_s, 2),
            "alarm_s": None if self.alarm_s is None else round(self.alarm_s, 2),
            "harness_lag_s": round(self.lag_s, 2),
        }


def judge(row: Row, observed: Observed) -> Result:
    """Count what a run cost, and hold it against what its fault may cost."""
    told = list(_costs(observed))
    costs = Counter(cost for cost, _ in told)
    allowed = set(row.may_cost) | (_BY_OURSELVES if observed.lag_s > STALLED_S else set())
    beyond = [f"{cost.value}: {what}" for cost, what in told if cost not in allowed]
    if observed.recovery_s is None:
        beyond.append("the core took no call any more")
    alarm_s = _alarmed(row, observed)
    if row.alarm is not None and alarm_s is None:
        beyond.append(f"no alarm {row.alarm.value}: the fault did not take hold, or was not seen")
    answers = [each.patience if (s := each.answer_seconds) is None else s for each in observed.arrivals]
    return Result(
        offered=len(observed.callers),
        costs=costs,
        worst_answer_s=max(answers, default=0.0),
        recovery_s=observed.recovery_s,
        lag_s=observed.lag_s,
        beyond=tuple(beyond),
        alarm_s=alarm_s,
    )


def broken(what: str) -> Result:
    """A run that could not be made to its end."""
    return Result(offered=0, costs=Counter(), worst_answer_s=0.0, recovery_s=None, lag_s=0.0, beyond=(what,))


def total(results: Iterable[Result]) -> Result:
    """All together: sums, and the worst of what is measured in seconds."""
    every = list(results)
    recovered = [each.recovery_s for each in every if each.recovery_s is not None]
    return Result(
        offered=sum(each.offered for each in every),
        costs=sum((each.costs for each in every), Counter()),
        worst_answer_s=max((each.worst_answer_s for each in every), default=0.0),
        recovery_s=max(recovered) if len(recovered) == len(every) and every else None,
        lag_s=max((each.lag_s for each in every), default=0.0),
        beyond=tuple(what for each in every for what in each.beyond),
        alarm_s=max((each.alarm_s for each in every if each.alarm_s is not None), default=None),
    )


def _alarmed(row: Row, observed: Observed) -> float | None:
    hurt_at = observed.hurt_at
    if row.alarm is None or hurt_at is None:
        return None
    raised = [
        (envelope.occurred_at - hurt_at).total_seconds()
        for envelope in observed.envelopes
        if isinstance(envelope.event, AlarmRaised) and envelope.event.kind is row.alarm
    ]
    return next((seconds for seconds in raised if seconds >= 0), None)


def _costs(observed: Observed) -> Iterable[tuple[Cost, str]]:
    in_svi = _in_svi(observed)
    for index, each in enumerate(observed.callers, 1):
        who = f"caller {index}"
        if not each.answered and each.patience > PATIENT_S:
            yield Cost.LOST, f"{who} was not answered in {each.patience:.1f} s"
        if each.cut and not (each.dead and each.number in in_svi):
            yield Cost.CUT, f"{who} was cut"
        elif each.ear.longest > SILENT_S:
            where = Cost.SILENT_SVI if each.number in in_svi else Cost.SILENT
            yield where, f"{who} heard nothing for {each.ear.longest:.1f} s"
        if each.answered and each.number not in observed.listed:
            yield Cost.UNLISTED, f"{who} was answered, and is not in the ledger"
    yield from ((Cost.MISPLACED, what) for what in observed.misplaced)
    yield from ((Cost.FINDINGS, what) for what in observed.amiss)
    yield from _uncalled(observed)
    for finding in observed.found.findings:
        if finding.invariant is Invariant.WITNESSED:
            continue  # told by caller above
        kinds = {Invariant.ONE_END: Cost.DOUBLE, Invariant.NOTHING_LOST: Cost.EVENTS}
        yield kinds.get(finding.invariant, Cost.FINDINGS), str(finding)


def _in_svi(observed: Observed) -> set[str | None]:
    """The numbers of those who were in the SVI when the fault came, or while a core or its link was away.

    What happened during a cut is in the journal after it: at its alarm, all are where it found them.
    """
    hurt_at, numbers = observed.hurt_at, dict[str, str | None]()
    found: set[str | None] = set()
    for envelope in sorted(observed.envelopes, key=lambda each: each.seq):
        event = envelope.event
        if hurt_at is not None and envelope.occurred_at > hurt_at:
            found, hurt_at = {*numbers.values()}, None
        if isinstance(event, CallArrived):
            numbers[event.call_id] = event.caller.e164
        elif isinstance(event, CallQueued | CallEnded):
            numbers.pop(event.call_id, None)
        elif hurt_at is None and (isinstance(event, CoreStarted) or _link_lost(event)):
            found |= {*numbers.values()}
    return found


def _link_lost(event: Event) -> bool:
    return isinstance(event, AlarmRaised) and event.kind is AlarmKind.SWITCH_SILENT


def _uncalled(observed: Observed) -> Iterable[tuple[Cost, str]]:
    """Callers who were cut are on the callback desk soon, or it is told."""
    filed = {e.event.number: e.occurred_at for e in observed.envelopes if isinstance(e.event, LostCallFiled)}
    in_svi = _in_svi(observed)
    for index, each in enumerate(observed.callers, 1):
        if each.cut_at is None or (each.dead and each.number in in_svi):
            continue
        at = filed.get(each.number)
        if at is None:
            yield Cost.UNCALLED, f"caller {index} was cut, and nobody will call back"
        elif (at - each.cut_at).total_seconds() > CALLBACK_S:
            late = (at - each.cut_at).total_seconds()
            yield Cost.UNCALLED, f"caller {index} was cut, and on the callback desk after {late:.1f} s"
