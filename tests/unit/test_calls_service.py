"""A call's life, its outcomes, and what happens to it when parts fail."""

import pytest

from core.commands import AcceptOffer, HangUp, HoldCall, ResumeCall
from core.events import (
    CallAnswered,
    CallArrived,
    CallDismissed,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOriented,
    CallQueued,
    CallResumed,
    OfferWithdrawn,
)
from core.ids import BridgeId, ChannelId, PositionId, QueueId
from core.switch import DigitPressed, PlaybackEnded
from core.words import EndedBy, Outcome, WithdrawReason
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit

ARM1 = PositionId("arm1")
BRIDGE = BridgeId("position-arm1")


class Story:
    """One caller and one agent, told step by step."""

    def __init__(self) -> None:
        self.centre = FakeCentre()
        self.centre.start()

    async def arrives(self) -> "Story":
        self.call = self.centre.caller()
        self.channel = ChannelId(self.call)
        await settle()
        return self

    async def queued(self, *, by_key: bool = True) -> "Story":
        await self.arrives()
        playback = self.centre.ivr.greetings.by_call[self.call].playback_id
        self.centre.switch.tell(
            DigitPressed(channel_id=self.channel, digit="#")
            if by_key
            else PlaybackEnded(playback_id=playback, ok=True)
        )
        return self

    async def offered(self) -> "Story":
        await self.queued()
        self.centre.agent("arm1")
        return self

    async def talking(self) -> "Story":
        await self.offered()
        offer = self.centre.journal.events(CallOffered)[-1]
        self.centre.bus.execute(AcceptOffer(position_id=ARM1, offer_id=offer.offer_id))
        await settle()
        return self

    async def held(self) -> "Story":
        await self.talking()
        self.centre.bus.execute(HoldCall(position_id=ARM1))
        return self

    def ended(self) -> CallEnded:
        [ended] = self.centre.journal.events(CallEnded)
        return ended


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        ("arrives", Outcome.ABANDONED_SVI),
        ("queued", Outcome.ABANDONED_QUEUE),
        ("offered", Outcome.ABANDONED_RINGING),
        ("talking", Outcome.ANSWERED),
        ("held", Outcome.ANSWERED),
    ],
)
async def test_the_caller_hangs_up(until: str, outcome: Outcome) -> None:
    story = await getattr(Story(), until)()
    story.centre.switch.channel_ends(story.channel)
    assert (story.ended().outcome, story.ended().ended_by) == (outcome, EndedBy.CALLER)
    assert story.ended().position_id == (ARM1 if outcome is Outcome.ANSWERED else None)
    assert not story.centre.failures


async def test_the_agent_hangs_up() -> None:
    story = await Story().talking()
    story.centre.bus.execute(HangUp(position_id=ARM1))
    story.centre.switch.carry_out_hang_ups()
    assert (story.ended().outcome, story.ended().ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)


@pytest.mark.parametrize("by_key", [True, False])
async def test_the_welcome_can_be_skipped(by_key: bool) -> None:
    story = await Story().queued(by_key=by_key)
    [oriented] = story.centre.journal.events(CallOriented)
    assert oriented.route[0] == f"welcome:{'skip' if by_key else 'end'}"
    assert bool(story.centre.switch.playing) is not by_key
    assert story.centre.switch.music == {story.channel: "waiting"}


async def test_hold_and_resume_move_the_caller_out_of_and_into_the_bridge() -> None:
    story = await Story().talking()
    switch = story.centre.switch
    assert switch.bridges[BRIDGE] == {story.channel}
    assert story.channel not in switch.music
    story.centre.bus.execute(HoldCall(position_id=ARM1))
    assert (switch.bridges[BRIDGE], switch.music) == (set(), {story.channel: "hold"})
    story.centre.bus.execute(ResumeCall(position_id=ARM1))
    assert (switch.bridges[BRIDGE], switch.music) == ({story.channel}, {})
    assert story.centre.journal.events(CallHeld, CallResumed)


async def test_a_call_that_cannot_be_joined_goes_back_to_the_queue_with_its_music() -> None:
    story = await Story().offered()
    story.centre.switch.refuse_joins = True
    offer = story.centre.journal.events(CallOffered)[-1]
    story.centre.bus.execute(AcceptOffer(position_id=ARM1, offer_id=offer.offer_id))
    for _ in range(2):
        await settle()
    assert story.centre.journal.events(OfferWithdrawn)[0].reason is WithdrawReason.CONNECT_FAILED
    assert not story.centre.journal.events(CallAnswered)
    assert story.centre.switch.music == {story.channel: "waiting"}


async def test_a_caller_told_twice_is_one_call() -> None:
    story = await Story().queued()
    story.centre.switch.cut()
    story.centre.switch.mend()
    assert len(story.centre.journal.events(CallArrived)) == len(story.centre.journal.events(CallQueued)) == 1


async def test_a_caller_who_arrived_while_the_link_was_down_is_taken() -> None:
    story = Story()
    story.centre.switch.cut()
    call = story.centre.caller()
    assert not story.centre.journal.events(CallArrived)
    story.centre.switch.mend()
    await settle()
    assert call in story.centre.calls.calls.by_id


async def test_a_call_about_which_something_failed_is_handed_back() -> None:
    story = await Story().queued()
    story.centre.calls.rescue(story.call)
    assert story.centre.switch.handed_back == [story.channel]
    assert story.ended().outcome is Outcome.FALLBACK


async def test_a_call_told_its_last_message_is_ended_by_the_next_core_if_the_first_could_not() -> None:
    story = await Story().queued()
    story.centre.bus.publish(CallDismissed(call_id=story.call, queue=QueueId("15")))
    again = FakeCentre(story.centre.journal.envelopes)
    again.switch.go_on_from(story.centre.switch)
    again.switch.hanging_up.clear()
    again.start()
    assert again.switch.hanging_up == [story.channel]
    again.switch.carry_out_hang_ups()
    [ended] = again.journal.events(CallEnded)
    assert (ended.outcome, ended.ended_by) == (Outcome.REFUSED, EndedBy.SYSTEM)


async def test_a_call_being_talked_on_is_never_handed_back() -> None:
    story = await Story().talking()
    story.centre.calls.rescue(story.call)
    assert story.centre.switch.handed_back == []
    assert not story.centre.journal.events(CallEnded)
