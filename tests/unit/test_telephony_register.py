"""Channels under control: a callee who picks up is sent once to be recorded, however often that is told."""

import pytest

from core.ids import CallId, ChannelId
from core.switch import ChannelTruth, SwitchTruth
from telephony.register import ChannelRegister

pytestmark = pytest.mark.unit

CALLEE = ChannelId("asterisk-a-1795377792.679828278202")


@pytest.fixture
def register() -> ChannelRegister:
    return ChannelRegister()


def truth(*, recorded: bool) -> SwitchTruth:
    channel = ChannelTruth(channel_id=CALLEE, up=True, callee=CallId("a-call"), recorded=recorded)
    return SwitchTruth(switch="asterisk-a", channels=(channel,))


def test_a_callee_told_by_the_truth_and_by_what_was_kept_goes_once(register: ChannelRegister) -> None:
    register.reconcile(truth(recorded=False))
    assert [register.picked_up(CALLEE) for _ in range(3)] == [True, False, False]


def test_a_callee_who_is_recorded_already_goes_no_more(register: ChannelRegister) -> None:
    register.reconcile(truth(recorded=True))
    assert not register.picked_up(CALLEE)


def test_one_whom_a_cut_found_on_the_way_goes_again(register: ChannelRegister) -> None:
    register.reconcile(truth(recorded=False))
    assert register.picked_up(CALLEE)
    register.reconcile(truth(recorded=False))
    assert register.picked_up(CALLEE)


def test_on_the_way_its_end_is_none_and_a_later_one_is(register: ChannelRegister) -> None:
    register.reconcile(truth(recorded=False))
    assert register.picked_up(CALLEE)
    assert register.gone(CALLEE) is None
    register.reconcile(truth(recorded=True))
    assert register.gone(CALLEE) is not None
