"""Making the ledger again from the journal alone."""

from sqlalchemy import Connection, delete, select, text

from storage import rows
from storage.database import Database
from storage.tables import journal, ledger

_CHUNK = 5_000


async def rebuild_ledger(database: Database) -> int:
    """Empty the ledger and fold the whole journal into it again, in one transaction.

    Returns:
        how many events were read.

    Raises:
        StorageUnavailable: the database does not answer; the ledger is as it was.
    """
    return await database.write(_rebuild)


def _rebuild(connection: Connection) -> int:
    count = last = 0
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"))
    connection.execute(delete(ledger))
    while True:
        chunk = select(journal).where(journal.c.seq > last).order_by(journal.c.seq).limit(_CHUNK)
        found = connection.execute(chunk).mappings().all()
        if not found:
            return count
        rows.count_in_ledger(connection, rows.known_envelopes(map(rows.record_of_row, found)))
        count, last = count + len(found), found[-1]["seq"]
