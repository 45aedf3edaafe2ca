"""A physician's telephone as the sound of a strip, in a whole centre: its core may die at any moment."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.settings import OutgoingSettings, RemoteSettings, RoomSettings
from calls.absences import MESSAGE
from core.events import CallAnswered, CallQueued, OfferWithdrawn
from core.words import WithdrawReason
from simulator.callees import Callee, Operator
from simulator.callers import Caller
from simulator.live_client import Refused
from simulator.sip_call import CallState
from tests.support.audio import contains_tone
from tests.support.centre_process import TONES, TRUNK, CentreProcess, new_number
from tests.support.home import PROMPTS, Home

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
NUMBER, PRESENTED = "+33199000915", "+33144000015"
CALLER_HZ, DOCTOR_HZ, LATER_HZ, MESSAGE_HZ = 1300.0, 1900.0, 2300.0, 1700.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=30, wrap_up_seconds=0.5, lost_sound_seconds=1),
        sounds={**PROMPTS, MESSAGE: (MESSAGE_HZ, 1.0)},
        outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented=PRESENTED),
        remote=RemoteSettings(telephone=True, ring_seconds=5, confirm_seconds=5),
    ) as centre:
        yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def operator() -> AsyncIterator[Operator]:
    async with await Operator.open(OPERATOR, TRUNK) as operator:
        yield operator


@pytest_asyncio.fixture(loop_scope="module")
async def home(centre: CentreProcess, operator: Operator) -> AsyncIterator[Home]:
    if not centre.core_runs:
        await centre.start_core()
    home = Home(centre, operator, NUMBER)
    await home.log_in()
    yield home
    await home.live.command("log_out")
    await home.live.close()


async def test_a_kept_telephone_takes_calls_and_is_called_again_when_lost(
    centre: CentreProcess, home: Home
) -> None:
    await home.use("kept")
    doctor = await home.confirmed()
    assert (doctor.number, doctor.shown) == (NUMBER, PRESENTED)
    await home.is_("ready")
    await doctor.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-taken"][0]))
    async with centre.caller() as caller:
        caller.call("15", number=new_number())
        await caller.answered()
        caller.press("1")
        offer = (await home.live.until(lambda view: "offer" in view, 20))["offer"]
        await home.live.command("accept_offer", offerId=offer["id"])
        await home.is_("on_call")
        caller.send_tone(CALLER_HZ, 30)
        doctor.send_tone(DOCTOR_HZ, 30)
        await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await caller.hears(lambda pcm: contains_tone(pcm, DOCTOR_HZ))
        await hears_the_past(home, doctor, caller)
        caller.hush()
        caller.send_tone(CALLER_HZ, 60)
        doctor.hang_up()
        again = await home.rung()
        await caller.hears(lambda pcm: contains_tone(pcm, MESSAGE_HZ))
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        again.answer()
        await again.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-key"][0]))
        again.press("1")
        again.send_tone(DOCTOR_HZ, 30)
        await again.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await caller.hears(lambda pcm: contains_tone(pcm, DOCTOR_HZ))
        await home.live.command("hang_up")
        await caller.ended()
    await home.is_("ready")
    assert again.call.state is CallState.UP, "kept for the next call"


async def hears_the_past(home: Home, doctor: Callee, caller: Caller) -> None:
    """What the caller said before is played again into the telephone, and not to the caller."""
    await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ, seconds=2.5), window=4)
    caller.hush()
    caller.send_tone(LATER_HZ, 60)  # Asterisk writes some 2 s at a time
    await doctor.hears(lambda pcm: contains_tone(pcm, LATER_HZ, seconds=4), window=5)
    doctor.forget()
    await home.live.command("play_recall", seconds=60, speed=100)
    await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ, min_snr_db=-8), 60)
    caller.forget()
    await caller.hears(lambda pcm: contains_tone(pcm, DOCTOR_HZ))
    assert not contains_tone(caller.heard(), CALLER_HZ, seconds=0.25)
    await home.live.command("stop_recall")
    await home.live.until(lambda view: "recall" not in view)


async def test_what_is_no_person_never_takes_the_position(home: Home) -> None:
    await home.use("kept")
    voicemail = await home.rung()
    voicemail.answer()
    voicemail.send_tone(1000, 10)
    await home.phone("failed", "not_confirmed")
    await voicemail.ended()
    assert home.live.view["position"]["state"] == "unready"
    for refusal, reason in ((486, "busy"), (404, "unreachable")):
        await home.live.command("ring_phone")
        (await home.rung()).refuse(refusal, "No")
        await home.phone("failed", reason)
    await home.live.command("ring_phone")
    unanswered = await home.rung()
    await home.phone("failed", "no_answer")
    await unanswered.ended()
    await home.live.command("ring_phone")
    await home.confirmed()
    await home.is_("ready")


async def test_numbers_that_the_centre_does_not_call_are_refused(home: Home, operator: Operator) -> None:
    for number, code in (
        ("+441632960123", "number_not_allowed"),
        ("0899123456", "number_not_allowed"),
        ("0612345678@192.0.2.9", "bad_number"),
    ):
        with pytest.raises(Refused) as refused:
            await home.use("kept", number)
        assert refused.value.code == code
    assert operator.nobody_called


async def test_a_telephone_of_each_call_rings_with_the_offer_and_its_key_is_the_answer(
    centre: CentreProcess, home: Home
) -> None:
    await home.use("per_call")
    proof = await home.confirmed()
    await proof.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-proven"][0]))
    await proof.ended()
    await home.is_("ready")
    witness = centre.witness()
    async with centre.caller() as caller:
        number = new_number()
        caller.call("15", number=number)
        await caller.answered()
        call_id = await witness.call_of(number)
        caller.press("1")
        voicemail = await home.rung()
        voicemail.answer()
        await voicemail.ended(60)
        await home.phone("failed", "not_confirmed")
        story = await witness.until_told(call_id, OfferWithdrawn)
        assert story.only(OfferWithdrawn).reason is WithdrawReason.POSITION_LOST
        assert len(story.all(CallQueued)) == 1, "it never left its place"
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]) or contains_tone(pcm, 900.0))
        await home.live.command("ring_phone")
        await (await home.confirmed()).ended()
        doctor = await home.confirmed("phone-call")
        await witness.until_told(call_id, CallAnswered)
        caller.send_tone(CALLER_HZ, 20)
        await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await home.live.command("hang_up")
        await caller.ended()
        await doctor.ended()
    await home.is_("ready")


async def test_a_core_that_dies_finds_the_telephone_as_it_is(centre: CentreProcess, home: Home) -> None:
    await home.use("kept")
    doctor = await home.rung()
    async with centre.core_dead():
        doctor.answer()
        await doctor.call.until(CallState.UP)
        await home.live.closed()
    await home.connect()
    await doctor.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-key"][0]))
    doctor.press("1")
    await home.is_("ready")
    async with centre.core_dead():
        await home.live.closed()
    await home.connect()
    await home.is_("ready")
    assert doctor.call.state is CallState.UP
    async with centre.core_dead():
        doctor.hang_up()
        await doctor.ended()
        await home.live.closed()
    await home.connect()
    again = await home.confirmed()
    await home.is_("ready")
    assert again.call.state is CallState.UP
