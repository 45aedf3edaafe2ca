"""Who may serve which call: roles, named agents, skills, and how both widen as a call waits."""

from dataclasses import dataclass
from typing import Final

from acd.model.rules import RoomRule
from core.ids import QueueId
from core.words import Role

TEST: Final = " test"
"""What a test call asks for, for ever; no plan can name it. Only the test robot gives it, and nothing else."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What matters of an agent for who may serve what: agents of one profile are interchangeable."""

    role: Role
    skills: frozenset[str]
    named: frozenset[QueueId]
    """The rooms that name the agent."""
    nodes: frozenset[str] = frozenset()
    """The Asterisks where their sound is; empty: wherever it is needed."""

    @property
    def tests(self) -> bool:
        """Whether it is the robot that answers test calls: it counts as nobody."""
        return self.role is Role.TEST_ROBOT

    def hears(self, node: str) -> bool:
        """Whether their sound is, or comes, where a call is."""
        return not self.nodes or node in self.nodes


def step_at(rule: RoomRule, waited: float) -> int:
    """How many of the room's widenings apply to a call that has waited so many seconds."""
    return sum(1 for widening in rule.widenings if widening.after <= waited)


def wanted_at(rule: RoomRule, skills: frozenset[str], step: int) -> frozenset[str]:
    """The skills that a call still asks for after so many widenings."""
    wanted = rule.skills | skills
    for widening in rule.widenings[:step]:
        wanted = frozenset() if widening.drops is None else wanted - widening.drops
    return wanted | (skills & {TEST})


def serves_room(rule: RoomRule, profile: Profile, step: int) -> bool:
    """Whether somebody of this profile serves the room after so many widenings, skills apart."""
    if profile.role in rule.roles or rule.queue in profile.named or profile.tests:
        return True
    return any(profile.role in widening.roles for widening in rule.widenings[:step])


def may_ever_serve(rule: RoomRule, profile: Profile) -> bool:
    """Whether somebody of this profile serves the room now or once a call has waited long enough."""
    return serves_room(rule, profile, len(rule.widenings))


def serves(rule: RoomRule, profile: Profile, step: int, wanted: frozenset[str], node: str = "") -> bool:
    """Whether a call of the room, on that node, may be offered to somebody of this profile."""
    if TEST in wanted or profile.tests:
        return TEST in wanted and profile.tests and profile.hears(node)
    return wanted <= profile.skills and profile.hears(node) and serves_room(rule, profile, step)
