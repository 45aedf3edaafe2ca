"""What callers hear before the waiting room, and where each line leads."""

import pytest

from app.core import orientations
from app.settings import Settings
from core.events import CallOriented, CallQueued, WelcomeEnded
from core.ids import QueueId
from core.switch import PlaybackEnded
from core.words import FrontOffice, Priority
from ivr.policy import DEFAULT, Orientation, orient
from ivr.service import IvrService
from tests.support.centre import FakeCentre, settle

pytestmark = pytest.mark.unit

LINES = {
    "112": Orientation("112", QueueId("15")),
    "0140000000": Orientation("Smur", QueueId("Samu"), Priority.UV, welcome=""),
}


@pytest.mark.parametrize(
    ("line", "expected"), [("15", DEFAULT), ("112", LINES["112"]), ("999", DEFAULT), ("", DEFAULT)]
)
def test_each_line_leads_somewhere(line: str, expected: Orientation) -> None:
    assert orient(line, LINES) == expected


def test_lines_are_settings() -> None:
    settings = Settings.model_validate(
        {"lines": {"0140000000": {"flow": "Smur", "queue": "Samu", "priority": "UV", "welcome": ""}}}
    )
    assert orientations(settings) == {"0140000000": LINES["0140000000"]}


def with_lines() -> FakeCentre:
    centre = FakeCentre(lines=LINES)
    centre.start()
    return centre


async def test_a_line_without_welcome_goes_straight_to_its_room_before_the_others() -> None:
    centre = with_lines()
    first = centre.caller(line="15")
    centre.switch.tell(PlaybackEnded(playback_id=centre.ivr.greetings.by_call[first].playback_id, ok=True))
    second = centre.caller(line="0140000000")
    await settle()
    assert not centre.failures
    assert len(centre.journal.events(WelcomeEnded)) == 1
    oriented = centre.journal.events(CallOriented)[-1]
    assert (oriented.flow, oriented.queue, oriented.priority, oriented.front_office) == (
        "Smur",
        "Samu",
        Priority.UV,
        FrontOffice.FO1,
    )
    assert centre.acd.room.in_order() == [second, first]


async def test_a_failed_announcement_does_not_keep_the_caller() -> None:
    centre = with_lines()
    call = centre.caller()
    playback = centre.ivr.greetings.by_call[call].playback_id
    centre.switch.tell(PlaybackEnded(playback_id=playback, ok=False))
    centre.switch.tell(PlaybackEnded(playback_id=playback, ok=False))
    assert len(centre.journal.events(CallQueued)) == 1


async def test_whoever_is_being_welcomed_when_the_link_is_cut_goes_on_to_wait() -> None:
    centre = with_lines()
    call = centre.caller()
    centre.switch.cut()
    assert isinstance(centre.ivr, IvrService)
    assert call in centre.ivr.greetings.by_call
    centre.switch.mend()
    await settle()
    assert centre.acd.room.in_order() == [call]
