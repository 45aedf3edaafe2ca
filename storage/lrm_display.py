"""What LRMs said of calls, kept for a day so that a restart shows it again."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog
from sqlalchemy import Insert, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.dossiers import DossierDetails
from storage.database import Database
from storage.rows import storable
from storage.tables import lrm_display

log = structlog.get_logger(__name__)

_DETAILS = msgspec.json.Decoder(DossierDetails)


class StoredDisplay:
    """Implements ``DossierDisplay``. Every method raises ``StorageUnavailable`` when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, details: Sequence[DossierDetails]) -> None:
        """Keep what was said last of each call."""
        rows = [_row(each) for each in details]
        async with self._database.writing() as connection:
            if rows:
                await connection.execute(_upsert(connection.dialect.name), rows)

    async def load(self, since: datetime) -> list[DossierDetails]:
        """What was said after an instant."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(lrm_display.c.details).where(lrm_display.c.at > since))
            return [details for row in found if (details := _read(row.details)) is not None]

    async def purge(self, until: datetime) -> int:
        """Forget what was said until an instant; of how many calls."""
        async with self._database.writing() as connection:
            gone = await connection.execute(delete(lrm_display).where(lrm_display.c.at <= until))
            return gone.rowcount


def _read(text: str) -> DossierDetails | None:
    """What another version of the program wrote otherwise is not shown; in a day it is gone."""
    try:
        return _DETAILS.decode(text)
    except msgspec.DecodeError:
        log.warning("dossier_not_readable")
        return None


def _row(details: DossierDetails) -> dict[str, object]:
    text = msgspec.json.encode(details).decode()
    return {"call_id": storable(details.call_id), "at": details.at, "details": storable(text)}


def _upsert(dialect: str) -> Insert:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(lrm_display)
    changing = {"at": insert.excluded.at, "details": insert.excluded.details}
    upsert: Insert = insert.on_conflict_do_update(index_elements=["call_id"], set_=changing)
    return upsert
