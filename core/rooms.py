"""What the parts of a centre tell each other of its waiting rooms."""

from dataclasses import dataclass

from core.ids import PositionId, QueueId
from core.words import FrontOffice, Role


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomCard:
    """What screens need to know of a waiting room. ``manual``: agents see its calls and choose."""

    queue: QueueId
    name: str
    front_office: FrontOffice
    manual: bool
    roles: frozenset[Role]
    agents: frozenset[PositionId] = frozenset()

    def served_by(self, position_id: PositionId, role: Role) -> bool:
        """Whether an agent takes its calls."""
        return role in self.roles or position_id in self.agents

    def shown_to(self, position_id: PositionId, role: Role) -> bool:
        """Whether an agent sees its waiting calls: who serves it, and supervisors."""
        return role is Role.SUPERVISOR or self.served_by(position_id, role)
