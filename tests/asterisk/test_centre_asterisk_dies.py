"""Asterisk is killed, or freezes, with calls in every state: it comes back, and who was cut is called back."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import RoomSettings
from app.watchdog import sip_answers
from core.events import CallAnswered, CallEnded, CallHeld, LostCallFiled, RecordingEnded, SwitchConnected
from core.ids import CallId
from core.words import EndedBy, LossPlace, Outcome
from recorder.policy import tracks_of
from simulator.robot_position import RobotPosition
from tests.asterisk.test_centre_faults import Known, answer, calling, robot, they_talk
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, SUPERVISOR, TONES, TRUNK, CentreProcess, new_number
from tests.support.waiting import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

FILED_WITHIN = timedelta(seconds=10)
"""From the fault to the desk. Five are the aim, and what an idle machine needs."""
BACK_WITHIN = 10.0
"""Seconds to the first answer of SIP. The aim is 2, and is what an idle machine needs; tests share theirs."""

RECORDED = ("talking", "held", "waiting")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    room = RoomSettings(offer_seconds=60, wrap_up_seconds=1)
    async with CentreProcess(room=room, launched=True) as centre:
        yield centre


async def in_every_state(
    centre: CentreProcess, stack: AsyncExitStack, robots: list[RobotPosition]
) -> dict[str, tuple[Known, str]]:
    """One call in each state, with its number; the last robot is the one offered."""
    witness = centre.witness()
    calls: dict[str, tuple[Known, str]] = {}

    async def comes() -> tuple[Known, str]:
        known = await calling(centre, witness, stack)
        return known, (await witness.story(known.call_id)).envelopes[0].event.caller.e164  # type: ignore[attr-defined]

    talker, holder, ringer = robots
    calls["talking"] = await comes()
    await answer(talker, calls["talking"][0])
    calls["held"] = await comes()
    await answer(holder, calls["held"][0])
    await holder.command("hold")
    await witness.until_told(calls["held"][0].call_id, CallHeld)
    calls["offered"] = await comes()
    await ringer.until(lambda view: "offer" in view, 60)
    calls["waiting"] = await comes()
    greeted, number = await stack.enter_async_context(centre.caller()), new_number()
    greeted.call("15", number=number)
    await greeted.hears(lambda pcm: contains_tone(pcm, TONES["welcome"]), 60)
    calls["greeted"] = Known(greeted, await witness.call_of(number)), number
    return calls


async def written_out(centre: CentreProcess, calls: list[CallId]) -> None:
    """Wait until Asterisk has written some of both tracks of each call: it does so every two seconds."""
    folder = centre.settings.storage.recordings_dir
    for call_id in calls:
        tracks = tracks_of(call_id)
        for track in (folder / tracks.caller, folder / tracks.centre):
            await until(lambda track=track: track.exists() and track.stat().st_size > 44, "a track has sound")  # type: ignore[misc]


async def answers_again(since: float) -> float:
    """Wait until SIP is answered; how long that took."""
    async with asyncio.timeout(60):
        while True:
            try:
                await sip_answers(*TRUNK).ask()
            except OSError:  # nobody listens yet
                await asyncio.sleep(0.02)
            else:
                return time.monotonic() - since


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_asterisk_is_back_and_who_was_cut_is_called_back(
    centre: CentreProcess, fault: signal.Signals
) -> None:
    witness = centre.witness()
    async with AsyncExitStack() as stack:
        robots = [await stack.enter_async_context(robot(centre, person)) for person in (ARM1, ARM2, SUPERVISOR)]
        calls = await in_every_state(centre, stack, robots)
        await written_out(centre, [calls[name][0].call_id for name in RECORDED])
        again = centre.witness()
        hurt_at, since = datetime.now(UTC), time.monotonic()
        centre.hurt_asterisk(fault)
        back = await answers_again(since)

        for name, (call, number) in calls.items():
            story = await witness.until_told(call.call_id, LostCallFiled)
            assert (story.ended.outcome, story.ended.ended_by) == (Outcome.TECHNICAL_FAILURE, EndedBy.SYSTEM)
            filed = story.only(LostCallFiled)
            assert (filed.number, filed.place) == (number, LossPlace.FAILURE)
            assert (filed.last_agent is not None) == (name in ("talking", "held"))
            took = story.at(LostCallFiled) - hurt_at
            assert took < FILED_WITHIN, f"{name}: on the desk after {took}"
            assert (await centre.ledger_of(call.call_id)).outcome is Outcome.TECHNICAL_FAILURE
        await again.next(SwitchConnected)
        # What was recorded can be listened to.
        for name in RECORDED:
            story = await witness.until_told(calls[name][0].call_id, RecordingEnded)
            assert story.only(RecordingEnded).repaired
            caller, heard = centre.tracks(calls[name][0].call_id)
            assert min(len(caller), len(heard)) > 0
        # Strips have registered and their legs are back by themselves: new calls are served.
        for one in robots:
            await one.until(lambda view: view["position"]["state"] == "ready" and view["position"]["leg"], 60)
        after = await calling(centre, witness, stack)
        taker = await first_offered(robots, after.call_id)
        await answer(taker, after)
        await they_talk(taker, after)
        await taker.command("hang_up")
        story = await witness.until_told(after.call_id, CallEnded)
        assert (story.ended.outcome, len(story.all(CallAnswered))) == (Outcome.ANSWERED, 1)
        print(f"\n{fault.name}: SIP answered after {back:.2f} s")
        assert back < BACK_WITHIN


async def first_offered(robots: list[RobotPosition], call_id: CallId) -> RobotPosition:
    """The position that the call is offered to."""
    async with asyncio.timeout(20):
        while True:
            for one in robots:
                if one.view.get("offer", {}).get("callId") == call_id:
                    return one
            await asyncio.sleep(0.05)
