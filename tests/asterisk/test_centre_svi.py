"""A whole centre's SVI on a real Asterisk: what callers hear, what their keys do, plans that change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from app.plan_store import PlanOrder, PlanStore
from app.settings import RoomSettings
from core.events import (
    CallbackRequested,
    CallEnded,
    CallerSilent,
    CallerSpoke,
    CallOriented,
    CallPrioritised,
    CallQueued,
    Envelope,
    Event,
    PlanActivated,
    PlanRefused,
    ScriptAdvanced,
    ScriptFailed,
)
from core.ids import CallId
from core.words import Outcome, Priority
from simulator.callers import Caller
from tests.support.audio import contains_tone
from tests.support.centre_process import TONES, CentreProcess, new_number
from tests.support.witness import Witness

E = TypeVar("E", bound=Event)

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

SOUNDS = {
    "menu-soins": (600.0, 1.5),
    "touche-invalide": (1500.0, 1.0),
    "rappel-note": (1900.0, 1.5),
    "rang": (2100.0, 1.0),
    "nombre-1": (2300.0, 1.0),
    "beaucoup-appels": (2700.0, 1.5),
}
PLAN = """
salle de secours: Samu
salles: {"15": {niveau: FO1, rôles: [arm]}, Samu: {niveau: FO1, rôles: [arm]}}
silence: 3
lignes:
  "116117": {flux: "116117", parcours: soins}
  "3": {flux: "15", parcours: muet}
  "4": {flux: "15", parcours: rang}
  autres: {flux: "15", parcours: direct}
parcours:
  soins:
    étapes:
      menu:
        menu: menu-soins
        touches: {"1": vitale, "3": rappel}
        invalide: touche-invalide
        délai: 3
        essais: 2
        sinon: attente
      vitale: {affecter: {priorité: UV}, puis: attente}
      rappel: {rappel: rappel-note, sinon: attente}
      attente: {salle: "15", touches: {"1": UV}}
  muet: {étapes: {annonce: {annonce: soins-fermes, puis: attente}, attente: {salle: "15"}}}
  rang: {étapes: {dire: {dire: [rang], salle: Samu, puis: attente}, attente: {salle: Samu}}}
  direct: {étapes: {attente: {salle: "15", touches: {"1": UV}}}}
"""
AFTER = PLAN.replace("menu: menu-soins", "menu: beaucoup-appels")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(asterisk_root: Path | None) -> AsyncIterator[CentreProcess]:
    async with CentreProcess(room=RoomSettings(wrap_up_seconds=1), plan=PLAN, sounds=SOUNDS) as centre:
        yield centre


@asynccontextmanager
async def calling(centre: CentreProcess, line: str) -> AsyncIterator[tuple[Caller, Witness, CallId]]:
    """Somebody who has dialled a line and been picked up."""
    witness, number = centre.witness(), new_number()
    async with centre.caller() as caller:
        caller.call(line, number=number)
        await caller.answered(60)
        yield caller, witness, await witness.call_of(number)


async def hears(caller: Caller, hz: float, seconds: float = 60) -> None:
    """The caller hears that tone from here on."""
    caller.forget()
    await caller.hears(lambda pcm: contains_tone(pcm, hz), seconds)


async def told(witness: Witness, kind: type[E], seconds: float = 60) -> E:
    """The latest event of a kind, once there is one."""
    found: list[E] = []

    def there(journal: list[Envelope]) -> bool:
        found[:] = [e.event for e in journal if isinstance(e.event, kind)]
        return bool(found)

    await witness.until(there, kind.__name__, seconds)
    return found[-1]


async def test_one_is_a_vital_emergency(centre: CentreProcess) -> None:
    async with calling(centre, "116117") as (caller, witness, call_id):
        await hears(caller, SOUNDS["menu-soins"][0])
        caller.press("1")
        await witness.until_told(call_id, CallQueued)
        oriented = await told(witness, CallOriented)
        assert (oriented.priority, oriented.queue, oriented.flow) == (Priority.UV, "15", "116117")
        assert oriented.route == ("menu:key 1", "vitale:set", "attente")
        await hears(caller, TONES["music"])


async def test_a_wrong_key_is_told_then_time_runs_out(centre: CentreProcess) -> None:
    async with calling(centre, "116117") as (caller, witness, call_id):
        await hears(caller, SOUNDS["menu-soins"][0])
        caller.press("7")
        await hears(caller, SOUNDS["touche-invalide"][0])
        await hears(caller, SOUNDS["menu-soins"][0])
        await witness.until_told(call_id, CallQueued)
        assert (await told(witness, CallOriented)).route == ("menu:timeout", "attente")
        assert (await told(witness, CallOriented)).priority is Priority.PX
        await hears(caller, TONES["music"])
        caller.press("1")
        assert (await told(witness, CallPrioritised)).priority is Priority.UV


async def test_a_wish_to_be_called_back_is_said_and_ends_the_call(centre: CentreProcess) -> None:
    async with calling(centre, "116117") as (caller, witness, call_id):
        await hears(caller, SOUNDS["menu-soins"][0])
        caller.press("3")
        await hears(caller, SOUNDS["rappel-note"][0])
        await witness.until_told(call_id, CallEnded)
        assert (await told(witness, CallbackRequested)).number.startswith("+3319900")
        assert (await told(witness, CallEnded)).outcome is Outcome.CALLBACK_ASKED
        assert (await centre.ledger_of(call_id)).outcome is Outcome.CALLBACK_ASKED


async def test_an_announcement_without_sound_sends_the_caller_to_the_emergency_room(
    centre: CentreProcess,
) -> None:
    async with calling(centre, "3") as (caller, witness, call_id):
        await witness.until_told(call_id, CallQueued)
        assert (await told(witness, ScriptFailed)).step == "annonce"
        assert (await told(witness, CallQueued)).queue == "Samu"
        await hears(caller, TONES["music"])


async def test_the_place_is_said_as_a_sequence(centre: CentreProcess) -> None:
    async with calling(centre, "4") as (caller, witness, call_id):
        await hears(caller, SOUNDS["rang"][0])
        await hears(caller, SOUNDS["nombre-1"][0])
        await witness.until_told(call_id, CallQueued)
        assert (await told(witness, CallOriented)).route == ("dire:end", "attente")


async def test_after_a_crash_in_mid_menu_the_caller_goes_on_from_it(centre: CentreProcess) -> None:
    async with calling(centre, "116117") as (caller, witness, call_id):
        await hears(caller, SOUNDS["menu-soins"][0])
        caller.press("7")
        await witness.until_told(call_id, ScriptAdvanced)
        async with centre.core_dead():
            pass
        await hears(caller, SOUNDS["menu-soins"][0])
        caller.press("7")  # the second wrong key, counted with the one before the crash
        await witness.until_told(call_id, CallQueued)
        assert (await told(witness, CallOriented)).route == ("menu:invalid", "attente")


async def test_calls_finish_on_the_plan_they_began_with_and_a_rollback_is_one_order(
    centre: CentreProcess,
) -> None:
    store = PlanStore(centre.settings.storage.plans_dir)
    journal = centre.witness()

    def order(version: int) -> None:
        store.order(PlanOrder(at=datetime.now(UTC), version=version, by="test"))

    async with calling(centre, "116117") as (first, seen, first_id), AsyncExitStack() as stack:
        await hears(first, SOUNDS["menu-soins"][0])
        version = store.publish(AFTER.encode())
        order(version)
        assert (await told(journal, PlanActivated)).version == version
        second, _, _ = await stack.enter_async_context(calling(centre, "116117"))
        await hears(second, SOUNDS["beaucoup-appels"][0])
        await seen.until_told(first_id, CallQueued)  # heard to the end twice, then on
        assert {e.version for e in [await told(seen, ScriptAdvanced)] if e.call_id == first_id} <= {1}

    before = store.before(datetime.now(UTC))
    assert before is not None
    journal = centre.witness()
    order(before.version)
    assert (await told(journal, PlanActivated)).version == 1
    async with calling(centre, "116117") as (third, _, _):
        await hears(third, SOUNDS["menu-soins"][0])


async def test_a_plan_that_cannot_be_used_leaves_the_last_good_one(centre: CentreProcess) -> None:
    folder = centre.settings.storage.plans_dir
    (folder / "0099.yaml").write_text("lignes: [")
    journal = centre.witness()
    PlanStore(folder).order(PlanOrder(at=datetime.now(UTC), version=99, by="test"))
    assert (await told(journal, PlanRefused)).version == 99
    async with calling(centre, "116117") as (caller, _, _):
        await hears(caller, SOUNDS["menu-soins"][0])
    await asyncio.to_thread((folder / "0099.yaml").unlink)
    PlanStore(folder).order(PlanOrder(at=datetime.now(UTC), version=1, by="test"))


async def test_a_silent_line_is_marked_and_its_first_word_told(centre: CentreProcess) -> None:
    async with (
        calling(centre, "15") as (silent, seen, silent_id),
        calling(centre, "15") as (speaker, said, said_id),
    ):
        speaker.send_tone(1300, 30)
        await seen.until_told(silent_id, CallerSilent)
        silent.send_tone(1300, 2)
        await seen.until_told(silent_id, CallerSpoke)
        kinds = {type(envelope.event) for envelope in await said.events() if envelope.call_id == said_id}
        assert CallQueued in kinds
        assert not kinds & {CallerSilent, CallerSpoke, CallEnded}
