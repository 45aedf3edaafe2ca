"""Ready-made stories of calls, as lists of events."""

from datetime import timedelta

from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallOriented,
    CallQueued,
    Event,
    LineOpened,
    OfferAccepted,
    OfferWithdrawn,
    RecordingEnded,
    RecordingMissing,
    RecordingStarted,
    ScriptAdvanced,
)
from core.ids import AgentId, CallId, ChannelId, OfferId, PositionId, QueueId
from core.words import CallerNumber, EndedBy, FrontOffice, Outcome, Priority, WithdrawReason
from tests.support.events import NOON

ARM1 = (PositionId("arm1"), AgentId("899700000001"))
ARM2 = (PositionId("arm2"), AgentId("899700000002"))


def arrival(call: str, number: str | None = "+33612345678", test: bool = False) -> list[Event]:
    """A caller reaches the waiting room."""
    call_id, queue = CallId(call), QueueId("15")
    return [
        CallArrived(call_id=call_id, channel_id=ChannelId(call), line="15", caller=CallerNumber(number, test)),
        LineOpened(call_id=call_id),
        RecordingStarted(call_id=call_id, caller_track=f"{call}-caller.wav", centre_track=f"{call}-centre.wav"),
        ScriptAdvanced(call_id=call_id, version=1, surge="", script="urgence", route=("accueil",)),
        CallOriented(
            call_id=call_id, flow="15", queue=queue, priority=Priority.PX, front_office=FrontOffice.FO1
        ),
        CallQueued(call_id=call_id, flow="15", queue=queue, priority=Priority.PX, front_office=FrontOffice.FO1),
    ]


def offer(call: str, number: int, who: tuple[PositionId, AgentId]) -> CallOffered:
    """The call is offered to a position."""
    return CallOffered(
        call_id=CallId(call),
        offer_id=OfferId(f"{call}-{number}"),
        position_id=who[0],
        agent_id=who[1],
        deadline=NOON + timedelta(seconds=20),
    )


def answered_call(call: str) -> list[Event]:
    """Offered to one who does not answer, then answered by another, recorded, ended by the agent."""
    call_id = CallId(call)
    first, second = offer(call, 1, ARM1), offer(call, 2, ARM2)
    return [
        *arrival(call),
        first,
        OfferWithdrawn(
            call_id=call_id, offer_id=first.offer_id, position_id=ARM1[0], reason=WithdrawReason.TIMED_OUT
        ),
        second,
        OfferAccepted(call_id=call_id, offer_id=second.offer_id, position_id=ARM2[0], agent_id=ARM2[1]),
        CallAnswered(call_id=call_id, offer_id=second.offer_id, position_id=ARM2[0], agent_id=ARM2[1]),
        CallEnded(call_id=call_id, outcome=Outcome.ANSWERED, ended_by=EndedBy.AGENT, position_id=ARM2[0]),
        RecordingEnded(call_id=call_id, seconds=61.5, octets=984_000),
    ]


def abandoned_call(call: str) -> list[Event]:
    """A hidden number that leaves the waiting room; its recording is missing."""
    call_id = CallId(call)
    return [
        *arrival(call, number=None),
        CallEnded(call_id=call_id, outcome=Outcome.ABANDONED_QUEUE, ended_by=EndedBy.CALLER),
        RecordingMissing(call_id=call_id, detail="centre track absent"),
    ]
