"""The checker of the invariants: nothing on a sound journal, and each kind of harm done to it is found."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace as changed_row

from acd.defaults import default_plan
from app.audit import Evidence, Invariant, WitnessedCall, audit
from core.commands import AcceptOffer, HangUp, HoldCall, ResumeCall
from core.events import (
    AgentLoggedIn,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallQueued,
    Envelope,
    Event,
    LineOpened,
    OfferAccepted,
    PositionStateChanged,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
    SwitchConnected,
    SwitchLost,
)
from core.ids import AgentId, CallId, ChannelId, EventId, PositionId, new_id
from core.switch import DigitPressed
from core.words import EndedBy, Outcome, PositionState
from tests.support.audited import ledger_of
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit

NUMBERS = ("+33199000001", "+33199000002", "+33199000003")
Tamper = Callable[[Evidence], Evidence]


async def _day() -> FakeCentre:
    """Two agents take two calls, one of them held for a while; a third caller waits, and leaves."""
    centre = FakeCentre(wrap_up_seconds=5)
    centre.bus.publish(SwitchConnected(switch="asterisk-a"))
    centre.start()
    for name in ("arm1", "arm2"):
        centre.agent(name)
    calls = []
    for number in NUMBERS:
        call_id = centre.caller(number)
        calls.append(call_id)
        await settle()
        centre.bus.publish(
            RecordingStarted(call_id=call_id, caller_track=f"{call_id}-a", centre_track=f"{call_id}-b")
        )
        centre.advance(2)
        centre.switch.tell(DigitPressed(channel_id=ChannelId(call_id), digit="1"))
        await settle()
    for name in ("arm1", "arm2"):
        centre.advance(1)
        offer = centre.acd.room.positions[PositionId(name)].offer
        assert offer is not None
        centre.bus.execute(AcceptOffer(position_id=PositionId(name), offer_id=offer.offer_id))
        await settle()
    centre.bus.execute(HoldCall(position_id=PositionId("arm1")))
    centre.advance(10)
    centre.bus.execute(ResumeCall(position_id=PositionId("arm1")))
    await settle()
    centre.switch.channel_ends(ChannelId(calls[2]))
    await settle()
    for name in ("arm1", "arm2"):
        centre.advance(10)
        centre.bus.execute(HangUp(position_id=PositionId(name)))
        centre.switch.carry_out_hang_ups()
        await settle()
    for call_id in calls:
        seconds = _seconds(centre.journal.envelopes, call_id)
        centre.bus.publish(
            RecordingEnded(call_id=call_id, seconds=seconds, octets=1, caller_track=f"{call_id}-a")
        )
    centre.advance(5.1)
    centre.advance(1)
    assert centre.failures == []
    return centre


def _seconds(envelopes: Iterable[Envelope], call_id: CallId) -> float:
    at = {type(e.event): e.occurred_at for e in envelopes if e.call_id == call_id}
    return (at[CallEnded] - at[LineOpened]).total_seconds()


@pytest.fixture(scope="module")
def sound() -> Evidence:
    centre = asyncio.run(_day())
    envelopes = centre.journal.envelopes
    arrivals = [e for e in envelopes if isinstance(e.event, CallArrived)]
    seen = [
        WitnessedCall(number=number, sent_at=e.occurred_at, answered_at=e.occurred_at, status=200)
        for number, e in zip(NUMBERS, arrivals, strict=True)
    ]
    view = {"room": {"waiting": 0}}
    return Evidence(
        envelopes=envelopes,
        ledger=ledger_of(envelopes),
        until=centre.clock.now(),
        over=True,
        witness=seen,
        kept=[(e.seq, e.event_id) for e in envelopes],
        screens={"wallboard": (view, view)},
        counters={"presented": 3, "answered": 2, "abandoned": 1},
        plans=lambda version, surge: default_plan(20, 5),
    )


def test_a_sound_day_has_no_finding(sound: Evidence) -> None:
    found = audit(sound)
    assert [str(finding) for finding in found.findings] == []
    assert found.unchecked == {}


# --- harm ---------------------------------------------------------------------------------------------------


def first(evidence: Evidence, kind: type[Event]) -> Envelope:
    return next(e for e in evidence.envelopes if isinstance(e.event, kind))


def last(evidence: Evidence, kind: type[Event]) -> Envelope:
    return next(e for e in reversed(evidence.envelopes) if isinstance(e.event, kind))


def told(evidence: Evidence, envelopes: Iterable[Envelope], *, until: datetime | None = None) -> Evidence:
    """Other envelopes, numbered anew, and a ledger that adds up: only what is harmed is wrong."""
    found = [replace(envelope, seq=seq) for seq, envelope in enumerate(envelopes, 1)]
    return replace(
        evidence,
        envelopes=found,
        ledger=ledger_of(found),
        kept=(),
        counters=None,
        until=until or evidence.until,
    )


def without(*kinds: type[Event]) -> Tamper:
    return lambda e: told(e, [x for x in e.envelopes if not isinstance(x.event, kinds)])


def more(evidence: Evidence, *events: Event, after: type[Event], seconds: float = 0) -> Evidence:
    """These events as well, so long after the last one of a kind."""
    place = last(evidence, after)
    at = place.occurred_at + timedelta(seconds=seconds)
    new = [replace(place, event_id=EventId(new_id()), occurred_at=at, event=event) for event in events]
    envelopes = sorted([*evidence.envelopes, *new], key=lambda e: e.occurred_at)
    return told(evidence, envelopes, until=max(evidence.until, at))


def changed(evidence: Evidence, kind: type[Event], **fields: object) -> Evidence:
    """The first event of a kind says something else."""
    target = first(evidence, kind)
    event = replace(target.event, **fields)
    return told(evidence, [replace(e, event=event) if e is target else e for e in evidence.envelopes])


def unheard(evidence: Evidence) -> Evidence:
    ghost = WitnessedCall(number="+33199000009", sent_at=evidence.until, status=0)
    return replace(evidence, witness=[*(evidence.witness or ()), ghost])


def made_once(evidence: Evidence) -> Evidence:
    return replace(evidence, witness=list(evidence.witness or ())[1:] + list(evidence.witness or ())[1:2])


def ended_twice(evidence: Evidence) -> Evidence:
    event = last(evidence, CallEnded).event
    assert isinstance(event, CallEnded)
    return more(evidence, replace(event, outcome=Outcome.TECHNICAL_FAILURE), after=CallEnded)


def answered_after_the_end(evidence: Evidence) -> Evidence:
    return more(evidence, first(evidence, CallAnswered).event, after=CallEnded)


def a_hole(evidence: Evidence) -> Evidence:
    return replace(evidence, envelopes=[e for e in evidence.envelopes if e.seq != 7], kept=())


def a_place_taken_twice(evidence: Evidence) -> Evidence:
    twice = replace(evidence.envelopes[6], event_id=EventId(new_id()))
    return replace(evidence, envelopes=[*evidence.envelopes[:7], twice, *evidence.envelopes[7:]])


def another_past(evidence: Evidence) -> Evidence:
    return replace(evidence, kept=[(3, EventId("somebody else's"))])


def a_second_call_at_once(evidence: Evidence) -> Evidence:
    """arm2 is joined to the call that waits, while in another."""
    offered = last(evidence, CallOffered).event
    waiting = last(evidence, CallQueued).event
    assert isinstance(offered, CallOffered)
    assert isinstance(waiting, CallQueued)
    taken = OfferAccepted(
        call_id=waiting.call_id,
        offer_id=offered.offer_id,
        position_id=offered.position_id,
        agent_id=offered.agent_id,
    )
    return more(evidence, taken, after=OfferAccepted, seconds=0.5)


def a_wrap_up_without_end(evidence: Evidence) -> Evidence:
    final = last(evidence, PositionStateChanged)
    kept = [e for e in evidence.envelopes if e is not final]
    return told(evidence, kept, until=evidence.until + timedelta(seconds=30))


def out_of_turn(evidence: Evidence) -> Evidence:
    """The caller who came last is offered first: places in line are swapped, their calls are not."""
    queued = [e for e in evidence.envelopes if isinstance(e.event, CallQueued)]
    event = queued[0].event
    assert isinstance(event, CallQueued)
    waiting = first(evidence, CallArrived)
    earlier = replace(
        waiting,
        event_id=EventId(new_id()),
        event=replace(event, call_id=CallId("overlooked"), since=waiting.occurred_at - timedelta(seconds=9)),
    )
    return told(evidence, [earlier, *evidence.envelopes])


def a_free_agent(evidence: Evidence) -> Evidence:
    """A third agent becomes ready as the last caller begins to wait, and is offered nothing."""
    login = first(evidence, AgentLoggedIn).event
    ready = next(
        e.event
        for e in evidence.envelopes
        if isinstance(e.event, PositionStateChanged) and e.event.state is PositionState.READY
    )
    assert isinstance(login, AgentLoggedIn)
    assert isinstance(ready, PositionStateChanged)
    third = PositionId("arm3")
    return more(
        evidence,
        replace(login, position_id=third, agent_id=AgentId("arm3")),
        replace(ready, position_id=third),
        after=CallQueued,
    )


def another_outcome(evidence: Evidence) -> Evidence:
    rows = list(evidence.ledger)
    rows[0] = changed_row(rows[0], outcome=Outcome.ABANDONED_SVI)
    return replace(evidence, ledger=rows)


def a_figure(evidence: Evidence) -> Evidence:
    return replace(evidence, counters={"presented": 4})


def a_screen(evidence: Evidence) -> Evidence:
    return replace(evidence, screens={"arm1": ({"call": {"state": "held"}}, {"call": {"state": "talking"}})})


@pytest.mark.parametrize(
    ("tamper", "invariant"),
    [
        pytest.param(unheard, Invariant.WITNESSED, id="a caller the centre knows nothing of"),
        pytest.param(made_once, Invariant.WITNESSED, id="a call that nobody made"),
        pytest.param(ended_twice, Invariant.ONE_END, id="a call that ends twice"),
        pytest.param(answered_after_the_end, Invariant.ONE_END, id="a call answered after its end"),
        pytest.param(without(CallEnded), Invariant.ONE_END, id="calls without end"),
        pytest.param(a_hole, Invariant.NOTHING_LOST, id="an event missing"),
        pytest.param(a_place_taken_twice, Invariant.NOTHING_LOST, id="two events at one place"),
        pytest.param(another_past, Invariant.NOTHING_LOST, id="an event that was there is not any more"),
        pytest.param(a_second_call_at_once, Invariant.ONE_CALL_EACH, id="an agent hears two calls"),
        pytest.param(a_wrap_up_without_end, Invariant.ONE_CALL_EACH, id="a wrap-up without end"),
        pytest.param(out_of_turn, Invariant.ORDER, id="a caller overlooked"),
        pytest.param(another_outcome, Invariant.COUNTERS, id="the ledger says another outcome"),
        pytest.param(lambda e: replace(e, ledger=e.ledger[1:]), Invariant.COUNTERS, id="a row missing"),
        pytest.param(a_figure, Invariant.COUNTERS, id="the wallboard counts another number"),
        pytest.param(without(RecordingStarted, RecordingEnded), Invariant.RECORDED, id="not recorded"),
        pytest.param(
            lambda e: changed(e, RecordingEnded, seconds=3.0), Invariant.RECORDED, id="recorded in part"
        ),
        pytest.param(a_screen, Invariant.SCREENS, id="a screen left behind"),
        pytest.param(a_free_agent, Invariant.NOBODY_WAITS, id="a caller waits beside a free agent"),
    ],
)
def test_each_harm_is_found(sound: Evidence, tamper: Tamper, invariant: Invariant) -> None:
    assert invariant in {finding.invariant for finding in audit(tamper(sound)).findings}


# --- what is no finding -------------------------------------------------------------------------------------


def test_a_recording_that_is_flagged_is_no_finding(sound: Evidence) -> None:
    shorter = changed(sound, RecordingEnded, seconds=3.0)
    call_id = first(sound, RecordingEnded).call_id
    assert call_id is not None
    flagged = more(shorter, RecordingMissing(call_id=call_id, detail="torn"), after=RecordingEnded)
    assert audit(flagged).of(Invariant.RECORDED) == []


def test_a_core_that_is_away_is_not_held_to_deadlines(sound: Evidence) -> None:
    stuck = a_wrap_up_without_end(sound)
    final = stuck.envelopes[-1]
    lost = replace(
        final, event_id=EventId(new_id()), seq=final.seq + 1, event=SwitchLost(switch="a", detail="cut")
    )
    away = replace(stuck, envelopes=[*stuck.envelopes, lost])
    assert audit(away).of(Invariant.ONE_CALL_EACH) == []


def test_what_is_refused_may_be_absent(sound: Evidence) -> None:
    refused = WitnessedCall(number="+33199000009", sent_at=sound.until, status=503)
    assert audit(replace(sound, witness=[*(sound.witness or ()), refused])).findings == ()


def test_what_is_before_the_beginning_is_not_judged(sound: Evidence) -> None:
    later = replace(ended_twice(sound), begin=sound.until + timedelta(seconds=1))
    assert audit(later).of(Invariant.ONE_END) == []


def test_without_witness_plan_or_screens_that_is_said(sound: Evidence) -> None:
    found = audit(replace(sound, witness=None, plans=None, screens=None))
    assert set(found.unchecked) == {
        Invariant.WITNESSED,
        Invariant.ORDER,
        Invariant.NOBODY_WAITS,
        Invariant.SCREENS,
    }
    assert found.findings == ()


def test_a_call_ended_by_the_caller_is_told_without_its_number(sound: Evidence) -> None:
    [finding] = audit(unheard(sound)).of(Invariant.WITNESSED)
    assert "+33" not in str(finding)
    ended = last(sound, CallEnded).event
    assert isinstance(ended, CallEnded)
    assert ended.ended_by is EndedBy.AGENT
