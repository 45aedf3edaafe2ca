"""Who calls, as the dialplan describes it: a table of what operators send and what the core is told."""

from pathlib import Path

import pytest

from core.switch import CallerArrived
from core.words import CallerNumber
from simulator.callers import Caller
from tests.support.asterisk import TRUNK, CentreAsterisk, WatchedSwitch
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

TEST_ROBOT = "+33999999999"

NUMBERS = {
    # One of each road through the dialplan; tests/unit/test_telephony_caller_number.py has them all.
    "0612345678": "+33612345678",
    "+330612345678": "+33612345678",
    "0596123456": "+596596123456",
    "+4930123456": "+4930123456",
    "15": None,
    "+": None,
    "+123456789012345678": None,
    "0612345678" * 9: None,
    "anonymous": None,
    "sip-user": None,
    "06;phone-context=x": None,
    "061234/allowed/5678": "+33612345678",  # what would end a field is filtered out
    "06:12,34": None,
}

ASSERTED = ("P-Asserted-Identity", "<sip:+33612345678@operator>")

IDENTITIES: list[tuple[str, tuple[tuple[str, str], ...], str | None]] = [
    # From, further headers, the number told.
    # The operator's assertion is believed before what the caller's equipment says.
    ("+33699999999", (ASSERTED,), "+33612345678"),
    ("0612345678", (), "+33612345678"),
    ("0612345678", (("P-Asserted-Identity", "<tel:+33140123456>"),), "+33140123456"),
    ("0612345678", (ASSERTED, ("Privacy", "none")), "+33612345678"),
    # Withheld, by each of the ways there are.
    ("0612345678", (("Privacy", "id"),), None),
    ("0612345678", (ASSERTED, ("Privacy", "id;critical")), None),
    ("anonymous", (ASSERTED,), None),
    ("0612345678", (("Remote-Party-ID", "<sip:0612345678@operator>;privacy=full"),), None),
]


async def describe(switch: WatchedSwitch, **how: object) -> CallerArrived:
    """Place one call and give what the core is told of it."""
    before = len(switch.all(CallerArrived))
    async with await Caller.open(TRUNK) as caller:
        caller.call("15", **how)  # type: ignore[arg-type]
        await until(lambda: len(switch.all(CallerArrived)) > before, "the caller arrived")
    return switch.all(CallerArrived)[-1]


async def test_numbers_are_normalised(switch: WatchedSwitch) -> None:
    told = {number: (await describe(switch, number=number)).channel.caller.e164 for number in NUMBERS}
    assert told == NUMBERS


async def test_a_hidden_number_stays_hidden(switch: WatchedSwitch) -> None:
    arrived = await describe(switch, number="+33612345678", hidden=True)
    assert arrived.channel.caller == CallerNumber(e164=None)


async def test_who_is_believed(switch: WatchedSwitch) -> None:
    told = []
    for shown, headers, _ in IDENTITIES:
        before = len(switch.all(CallerArrived))
        async with await Caller.open(TRUNK) as caller:
            dialog = caller.agent.dialog(
                f"<sip:{shown}@operator>", "<sip:15@127.0.0.1>", "sip:15@127.0.0.1:5060"
            )
            caller.agent.call(dialog, SDP, headers=headers)
            await switch.more_than(before, CallerArrived)
        told.append((shown, headers, switch.all(CallerArrived)[-1].channel.caller.e164))
    assert told == IDENTITIES


async def test_the_line_dialled_is_told(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("+33140150015")
        assert (await switch.caller()).line == "+33140150015"


async def test_a_line_that_is_not_a_number_is_refused(switch: WatchedSwitch) -> None:
    async with await Caller.open(TRUNK) as caller:
        caller.call("samu")
        await caller.ended()
        assert caller.status == 404
    assert switch.all(CallerArrived) == []


async def test_test_calls_are_marked(asterisk_root: Path | None, tmp_path: Path) -> None:
    asterisk = CentreAsterisk(asterisk_root, tmp_path)
    async with asterisk, asterisk.switch((TEST_ROBOT,)) as switch:
        await switch.ready()
        marked = await describe(switch, headers=(("X-Bandeau-Test", "1"),))
        robot = await describe(switch, number="0999999999")
        usual = await describe(switch, headers=(("X-Bandeau-Test", "0"),))
    assert [e.channel.caller.test for e in (marked, robot, usual)] == [True, True, False]


SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 29998 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)
