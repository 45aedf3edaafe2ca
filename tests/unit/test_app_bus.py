"""The bus: journal first, folds at once, listeners in order, faults apart."""

from collections.abc import Callable

import pytest

from app.bus import InProcessBus
from app.ticker import Ticker
from core.commands import HangUp
from core.errors import CommandRefused
from core.events import CallEnded, CoreStarted, Envelope, Event, LineOpened, SwitchConnected, WelcomeEnded
from core.ids import CallId, CentreId, PositionId
from tests.support.centre import START, HeldClock, MemoryJournal

pytestmark = pytest.mark.unit


def bus(on_failure: Callable[[Envelope, Exception], None] | None = None) -> tuple[InProcessBus, MemoryJournal]:
    journal = MemoryJournal()
    return InProcessBus(journal, HeldClock(), CentreId("FR751"), on_failure), journal


def test_the_journal_has_it_before_anybody_hears_of_it() -> None:
    it, journal = bus()
    heard: list[int] = []
    it.project(lambda e: heard.append(len(journal.envelopes)))
    it.subscribe(None, lambda e: heard.append(len(journal.envelopes)))
    first = it.publish(CoreStarted(core="core-a"))
    second = it.publish(SwitchConnected(switch="a"), cause=first)
    assert heard == [1, 1, 2, 2]
    assert (first.seq, second.seq, second.cause_id) == (1, 2, first.event_id)
    assert first.occurred_at == START


def test_what_a_listener_publishes_comes_after_everybody_heard_the_first() -> None:
    it, _ = bus()
    order: list[str] = []

    def react(envelope: Envelope) -> None:
        order.append("react " + type(envelope.event).__name__)
        if isinstance(envelope.event, LineOpened):
            it.publish(WelcomeEnded(call_id=CallId("c"), skipped=True))

    it.project(lambda e: order.append("fold " + type(e.event).__name__))
    it.subscribe((LineOpened,), react)
    it.subscribe(None, lambda e: order.append("screen " + type(e.event).__name__))
    it.publish(LineOpened(call_id=CallId("c")))
    assert order == [
        "fold LineOpened",
        "react LineOpened",
        "fold WelcomeEnded",
        "screen LineOpened",
        "screen WelcomeEnded",
    ]


@pytest.mark.parametrize("where", ["project", "subscribe"])
def test_a_failing_listener_is_isolated_and_told(where: str) -> None:
    failed: list[tuple[Event, Exception]] = []
    it, journal = bus(lambda envelope, error: failed.append((envelope.event, error)))
    heard: list[Envelope] = []

    def broken(envelope: Envelope) -> None:
        raise ZeroDivisionError

    if where == "project":
        it.project(broken)
    else:
        it.subscribe(None, broken)
    it.subscribe(None, heard.append)
    event = LineOpened(call_id=CallId("c"))
    it.publish(event)
    assert len(journal.envelopes) == len(heard) == 1
    assert [(e, type(x)) for e, x in failed] == [(event, ZeroDivisionError)]


def test_a_late_subscriber_is_heard_too() -> None:
    it, _ = bus()
    it.publish(CoreStarted(core="a"))
    heard: list[Envelope] = []
    it.subscribe((CoreStarted, CallEnded), heard.append)
    it.publish(CoreStarted(core="b"))
    assert [e.seq for e in heard] == [2]


def test_commands_fail_loudly() -> None:
    it, _ = bus()
    with pytest.raises(CommandRefused) as refused:
        it.execute(HangUp(position_id=PositionId("arm1")))
    assert refused.value.code == "unknown_command"
    it.handle(HangUp, lambda command: None)
    with pytest.raises(ValueError, match="already has a handler"):
        it.handle(HangUp, lambda command: None)


def test_a_failing_tick_stops_no_other() -> None:
    ticked: list[object] = []

    def broken(now: object) -> None:
        raise ZeroDivisionError

    Ticker(HeldClock(), [broken, ticked.append]).tick()
    assert ticked == [START]
