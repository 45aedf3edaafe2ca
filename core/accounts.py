"""Who may take a position: local accounts and the sessions of their browsers."""

from dataclasses import dataclass
from datetime import datetime

from core.ids import AgentId, PositionId
from core.words import Role

LOGIN_PATTERN = r"^[a-z0-9][a-z0-9-]{0,39}$"
"""A login is also the agent's position id, hence the name of a SIP endpoint."""

PASSWORD_LENGTH = range(10, 129)
"""Accepted lengths of a password, in characters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One agent who may log in."""

    agent_id: AgentId
    login: str
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One browser of an agent, known by its cookie until ``expires_at``."""

    agent: Account
    position_id: PositionId
    created_at: datetime
    expires_at: datetime
