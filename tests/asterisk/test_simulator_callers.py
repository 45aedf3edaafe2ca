"""Robot callers against a real Asterisk: their signalling is accepted, their sound goes both ways."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from simulator import sip_agent
from simulator.callers import Caller, CallNotAnswered
from simulator.pyvoip_caller import PyVoipCaller
from simulator.sip_call import CallState, EndedBy
from tests.support.audio import contains_tone, tone
from tests.support.mini_asterisk import SIP_PORT, MiniAsterisk
from tests.support.netns import ADDRESS

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def asterisk(asterisk_root: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniAsterisk]:
    with MiniAsterisk(asterisk_root, tmp_path_factory.mktemp("mini")) as running:
        yield running


@pytest.fixture
async def caller(asterisk: MiniAsterisk) -> AsyncIterator[Caller]:
    async with await Caller.open((ADDRESS, SIP_PORT)) as one:
        yield one


async def no_channels(asterisk: MiniAsterisk) -> None:
    async with asyncio.timeout(5):
        while "0 active channels" not in await asyncio.to_thread(asterisk.cli, "core show channels"):
            pass  # each look takes a few milliseconds of another thread


async def test_what_a_caller_says_comes_back_from_an_echo(caller: Caller) -> None:
    caller.call("echo")
    await caller.answered()
    caller.send_tone(1000, 3)
    await caller.hears(lambda pcm: contains_tone(pcm, 1000))
    assert not contains_tone(caller.heard(), 400)


async def test_the_answer_is_acknowledged_so_that_it_is_not_repeated(caller: Caller) -> None:
    answers: list[bytes] = []
    receive = caller.agent.receive

    def listen(data: bytes) -> None:
        answers.append(data.split(b"\r\n")[0])
        receive(data)

    caller.agent.receive = listen  # type: ignore[method-assign]
    caller.call("tone")
    await caller.answered()
    # An answer without a fitting ACK is repeated after 0.5 s, 1 s, 2 s, and the call dropped after 32 s.
    with pytest.raises(TimeoutError):
        await caller.ended(2)
    assert answers.count(b"SIP/2.0 200 OK") == 1
    assert contains_tone(caller.heard(1), 1000)


async def test_two_callers_in_one_room_hear_each_other(caller: Caller) -> None:
    async with await Caller.open((ADDRESS, SIP_PORT)) as other:
        for one in (caller, other):
            one.call("room")
            await one.answered()
        caller.send_tone(400, 5)
        other.send_tone(1500, 5)
        await caller.hears(lambda pcm: contains_tone(pcm, 1500))
        await other.hears(lambda pcm: contains_tone(pcm, 400))
        assert not contains_tone(caller.heard(1), 400)


async def test_a_pressed_key_is_the_one_understood(caller: Caller) -> None:
    caller.call("key")
    await caller.answered()
    caller.press("5")
    await caller.hears(lambda pcm: contains_tone(pcm, 1500))


async def test_the_number_is_delivered_and_a_hidden_one_is_not(caller: Caller) -> None:
    caller.call("who", number="0612345678")
    await caller.answered()
    await caller.hears(lambda pcm: contains_tone(pcm, 1500))
    async with await Caller.open((ADDRESS, SIP_PORT)) as hidden:
        call = hidden.call("who", number="0612345678", hidden=True)
        await hidden.answered()
        assert "anonymous" in call.invite.need("From")
        assert call.invite.get("Privacy") == "id"


async def test_hanging_up_while_it_rings_cancels(caller: Caller, asterisk: MiniAsterisk) -> None:
    caller.call("ring")
    await caller.ringing()
    assert caller.state is CallState.RINGING
    caller.hang_up()
    assert caller.ended_by is EndedBy.US
    await no_channels(asterisk)


async def test_hanging_up_before_any_answer_leaves_nothing(caller: Caller, asterisk: MiniAsterisk) -> None:
    caller.call("tone")
    caller.hang_up()
    await no_channels(asterisk)


async def test_hanging_up_in_talk_ends_the_call_there(caller: Caller, asterisk: MiniAsterisk) -> None:
    caller.call("echo")
    await caller.answered()
    caller.hang_up()
    await no_channels(asterisk)


async def test_a_refusal_and_an_end_by_the_other_side_are_seen(caller: Caller) -> None:
    caller.call("busy")
    with pytest.raises(CallNotAnswered) as refused:
        await caller.answered()
    assert refused.value.status == 486
    async with await Caller.open((ADDRESS, SIP_PORT)) as other:
        other.call("short")
        await other.answered()
        await other.ended()
        assert other.ended_by is EndedBy.PEER


async def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sip_agent, "GIVE_UP", 1.0)
    async with await Caller.open((ADDRESS, 5999)) as caller:
        caller.call("15")
        await caller.ended(3)
        assert caller.ended_by is EndedBy.LOST


async def test_a_caller_of_another_make_is_heard_and_its_answer_acknowledged(asterisk: MiniAsterisk) -> None:
    async with PyVoipCaller((ADDRESS, SIP_PORT), "+33199000015") as other:
        other.call("echo")
        await other.answered()
        other.say(tone(1000, 3))
        async with asyncio.timeout(10):
            while not contains_tone(other.heard(1), 1000):  # noqa: ASYNC110 - it has no event for it
                await asyncio.sleep(0.1)
        assert not contains_tone(other.heard(), 400)
        with pytest.raises(TimeoutError):
            await other.ended(2)
        assert other.answers == 1
        other.hang_up()
    await no_channels(asterisk)
