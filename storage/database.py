"""The one place where the database is opened: SQLite (WAL) by default, PostgreSQL when grown."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.errors import ConfigurationError, StorageUnavailable
from storage import migrations

P = ParamSpec("P")
T = TypeVar("T")

SUPPORTED = ("sqlite+aiosqlite", "postgresql+asyncpg")

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit survives a power cut: segments of the spool are deleted after it
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
)


class Database:
    """Connections to the database. Made once by the composition root; opens nothing until it is used.

    Args:
        url: SQLAlchemy URL, ``sqlite+aiosqlite:///path`` or ``postgresql+asyncpg://…``.
        timeout_seconds: a server silent for longer is taken to be away.

    Raises:
        ConfigurationError: the URL names another kind of database.
    """

    def __init__(self, url: str, timeout_seconds: float = 10) -> None:
        self.engine = _engine(url, timeout_seconds)
        self._in_thread = _engine_in_thread(self.engine)

    async def upgrade(self) -> None:
        """Bring the tables to what this program knows; does nothing when they already are.

        SQLite's folder is made where it is missing.

        Raises:
            StorageUnavailable: the database does not answer.
            ConfigurationError: the tables come from a newer program.
        """
        async with _availability():
            file = self.engine.url.database
            if self.engine.dialect.name == "sqlite" and file:
                await asyncio.to_thread(Path(file).parent.mkdir, parents=True, exist_ok=True)
            await migrations.upgrade(self.engine)

    async def ping(self) -> None:
        """Ask for an answer, nothing else.

        Raises:
            StorageUnavailable: there is none.
        """
        async with self.reading() as connection:
            await connection.execute(select(1))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        async with _availability(), self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection in a transaction, committed at the end unless something is raised.

        Raises:
            StorageUnavailable: the database does not answer; whether it committed is not known.
        """
        async with _availability(), self.engine.begin() as connection:
            yield connection

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do much work in one transaction, with SQLite in one go in a thread.

        Through SQLAlchemy's asynchronous connection each statement costs the event loop several milliseconds
        and five changes of thread; PostgreSQL has no other way.

        Raises:
            StorageUnavailable: the database does not answer; whether it committed is not known.
        """

        def in_transaction(engine: Engine) -> T:
            with engine.begin() as connection:
                return work(connection, *args, **kwargs)

        async with _availability():
            if self._in_thread is not None:
                return await asyncio.to_thread(in_transaction, self._in_thread)
            async with self.engine.begin() as connection:
                return await connection.run_sync(work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do several readings on one connection; with SQLite in one go in a thread, as :meth:`write`.

        Raises:
            StorageUnavailable: the database does not answer.
        """

        def connected(engine: Engine) -> T:
            with engine.connect() as connection:
                return work(connection, *args, **kwargs)

        async with _availability():
            if self._in_thread is not None:
                return await asyncio.to_thread(connected, self._in_thread)
            async with self.engine.connect() as connection:
                return await connection.run_sync(work, *args, **kwargs)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._in_thread is not None:
            await asyncio.to_thread(self._in_thread.dispose)


def _engine(url: str, timeout_seconds: float) -> AsyncEngine:
    parsed = make_url(url)
    if parsed.drivername == "sqlite+aiosqlite":
        engine = create_async_engine(parsed, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        return engine
    if parsed.drivername == "postgresql+asyncpg":
        return create_async_engine(
            parsed,
            hide_parameters=True,  # an error's text must not hold a caller's number
            pool_pre_ping=True,
            pool_timeout=timeout_seconds,
            connect_args={"timeout": timeout_seconds, "command_timeout": timeout_seconds},
        )
    raise ConfigurationError(
        f"storage.database_url begins with {parsed.drivername!r}: use one of {', '.join(SUPPORTED)}"
    )


def _engine_in_thread(engine: AsyncEngine) -> Engine | None:
    if engine.dialect.name != "sqlite":
        return None
    direct = create_engine(engine.url.set(drivername="sqlite+pysqlite"), hide_parameters=True)
    event.listen(direct, "connect", _prepare_sqlite)
    return direct


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def is_refusal(error: DBAPIError) -> bool:
    """Whether the database is well and refuses the data itself: trying again would change nothing."""
    return isinstance(error, DataError | IntegrityError) or _sql_state(error)[:2] in {"22", "23"}


_AWAY = {
    "08",  # connection lost
    "25",  # read-only: a server that has become a standby
    "40",  # deadlock
    "53",  # out of disk, memory or connections
    "57",  # stopping or starting
    "58",  # input or output error
}
"""Classes of SQLSTATE after which trying again later makes sense."""


def _sql_state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


@asynccontextmanager
async def _availability() -> AsyncIterator[None]:
    """Tell "the database is away" from every other error."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StorageUnavailable(f"the database does not answer: {error.orig}") from error
    except DBAPIError as error:
        if error.connection_invalidated or _sql_state(error)[:2] in _AWAY:
            raise StorageUnavailable(f"the database does not answer: {_sql_state(error)}") from error
        raise
    except (PoolTimeout, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StorageUnavailable(f"the database does not answer: {type(error).__name__}") from error
