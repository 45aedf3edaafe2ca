"""Mode secours on a real Asterisk with no core: order, vital lines, transfers, what is noted; the return."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from calls.numbers import NumberRefused, NumberRules, dialled
from core.ids import PositionId
from core.switch import CallerArrived, SwitchUp
from simulator.callees import Operator
from simulator.callers import Caller
from simulator.sip_call import CallState
from telephony.ami import ManagerLink
from telephony.dialling import TransferRules
from telephony.fallback_log import FallbackLogFile
from telephony.strips import RTP_TIMEOUT
from tests.support.asterisk import OPERATOR, TONES, TRUNK, CentreAsterisk, hear_tone
from tests.support.audio import contains_tone, tone
from tests.support.strip import Strip
from tests.support.waiting import until

pytestmark = pytest.mark.asterisk

ARM1, ARM2 = PositionId("arm1"), PositionId("arm2")
SECRET = "not-a-secret"
CALLER_HZ, AGENT_HZ, CALLEE_HZ = 1300.0, 2600.0, 1900.0
SHORT, PREFIXES, REFUSED = ("18", "112"), ("+33",), ("+3389",)
RULES = TransferRules(
    short_numbers=SHORT,
    prefixes=PREFIXES,
    refused_prefixes=REFUSED,
    presented="+33144000015",
    presented_by_line={"112": "112"},
)
SMUR = "+33140000001"


@pytest.fixture
async def asterisk(asterisk_root: Path | None, tmp_path: Path) -> AsyncIterator[CentreAsterisk]:
    """The centre's Asterisk, with two strips' accounts, and no core any more."""
    async with CentreAsterisk(asterisk_root, tmp_path, transfers=RULES, vital_lines=("112",)) as asterisk:
        config = asterisk.config
        async with (
            asterisk.switch() as switch,
            ManagerLink(port=config.ami_port, secret=config.secrets.ami) as manager,
        ):
            await switch.ready()
            await until(lambda: manager.up, "the manager interface")
            for position in (ARM1, ARM2):
                await switch.create(position, SECRET)
                await manager.add(position)
        yield asterisk


def log_of(asterisk: CentreAsterisk) -> FallbackLogFile:
    return FallbackLogFile(Path(asterisk.config.paths.state) / "log" / "queue_log")


async def calling(stack: AsyncExitStack, line: str = "15", number: str = "+33199000001") -> Caller:
    """A caller whom the fallback has answered."""
    caller = await stack.enter_async_context(await Caller.open(TRUNK))
    caller.call(line, number=number)
    await caller.answered()
    return caller


async def test_callers_are_answered_in_order_vital_lines_first_and_each_is_noted(
    asterisk: CentreAsterisk,
) -> None:
    async with AsyncExitStack() as stack:
        numbers = [f"+3319900000{n}" for n in range(4)]
        first = await calling(stack, number=numbers[0])
        await hear_tone(first, TONES["fallback-welcome"])
        second = await calling(stack, number=numbers[1])
        vital = await calling(stack, "112", numbers[2])
        gone = await calling(stack, number=numbers[3])
        gone.hang_up()
        await gone.ended()
        strip = await stack.enter_async_context(Strip.registered(ARM1, SECRET))
        for caller in (vital, first, second):
            call, sound = await strip.answer()
            sound.say(tone(AGENT_HZ, 5))
            caller.send_tone(CALLER_HZ, 5)
            await hear_tone(caller, AGENT_HZ)
            await until(lambda s=sound: contains_tone(s.heard(1), CALLER_HZ), "the agent hears the caller")  # type: ignore[misc]
            call.hang_up()
            await caller.ended()
        log = log_of(asterisk)
        await until_noted(log, 4)
        records = {record.caller.e164: record for record in await log.noted()}
        assert [records[number].line for number in numbers] == ["15", "15", "112", "15"]
        assert [records[number].position_id for number in numbers] == [ARM1, ARM1, ARM1, None]
        answers = [records[number].answered_at for number in (numbers[2], numbers[0], numbers[1])]
        assert None not in answers
        assert answers == sorted(answers)  # type: ignore[type-var]
        assert records[numbers[3]].answered_at is None
        said, given = await asterisk.tracks(records[numbers[2]].call_id)
        assert contains_tone(said, CALLER_HZ)
        assert contains_tone(given, AGENT_HZ)
        # What is settled is not given again; the rest is.
        await log.settled([records[numbers[1]].call_id])
        assert records[numbers[1]] in await log_of(asterisk).noted()
        assert records[numbers[0]] not in await log_of(asterisk).noted()
        await log.noted()
        await log.settled([])
        assert await log_of(asterisk).noted() == ()


async def until_noted(log: FallbackLogFile, count: int) -> None:
    async with asyncio.timeout(10):
        while len([r for r in await log.noted() if r.ended_at is not None]) < count:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)


async def test_a_caller_is_passed_on_to_a_permitted_number_and_recorded(asterisk: CentreAsterisk) -> None:
    async with AsyncExitStack() as stack:
        operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        strip = await stack.enter_async_context(Strip.registered(ARM1, SECRET))
        caller = await calling(stack)
        call, _ = await strip.answer()
        for refused in ("+33899123456", "0612345678", "17", "s", "15", f"{SMUR}&18"):
            assert await strip.pass_on(refused) == 404, refused
        async with Strip.registered(ARM2, SECRET) as other:
            assert await other.pass_on(SMUR) == 404  # it talks to nobody
        assert call.state is CallState.UP
        assert await strip.pass_on(SMUR) == 486
        callee = await operator.called()
        assert (callee.number, callee.shown) == (SMUR, "+33144000015")
        callee.ring()
        caller.forget()
        await hear_tone(caller, TONES["music"])
        callee.answer()
        callee.send_tone(CALLEE_HZ, 5)
        caller.send_tone(CALLER_HZ, 5)
        # Longer than is looked for in the recording: its last moments are lost with the call.
        await caller.hears(lambda pcm: contains_tone(pcm, CALLEE_HZ, seconds=1.5), window=3)
        await callee.hears(lambda pcm: contains_tone(pcm, CALLER_HZ, seconds=1.5), window=3)
        callee.hang_up()
        await caller.ended()
        log = log_of(asterisk)
        await until_noted(log, 1)
        (record,) = await log.noted()
        assert (record.position_id, record.transferred) == (ARM1, True)
        said, given = await asterisk.tracks(record.call_id)
        assert contains_tone(said, CALLER_HZ)
        assert contains_tone(given, CALLEE_HZ)


async def test_a_caller_passed_on_to_nobody_is_first_in_the_queue_again(asterisk: CentreAsterisk) -> None:
    async with AsyncExitStack() as stack:
        operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        strip = await stack.enter_async_context(Strip.registered(ARM1, SECRET))
        caller = await calling(stack)
        await strip.answer()
        await calling(stack, "112", "+33199000002")
        assert await strip.pass_on(SMUR) == 486
        async with asyncio.timeout(60):
            while await strip.pass_on(SMUR) != 404:  # noqa: ASYNC110 - until the caller is gone from here
                await asyncio.sleep(0.1)
        (await operator.called()).refuse()
        while True:  # the other caller may have been rung to the strip meanwhile
            async with asyncio.timeout(20):
                rung = await strip.rung.get()
            if "+33199000001" in rung.invite.need("From"):
                break
            rung.refuse(486, "Busy Here")
        assert caller.ended_by is None


async def test_a_caller_whose_agent_is_lost_is_first_in_the_queue_again(asterisk: CentreAsterisk) -> None:
    async with AsyncExitStack() as stack:
        caller = await calling(stack)
        async with Strip.registered(ARM1, SECRET) as strip:
            _, sound = await strip.answer()
            await calling(stack, "112", "+33199000002")
            caller.forget()
            await sound.close()  # no BYE: only the sound stops
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]), RTP_TIMEOUT + 10)
        other = await stack.enter_async_context(Strip.registered(ARM2, SECRET))
        call, sound = await other.answer()
        assert "+33199000001" in call.invite.need("From")
        sound.say(tone(AGENT_HZ, 5))
        await hear_tone(caller, AGENT_HZ)
        call.hang_up()
        await caller.ended()
        log = log_of(asterisk)
        await until_noted(log, 1)
        record = next(each for each in await log.noted() if each.ended_at is not None)
        assert (record.caller.e164, record.position_id) == ("+33199000001", ARM2)


async def test_the_dialplan_permits_what_the_core_permits(asterisk: CentreAsterisk) -> None:
    core = NumberRules(trunk=True, short_numbers=frozenset(SHORT), prefixes=PREFIXES, refused_prefixes=REFUSED)
    for number in (
        "18",
        "17",
        "112",
        SMUR,
        "+33899123456",
        "+33612345678",
        "+44794600000",
        "+3361234567890123",
    ):
        try:
            permitted = dialled(number, core) == number
        except NumberRefused:
            permitted = False
        shown = await asterisk.process.rx(f"dialplan show {number}@secours-transfer")
        assert ("secours-pass-on" in shown) is permitted, number


async def test_a_core_that_is_back_takes_waiting_callers_over_and_lets_the_others_talk(
    asterisk: CentreAsterisk,
) -> None:
    config = asterisk.config
    async with AsyncExitStack() as stack:
        strip = await stack.enter_async_context(Strip.registered(ARM1, SECRET))
        talking = await calling(stack)
        call, sound = await strip.answer()
        waiting = await calling(stack, "112", "+33199000002")
        manager = await stack.enter_async_context(
            ManagerLink(port=config.ami_port, secret=config.secrets.ami, app=config.core_app)
        )
        switch = await stack.enter_async_context(asterisk.switch())
        truth = (await switch.next(SwitchUp)).truth
        assert truth.channels == ()
        one, two = truth.fallback
        assert (one.talking, one.position_id) == (True, ARM1)
        assert not two.talking
        await until(lambda: manager.up, "the manager interface")
        await manager.take_back(two.channel_id)
        channel = (await switch.next(CallerArrived)).channel
        assert (channel.channel_id, channel.line, channel.waited) == (two.channel_id, "112", True)
        assert channel.caller.e164 == "+33199000002"
        await switch.start_music(channel.channel_id, "waiting")
        waiting.forget()
        await hear_tone(waiting, TONES["music"])
        (left,) = await switch.in_fallback()
        assert left == one
        sound.say(tone(AGENT_HZ, 5))
        talking.forget()
        await hear_tone(talking, AGENT_HZ)
        await manager.take_back(two.channel_id)  # not there any more: no error
        call.hang_up()
        await talking.ended()
        records = await log_of(asterisk).noted()
        assert [record.taken_back for record in records] == [False, True]
