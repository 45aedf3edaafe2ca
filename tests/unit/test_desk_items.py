"""The desk at work: opened, merged, taken, called back, closed by itself or by somebody, and kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.commands import CallBack, CloseItem, DeskCommand, NoteItem, ReleaseItem, TakeItem
from core.desk import LostItem
from core.errors import CommandRefused
from core.events import (
    AgentLoggedIn,
    CallbackRequested,
    CallPlaced,
    CallsMerged,
    CoreStarted,
    ItemClosed,
    ItemKept,
    LostCallFiled,
    PartyNotReached,
    TransferStarted,
)
from core.ids import AgentId, CallId, ItemId, PartyId, PositionId
from core.notes import NOTES_AT_MOST
from core.words import ItemOutcome, LossPlace, Outcome, PartyEnd, Priority, Role, Target, TargetKind
from desk.policy import ITEM_NOTE_LENGTH, sort_key
from desk.screen import DESK, NOTES_SHOWN, SHOWN_AT_MOST
from tests.support.desk import DeskCentre
from tests.unit.test_web_live import FakeScreen
from web.live import encode
from web.room import RoomState
from web.socket import Limits

pytestmark = pytest.mark.unit

NUMBER, OTHER = "+33199000001", "+33199000002"


def only(centre: DeskCentre) -> LostItem:
    (item,) = centre.items
    return item


def ask(
    centre: DeskCentre,
    make: Callable[..., DeskCommand],
    item: LostItem | None = None,
    who: str = "arm1",
    role: Role = Role.ARM,
    **more: object,
) -> None:
    centre.desk.execute(
        make(
            position_id=PositionId(who),
            agent_id=AgentId(who),
            name=f"Agent {who}",
            role=role,
            item_id=(item or only(centre)).item_id,
            **more,
        )
    )


def refused(action: Callable[[], None]) -> str:
    with pytest.raises(CommandRefused) as caught:
        action()
    return caught.value.code


def closings(centre: DeskCentre) -> list[tuple[ItemOutcome, CallId | None]]:
    return [(closed.outcome, closed.call_id) for closed in centre.journal.events(ItemClosed)]


def test_a_caller_lost_in_the_queue_becomes_an_item() -> None:
    centre = DeskCentre()
    call_id = centre.lost(NUMBER, 42, Priority.P1)
    item = only(centre)
    assert (item.item_id, item.number, item.line, item.flow) == (ItemId(call_id), NUMBER, "15", "15")
    assert (item.priority, item.place, item.waited_seconds) == (Priority.P1, LossPlace.QUEUE, 42)
    assert (item.losses, item.attempts, item.owner, item.short) == (1, 0, None, False)
    assert item.last_lost_at == centre.clock.now()


def test_several_losses_of_one_number_are_one_item() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER, 60, Priority.P1)
    first = only(centre)
    centre.advance(60)
    centre.lost(NUMBER, 20, Priority.PX, outcome=Outcome.ABANDONED_RINGING)
    item = only(centre)
    assert (item.item_id, item.losses, item.priority, item.place) == (
        first.item_id,
        2,
        Priority.P1,
        LossPlace.RINGING,
    )
    assert (item.first_lost_at, item.last_lost_at) == (first.first_lost_at, centre.clock.now())
    centre.lost(OTHER)
    assert len(centre.items) == 2


def test_a_short_abandon_that_comes_back_is_a_call_for_help() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER, 5)
    assert only(centre).short
    centre.lost(NUMBER, 5)
    assert not only(centre).short


def test_hidden_numbers_are_listed_one_by_one_and_never_called() -> None:
    centre = DeskCentre()
    first, second = centre.lost(None), centre.lost(None)
    assert [item.item_id for item in centre.items] == [ItemId(first), ItemId(second)]
    assert refused(lambda: ask(centre, CallBack, centre.items[0])) == "hidden_number"


def test_test_calls_and_answered_ones_are_not_on_the_desk() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER, test=True)
    call_id = centre.arrives(NUMBER)
    centre.answered(call_id)
    centre.ended(call_id, Outcome.ANSWERED)
    assert centre.items == []
    assert centre.journal.events(LostCallFiled) == []


def test_a_parked_caller_who_leaves_is_lost() -> None:
    centre = DeskCentre()
    call_id = centre.arrives(NUMBER)
    centre.answered(call_id)
    room = Target(TargetKind.ROOM, "MU")
    centre.bus.publish(TransferStarted(call_id=call_id, position_id=PositionId("arm1"), target=room))
    centre.queued(call_id, Priority.P1)
    centre.ended(call_id, Outcome.ANSWERED)
    assert (only(centre).place, only(centre).priority) == (LossPlace.PARKED, Priority.P1)


def test_who_asked_the_svi_to_be_called_back_is_called_on_the_number_given() -> None:
    centre = DeskCentre()
    call_id = centre.arrives(None)
    centre.bus.publish(CallbackRequested(call_id=call_id, number=NUMBER))
    centre.ended(call_id, Outcome.CALLBACK_ASKED)
    assert (only(centre).number, only(centre).place, only(centre).short) == (
        NUMBER,
        LossPlace.CALLBACK_ASKED,
        False,
    )


def test_an_item_closes_by_itself_when_the_caller_rings_again_and_is_answered() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    again = centre.arrives(NUMBER)
    assert centre.desk.desk.on_line(only(centre))
    assert refused(lambda: ask(centre, CallBack)) == "caller_on_line"
    centre.answered(again)
    assert centre.items == []
    assert closings(centre) == [(ItemOutcome.CALLED_AGAIN, again)]
    centre.ended(again, Outcome.ANSWERED)
    assert len(closings(centre)) == 1


def test_a_callback_that_is_answered_closes_the_item() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    ask(centre, CallBack)
    item, placed = only(centre), centre.last_placed
    assert centre.journal.events(CallPlaced)[-1].target == Target(TargetKind.NUMBER, NUMBER)
    assert (item.attempts, item.owner and item.owner.name) == (1, "Agent arm1")
    assert centre.desk.desk.being_called(item.item_id)
    assert refused(lambda: ask(centre, CallBack)) == "item_being_called"
    centre.picks_up(placed, "somebody-else")
    assert closings(centre) == []
    centre.picks_up(placed)
    assert closings(centre) == [(ItemOutcome.REACHED, placed)]
    assert centre.items == []


def test_a_callback_that_nobody_answers_is_an_attempt() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    for attempt in (1, 2):
        centre.advance(60)
        ask(centre, CallBack)
        placed = centre.last_placed
        centre.bus.publish(
            PartyNotReached(call_id=placed, party_id=PartyId(f"party-{placed}"), reason=PartyEnd.NO_ANSWER)
        )
        centre.ended(placed, Outcome.NOT_REACHED)
        item = only(centre)
        assert (item.attempts, item.last_attempt_at) == (attempt, centre.clock.now())
        assert not centre.desk.desk.being_called(item.item_id)
    assert item.first_attempt_at is not None
    assert (item.first_attempt_at - item.first_lost_at).total_seconds() == 60


def test_a_callback_merged_into_another_call_is_under_way_no_more() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    ask(centre, CallBack)
    centre.bus.publish(
        CallsMerged(call_id=CallId("x"), merged_id=centre.last_placed, position_id=PositionId("arm1"))
    )
    assert not centre.desk.desk.being_called(only(centre).item_id)


def test_a_call_that_cannot_be_placed_changes_nothing() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    before = only(centre)
    centre.refuse_calls = CommandRefused("switch_down")
    assert refused(lambda: ask(centre, CallBack)) == "switch_down"
    assert only(centre) == before


def test_items_are_taken_released_and_closed_by_their_owner_or_the_supervisor() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    ask(centre, TakeItem)
    for make in (TakeItem, CallBack, ReleaseItem):
        assert refused(lambda make=make: ask(centre, make, who="arm2")) == "item_taken"  # type: ignore[misc]
    assert refused(lambda: ask(centre, CloseItem, who="arm2", outcome=ItemOutcome.OTHER)) == "item_taken"
    ask(centre, NoteItem, who="arm2", text=" Voisine : l'ambulance est là. ")
    ask(centre, TakeItem, who="chef", role=Role.SUPERVISOR)
    assert refused(lambda: ask(centre, ReleaseItem)) == "item_taken"
    ask(centre, ReleaseItem, who="chef", role=Role.SUPERVISOR)
    assert only(centre).owner is None
    assert [(n.name, n.text) for n in only(centre).notes] == [("Agent arm2", "Voisine : l'ambulance est là.")]
    item = only(centre)
    ask(centre, CloseItem, who="arm2", outcome=ItemOutcome.ALREADY_HANDLED)
    assert refused(lambda: ask(centre, CloseItem, item, outcome=ItemOutcome.TEST)) == "item_gone"
    assert closings(centre) == [(ItemOutcome.ALREADY_HANDLED, None)]


@pytest.mark.parametrize(
    ("text", "code"), [("  ", "note_empty"), ("x" * (ITEM_NOTE_LENGTH + 1), "note_too_long")]
)
def test_notes_have_bounds(text: str, code: str) -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    assert refused(lambda: ask(centre, NoteItem, text=text)) == code


def test_a_new_loss_after_the_closing_is_a_new_item() -> None:
    centre = DeskCentre()
    first = centre.lost(NUMBER)
    ask(centre, CloseItem, outcome=ItemOutcome.NO_REPLY)
    second = centre.lost(NUMBER)
    assert (only(centre).item_id, only(centre).losses) == (ItemId(second), 1)
    assert first != second


def test_old_items_are_said_again_so_that_a_start_finds_them() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    ask(centre, NoteItem, text="Rappeler la fille")
    ask(centre, TakeItem)
    for _ in range(100):
        centre.advance(3600)
    assert 7 <= len(centre.journal.events(ItemKept)) <= 9
    again = DeskCentre(centre.journal.envelopes, at=centre.clock.now(), look_back=timedelta(hours=26))
    assert again.items == centre.items
    assert again.items[0].notes[0].text == "Rappeler la fille"


async def test_cores_that_start_and_die_at_long_intervals_lose_nothing() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    before = centre.items
    for _ in range(4):
        at = centre.clock.now() + timedelta(hours=25)
        centre = DeskCentre(centre.journal.envelopes, at=at, look_back=timedelta(hours=26))
        await centre.desk.start()
        centre.bus.publish(CoreStarted(core="core-a"))
        assert centre.items == before


def test_what_nobody_closes_expires() -> None:
    centre = DeskCentre()
    centre.lost(None)
    centre.lost(NUMBER)
    centre.advance(24 * 3600)
    assert only(centre).number == NUMBER
    centre.advance(6 * 24 * 3600)
    assert centre.items == []
    assert closings(centre) == [(ItemOutcome.EXPIRED, None)] * 2


async def test_what_a_dead_core_did_not_write_is_written_at_the_start() -> None:
    """Killed between the caller's end and the item; and between the answer and the closing."""
    centre = DeskCentre()
    centre.lost(NUMBER)
    centre.answered(centre.arrives(NUMBER))
    whole = centre.journal.envelopes
    assert isinstance(whole[-1].event, ItemClosed)
    for cut in range(len(whole)):
        again = DeskCentre(whole[:cut], at=centre.clock.now())
        await again.desk.start()
        filed, closed = again.journal.events(LostCallFiled), again.journal.events(ItemClosed)
        assert len(filed) == (cut >= 3), cut
        assert len(closed) == (cut >= len(whole) - 1), cut
        assert again.failures == []


async def test_a_caller_answered_before_the_loss_was_filed_is_settled() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    again = centre.arrives(NUMBER)
    centre.answered(again)
    unfiled = [e for e in centre.journal.envelopes if not isinstance(e.event, LostCallFiled | ItemClosed)]
    restarted = DeskCentre(unfiled, at=centre.clock.now())
    await restarted.desk.start()
    assert closings(restarted) == [(ItemOutcome.CALLED_AGAIN, again)]


async def test_the_page_shows_the_most_urgent_items_and_counts_the_others() -> None:
    centre = DeskCentre()
    await centre.desk.start()
    for i in range(SHOWN_AT_MOST + 5):
        centre.lost(f"+3319900{i:04d}", 20)
    view = centre.desk.hub.snapshot((DESK,))
    assert len(view["items"]) == SHOWN_AT_MOST
    assert (view["figures"]["open"], view["figures"]["unshown"]) == (SHOWN_AT_MOST + 5, 5)
    urgent = centre.lost("+33199009999", 20, Priority.UV)
    view = centre.desk.hub.snapshot((DESK,))
    assert (urgent in view["items"], len(view["items"])) == (True, SHOWN_AT_MOST)
    for item in centre.items[:10]:
        ask(centre, CloseItem, item, outcome=ItemOutcome.MISTAKE)
    view = centre.desk.hub.snapshot((DESK,))
    assert (len(view["items"]), view["figures"]["unshown"]) == (SHOWN_AT_MOST + 6 - 10, 0)


async def test_the_largest_desk_is_told_to_a_page_at_once() -> None:
    centre = DeskCentre()
    await centre.desk.start()
    for i in range(SHOWN_AT_MOST):
        centre.lost(f"+3319900{i:04d}", 20)
        for number in range(NOTES_SHOWN + 1):
            ask(centre, NoteItem, centre.items[-1], text=f"{number}".ljust(ITEM_NOTE_LENGTH, "x"))
    screen = FakeScreen()
    centre.desk.hub.join(screen, (DESK,), screen.hello(), centre.clock.now())
    assert len(encode(screen.view)) < Limits().queued_characters
    assert [*screen.view["items"][centre.items[0].item_id]["notes"]] == ["2", "3", "4", "5", "6"]


def test_there_is_an_end_to_notes() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    for number in range(NOTES_AT_MOST):
        ask(centre, NoteItem, text=f"note {number}")
    assert refused(lambda: ask(centre, NoteItem, text="x")) == "too_many_notes"


async def test_the_figures_of_a_day() -> None:
    centre = DeskCentre()
    await centre.desk.start()
    centre.lost(NUMBER)
    centre.lost(OTHER)
    centre.lost("+33199000003")
    centre.lost("+33199000004", 3)
    centre.lost(None)
    first, second, third = centre.items[:3]
    centre.answered(centre.arrives("+33199000003"))  # before anybody tried
    centre.advance(120)
    ask(centre, CallBack, first)
    centre.picks_up(centre.last_placed)
    figures = centre.desk.hub.snapshot((DESK,))["figures"]
    tried = (centre.clock.now() - first.first_lost_at).total_seconds()
    assert figures == {
        "date": "2026-03-29",
        "losses": 5,
        "toCall": 2,
        "called": 1,
        "closed": 1,
        "calledAgain": 1,
        "reached": 1,
        "short": 1,
        "hidden": 1,
        "meanToAttempt": tried,
        "meanToClosing": tried,
        "open": 1,
        "unshown": 0,
    }
    assert (second.number, third.number) == (OTHER, "+33199000003")
    values = {
        (sample.name, sample.labels.get("outcome", "")): sample.value
        for metric in centre.registry.collect()
        for sample in metric.samples
    }
    assert values["bandeau15_desk_items_closed_total", "reached"] == 1
    assert values["bandeau15_desk_items_closed_total", "called_again"] == 1
    assert values["bandeau15_desk_first_attempt_seconds_sum", ""] == tried
    centre.advance(24 * 3600)
    figures = centre.desk.hub.snapshot((DESK,))["figures"]
    assert (figures["date"], figures["losses"], figures["toCall"], figures["open"]) == ("2026-03-30", 0, 0, 1)


async def test_figures_are_the_same_after_a_restart() -> None:
    centre = DeskCentre()
    await centre.desk.start()
    centre.lost(NUMBER)
    centre.lost(OTHER)
    ask(centre, CallBack, centre.items[0])
    ask(centre, CloseItem, centre.items[1], outcome=ItemOutcome.NO_REPLY)
    again = DeskCentre(centre.journal.envelopes, at=centre.clock.now())
    await again.desk.start()
    assert again.desk.hub.snapshot((DESK,)) == centre.desk.hub.snapshot((DESK,))


def test_every_strip_is_told_how_many_there_are_to_call() -> None:
    centre = DeskCentre()
    centre.lost(NUMBER)
    centre.lost(OTHER, 3)
    centre.lost(None)

    def told() -> int:
        room = RoomState("15")  # type: ignore[arg-type]
        for envelope in centre.journal.envelopes:
            room.fold(envelope)
        lost = room.figures()["lost"]
        assert isinstance(lost, int)
        return lost

    assert told() == 1
    centre.lost(OTHER)
    assert told() == 2
    for _ in range(14):
        centre.advance(3600)
    assert centre.journal.events(ItemKept)
    assert told() == 2
    ask(centre, CloseItem, centre.items[0], outcome=ItemOutcome.OTHER)
    assert told() == 1


def test_an_item_that_is_gone_is_no_error_to_the_fold() -> None:
    centre = DeskCentre()
    centre.bus.publish(ItemClosed(item_id=ItemId("never"), outcome=ItemOutcome.OTHER))
    assert (centre.items, centre.failures) == ([], [])


def test_whom_a_fault_cut_comes_first_with_who_spoke_to_them_last() -> None:
    centre = DeskCentre()
    centre.bus.publish(
        AgentLoggedIn(
            position_id=PositionId("arm2"), agent_id=AgentId("2"), name="Dominique Petit", role=Role.ARM
        )
    )
    centre.lost(OTHER, 200, Priority.UV)
    call_id = centre.arrives(NUMBER)
    centre.answered(call_id, "arm1")
    centre.answered(call_id, "arm2")
    centre.ended(call_id, Outcome.TECHNICAL_FAILURE)
    first = min(centre.items, key=sort_key)
    assert (first.number, first.place, first.cut) == (NUMBER, LossPlace.FAILURE, True)
    assert first.last_agent is not None
    assert (first.last_agent.position_id, first.last_agent.name) == (PositionId("arm2"), "Dominique Petit")
    centre.lost(NUMBER)
    assert min(centre.items, key=sort_key).number == NUMBER  # who calls again in vain was cut all the same


def test_everybody_in_a_call_that_a_fault_cut_is_called_back() -> None:
    centre = DeskCentre()
    kept, merged, third = (centre.arrives(f"+3319900000{n}") for n in (1, 2, 3))
    for call_id in (kept, merged, third):
        centre.answered(call_id)
    centre.bus.publish(CallsMerged(call_id=merged, merged_id=third, position_id=PositionId("arm1")))
    centre.ended(third, Outcome.ANSWERED)
    centre.bus.publish(CallsMerged(call_id=kept, merged_id=merged, position_id=PositionId("arm1")))
    centre.ended(merged, Outcome.ANSWERED)
    assert centre.items == []
    centre.ended(kept, Outcome.TECHNICAL_FAILURE)
    assert {item.number for item in centre.items} == {f"+3319900000{n}" for n in (1, 2, 3)}
