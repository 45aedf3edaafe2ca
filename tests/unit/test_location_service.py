"""Which call a position belongs to, which position is the best, and what survives a restart."""

from datetime import timedelta

import pytest

from core.commands import LocateCaller
from core.errors import CommandRefused, LocatorUnavailable
from core.events import CallArrived, CallerLocated, CallPlaced, LocationAsked, LocationKept, LocationMissing
from core.ids import CallId, PositionId
from core.location import Location, LocationFailure, LocationSource
from core.words import CallKind, Target, TargetKind
from location.policy import believed, better
from location.service import LocationRules, Taken
from tests.support.centre import START, settle
from tests.support.located import HeldLocator, LocatedCentre, at_rouen

pytestmark = pytest.mark.unit

NUMBER = "+33612345678"
AML, SMS, PFLAU = LocationSource.AML_HTTPS, LocationSource.AML_SMS, LocationSource.PFLAU
LRM, SIMULATED = LocationSource.LRM, LocationSource.PFLAU_SIMULATED


def place(radius: float | None, at: float, source: LocationSource = AML) -> Location:
    return at_rouen(radius, seconds=at, source=source)


def address(at: float) -> Location:
    return Location(source=LocationSource.PIDF_LO, at=START + timedelta(seconds=at), civic="1 rue de la Paix")


@pytest.mark.parametrize(
    ("new", "old", "wins"),
    [
        # newer and about as sure wins; much less sure does not
        (place(25, 10), place(25, 0), True),
        (place(50, 10), place(25, 0), True),
        (place(500, 10), place(25, 0), False),
        (place(500, 600), place(25, 0), True),  # ten minutes on, the caller may be anywhere
        # older, come late: only where much surer
        (place(25, 0), place(25, 10), False),
        (place(25, 0), place(2000, 10), True),
        (place(25, 0), place(25, 0), False),
        # what a source does not say
        (place(None, 10), place(25, 0), False),
        (place(None, 10, SMS), place(3000, 0, PFLAU), True),
        # an address is as good as a street, and stays
        (address(0), place(3000, 0, PFLAU), True),
        (place(25, 10), address(0), True),
        (place(3000, 10, PFLAU), address(0), False),
        # trust
        (place(2000, 0, LRM), place(5, 10), True),
        (place(5, 10), place(2000, 0, LRM), False),
        (place(5, 10, SIMULATED), place(5000, 0, PFLAU), False),
        (place(5000, 0, PFLAU), place(5, 10, SIMULATED), True),
    ],
)
def test_the_better_of_two_positions(new: Location, old: Location, wins: bool) -> None:
    now = max(new.at, old.at) + timedelta(seconds=1)
    assert better(new, old, now) is wins
    assert better(new, None, now)


@pytest.mark.parametrize(
    ("seconds", "taken_as"),
    [(-1801, None), (-1800, -1800), (0, 0), (60, 0), (300, 0), (301, None)],
)
def test_positions_of_long_ago_or_of_the_future_are_refused(seconds: float, taken_as: float | None) -> None:
    read = believed(place(25, seconds), START)
    expected = None if taken_as is None else START + timedelta(seconds=taken_as)
    assert (read.at if read else None) == expected


async def test_a_position_goes_to_the_call_of_its_number() -> None:
    centre = LocatedCentre()
    centre.start()
    call, other = centre.caller(NUMBER), centre.caller("+33699999999")

    assert centre.location.take("06 12 34 56 78", at_rouen()) is Taken.MATCHED

    (told,) = centre.located(call)
    assert (told.commune, told.best, told.location.radius_m) == ("Rouen (76)", True, 25)
    assert not centre.located(other)


async def test_a_position_that_comes_first_waits_for_its_call() -> None:
    centre = LocatedCentre()
    centre.start()

    assert centre.location.take(NUMBER, at_rouen()) is Taken.KEPT
    centre.advance(60)
    call = centre.caller(NUMBER)

    (told,) = centre.located(call)
    assert told.location.at == START
    journal = [type(e.event) for e in centre.journal.envelopes]
    assert journal.index(LocationKept) < journal.index(CallArrived) < journal.index(CallerLocated)


async def test_a_position_does_not_wait_for_ever() -> None:
    centre = LocatedCentre(rules=LocationRules(keep_seconds=600))
    centre.start()
    centre.location.take(NUMBER, at_rouen())

    centre.advance(601)

    assert not centre.located(centre.caller(NUMBER))


async def test_a_hidden_number_has_nobodys_position() -> None:
    centre = LocatedCentre()
    centre.start()
    call = centre.caller(None)

    for number in ("", "anonymous", "***", "15", "0", "+", "33", "'; --", "9" * 40):
        assert centre.location.take(number, at_rouen()) is Taken.NOT_BELIEVED

    assert not centre.located(call)
    assert not centre.journal.events(LocationKept)


async def test_two_calls_of_one_number_both_have_it() -> None:
    centre = LocatedCentre()
    centre.start()
    calls = [centre.caller(NUMBER), centre.caller(NUMBER)]

    centre.location.take(NUMBER, at_rouen())

    assert [len(centre.located(call)) for call in calls] == [1, 1]


async def test_who_calls_again_is_where_they_were() -> None:
    centre = LocatedCentre()
    centre.start()
    first = centre.caller(NUMBER)
    centre.location.take(NUMBER, at_rouen())
    centre.switch.channel_ends(centre.journal.events(CallArrived)[0].channel_id)
    assert first not in centre.location.places.live

    second = centre.caller(NUMBER)

    assert [told.location for told in centre.located(second)] == [at_rouen()]


async def test_who_is_called_back_is_where_they_were() -> None:
    centre = LocatedCentre()
    centre.start()
    centre.location.take(NUMBER, at_rouen())

    called = CallId("FR751-a-out")
    centre.bus.publish(
        CallPlaced(
            call_id=called,
            position_id=PositionId("arm1"),
            agent_id="a1",  # type: ignore[arg-type]
            kind=CallKind.OUTGOING,
            target=Target(TargetKind.NUMBER, "0612345678"),
        )
    )

    assert len(centre.located(called)) == 1


async def test_a_worse_position_stands_beside_and_the_same_one_is_no_news() -> None:
    centre = LocatedCentre()
    centre.start()
    call = centre.caller(NUMBER)
    centre.location.take(NUMBER, at_rouen(25))

    assert centre.location.take(NUMBER, at_rouen(25)) is Taken.NO_BETTER
    assert centre.location.take(NUMBER, at_rouen(4000, seconds=-5)) is Taken.NO_BETTER
    assert centre.location.take(NUMBER, at_rouen(900, source=PFLAU)) is Taken.MATCHED

    assert [told.best for told in centre.located(call)] == [True, False]


async def test_a_flood_of_positions_of_one_number_is_dammed() -> None:
    centre = LocatedCentre()
    centre.start()
    call = centre.caller(NUMBER)

    for second in range(500):
        centre.location.take(NUMBER, at_rouen(25, seconds=second / 1000))

    assert len(centre.located(call)) <= 10


async def test_a_restart_forgets_nothing() -> None:
    before = LocatedCentre()
    before.start()
    call = before.caller(NUMBER)
    before.location.take(NUMBER, at_rouen())
    before.location.take("+33699999999", at_rouen(60))

    after = LocatedCentre(before.journal.envelopes)
    after.location.start()

    assert after.location.places.live == before.location.places.live
    assert after.location.take(NUMBER, at_rouen()) is Taken.NO_BETTER
    assert len(after.located(call)) == 1
    after.start()
    assert len(after.located(after.caller("+33699999999"))) == 1


async def test_a_position_kept_when_the_core_died_is_given_by_the_next() -> None:
    before = LocatedCentre()
    before.start()
    before.location.take(NUMBER, at_rouen())
    call = before.caller(NUMBER)
    died = [e for e in before.journal.envelopes if not isinstance(e.event, CallerLocated)]

    after = LocatedCentre(died)
    after.location.start()

    assert len(after.located(call)) == 1


# --- the platform -------------------------------------------------------------------------------------------


async def test_each_caller_is_asked_about_and_none_waits() -> None:
    locator = HeldLocator(at_rouen(900, source=PFLAU))
    centre = LocatedCentre(locator=locator)
    centre.start()

    call, hidden = centre.caller(NUMBER), centre.caller(None)
    assert not locator.asked, "the call goes its way first"
    await settle()

    assert locator.asked == [NUMBER]
    assert [told.location.source for told in centre.located(call)] == [PFLAU]
    assert not centre.located(hidden)


async def test_a_platform_that_fails_is_told_to_who_asked_alone() -> None:
    locator = HeldLocator(LocatorUnavailable("away"), None, LocatorUnavailable("away"))
    centre = LocatedCentre(locator=locator)
    centre.start()
    call = centre.caller(NUMBER)
    await settle()
    assert not centre.journal.events(LocationMissing)

    reasons = []
    for _ in range(2):
        centre.bus.execute(LocateCaller(position_id=PositionId("arm1"), call_id=call))
        await settle()
        reasons.append(centre.journal.events(LocationMissing)[-1].reason)

    assert reasons == [LocationFailure.UNKNOWN, LocationFailure.UNAVAILABLE]
    assert len(centre.journal.events(LocationAsked)) == 2
    await centre.location.close()


async def test_what_may_not_be_asked() -> None:
    off = LocatedCentre()
    off.start()
    asking = LocatedCentre(locator=HeldLocator(None, None))
    asking.start()
    call, hidden = asking.caller(NUMBER), asking.caller(None)
    asking.bus.execute(LocateCaller(position_id=PositionId("arm1"), call_id=call))

    refused = []
    for centre, about in ((off, off.caller()), (asking, CallId("x")), (asking, hidden), (asking, call)):
        with pytest.raises(CommandRefused) as error:
            centre.bus.execute(LocateCaller(position_id=PositionId("arm1"), call_id=about))
        refused.append(error.value.code)

    assert refused == ["locator_off", "unknown_call", "hidden_caller", "asked_already"]
    await asking.location.close()


async def test_an_answer_after_the_call_is_nobodys() -> None:
    centre = LocatedCentre(locator=HeldLocator(at_rouen(900, source=PFLAU)))
    centre.start()
    call = centre.caller(NUMBER)
    centre.switch.channel_ends(centre.journal.events(CallArrived)[0].channel_id)
    await settle()

    assert not centre.located(call)
