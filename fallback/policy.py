"""What is to be done about the calls of mode secours. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.events import FallbackCallEnded, FallbackCallFound
from core.ids import CallId, ChannelId
from core.switch import FallbackCaller, FallbackRecord
from core.words import CallerNumber, Outcome
from fallback.model import Known


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look found. ``unsettled``: calls of which more is to come. ``unclaimed``: who left too early."""

    found: tuple[FallbackCallFound, ...]
    waiting: tuple[ChannelId, ...]
    ended: tuple[FallbackCallEnded, ...]
    unsettled: frozenset[CallId]
    unclaimed: frozenset[CallId] = frozenset()

    @property
    def used(self) -> bool:
        """Whether mode secours had anybody: who left before anybody could claim them was not its own."""
        return bool(self.found or self.waiting or any(e.call_id not in self.unclaimed for e in self.ended))


def found(known: Known, present: Iterable[FallbackCaller]) -> tuple[FallbackCallFound, ...]:
    """The calls in which somebody talks, where that is news."""
    news = []
    for caller in present:
        call_id = CallId(caller.channel_id)
        before = known.talking.get(call_id)
        with_whom = caller.position_id if caller.talking else None
        if before[0] != with_whom if before is not None else caller.talking:
            news.append(FallbackCallFound(call_id=call_id, position_id=with_whom))
    return tuple(news)


def waiting(known: Known, present: Iterable[FallbackCaller]) -> tuple[ChannelId, ...]:
    """The callers to take back, the first to arrive first: those who wait, and whom no core put there."""
    return tuple(
        caller.channel_id
        for caller in present
        if not caller.talking and CallId(caller.channel_id) not in known.handed_back
    )


def compare(
    known: Known,
    before: Iterable[FallbackRecord],
    present: Iterable[FallbackCaller],
    after: Iterable[FallbackRecord],
    now: datetime,
) -> Findings:
    """Compare what is known with what Asterisk noted and holds.

    Args:
        known: what the journal says.
        before: what Asterisk had noted before it was asked who is there.
        present: who is there.
        after: what it has noted since: a call of ``before`` not there, and not noted as ended here, was cut.
        now: the present time.
    """
    present, noted = tuple(present), {record.call_id: record for record in after}
    here = {CallId(caller.channel_id) for caller in present}
    earlier = {record.call_id for record in before}
    ended, unsettled = [], set(here)
    for record in noted.values():
        if record.call_id in known.ended or is_the_cores(known, record):
            continue
        if record.ended_at is not None:
            ended.append(told(known, record, record.ended_at, cut=False))
        elif record.call_id in earlier - here and not record.taken_back:
            ended.append(told(known, record, now, cut=True))
        else:
            unsettled.add(record.call_id)
    for call_id in known.talking.keys() - here - noted.keys():  # what was noted of it is lost
        position_id, since = known.talking[call_id]
        record = FallbackRecord(
            call_id=call_id,
            line="",
            caller=CallerNumber(),
            arrived_at=since,
            answered_at=since,
            position_id=position_id,
        )
        ended.append(told(known, record, now, cut=False))
    unclaimed = frozenset(record.call_id for record in noted.values() if record.unclaimed)
    return Findings(
        found(known, present), waiting(known, present), tuple(ended), frozenset(unsettled), unclaimed
    )


def is_the_cores(known: Known, record: FallbackRecord) -> bool:
    """Whether a core took the call over: what becomes of it, its own events tell."""
    return record.call_id in known.taken_back - known.handed_back


def told(known: Known, record: FallbackRecord, at: datetime, *, cut: bool) -> FallbackCallEnded:
    """How a call that is over is told. ``cut``: it ended with its Asterisk."""
    answered = record.answered_at is not None or record.transferred
    outcome = Outcome.ANSWERED if answered else Outcome.ABANDONED_QUEUE
    return FallbackCallEnded(
        call_id=record.call_id,
        line=record.line,
        caller=record.caller,
        arrived_at=record.arrived_at,
        ended_at=max(at, record.arrived_at),
        outcome=Outcome.TECHNICAL_FAILURE if cut else outcome,
        answered_at=record.answered_at,
        position_id=record.position_id,
        agent_id=known.agents.get(record.position_id) if record.position_id else None,
        handed_back=record.call_id in known.handed_back,
    )
