"""The telephones that carry positions' sound, folded from the journal.

::

    PhoneChosen ──► IDLE ──PhoneCalled──► CALLING ──PhonePickedUp──► CONFIRMING ──PhoneConfirmed──► UP
                     ▲                       └──────────┬───────────────┘                            │
                     ├──────────PhoneRested─────────────┼────────────────────────────────────────────┤
                     └─PhoneCalled─ FAILED ◄─PhoneFailed┴────────────────────────────────────────────┘
    any of them ──PhoneReleased, AgentLoggedOut──► forgotten
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    Envelope,
    PhoneCalled,
    PhoneChosen,
    PhoneConfirmed,
    PhoneFailed,
    PhonePickedUp,
    PhoneReleased,
    PhoneRested,
    PositionEvent,
)
from core.ids import AgentId, ChannelId, PositionId
from core.words import PhoneEnd, PhoneMode
from web.live import View, instant


class PhoneState(StrEnum):
    """How far a telephone is."""

    IDLE = "idle"
    CALLING = "calling"
    CONFIRMING = "confirming"
    """Picked up; the keys are awaited."""
    UP = "up"
    FAILED = "failed"


UNDER_WAY = frozenset({PhoneState.CALLING, PhoneState.CONFIRMING})


@dataclass(kw_only=True, slots=True)
class Phone:
    """The telephone of one position."""

    number: str
    mode: PhoneMode
    state: PhoneState = PhoneState.IDLE
    proven: bool = False
    """It was confirmed, and has not failed since."""
    confirmed_once: bool = False
    channel_id: ChannelId | None = None
    """Of the call under way or up."""
    attempt: int = 0
    code: str = ""
    deadline: datetime | None = None
    reason: PhoneEnd | None = None
    retry_at: datetime | None = None

    def view(self) -> View:
        """What its own strip shows of it."""
        view: View = {"number": self.number, "mode": self.mode.value, "state": self.state.value}
        if self.state in UNDER_WAY:
            view["code"] = self.code
        if self.state is PhoneState.FAILED and self.reason is not None:
            view["reason"] = self.reason.value
            if self.retry_at is not None:
                view["retryAt"] = instant(self.retry_at)
        return view


class Phones:
    """The telephones of one centre, by position."""

    def __init__(self) -> None:
        self.by_position: dict[PositionId, Phone] = {}
        self._agents: dict[PositionId, AgentId] = {}

    def of_channel(self, channel_id: ChannelId) -> tuple[PositionId, Phone] | None:
        """Whose telephone a channel calls."""
        for position_id, phone in self.by_position.items():
            if phone.channel_id == channel_id:
                return position_id, phone
        return None

    def fold(self, envelope: Envelope) -> None:
        """Apply one event."""
        event = envelope.event
        if not isinstance(event, PositionEvent):
            return
        position_id = event.position_id
        if isinstance(event, AgentLoggedIn):
            if self._agents.get(position_id) != event.agent_id:
                self.by_position.pop(position_id, None)
            self._agents[position_id] = event.agent_id
        elif isinstance(event, AgentLoggedOut | PhoneReleased):
            self.by_position.pop(position_id, None)
        elif isinstance(event, PhoneChosen):
            self.by_position[position_id] = Phone(number=event.number, mode=event.mode)
        elif (phone := self.by_position.get(position_id)) is not None:
            _step(phone, event)


def _step(phone: Phone, event: PositionEvent) -> None:
    match event:
        case PhoneCalled():
            phone.state, phone.channel_id = PhoneState.CALLING, event.channel_id
            phone.attempt, phone.code, phone.deadline = event.attempt, event.code, event.deadline
            phone.reason = phone.retry_at = None
        case PhonePickedUp():
            phone.state, phone.deadline = PhoneState.CONFIRMING, event.deadline
        case PhoneConfirmed():
            phone.state, phone.proven, phone.confirmed_once = PhoneState.UP, True, True
            phone.attempt, phone.deadline = 0, None
        case PhoneRested():
            phone.state, phone.channel_id, phone.deadline = PhoneState.IDLE, None, None
        case PhoneFailed():
            phone.state, phone.proven, phone.channel_id = PhoneState.FAILED, False, None
            phone.attempt, phone.deadline = event.attempt, None
            phone.reason, phone.retry_at = event.reason, event.retry_at
        case _:
            pass
