"""The abandoned-call desk: lost calls and what becomes of them."""

from dataclasses import dataclass
from datetime import datetime

from core.desk import AtPosition, LostItem
from core.events.base import CallEvent, ItemEvent
from core.ids import AgentId, CallId, ItemId, PositionId
from core.words import ItemOutcome, LossPlace, Priority

__all__ = [
    "ItemClosed",
    "ItemKept",
    "ItemNoted",
    "ItemReleased",
    "ItemTaken",
    "LostCallFiled",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class LostCallFiled(CallEvent):
    """A lost call went to the desk: it opened the item (of its own id), or was added to the one of its number.

    ``waited_seconds`` is its time on the line; ``short``: too short to be taken for a call for help;
    ``last_agent``: who spoke to the caller last, where somebody did.
    """

    item_id: ItemId
    number: str | None
    line: str
    flow: str
    priority: Priority
    place: LossPlace
    lost_at: datetime
    waited_seconds: float
    short: bool
    last_agent: AtPosition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemTaken(ItemEvent):
    """An agent, or another one, takes care of the item."""

    position_id: PositionId
    agent_id: AgentId
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemReleased(ItemEvent):
    """The item is anybody's again."""

    position_id: PositionId
    agent_id: AgentId


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemNoted(ItemEvent):
    """Somebody wrote a note on the item."""

    agent_id: AgentId
    name: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemClosed(ItemEvent):
    """The item is over. By an agent, or by itself where ``agent_id`` is absent.

    ``call_id`` is the call that settled it, if one did: the caller's new one, or ours that was answered.
    """

    outcome: ItemOutcome
    agent_id: AgentId | None = None
    call_id: CallId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemKept(ItemEvent):
    """An item open for long, said again in full: so a start that looks back one day finds it."""

    item: LostItem
