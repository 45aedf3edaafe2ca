"""Fault runs: the same seed gives the same plan, and what a run cost is counted rightly."""

from collections import Counter

import pytest

from core.alarms import Severity
from core.events import AlarmRaised
from simulator.ear import Ear
from simulator.sound import encode_alaw, silence, tone
from tests.chaos.costs import Cost
from tests.chaos.plan import AFTER_S, drawn
from tests.chaos.result import Result, judge, total
from tests.chaos.rows import NOT_YET, ROWS
from tests.chaos.run import Observed
from tests.chaos.states import ALL, FEW, State
from tests.support.events import NOON, envelope

pytestmark = pytest.mark.unit

_FRAME = 160


def test_the_same_seed_gives_the_same_plan_and_another_row_or_seed_another() -> None:
    def of(seed: int, row: str) -> object:
        return drawn(seed, row, (0, 5), rate=2, states=ALL)

    assert of(1, "F2") == of(1, "F2")
    assert len({of(1, "F2"), of(2, "F2"), of(1, "F3")}) == 3


@pytest.mark.parametrize("states", [ALL, FEW])
def test_a_plan_has_every_state_once_and_each_caller_a_number_of_its_own(states: tuple[State, ...]) -> None:
    for seed in range(30):
        plan = drawn(seed, "F2", (0, 5), rate=2, states=states)
        order = [state for state, _ in plan.staged]
        assert Counter(order) == Counter(states)
        assert order.index(State.OFFERED) > order.index(State.PARKED), "the same agent does both"
        assert order[-1] is State.SVI
        numbers = [number for _, number in plan.staged] + [a.number for a in plan.arrivals]
        assert len(set(numbers)) == len(numbers)
        assert all(a.at < plan.fault_at + plan.fault_lasts + AFTER_S for a in plan.arrivals)


def test_rows_have_names_of_their_own_and_none_is_both_run_and_not() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert not set(names) & set(NOT_YET)


def test_silences_are_noted_and_packets_that_do_not_come_are_silence() -> None:
    now = 0.0
    ear = Ear(lambda: now)
    loud, quiet = encode_alaw(tone(500, 0.1))[:_FRAME], encode_alaw(silence(0.02))
    ear.listen()
    for _ in range(50):
        now += 0.02
        ear.hear(loud)
    assert ear.longest == pytest.approx(0.02)
    for _ in range(100):
        now += 0.02
        ear.hear(quiet)
    assert ear.longest == pytest.approx(2.0)
    ear.hear(loud)
    now += 3
    assert ear.present == pytest.approx(3)
    ear.stop()
    now += 9
    assert ear.longest == pytest.approx(3)
    assert ear.present == 0
    ear.listen()
    assert ear.longest == 0


def test_figures_of_several_runs_are_their_sums_and_worsts() -> None:
    first = Result(3, Counter({Cost.SILENT: 1, Cost.SILENT_SVI: 1}), 0.2, 1.0, 0.1)
    second = Result(4, Counter({Cost.CUT: 2}), 0.4, None, 0.3, ("cut: caller 1",))
    figures = total([first, second]).figures()
    assert figures["offered"] == 7
    assert figures["silent_over_2s"] == 2
    assert figures["cut"] == 2
    assert figures["worst_answer_s"] == 0.4
    assert figures["recovery_s"] is None, "one of them did not come back"
    assert [each.verdict for each in (first, second, total([]))] == ["known", "FAILED", "ok"]


def test_a_fault_that_did_not_take_hold_is_no_success() -> None:
    row = next(row for row in ROWS if row.alarm is not None)
    observed = Observed(drawn(1, row.name, row.lasts, rate=1, states=FEW), recovery_s=0.1)
    observed.hurt_at = NOON
    assert judge(row, observed).verdict == "FAILED"
    assert row.alarm is not None
    raised = AlarmRaised(kind=row.alarm, severity=Severity.CRITICAL)
    observed.envelopes = [envelope(raised, 1, seconds=-1), envelope(raised, 2, seconds=3)]
    result = judge(row, observed)
    assert (result.verdict, result.alarm_s) == ("ok", 3.0)


def test_a_centre_that_takes_no_call_any_more_has_failed() -> None:
    row = next(row for row in ROWS if row.alarm is None)
    observed = Observed(drawn(1, row.name, row.lasts, rate=1, states=FEW))
    assert judge(row, observed).verdict == "FAILED"
