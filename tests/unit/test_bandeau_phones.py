"""Telephones that carry positions' sound: chosen, confirmed, kept or rung by each call, lost, called again."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from bandeau.phone_model import Phone, PhoneState
from bandeau.phone_policy import PhoneRules, recall_at, telephone, why_ended, why_not_made
from bandeau.service import StripService
from core.accounts import Account, Session
from core.commands import AcceptOffer, DeclineOffer, HangUp, RingPhone, UseHeadset, UsePhone
from core.errors import BandeauError, CommandRefused, SwitchRefused, SwitchUnavailable
from core.events import (
    CallAnswered,
    Envelope,
    OfferWithdrawn,
    PhoneCalled,
    PhoneFailed,
    PositionReadinessChanged,
)
from core.ids import AgentId, ChannelId, PositionId
from core.switch import LegOpened, PlaybackEnded, SwitchEvent, position_bridge
from core.words import PhoneEnd, PhoneMode, PositionState, Role, WithdrawReason
from tests.component.test_bandeau_strip import Members, SipAccounts
from tests.support.centre import FakeCentre, settle
from tests.support.events import NOON

pytestmark = pytest.mark.unit

DOC = PositionId("doc")
NUMBER = "+33612345678"
RULES = PhoneRules(
    trunk=True,
    prefixes=("+33", "+262"),
    refused_prefixes=("+3389",),
    sip_phones=frozenset({"cabinet"}),
    set_by_position={PositionId("set"): "0611111111"},
)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("06 12 34 56 78", NUMBER),
        ("+33 6.12.34.56.78", NUMBER),
        ("0692123456", "+262692123456"),
        ("cabinet", "phone-cabinet"),
        (" Cabinet ", "phone-cabinet"),
        ("0892123456", "number_not_allowed"),
        ("+441632960123", "number_not_allowed"),
        ("15", "bad_number"),
        ("", "bad_number"),
        ("arm1", "bad_number"),
        ("0612345678@192.0.2.9", "bad_number"),
        ("0" * 40, "bad_number"),
    ],
)
def test_which_telephones_may_be_used(typed: str, read: str) -> None:
    try:
        found = telephone(typed, DOC, RULES)
    except CommandRefused as error:
        found = error.code
    assert found == read


def test_a_telephone_set_by_the_centre_is_the_only_one_of_its_position() -> None:
    at = PositionId("set")
    assert telephone("", at, RULES) == telephone("0611111111", at, RULES) == "+33611111111"
    with pytest.raises(CommandRefused, match="phone_is_set"):
        telephone("0612345678", at, RULES)


def test_by_default_there_is_none() -> None:
    with pytest.raises(CommandRefused, match="no_phones"):
        telephone("0612345678", DOC, PhoneRules())


@pytest.mark.parametrize(
    ("cause", "picked_up", "up", "why"),
    [
        (17, False, False, PhoneEnd.BUSY),
        (21, False, False, PhoneEnd.BUSY),
        (19, False, False, PhoneEnd.NO_ANSWER),
        (16, False, False, PhoneEnd.NO_ANSWER),
        (1, False, False, PhoneEnd.UNREACHABLE),
        (38, False, False, PhoneEnd.FAILED),
        (16, True, False, PhoneEnd.NOT_CONFIRMED),
        (16, True, True, PhoneEnd.HUNG_UP),
        (44, False, True, PhoneEnd.HUNG_UP),
    ],
)
def test_why_a_telephone_is_not_there(cause: int, picked_up: bool, up: bool, why: PhoneEnd) -> None:
    assert why_ended(cause, picked_up=picked_up, up=up) is why


@pytest.mark.parametrize(
    ("number", "error", "why"),
    [
        ("phone-cabinet", SwitchRefused(500, "Allocation failed"), PhoneEnd.UNREACHABLE),
        ("phone-cabinet", SwitchUnavailable("down"), PhoneEnd.FAILED),
        ("+33612345678", SwitchRefused(500, "Allocation failed"), PhoneEnd.FAILED),
    ],
)
def test_why_a_call_was_not_even_begun(number: str, error: BandeauError, why: PhoneEnd) -> None:
    assert why_not_made(number, error) is why


def test_recalls_are_spaced_and_bounded() -> None:
    waits = [recall_at(RULES, attempt, NOON) for attempt in range(6)]
    assert waits == [*(NOON + timedelta(seconds=s) for s in (1, 5, 15, 30)), None, None]


class Home:
    """A centre with one physician who works from home, or several cores of it in turn."""

    def __init__(self, past: Iterable[Envelope] = (), rules: PhoneRules = RULES) -> None:
        self.centre = FakeCentre(past, offer_seconds=30)
        self.switch = self.centre.switch
        self.strips = StripService(
            bus=self.centre.bus,
            switch=self.switch,
            clock=self.centre.clock,
            credentials=SipAccounts(),
            fallback=Members(),
            epoch="e",
            heartbeat_seconds=1e6,
            phones=rules,
        )
        for envelope in self.centre.journal.envelopes:
            self.strips.model.fold(envelope)
        others = self.switch._listener

        def on_switch(event: SwitchEvent) -> None:
            others(event)
            self.strips.on_switch(event)

        self.switch.listen(on_switch)

    async def begin(self) -> "Home":
        await self.strips.start()
        self.centre.start()
        self.take()
        await settle()
        return self

    def take(self) -> None:
        agent = Account(agent_id=AgentId("8doc"), login="doc", name="Doc", role=Role.ARM)
        now = self.centre.clock.now()
        session = Session(agent=agent, position_id=DOC, created_at=now, expires_at=now + timedelta(hours=9))
        self.strips.take_position(session)
        self.strips.attach(_Page(), session, "token")  # type: ignore[arg-type]

    def use(self, mode: PhoneMode, number: str = "0612345678") -> None:
        self.strips.execute(UsePhone(position_id=DOC, number=number, mode=mode))

    async def confirm(self, keys: str = "1") -> ChannelId:
        """The telephone is picked up, and its keys pressed."""
        channel_id = self.switch.phone_answers()
        self.switch.press(channel_id, keys)
        await settle()
        await settle()
        return channel_id

    async def prove(self) -> None:
        """The telephone of each call is proven, and hung up after the last words."""
        channel_id = await self.confirm()
        self.said("phone-proven")
        assert self.switch.hanging_up == [channel_id]
        self.switch.carry_out_hang_ups()
        await settle()

    def said(self, sound: str) -> None:
        (playback_id,) = [p for p, (_, s) in self.switch.playing.items() if s == (sound,)]
        del self.switch.playing[playback_id]
        self.switch.tell(PlaybackEnded(playback_id=playback_id, ok=True))

    async def caller(self) -> None:
        self.centre.caller()
        for greeting in list(self.centre.ivr.greetings.by_call.values()):
            self.switch.tell(PlaybackEnded(playback_id=greeting.playback_id, ok=True))
        await settle()

    async def after(self, seconds: float) -> None:
        self.centre.advance(seconds)
        self.strips.tick(self.centre.clock.now())
        await settle()

    @property
    def phone(self) -> Phone:
        return self.strips.model.phones.by_position[DOC]

    def stands(self, state: PositionState) -> bool:
        """Whether the position is in that state."""
        return self.centre.acd.room.positions[DOC].state is state

    @property
    def ready(self) -> bool:
        return self.centre.journal.events(PositionReadinessChanged)[-1].leg

    def phone_is(self, state: PhoneState) -> bool:
        """Whether the telephone is so far."""
        return self.phone.state is state

    def calls(self) -> int:
        return len(self.centre.journal.events(PhoneCalled))


class _Page:
    def bye(self, *_: object) -> None: ...


# --- kept for the shift ---


async def test_a_confirmed_telephone_is_the_leg() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    await settle()
    (called,) = home.switch.phones.values()
    assert called.number == NUMBER
    assert home.stands(PositionState.UNREADY)
    channel_id = await home.confirm()
    assert home.phone_is(PhoneState.UP)
    assert home.switch.legs[channel_id] == DOC
    assert home.stands(PositionState.READY)
    assert [sound for _, sound in home.switch.playing.values()] == [("phone-taken",)]


async def test_a_voicemail_never_answers() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    home.switch.phone_answers()
    for _ in range(3):
        home.said("phone-key")  # said again and again
    assert home.stands(PositionState.UNREADY)
    await home.after(21)
    assert (home.phone.state, home.phone.reason) == (PhoneState.FAILED, PhoneEnd.NOT_CONFIRMED)
    assert len(home.switch.hanging_up) == 1
    home.switch.carry_out_hang_ups()
    await home.after(600)
    assert home.calls() == 1, "never confirmed: only a click calls again"
    home.strips.execute(RingPhone(position_id=DOC))
    await home.confirm()
    assert home.stands(PositionState.READY)


async def test_wrong_keys_are_given_up() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    await home.confirm("22222222")
    assert home.phone.reason is PhoneEnd.NOT_CONFIRMED


async def test_the_code_on_the_strip_is_typed() -> None:
    home = await Home(rules=PhoneRules(trunk=True, prefixes=("+33",), code=True)).begin()
    home.use(PhoneMode.KEPT)
    view = home.strips.model.sections()
    (shown,) = [v["phone"] for v in view.values() if "phone" in v]
    assert isinstance(shown, dict)
    code = str(shown["code"])
    assert len(code) == 2
    await home.confirm("1")
    assert home.phone_is(PhoneState.CONFIRMING)
    home.switch.press(ChannelId(str(home.phone.channel_id)), code)
    await settle()
    assert home.stands(PositionState.READY)


async def test_a_lost_telephone_is_called_again_by_itself_but_not_for_ever() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    home.switch.channel_ends(await home.confirm())
    assert home.stands(PositionState.UNREADY)
    assert home.phone.reason is PhoneEnd.HUNG_UP
    for seconds in (1, 5, 15, 30):
        await home.after(seconds)
        assert home.phone_is(PhoneState.CALLING)
        home.switch.channel_ends(list(home.switch.phones)[-1], 17)
    assert home.phone.retry_at is None
    await home.after(3600)
    assert home.calls() == 5
    home.strips.execute(RingPhone(position_id=DOC))
    await home.confirm()
    assert home.stands(PositionState.READY)


async def test_lost_during_a_call_it_comes_back_to_the_caller() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    first = await home.confirm()
    await home.caller()
    offer = home.centre.journal.envelopes[-1]
    assert home.stands(PositionState.OFFERED), offer
    home.strips.execute(_accept(home))
    await settle()
    assert home.centre.journal.events(CallAnswered)
    home.switch.channel_ends(first)
    await home.after(1)
    again = await home.confirm()
    assert home.switch.where(again) == "position-doc"
    assert home.stands(PositionState.ON_CALL)
    assert len(home.switch.bridges[position_bridge(DOC)]) == 2


async def test_the_page_may_not_open_a_leg_beside_the_telephone() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    kept = await home.confirm()
    home.switch.legs[ChannelId("browser")] = DOC
    home.switch.tell(LegOpened(position_id=DOC, channel_id=ChannelId("browser")))
    assert home.switch.hanging_up == ["browser"]
    home.switch.carry_out_hang_ups()
    await home.caller()
    assert home.switch.where(kept) == "position-doc"


async def test_back_to_the_headset() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    kept = await home.confirm()
    home.strips.execute(UseHeadset(position_id=DOC))
    assert home.switch.hanging_up == [kept]
    home.switch.carry_out_hang_ups()
    assert home.stands(PositionState.UNREADY)
    assert home.calls() == 1
    home.switch.legs[ChannelId("browser")] = DOC
    home.switch.tell(LegOpened(position_id=DOC, channel_id=ChannelId("browser")))
    await settle()
    assert home.stands(PositionState.READY)


async def test_what_the_centre_does_not_allow_is_refused() -> None:
    home = await Home(rules=PhoneRules(trunk=True, prefixes=("+33",), modes=(PhoneMode.KEPT,))).begin()
    with pytest.raises(CommandRefused, match="phone_mode_not_allowed"):
        home.use(PhoneMode.PER_CALL)
    with pytest.raises(CommandRefused, match="number_not_allowed"):
        home.use(PhoneMode.KEPT, "+441632960123")
    with pytest.raises(CommandRefused, match="no_phone"):
        home.strips.execute(RingPhone(position_id=DOC))


# --- called for each call ---


async def test_the_telephone_of_each_call_is_proven_then_rings_with_each_offer() -> None:
    home = await Home().begin()
    home.use(PhoneMode.PER_CALL)
    await home.prove()
    assert home.phone_is(PhoneState.IDLE)
    assert home.stands(PositionState.READY)
    await home.caller()
    assert home.phone_is(PhoneState.CALLING)
    assert home.stands(PositionState.OFFERED)
    channel_id = await home.confirm()
    assert home.stands(PositionState.ON_CALL), "the key is the answer"
    assert home.switch.where(channel_id) == "position-doc"
    assert home.centre.journal.events(CallAnswered)
    home.strips.execute(HangUp(position_id=DOC))
    home.switch.carry_out_hang_ups()
    home.switch.carry_out_hang_ups()
    assert home.phone_is(PhoneState.IDLE)
    assert home.switch.legs == {}
    assert home.ready


async def test_accepting_on_the_strip_waits_for_the_telephone() -> None:
    home = await Home().begin()
    home.use(PhoneMode.PER_CALL)
    await home.prove()
    await home.caller()
    home.strips.execute(_accept(home))
    assert home.stands(PositionState.OFFERED)
    assert home.calls() == 2
    await home.confirm()
    assert home.stands(PositionState.ON_CALL)


@pytest.mark.parametrize("how", ["voicemail", "busy"])
async def test_a_call_not_confirmed_goes_back_to_its_place(how: str) -> None:
    home = await Home().begin()
    home.use(PhoneMode.PER_CALL)
    await home.prove()
    await home.caller()
    if how == "voicemail":
        home.switch.phone_answers()
        await home.after(20)
    else:
        home.switch.channel_ends(list(home.switch.phones)[-1], 17)
    (withdrawn,) = home.centre.journal.events(OfferWithdrawn)
    assert withdrawn.reason is WithdrawReason.POSITION_LOST
    assert home.stands(PositionState.UNREADY)
    assert home.phone.reason is (PhoneEnd.NOT_CONFIRMED if how == "voicemail" else PhoneEnd.BUSY)
    failures = len(home.centre.journal.events(PhoneFailed))
    await home.after(600)
    assert len(home.centre.journal.events(PhoneFailed)) == failures, "nobody is called for no call"


async def test_refusing_on_the_strip_stops_the_ringing() -> None:
    home = await Home().begin()
    home.use(PhoneMode.PER_CALL)
    await home.prove()
    await home.caller()
    offer = home.strips.model.room.positions[DOC].offer
    assert offer is not None
    home.strips.execute(DeclineOffer(position_id=DOC, offer_id=offer.offer_id))
    assert home.switch.hanging_up == list(home.switch.phones)
    assert home.phone_is(PhoneState.IDLE)


# --- a core that restarts ---


async def restarted(home: Home) -> Home:
    """Another core, on the same journal and the same Asterisk."""
    again = Home(past=home.centre.journal.envelopes)
    again.switch.go_on_from(home.switch)
    return await again.begin()


async def test_a_restarted_core_goes_on_with_the_telephone_it_finds() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    home = await restarted(home)  # it rings
    channel_id = home.switch.phone_answers()
    home = await restarted(home)  # it was picked up
    home.said("phone-key")
    home.switch.press(channel_id, "1")
    await settle()
    assert home.stands(PositionState.READY)
    home = await restarted(home)  # it is the leg
    assert home.stands(PositionState.READY)
    assert home.calls() == 1
    assert home.switch.hanging_up == []


async def test_a_telephone_that_left_meanwhile_is_called_again() -> None:
    home = await Home().begin()
    home.use(PhoneMode.KEPT)
    del home.switch.legs[await home.confirm()]
    home.switch.bridges.clear()
    home = await restarted(home)
    assert home.phone.reason is PhoneEnd.HUNG_UP
    await home.after(1)
    assert home.phone_is(PhoneState.CALLING)


async def test_an_offer_outlives_the_core_and_is_still_taken_by_the_key() -> None:
    home = await Home().begin()
    home.use(PhoneMode.PER_CALL)
    await home.prove()
    await home.caller()
    home = await restarted(home)
    assert home.stands(PositionState.OFFERED)
    await home.confirm()
    assert home.stands(PositionState.ON_CALL)


def _accept(home: Home) -> AcceptOffer:
    offer = home.strips.model.room.positions[DOC].offer
    assert offer is not None
    return AcceptOffer(position_id=DOC, offer_id=offer.offer_id)
