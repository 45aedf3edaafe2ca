"""A SIP phone at home as the sound of a strip: registered over TLS, kept or rung for each call, by a code.

By a key: ``test_remote_phones.py``, of a telephone, where the rest is the same.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from app.settings import AsteriskSettings, RemoteSettings, RoomSettings
from core.events import CallAnswered, CallEnded
from simulator.callees import Callee
from simulator.sip_call import CallState
from simulator.sip_message import SipError
from simulator.sip_phone import SipPhone
from tests.support.audio import contains_tone
from tests.support.centre_process import CentreProcess, new_number
from tests.support.home import PROMPTS, Home
from tests.support.netns import ADDRESS

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

NAME, SECRET = "cabinet", "un long mot de passe"
SERVER = (ADDRESS, AsteriskSettings().sip_tls_port)
CALLER_HZ, DOCTOR_HZ = 1300.0, 1900.0


@dataclass(frozen=True, slots=True)
class Practice:
    """A physician whose phone is registered."""

    centre: CentreProcess
    home: Home
    phone: SipPhone


def trust(centre: CentreProcess) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=centre.folder / "tls" / "authority.pem")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(
        room=RoomSettings(offer_seconds=30, wrap_up_seconds=0.5),
        sounds=PROMPTS,
        remote=RemoteSettings(
            sip_phones={NAME: SecretStr(SECRET)}, ring_seconds=8, confirm_seconds=8, code=True
        ),
    ) as centre:
        yield centre


@pytest_asyncio.fixture(loop_scope="module")
async def practice(centre: CentreProcess) -> AsyncIterator[Practice]:
    async with AsyncExitStack() as stack:
        phone = await SipPhone.open(SERVER, f"phone-{NAME}", SECRET, tls=trust(centre))
        await stack.enter_async_context(phone)
        home = Home(centre, phone, NAME)
        await home.log_in()
        stack.push_async_callback(home.live.close)
        stack.push_async_callback(home.live.command, "log_out")
        yield Practice(centre, home, phone)


async def confirm(it: Practice) -> Callee:
    """The phone rings, is picked up, and a person shows that they are there."""
    callee = await it.home.picked_up("phone-code")
    view = await it.home.live.until(lambda view: "code" in view.get("phone", {}))
    callee.press("1")  # the usual key is not enough
    for key in str(view["phone"]["code"]):
        callee.press(key)
    return callee


async def test_a_phone_that_is_kept_takes_calls(practice: Practice) -> None:
    home = practice.home
    await home.use("kept")
    doctor = await confirm(practice)
    await home.is_("ready")
    await doctor.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-taken"][0]))
    async with practice.centre.caller() as caller:
        caller.call("15", number=new_number())
        await caller.answered()
        caller.press("1")
        offer = (await home.live.until(lambda view: "offer" in view, 20))["offer"]
        await home.live.command("accept_offer", offerId=offer["id"])
        await home.is_("on_call")
        caller.send_tone(CALLER_HZ, 20)
        doctor.send_tone(DOCTOR_HZ, 20)
        await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await caller.hears(lambda pcm: contains_tone(pcm, DOCTOR_HZ))
        await home.live.command("hang_up")
        await caller.ended()
    await home.is_("ready")
    assert doctor.call.state is CallState.UP, "kept for the next call"
    assert practice.phone.nobody_called


async def test_a_phone_rung_for_each_call_answers_by_the_code(practice: Practice) -> None:
    home, centre = practice.home, practice.centre
    await home.use("per_call")
    proof = await confirm(practice)
    await proof.hears(lambda pcm: contains_tone(pcm, PROMPTS["phone-proven"][0]))
    await proof.ended()
    await home.is_("ready")
    witness, number = centre.witness(), new_number()
    async with centre.caller() as caller:
        caller.call("15", number=number)
        await caller.answered()
        call_id = await witness.call_of(number)
        caller.press("1")
        doctor = await confirm(practice)
        await witness.until_told(call_id, CallAnswered)
        caller.send_tone(CALLER_HZ, 20)
        await doctor.hears(lambda pcm: contains_tone(pcm, CALLER_HZ))
        await home.live.command("hang_up")
        await caller.ended()
        await doctor.ended()
        await witness.until_told(call_id, CallEnded)
    await home.is_("ready")


async def test_what_is_not_confirmed_never_takes_the_position(practice: Practice) -> None:
    home = practice.home
    await home.use("kept")
    callee = await home.rung()
    callee.answer()
    callee.press("1")
    await home.phone("failed", "not_confirmed")
    await callee.ended()
    assert home.live.view["position"]["state"] == "unready"


async def test_a_phone_that_is_not_registered_cannot_be_reached_and_a_wrong_password_is_refused(
    centre: CentreProcess, practice: Practice
) -> None:
    await practice.phone.unregister()
    await practice.home.use("kept")
    await practice.home.phone("failed", "unreachable")
    with pytest.raises(SipError, match="401"):
        await SipPhone.open(SERVER, f"phone-{NAME}", "autre chose", tls=trust(centre))
