"""What LRMs said of calls, in SQLite and PostgreSQL: kept, replaced, read back, and gone after a day."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from core.dossiers import DossierDetails, Patient
from core.ids import CallId, DossierId
from storage.database import Database
from storage.lrm_display import StoredDisplay
from storage.tables import lrm_display

pytestmark = pytest.mark.component

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def said(call: str, at: datetime, place: str = "") -> DossierDetails:
    return DossierDetails(call_id=CallId(call), dossier_id=DossierId("D1"), at=at, place=place)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.upgrade()
    yield opened
    await opened.close()


async def test_what_was_said_last_of_a_call_is_read_back_whole(database: Database) -> None:
    store = StoredDisplay(database)
    first = said("c1", NOON, place="Gare\0du Nord")
    last = replace(first, patients=(Patient(name="Martin", age="P3M", remarkable=True),), caller_name="Zoé")
    await store.save([first, said("c2", NOON)])
    await store.save([last])
    await store.save([])
    found = {each.call_id: each for each in await store.load(NOON - timedelta(hours=1))}
    assert found == {"c1": last, "c2": said("c2", NOON)}


async def test_what_cannot_be_read_keeps_nothing_else_from_being_shown(database: Database) -> None:
    store = StoredDisplay(database)
    await store.save([said("c1", NOON), said("c2", NOON)])
    async with database.writing() as connection:
        for call, details in (("c1", '{"call_id": 1}'), ("c3", "not JSON")):
            await connection.execute(delete(lrm_display).where(lrm_display.c.call_id == call))
            row = {"call_id": call, "at": NOON, "details": details}
            await connection.execute(lrm_display.insert().values(row))
    assert [each.call_id for each in await store.load(NOON - timedelta(hours=1))] == ["c2"]


async def test_what_is_a_day_old_is_gone(database: Database) -> None:
    store = StoredDisplay(database)
    await store.save([said("old", NOON), said("new", NOON + timedelta(hours=2))])
    assert [each.call_id for each in await store.load(NOON)] == ["new"]
    assert await store.purge(NOON) == 1
    assert [each.call_id for each in await store.load(NOON - timedelta(days=9))] == ["new"]
