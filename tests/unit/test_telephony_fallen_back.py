"""Which callers the dialplan's own queue got while nobody commanded Asterisk; and whom nobody hears."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.forsaken import alone
from core.ids import CallId, ChannelId
from core.switch import ChannelTruth, FallbackCaller, FallbackRecord, SwitchTruth
from core.words import CallerNumber
from telephony.ari_protocol import Channel, Dialplan
from telephony.reconciliation import fallen_back

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE = "FR751-asterisk-a-1795334995.0"
TWO = "FR751-asterisk-a-1795334996.1"
NOTED = FallbackRecord(call_id=CallId(ONE), line="15", caller=CallerNumber(), arrived_at=NOW)
HERE = FallbackCaller(channel_id=ChannelId(ONE), talking=False, position_id=None)
OURS = ChannelTruth(channel_id=ChannelId(ONE), up=True)


@pytest.mark.parametrize(
    ("noted", "here", "ours", "fell"),
    [
        ((), (), (), set()),
        ((NOTED,), (), (), {ONE}),  # it ended there
        ((), (HERE,), (), {ONE}),
        ((replace(NOTED, taken_back=True),), (), (), set()),
        ((NOTED,), (), (OURS,), set()),
    ],
)
def test_the_fallback_has_whom_it_noted_or_holds_unless_a_core_has_them_again(
    noted: tuple[FallbackRecord, ...],
    here: tuple[FallbackCaller, ...],
    ours: tuple[ChannelTruth, ...],
    fell: set[str],
) -> None:
    assert fallen_back(SwitchTruth(switch="a", channels=ours, fallback=here), noted) == fell


def channel(name: str, words: str, app: str = "StasisBroadcast", later: float = 0) -> Channel:
    return Channel(
        id=name,
        state="Up",
        creationtime=NOW + timedelta(seconds=later),
        dialplan=Dialplan(app_name=app, app_data=words),
    )


def test_callers_of_our_own_lines_are_alone_unless_in_a_bridge() -> None:
    first = channel(ONE, "300,^core-,caller:15:+33199000001/////")
    second = channel(TWO, "300,^core-,caller:15:+33199000002/////", later=1)
    leg = channel("leg", "core-a,leg,arm1", app="Stasis")
    assert [c.id for c in alone([second, leg, first], set())] == [ONE, TWO]
    assert [c.id for c in alone([second, leg, first], {ONE})] == [TWO]
