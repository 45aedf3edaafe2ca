"""An LRM that fails is spared, nothing pending is lost by it or by a restart, and nothing waits for ever."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bus import InProcessBus
from core.alarms import AlarmKind
from core.events import (
    CallAnswered,
    CallArrived,
    CallQueued,
    Envelope,
    Event,
    LrmNotificationFailed,
    LrmNotified,
)
from core.ids import AgentId, CallId, CentreId, ChannelId, EventId, OfferId, PositionId, QueueId
from core.words import CallerNumber, FrontOffice, Priority
from lrm_bridge.policy import BREAKS_AFTER, LONGEST_PROBE_S, Answer, Breaker
from lrm_bridge.service import AT_ONCE, LrmService
from supervision.alarms import AlarmService
from tests.support.centre import START, HeldClock, MemoryJournal, settle
from tests.support.lrm import ObligingLrm

pytestmark = pytest.mark.unit

CENTRE = CentreId("FR751")
AWAY, ILL, WELL = Answer(None, "ConnectError"), Answer(500), Answer(202)


def taken(call: int, agent: str) -> list[Event]:
    """A call arrives, waits and is taken by an agent."""
    call_id = CallId(f"c{call}")
    return [
        CallArrived(
            call_id=call_id, channel_id=ChannelId(call_id), line="15", caller=CallerNumber("+33612345678")
        ),
        CallQueued(
            call_id=call_id,
            flow="15",
            queue=QueueId("15"),
            priority=Priority.PX,
            front_office=FrontOffice.FO1,
        ),
        CallAnswered(
            call_id=call_id,
            offer_id=OfferId("o"),
            position_id=PositionId(agent),
            agent_id=AgentId(agent),
        ),
    ]


class Sending:
    """The service, its LRM, and time in one's hand."""

    def __init__(self, past: list[Envelope] | None = None) -> None:
        self.clock = HeldClock()
        self.journal = MemoryJournal(past or [])
        self.bus = InProcessBus(self.journal, self.clock, CENTRE)
        self.alarms = AlarmService(self.bus, self.clock)
        self.lrm = ObligingLrm()
        self.service = LrmService(self.bus, self.clock, self.lrm, self.alarms)
        for envelope in self.journal.envelopes:
            self.bus.replay(envelope)

    def take(self, call: int, agent: str) -> None:
        for event in taken(call, agent):
            self.bus.publish(event)

    async def passes(self, seconds: float, step: float = 0.1) -> None:
        """Time passes, looked at as often as the ticker does."""
        for _ in range(round(seconds / step)):
            now = self.clock.advance(step)
            self.service.tick(now)
            self.alarms.tick(now)
            await settle()

    @property
    def raised(self) -> set[AlarmKind]:
        return {kind for kind, _ in self.alarms.raised}

    def calls_told(self) -> list[str]:
        return [body.idAppel for _, _, body in self.lrm.told]


async def test_an_lrm_that_is_away_is_tried_once_at_a_time_and_all_is_told_when_it_is_back() -> None:
    s = Sending()
    s.lrm.answer = AWAY
    for call in range(40):
        s.take(call, f"a{call % 20}")
    await s.passes(4)
    assert s.service.breaker.open_since is not None
    before = s.lrm.tries
    s.lrm.hold.clear()  # a probe that gets no answer
    s.lrm.most_at_once = 0
    await s.passes(12)
    assert s.lrm.most_at_once == 1
    s.lrm.hold.set()
    await s.passes(10)
    assert s.lrm.tries - before <= 5
    assert s.raised == {AlarmKind.LRM_AWAY}
    s.lrm.answer = WELL
    await s.passes(10)
    told = s.calls_told()
    assert len(told) == len(set(told)) == 40 - len(s.journal.events(LrmNotificationFailed))
    for agent in range(20):
        mine = [call for call in told if int(call[1:]) % 20 == agent]
        assert mine == sorted(mine, key=lambda call: int(call[1:]))
    await s.passes(10)
    assert s.raised == set()


async def test_what_helps_nobody_any_more_is_given_up_in_time_while_the_lrm_is_away() -> None:
    s = Sending()
    s.lrm.answer = AWAY
    for call in range(300):
        s.take(call, f"a{call}")
    await s.passes(63)
    assert len(s.service.outbox) == 0
    failed = s.journal.events(LrmNotificationFailed)
    assert len(failed) == 300
    assert {each.detail for each in failed} <= {"ConnectError", "too late"}


async def test_ten_thousand_messages_survive_a_restart_and_no_turn_is_long() -> None:
    envelopes: list[Envelope] = []
    for call in range(10_000):
        for event in taken(call, f"a{call % 500}"):
            seq = len(envelopes) + 1
            at = START - timedelta(seconds=1)
            envelopes.append(
                Envelope(event_id=EventId(str(seq)), seq=seq, occurred_at=at, centre_id=CENTRE, event=event)
            )
    s = Sending(envelopes)
    assert len(s.service.outbox) == 10_000
    s.service.start()
    for _ in range(3_000):
        s.service.tick(s.clock.now())
        await settle()
        if not s.service.outbox.pending:
            break
    assert len(s.calls_told()) == len(set(s.calls_told())) == 10_000
    assert s.lrm.most_at_once <= AT_ONCE
    for agent in range(0, 500, 50):
        mine = [int(call[1:]) for call in s.calls_told() if int(call[1:]) % 500 == agent]
        assert mine == sorted(mine)
    again = Sending(s.journal.envelopes)
    assert len(again.service.outbox) == 0


async def test_an_lrm_that_can_be_reached_again_is_no_alarm_though_nobody_calls() -> None:
    s = Sending()
    s.lrm.answer = AWAY
    s.take(1, "a")
    await s.passes(65)
    assert s.raised == {AlarmKind.LRM_AWAY}
    assert s.service.outbox.pending == {}
    s.lrm.answer = WELL
    await s.passes(20)
    assert s.raised == set()


async def test_an_lrm_that_fails_at_calls_is_an_alarm_until_it_takes_one() -> None:
    s = Sending()
    s.lrm.answer = ILL
    s.take(1, "a")
    await s.passes(65)
    s.lrm.answer = WELL  # it answers when it is looked at, as it did before
    await s.passes(30)
    assert s.raised == {AlarmKind.LRM_AWAY}
    s.take(2, "a")
    await s.passes(20)
    assert s.calls_told() == ["c2"]
    assert s.raised == set()


async def test_a_fault_of_ours_at_one_message_keeps_no_other_from_being_told() -> None:
    s = Sending()
    broken = s.lrm.appel_entrant

    async def fail(agent_id: AgentId, body: object) -> Answer:
        raise RuntimeError("ours")

    s.lrm.appel_entrant = fail  # type: ignore[method-assign]
    s.take(1, "a")
    await s.passes(0.2)
    s.lrm.appel_entrant = broken  # type: ignore[method-assign]
    s.take(2, "a")
    await s.passes(5)
    assert s.calls_told() == ["c1", "c2"]
    assert len(s.journal.events(LrmNotified)) == 2


@given(st.lists(st.tuples(st.sampled_from([AWAY, ILL, WELL, Answer(404)]), st.floats(0, 20)), max_size=60))
def test_an_open_breaker_allows_one_try_at_a_time_and_a_success_closes_it(
    story: list[tuple[Answer, float]],
) -> None:
    breaker, now, failures = Breaker(), START, 0
    for answer, wait in story:
        now += timedelta(seconds=wait)
        if not breaker.allows(now):
            assert breaker.probe_at is not None
            assert breaker.probe_at - now <= timedelta(seconds=LONGEST_PROBE_S)
            continue
        probe = breaker.begin()
        if probe:
            assert not breaker.allows(now)
        breaker.end(answer, now, probe=probe)
        failures = failures + 1 if answer in (AWAY, ILL) else 0
        assert (breaker.open_since is not None) == (failures >= BREAKS_AFTER)
        if failures == 0:
            assert breaker.allows(now)


def test_tries_that_began_before_it_opened_push_the_next_one_no_further_away() -> None:
    breaker = Breaker()
    begun = [breaker.begin() for _ in range(16)]
    for probe in begun:
        breaker.end(AWAY, START, probe=probe)
    assert breaker.probe_at == START + timedelta(seconds=1)


def test_closing_leaves_nothing_running() -> None:
    async def story() -> int:
        s = Sending()
        s.lrm.hold.clear()
        for call in range(5):
            s.take(call, f"a{call}")
        await settle()
        await s.service.close()
        return len(asyncio.all_tasks())

    assert asyncio.run(story()) == 1
