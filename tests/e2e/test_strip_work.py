"""What an agent does with the strip: check, hold, mute, pause, the keyboard alone, two windows."""

import pytest
from playwright.async_api import expect

from core.events import (
    CallEnded,
    CallHeld,
    CallResumed,
    PositionMuted,
    PositionStateChanged,
    RecordingEnded,
)
from core.words import EndedBy, Outcome, PauseReason, PositionState
from tests.e2e.conftest import TakePosition
from tests.e2e.conversation import Conversation, talking, waiting_call
from tests.e2e.pages import STRIP_SIZE, Desk
from tests.support.audio import contains_tone, tone
from tests.support.centre_process import ARM1, PASSWORD, TONES, CentreProcess
from tests.support.recorded import indexes_of
from tests.support.tracks import share_heard

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def hears_no_more(talk: Conversation, desk: Desk) -> None:
    """For a second, nothing of what the agent's microphone hears comes to the caller."""
    talk.caller.forget()
    await talk.caller.hears(
        lambda pcm: len(pcm) >= 6000 and not contains_tone(pcm, desk.hz, seconds=0.25), window=1
    )


async def test_a_wrong_password_is_refused_in_french(centre: CentreProcess, open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    await desk.login.open()
    await desk.login.log_in(ARM1, "pas le bon mot de passe")
    await expect(desk.login.error).to_have_text("Identifiant ou mot de passe incorrect.")


async def test_the_check_proves_microphone_and_echo_then_lets_work_begin(
    centre: CentreProcess, open_desk: TakePosition
) -> None:
    desk = await open_desk(ARM1)
    await desk.log_in()
    await expect(desk.check.microphone).to_have_attribute("data-state", "ok")
    await expect(desk.check.echo).to_have_attribute("data-voice", "true")
    await expect(desk.check.root).to_have_attribute("data-passed", "true")
    assert 0 < int(await desk.check.echo.get_attribute("data-round-trip") or 0) < 2000
    await desk.check.start.click()
    await desk.strip.until("ready")


async def test_on_hold_the_caller_hears_music_only(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.strip.press("hold")
        await desk.strip.until("held")
        await hears_no_more(talk, desk)
        await talk.hears(TONES["music"])
        await desk.strip.press("hold")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        story = await talk.witness.until_told(talk.call_id, CallResumed)
        story.assert_order(CallHeld, CallResumed)


CONFIDED_HZ = 850.0
"""What the caller says while nothing is recorded."""


async def test_a_moment_is_left_out_of_the_recording(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await expect(desk.strip.part("unrecorded")).to_have_count(0)
        await desk.strip.key("Shift+F9")
        await expect(desk.strip.part("recording-pause")).to_be_visible()
        await desk.strip.key("2")
        await expect(desk.strip.part("unrecorded")).to_contain_text("Non enregistré · 0:")
        await expect(desk.strip.part("unrecorded")).to_contain_text("Code, paiement, par Camille Martin")
        await talk.both_hear(desk)  # the call itself goes on
        talk.caller.hush()
        talk.caller.say(tone(CONFIDED_HZ, 3))
        await desk.ear.hears(CONFIDED_HZ)
        talk.caller.send_tone(talk.hz, 60)
        await desk.ear.until(
            lambda pcm: contains_tone(pcm, talk.hz, seconds=1.5), "what is said next", window=2
        )
        await desk.strip.key("Shift+F9")
        await expect(desk.strip.part("unrecorded")).to_have_count(0)
        await talk.both_hear(desk)
        await desk.strip.key("F1")  # all that is kept
        progress = desk.strip.part("replay-progress")
        await expect(progress).to_have_attribute("data-playing", "true")
        await desk.replay_ear.hears(talk.hz, 60)
        await expect(progress).to_have_attribute("data-playing", "false", timeout=60_000)
        assert not contains_tone(await desk.replay_ear.heard(30), CONFIDED_HZ, seconds=0.25)
        await desk.strip.key("Escape")
        talk.caller.hang_up()
        await talk.witness.until_told(talk.call_id, RecordingEnded, 60)
        [index] = indexes_of(await talk.witness.events())
        [pause] = index.pauses
        assert (pause.by, pause.reason) == (ARM1.agent_id, "code")
        for track, hz in zip(centre.tracks(talk.call_id), (talk.hz, desk.hz), strict=True):
            assert share_heard(track, hz, pause.begins + 0.2, pause.ends - 0.2) < 0.05
            assert share_heard(track, hz, pause.ends + 0.2, index.seconds - 0.2) > 0.5


async def test_muted_the_caller_hears_nothing(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        await desk.strip.press("mute")
        await expect(desk.strip.root).to_have_attribute("data-muted", "true")
        await talk.witness.next(PositionMuted, lambda event: event.muted)
        await hears_no_more(talk, desk)
        await desk.ear.forget()
        await talk.heard_by(desk)
        await desk.strip.press("mute")
        await expect(desk.strip.root).to_have_attribute("data-muted", "false")
        await talk.both_hear(desk)
        await talk.witness.next(PositionMuted, lambda event: not event.muted)


async def test_a_pause_has_its_reason(centre: CentreProcess, at_work: TakePosition) -> None:
    witness = centre.witness()
    desk = await at_work(ARM1)
    await desk.strip.pause("meal")
    await desk.strip.until("paused")
    await expect(desk.strip.part("state-detail")).to_have_text("Repas")
    paused = await witness.next(PositionStateChanged, lambda event: event.state is PositionState.PAUSED)
    assert paused.pause_reason is PauseReason.MEAL
    await desk.strip.press("ready")
    await desk.strip.until("ready")


async def test_a_whole_call_with_the_keyboard_alone(centre: CentreProcess, open_desk: TakePosition) -> None:
    desk = await open_desk(ARM1)
    await desk.login.open()
    keyboard = desk.page.keyboard
    await keyboard.type(ARM1.login)  # the field has the focus
    await keyboard.press("Tab")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")
    await expect(desk.check.root).to_have_attribute("data-passed", "true")
    for _ in range(30):
        if await desk.check.start.evaluate("button => button === document.activeElement"):
            break
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await desk.page.set_viewport_size(STRIP_SIZE)
    await desk.strip.until("ready")
    await desk.strip.key("F8")
    await keyboard.press("2")
    await desk.strip.until("paused")
    await expect(desk.strip.part("state-detail")).to_have_text("Repas")
    await desk.strip.key("F9")
    await desk.strip.until("ready")
    async with waiting_call(centre) as talk:
        await desk.strip.until("offered")
        await desk.strip.key("F2")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await desk.strip.key("F6")
        await desk.strip.until("held")
        await desk.strip.key("F6")
        await keyboard.press("F7")  # the microphone can be cut while another command is under way
        await desk.strip.until("on_call")
        await expect(desk.strip.root).to_have_attribute("data-muted", "true")
        await desk.strip.key("F7")
        await expect(desk.strip.root).to_have_attribute("data-muted", "false")
        await desk.strip.key("F4")  # once is not enough
        await expect(desk.strip.part("hang-up")).to_have_attribute("data-armed", "true")
        await desk.strip.key("F4")
        await desk.strip.until("wrap_up")
        await talk.caller.ended()
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
    await desk.strip.key("F9")
    await desk.strip.until("ready")


async def test_what_is_read_in_a_drawer_stays_while_a_call_is_answered(
    centre: CentreProcess, at_work: TakePosition
) -> None:
    desk = await at_work(ARM1)
    await desk.strip.key("F8")
    await expect(desk.strip.part("pause-menu")).to_be_visible()
    await desk.strip.key("?")
    await expect(desk.strip.part("help")).to_be_visible()
    async with waiting_call(centre) as talk:
        await desk.strip.until("offered")
        await expect(desk.strip.part("help")).to_be_visible()
        await expect(desk.strip.part("offer-number")).to_be_in_viewport()
        await expect(desk.strip.part("accept")).to_be_in_viewport()
        await desk.strip.key("F2")
        await desk.strip.until("on_call")
        await talk.both_hear(desk)
        await expect(desk.strip.part("help")).to_be_visible()
        await desk.strip.key("Escape")
        await expect(desk.strip.part("help")).to_have_count(0)
        await expect(desk.strip.part("call-number")).to_be_in_viewport()


async def test_a_second_window_takes_the_call_over(centre: CentreProcess, at_work: TakePosition) -> None:
    desk = await at_work(ARM1)
    async with talking(centre, desk) as talk:
        page = await desk.context.new_page()
        second = Desk(ARM1, desk.context, page, centre.url, desk.hz)
        await page.set_viewport_size(STRIP_SIZE)
        await page.goto(f"{centre.url}/bandeau/")
        await second.strip.until("on_call")
        await expect(desk.strip.part("replaced")).to_be_visible()
        await talk.both_hear(second)
        await second.strip.press("hang-up")
        await second.strip.until("wrap_up")
        story = await talk.witness.until_told(talk.call_id, CallEnded)
        assert (story.ended.outcome, story.ended.ended_by) == (Outcome.ANSWERED, EndedBy.AGENT)
        await desk.strip.part("take-back").click()
        await expect(second.strip.part("replaced")).to_be_visible()
        await desk.strip.press("ready")
        await desk.strip.until("ready")
