"""Carries out the desk: files every lost call, closes what is settled, obeys agents, keeps the page live."""

from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from core.commands import CallBack, CloseItem, DeskCommand, NoteItem, PlaceCall, ReleaseItem, TakeItem
from core.desk import LostItem
from core.errors import CommandRefused
from core.events import (
    CallAnswered,
    CallEnded,
    CallPlaced,
    Envelope,
    ItemClosed,
    ItemKept,
    ItemNoted,
    ItemReleased,
    ItemTaken,
    LostCallFiled,
    PartyJoined,
)
from core.ids import AgentId, CallId, ItemId
from core.notes import note_text
from core.ports import Bus, Clock
from core.words import ItemOutcome, Target, TargetKind
from desk.metrics import DeskMetrics
from desk.model import Desk, Loss
from desk.policy import ITEM_NOTE_LENGTH, SAID_AGAIN_AFTER, DeskRules, expires_at, is_short, may_work
from desk.screen import DeskScreen
from web.live import Close, LiveHub
from web.socket import LiveSocket

HOUSEKEEPING = timedelta(minutes=1)


class DeskService:
    """The desk of one centre. Call :meth:`start` once the journal has been replayed on the bus."""

    def __init__(
        self, *, bus: Bus, clock: Clock, epoch: str, rules: DeskRules, registry: CollectorRegistry
    ) -> None:
        self.desk = Desk()
        self.hub = LiveHub(epoch)
        self._screen = DeskScreen(self.desk, clock.now())
        self._metrics = DeskMetrics(registry)
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self._seq = 0
        self._keep_house_at = clock.now()
        self._screens: set[LiveSocket] = set()
        bus.project(self._fold)
        bus.subscribe(None, self._show)
        bus.subscribe((CallEnded,), self._on_lost)
        bus.subscribe((CallAnswered, PartyJoined, LostCallFiled), self._on_settled)
        bus.subscribe((CallPlaced,), self._on_placed)
        bus.handle(TakeItem, self._take)
        bus.handle(ReleaseItem, self._release)
        bus.handle(CallBack, self._call_back)
        bus.handle(CloseItem, self._close_item)
        bus.handle(NoteItem, self._note)

    # --- life -------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Write what the core before us had no time to write, and show the desk."""
        self._screen.roll(self._clock.now())
        self._show_all()
        self._write_what_is_due()
        # Before anything else is written: the next start looks back from the last event.
        self._keep_house(self._clock.now())

    async def close(self) -> None:
        """Tell every page that the core restarts: they come back by themselves."""
        for screen in self._screens:
            screen.bye("restarting", Close.RESTARTING)

    def tick(self, now: datetime) -> None:
        """Begin a new day; now and then, say old items again and close the oldest."""
        self._write_what_is_due()
        if self._screen.roll(now):
            self._show_all()
        if now >= self._keep_house_at:
            self._keep_house_at = now + HOUSEKEEPING
            self._keep_house(now)

    def opened(self, screen: LiveSocket) -> None:
        """A page is connected."""
        self._screens.add(screen)

    def closed(self, screen: LiveSocket) -> None:
        """A page is gone."""
        self._screens.discard(screen)

    # --- what is shown ----------------------------------------------------------------------------------

    def _fold(self, envelope: Envelope) -> None:
        self._seq = envelope.seq
        self.desk.fold(envelope)
        self._screen.fold(envelope)

    def _show(self, envelope: Envelope) -> None:
        if sections := self._screen.changes():
            self.hub.publish(envelope.seq, type(envelope.event).__name__, sections)

    def _show_all(self) -> None:
        self.hub.reset(self._seq, self._screen.sections(), self._clock.now())

    # --- what happens by itself -------------------------------------------------------------------------

    def _on_lost(self, envelope: Envelope) -> None:
        self._file(envelope)

    def _on_settled(self, envelope: Envelope) -> None:
        self._close_settled(envelope)

    def _on_placed(self, envelope: Envelope) -> None:
        assert isinstance(envelope.event, CallPlaced)  # noqa: S101 - by subscription
        item = self.desk.items.get(self.desk.by_number.get(envelope.event.target.value, ItemId("")))
        if item is not None and item.attempts == 1:
            self._metrics.tried(item)

    def _write_what_is_due(self) -> None:
        self._file()
        self._close_settled()

    def _file(self, cause: Envelope | None = None) -> None:
        """Write every loss that is not filed yet."""
        for loss in list(self.desk.pending.values()):
            filed = self._filed(loss)
            self._metrics.filed(filed.place)
            self._bus.publish(filed, cause)

    def _filed(self, loss: Loss) -> LostCallFiled:
        caller = loss.caller
        waited = max(0.0, (loss.lost_at - caller.arrived_at).total_seconds())
        item_id = self.desk.by_number.get(caller.number) if caller.number is not None else None
        return LostCallFiled(
            call_id=caller.call_id,
            item_id=item_id or ItemId(caller.call_id),
            number=caller.number,
            line=caller.line,
            flow=caller.flow,
            priority=caller.priority,
            place=loss.place,
            lost_at=loss.lost_at,
            waited_seconds=waited,
            short=item_id is None and is_short(self._rules, loss.place, caller.priority, waited),
            last_agent=caller.last_agent,
        )

    def _close_settled(self, cause: Envelope | None = None) -> None:
        """Close the items whose callers have been answered or reached."""
        for item_id, (outcome, call_id) in list(self.desk.settled.items()):
            self._close(self.desk.items[item_id], outcome, call_id=call_id, cause=cause)

    def _keep_house(self, now: datetime) -> None:
        for item in list(self.desk.items.values()):
            if now >= expires_at(self._rules, item):
                self._close(item, ItemOutcome.EXPIRED)
            elif now - self.desk.said_at[item.item_id] >= SAID_AGAIN_AFTER:
                self._bus.publish(ItemKept(item_id=item.item_id, item=item))

    def _close(
        self,
        item: LostItem,
        outcome: ItemOutcome,
        *,
        agent_id: AgentId | None = None,
        call_id: CallId | None = None,
        cause: Envelope | None = None,
    ) -> None:
        self._metrics.closed(item, outcome, (self._clock.now() - item.first_lost_at).total_seconds())
        self._bus.publish(
            ItemClosed(item_id=item.item_id, outcome=outcome, agent_id=agent_id, call_id=call_id), cause
        )

    # --- what agents ask --------------------------------------------------------------------------------

    def execute(self, command: DeskCommand) -> None:
        """Carry out what the page asked for.

        Raises:
            CommandRefused: the present state does not allow it.
        """
        self._bus.execute(command)

    def _take(self, command: TakeItem) -> None:
        self._own(self._item(command), command)

    def _release(self, command: ReleaseItem) -> None:
        item = self._item(command)
        if item.owner is not None:
            self._bus.publish(
                ItemReleased(item_id=item.item_id, position_id=command.position_id, agent_id=command.agent_id)
            )

    def _call_back(self, command: CallBack) -> None:
        item = self._item(command)
        if item.number is None:
            raise CommandRefused("hidden_number")
        if self.desk.on_line(item):
            raise CommandRefused("caller_on_line")
        if self.desk.being_called(item.item_id):
            raise CommandRefused("item_being_called")
        target = Target(TargetKind.NUMBER, item.number)
        self._bus.execute(PlaceCall(position_id=command.position_id, target=target))
        if still := self.desk.items.get(item.item_id):
            self._own(still, command)

    def _close_item(self, command: CloseItem) -> None:
        self._close(self._item(command), command.outcome, agent_id=command.agent_id)

    def _note(self, command: NoteItem) -> None:
        """Anybody may write what they know."""
        item = self._open(command)
        self._bus.publish(
            ItemNoted(
                item_id=item.item_id,
                agent_id=command.agent_id,
                name=command.name,
                text=note_text(command.text, len(item.notes), ITEM_NOTE_LENGTH),
            )
        )

    def _own(self, item: LostItem, command: DeskCommand) -> None:
        if item.owner is None or item.owner.agent_id != command.agent_id:
            self._bus.publish(
                ItemTaken(
                    item_id=item.item_id,
                    position_id=command.position_id,
                    agent_id=command.agent_id,
                    name=command.name,
                )
            )

    def _item(self, command: DeskCommand) -> LostItem:
        """The item, if this agent may act on it."""
        item = self._open(command)
        if not may_work(item, command.agent_id, command.role):
            raise CommandRefused("item_taken")
        return item

    def _open(self, command: DeskCommand) -> LostItem:
        item = self.desk.items.get(command.item_id)
        if item is None:
            raise CommandRefused("item_gone")
        return item
