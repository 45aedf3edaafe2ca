"""What one day's audit is made of, read from a centre's journal, ledger and plans."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from acd.defaults import default_plan
from acd.model.rules import RoomPlan
from app.announcements import announcements
from app.audit import Evidence, WitnessedCall
from app.plan import Reading, read_plan
from app.plan_store import PlanError, PlanStore
from app.settings import Settings
from storage.reader import Reader, day_bounds

PREPARES = timedelta(hours=26)
"""How much is read from before the day: the longest day of the year, and every shift."""


async def evidence_of_day(
    settings: Settings, reader: Reader, day: date, witness: Sequence[WitnessedCall] | None = None
) -> Evidence:
    """One day of Europe/Paris, up to now where it is today; what came before is read to know who was where."""
    begin, end = day_bounds(day)
    until = min(end, datetime.now(UTC))
    envelopes = [each for each in await reader.since(begin - PREPARES) if each.occurred_at < end]
    return Evidence(
        envelopes=envelopes,
        ledger=await reader.ledger_of_day(day),
        until=until,
        begin=begin,
        witness=witness,
        plans=room_plans(settings),
    )


def room_plans(settings: Settings) -> Callable[[int, str], RoomPlan | None]:
    """The waiting rooms by version of the plan and surge; ``None``: that version is gone, or cannot be used."""
    store, told = PlanStore(settings.storage.plans_dir), announcements(settings)
    usual = default_plan(settings.room.offer_seconds, settings.room.wrap_up_seconds).fallback
    readings: dict[int, Reading] = {}

    def rooms(version: int, surge: str) -> RoomPlan | None:
        if version not in readings:
            try:
                readings[version] = read_plan(store.text(version), told, usual)
            except PlanError:
                return None
        plan = readings[version].plans.get(surge)
        return plan.rooms if plan is not None else None

    return rooms
