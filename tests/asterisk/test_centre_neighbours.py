"""Two centres, each with its Asterisk and core: a call that waits too long in one is answered in the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr

from app.settings import LocationSettings, MutualAidSettings, NeighbourSettings, RoomSettings
from core.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerLocated,
    CallQueued,
    CallReturned,
    LineOpened,
    OverflowTriggered,
    PartyInvited,
    PartyJoined,
    PartyNotReached,
    RecordingEnded,
)
from core.ids import CallId
from core.words import EndedBy, FrontOffice, Outcome, PartyEnd, Priority, TargetKind
from recorder.policy import tracks_of
from simulator.callers import Caller
from simulator.robot_position import RobotPosition
from tests.support.aml import TOKEN, handset_says
from tests.support.audio import contains_tone, read_wav
from tests.support.centre_process import ARM1, PASSWORD, TONES, CentreProcess, Site, new_number, until_true
from tests.support.witness import Story, Witness

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OWNER, HELPER = Site(centre="FR751", address="127.0.1.1"), Site(centre="FR752", address="127.0.2.1", shift=100)
CALLER_HZ, AGENT_HZ = 1300.0, 1900.0
ROUEN = (49.4431, 1.0993)
ROOM = RoomSettings(offer_seconds=30, wrap_up_seconds=0)
ANSWER_SECONDS = 5
SILENCE_SECONDS = 15
"""Ten without a packet of sound, a look at that every few, and a busy machine."""
PLAN = """
salle de secours: "15"
salles:
  "15":
    niveau: FO1
    rôles: [arm]
    débordements: [{{nom: entraide, si: attente, seuil: 1, toutes les: 8, vers: {{centre: {other}}}}}]
compétences: {{arm1: [pédiatrie], arm2: [pédiatrie]}}
lignes:
  "18": {{flux: "18", parcours: enfants, priorité: UV}}
  autres: {{flux: "15", parcours: direct}}
parcours:
  direct: {{étapes: {{attente: {{salle: "15"}}}}}}
  enfants:
    étapes:
      enfants: {{affecter: {{compétences: [pédiatrie]}}, puis: attente}}
      attente: {{salle: "15"}}
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """The centre that the caller calls, and its neighbour."""

    owner: CentreProcess
    helper: CentreProcess


def towards(site: Site, lines: tuple[str, ...] = ()) -> MutualAidSettings:
    neighbour = NeighbourSettings(host=site.address, addresses=(site.address,), lines=lines)
    return MutualAidSettings(answer_seconds=ANSWER_SECONDS, neighbours={site.centre: neighbour})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(asterisk_root: Path | None) -> AsyncIterator[Pair]:
    owner = CentreProcess(
        room=ROOM,
        site=OWNER,
        plan=PLAN.format(other=HELPER.centre),
        mutual_aid=towards(HELPER),
        location=LocationSettings(aml_token=SecretStr(TOKEN)),
    )
    helper = CentreProcess(
        room=ROOM,
        site=HELPER,
        plan=PLAN.format(other=OWNER.centre),
        mutual_aid=towards(OWNER, ("15", "18")),
    )
    async with owner, helper:
        yield Pair(owner, helper)


async def waiting(caller: Caller, witness: Witness, line: str = "15", number: str = "") -> CallId:
    """Call, and wait in the owner's room."""
    number = number or new_number()
    caller.call(line, number=number)
    await caller.answered()
    call_id = await witness.call_of(number)
    await witness.until_told(call_id, CallQueued)
    return call_id


async def unavailable(centre: CentreProcess) -> bool:
    """Whether a centre's Asterisk knows that its neighbour gives no sign of life."""
    return "Unavail" in await centre.asterisk_says("pjsip show contacts")


async def hear_each_other(caller: Caller, robot: RobotPosition) -> None:
    caller.forget()
    robot.forget()
    caller.send_tone(CALLER_HZ, 20)
    robot.send_tone(AGENT_HZ, 20)
    await asyncio.gather(
        caller.hears(lambda pcm: contains_tone(pcm, AGENT_HZ)),
        robot.hears(lambda pcm: contains_tone(pcm, CALLER_HZ)),
    )


async def test_a_call_that_waits_too_long_is_the_same_call_at_the_neighbour(pair: Pair) -> None:
    here, there = pair.owner.witness(), pair.helper.witness()
    async with AsyncExitStack() as stack:
        robot = await stack.enter_async_context(RobotPosition(pair.helper.url, ARM1.login, PASSWORD))
        caller = await stack.enter_async_context(pair.owner.caller())
        number, taken_at = new_number(), datetime.now(UTC).replace(microsecond=0)
        assert await handset_says(pair.owner.url, number, *ROUEN, 25, taken_at) == 200
        call_id = await waiting(caller, here, "18", number)
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        arrived = (await there.until_told(call_id, CallArrived)).only(CallArrived)
        shown = (await robot.until(lambda view: "offer" in view))["offer"]
        # The caller hears the music of the centre called, until somebody of the other one is there.
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        await robot.accept()
        await there.until_told(call_id, CallAnswered)
        await hear_each_other(caller, robot)
        async with pair.owner.core_dead():
            await hear_each_other(caller, robot)
        await hear_each_other(caller, robot)
        await robot.command("hang_up")
        await caller.ended()
        owners = await here.until_told(call_id, RecordingEnded)
        helpers = await there.until_told(call_id, RecordingEnded)

    the_owner_let_it_go(owners, call_id)
    queued, origin = owners.only(CallQueued), arrived.origin
    assert origin is not None
    assert (origin.path, origin.flow, origin.queue) == (("FR751",), "18", "15")
    assert (origin.priority, origin.front_office) == (Priority.UV, FrontOffice.FO1)
    assert (origin.skills, origin.tags) == (("pédiatrie",), ())
    assert abs((origin.since - owners.at(CallQueued)).total_seconds()) < 0.002
    assert arrived.caller == owners.only(CallArrived).caller
    assert arrived.line == "18"
    assert origin.location == owners.only(CallerLocated).location == helpers.only(CallerLocated).location
    assert (origin.location.point, origin.location.at) == (ROUEN, taken_at)
    assert shown["location"]["commune"] == "Rouen (76)"
    assert shown["location"]["radius"] == 25
    assert arrived.channel_id.startswith("FR752-")

    taken = helpers.only(CallQueued)
    assert (taken.flow, taken.queue, taken.priority) == (queued.flow, queued.queue, queued.priority)
    assert (taken.skills, taken.since) == (queued.skills, origin.since)
    helpers.assert_order(CallArrived, CallQueued, LineOpened, CallAnswered, CallEnded, RecordingEnded)
    assert "ScriptAdvanced" not in helpers.names, "no second welcome"
    assert (shown["aid"], shown["priority"]) == ("FR751", "UV")
    assert shown["queuedAt"] == origin.since.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    ledgers = [await centre.ledger_of(call_id) for centre in (pair.owner, pair.helper)]
    assert [entry.outcome for entry in ledgers] == [Outcome.OVERFLOWED, Outcome.ANSWERED]
    assert helpers.ended.ended_by is EndedBy.AGENT
    said, given = (read_wav(pair.helper.settings.storage.recordings_dir / name) for name in _tracks(helpers))
    assert contains_tone(said, CALLER_HZ)
    assert contains_tone(given, AGENT_HZ)
    [told] = [call for call in await pair.helper.told_to_lrm() if call["idAppel"] == call_id]
    assert told["idFlux"] == "FR752-18-15-UV-F01"


def _tracks(story: Story) -> tuple[str, str]:
    tracks = tracks_of(story.only(CallArrived).channel_id)
    return tracks.caller, tracks.centre


def the_owner_let_it_go(story: Story, call_id: CallId) -> None:
    """It was asked in at the neighbour, joined, and left the centre with it."""
    assert story.only(OverflowTriggered).target.kind is TargetKind.CENTRE
    invited = story.only(PartyInvited)
    assert (invited.target.value, invited.by) == ("FR752", None)
    assert story.only(PartyJoined).party_id == invited.party_id
    story.assert_order(CallArrived, CallQueued, OverflowTriggered, PartyInvited, PartyJoined, CallEnded)
    assert story.ended.outcome is Outcome.OVERFLOWED


async def test_a_refused_call_is_answered_at_its_place_in_its_own_centre(pair: Pair) -> None:
    here, there = pair.owner.witness(), pair.helper.witness()
    async with AsyncExitStack() as stack:
        caller = await stack.enter_async_context(pair.owner.caller())
        call_id = await waiting(caller, here, "112")  # the neighbour takes no call of that line
        refused = (await here.until_told(call_id, PartyNotReached)).only(PartyNotReached)
        assert refused.reason is PartyEnd.BUSY
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        robot = await stack.enter_async_context(RobotPosition(pair.owner.url, ARM1.login, PASSWORD))
        await robot.until(lambda view: "offer" in view)
        await robot.accept()
        await hear_each_other(caller, robot)
        await robot.command("hang_up")
        story = await here.until_told(call_id, CallEnded)
        await robot.log_out()
    assert story.ended.outcome is Outcome.ANSWERED
    assert len(story.all(CallQueued)) == 1, "it never left its place"
    assert (await there.story(call_id)).envelopes == []
    assert (await pair.owner.ledger_of(call_id)).outcome is Outcome.ANSWERED


async def test_a_call_that_nobody_takes_comes_back_is_tried_again_and_never_loops(pair: Pair) -> None:
    here, there = pair.owner.witness(), pair.helper.witness()
    async with AsyncExitStack() as stack:
        caller = await stack.enter_async_context(pair.owner.caller())
        call_id = await waiting(caller, here)
        story = await here.until_told(call_id, PartyNotReached)
        assert story.only(PartyNotReached).reason is PartyEnd.NO_ANSWER
        visit = await there.until_told(call_id, CallEnded)
        assert visit.ended.outcome is Outcome.TAKEN_BACK
        # The neighbour's own rule would have sent it back here: it does not, for it came from here.
        assert visit.only(OverflowTriggered).target.value == "FR751"
        assert visit.only(PartyNotReached).reason is PartyEnd.UNAVAILABLE
        caller.forget()
        await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]))
        robot = await stack.enter_async_context(RobotPosition(pair.helper.url, ARM1.login, PASSWORD))
        await robot.until(lambda view: "offer" in view, 60)
        await robot.accept()
        await hear_each_other(caller, robot)
        caller.hang_up()
        await there.next(CallEnded, lambda ended: ended.outcome is Outcome.ANSWERED)
        await here.until_told(call_id, CallEnded)
        story = await there.story(call_id)
    *before, last = [ended.outcome for ended in story.all(CallEnded)]
    assert (set(before), last) == ({Outcome.TAKEN_BACK}, Outcome.ANSWERED), "once more where agents are slow"
    assert (await pair.helper.ledger_of(call_id)).outcome is Outcome.ANSWERED
    assert (await pair.owner.ledger_of(call_id)).outcome is Outcome.OVERFLOWED
    assert len((await here.story(call_id)).all(CallArrived)) == 1


async def test_a_neighbour_that_dies_is_noticed_and_costs_no_call_its_time(pair: Pair) -> None:
    here, there = pair.owner.witness(), pair.helper.witness()
    async with AsyncExitStack() as stack:
        robot = await stack.enter_async_context(RobotPosition(pair.helper.url, ARM1.login, PASSWORD))
        caller = await stack.enter_async_context(pair.owner.caller())
        call_id = await waiting(caller, here, "18")
        await robot.until(lambda view: "offer" in view)
        await robot.accept()
        await there.until_told(call_id, CallAnswered)
        await hear_each_other(caller, robot)
        async with pair.helper.asterisk_dead():
            died = datetime.now(UTC)
            cut = await here.until_told(call_id, CallReturned, seconds=60)
            caller.forget()
            await caller.hears(lambda pcm: contains_tone(pcm, TONES["music"]), 60)
            await until_true(lambda: unavailable(pair.owner), 60)
            late = await stack.enter_async_context(pair.owner.caller())
            second = await waiting(late, here, "18")
            refused = await here.until_told(second, PartyNotReached)
            late.hang_up()
    assert (cut.at(CallReturned) - died).total_seconds() < SILENCE_SECONDS
    asked = refused.at(PartyNotReached) - refused.at(PartyInvited)
    assert asked.total_seconds() < ANSWER_SECONDS / 2, "not even tried"
    assert refused.all(PartyNotReached)[0].reason is PartyEnd.FAILED


async def test_what_a_stranger_says_of_a_call_is_not_believed(pair: Pair) -> None:
    words = "v=1&call=FR752-asterisk-a-1795310022.1&path=FR752&flow=15&room=15&priority=UV&level=F01"
    forged = (("X-Bandeau-Aid", f"{words}&since=1795310022.000"),)
    witness, number = pair.owner.witness(), new_number()
    async with pair.owner.caller() as caller:
        caller.call("15", number=number, headers=forged)
        await caller.answered()
        arrived = await witness.next(CallArrived, lambda event: event.caller.e164 == number)
        queued = (await witness.until_told(arrived.call_id, CallQueued)).all(CallQueued)[0]
    assert arrived.origin is None
    assert str(arrived.call_id) == str(arrived.channel_id)
    assert (queued.priority, queued.since) == (Priority.PX, None)
