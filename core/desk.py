"""What the abandoned-call desk keeps of the callers of one number who were lost."""

from dataclasses import dataclass
from datetime import datetime

from core.ids import AgentId, ItemId, PositionId
from core.notes import Note
from core.words import LossPlace, Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class AtPosition:
    """An agent, and where."""

    position_id: PositionId
    agent_id: AgentId
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LostItem:
    """One work item: every loss of one number since it was opened, and what was done about it.

    ``number`` is E.164, or ``None`` where it was withheld: there is nobody to call back, and each loss is an
    item of its own. ``line``, ``flow``, ``place`` and ``waited_seconds`` (time on the line) are those of the
    last loss; ``priority`` is the most urgent of all. ``short``: the one loss came too soon to be taken for a
    call for help. ``cut``: a fault of ours ended one of the calls; ``last_agent`` spoke to the caller last.
    """

    item_id: ItemId
    number: str | None
    line: str
    flow: str
    priority: Priority
    place: LossPlace
    waited_seconds: float
    short: bool
    first_lost_at: datetime
    last_lost_at: datetime
    losses: int = 1
    owner: AtPosition | None = None
    attempts: int = 0
    first_attempt_at: datetime | None = None
    last_attempt_at: datetime | None = None
    notes: tuple[Note, ...] = ()
    cut: bool = False
    last_agent: AtPosition | None = None

    @property
    def to_call(self) -> bool:
        """Whether somebody ought to call back."""
        return self.number is not None and not self.short
