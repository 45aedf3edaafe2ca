"""Tickets to listen."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from recorder.listening.tickets import Tickets

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tickets(at_most: int = 10) -> Tickets[str]:
    numbers = count()
    return Tickets(HOUR, lambda: f"t{next(numbers)}", at_most)


def test_a_ticket_is_for_one_session_and_one_recording() -> None:
    issued = tickets()
    ticket = issued.issue("session", "r1", NOW)
    assert issued.find(ticket, "session", NOW) == "r1"
    assert issued.find(ticket, "another", NOW) is None
    assert issued.find("t9", "session", NOW) is None


def test_a_ticket_ends() -> None:
    issued = tickets()
    ticket = issued.issue("session", "r1", NOW)
    assert issued.find(ticket, "session", NOW + HOUR - timedelta(seconds=1)) == "r1"
    assert issued.find(ticket, "session", NOW + HOUR) is None


def test_no_more_tickets_than_so_many_are_kept() -> None:
    issued = tickets(at_most=2)
    first, second, third = (issued.issue("session", name, NOW) for name in ("r1", "r2", "r3"))
    assert issued.find(first, "session", NOW) is None
    assert issued.find(second, "session", NOW) == "r2"
    assert issued.find(third, "session", NOW) == "r3"


def test_ended_tickets_make_room_first() -> None:
    issued = tickets(at_most=2)
    issued.issue("session", "r1", NOW)
    second = issued.issue("session", "r2", NOW + HOUR / 2)
    third = issued.issue("session", "r3", NOW + HOUR)
    assert issued.find(second, "session", NOW + HOUR) == "r2"
    assert issued.find(third, "session", NOW + HOUR) == "r3"
