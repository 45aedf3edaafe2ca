"""A real PostgreSQL of the tests' own, in a temporary folder, reached by a unix socket, stopped at the end."""

import asyncio
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import asyncpg  # type: ignore[import-untyped]
import psutil

from setup.roots import POSTGRESQL, postgresql_folder
from setup.sandbox import sandboxed
from storage.database import Database

_HOST_PROGRAMS = postgresql_folder()
_numbers = count(1)
_MEMORY = "/dev/shm"
_ROOM = 2 * 1024**3


class PostgresServer:
    """Makes a cluster; ``start`` and ``stop`` as often as a test wants; ``remove`` at the end.

    The host's PostgreSQL, or else the one that set-up put in a private root. It refuses to run as root: the
    host's is then given another user's id, which the private root does by itself.
    """

    def __init__(self) -> None:
        self._pg_ctl = _program("pg_ctl")
        self._user = (
            next(name for name in ("postgres", "nobody") if _exists(name))
            if os.geteuid() == 0 and _HOST_PROGRAMS
            else None
        )
        self.folder = Path(mkdtemp(prefix="b15pg-", dir=_place()))
        self._data = self.folder / "data"
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self._run(
            _program("initdb"), "-D", self._data, "-U", "bandeau15", "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                "max_connections = 60\nshared_buffers = 16MB\n"
            )

    def start(self) -> None:
        """Start, and wait until connections are accepted."""
        self._run(self._pg_ctl, "-D", self._data, "-w", "-t", "60", "-l", self.folder / "log", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: ``fast`` as an administrator does, ``immediate`` as a crash."""
        self._run(self._pg_ctl, "-D", self._data, "-w", "-t", "60", "-m", mode, "stop")

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return (self._data / "postmaster.pid").exists()

    def processes(self) -> list[int]:
        """Its processes, as this machine numbers them."""
        server = next(
            process
            for process in psutil.process_iter(["cmdline"])
            if str(self._data) in (process.info["cmdline"] or ()) and "postgres" in process.info["cmdline"][0]
        )
        return [server.pid, *(child.pid for child in server.children(recursive=True))]

    def remove(self) -> None:
        """Stop and delete everything."""
        if self.running:
            self.stop("immediate")
        shutil.rmtree(self.folder)

    def new_database(self, *, tables: bool = False) -> str:
        """Create a database, empty or with the program's tables; its SQLAlchemy URL."""
        name = f"test{next(_numbers)}"
        template = self._with_tables if tables else "template1"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return self.url(name)

    @cached_property
    def _with_tables(self) -> str:
        """A database to copy: its migrations ran once."""
        name = "with_tables"
        asyncio.run(self._execute(f"CREATE DATABASE {name}"))
        asyncio.run(_upgrade(self.url(name)))
        return name

    def url(self, name: str) -> str:
        """The SQLAlchemy URL of a database; ``postgres`` is there from the beginning."""
        return f"postgresql+asyncpg://bandeau15@/{name}?host={self.folder}"

    def drop(self, url: str) -> None:
        """Delete a database made by ``new_database``."""
        name = url.partition("?")[0].rpartition("/")[2]
        asyncio.run(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self.folder), user="bandeau15", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            self._command(program, arguments),
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
        )
        assert done.returncode == 0, f"{Path(program).name}: {done.stderr.decode()}"

    def _command(self, program: str, arguments: Sequence[str | Path]) -> list[str]:
        if _HOST_PROGRAMS is not None:
            return [program, *map(str, arguments)]
        return sandboxed(POSTGRESQL.path, [program, *arguments], writable=[self.folder], lasting=True)


async def _upgrade(url: str) -> None:
    database = Database(url)
    try:
        await database.upgrade()
    finally:
        await database.close()


def _exists(user: str) -> bool:
    return any(entry.pw_name == user for entry in pwd.getpwall())


def _program(name: str) -> str:
    if _HOST_PROGRAMS is not None:
        return str(_HOST_PROGRAMS / name)
    found = next(POSTGRESQL.path.glob(f"usr/lib/postgresql/*/bin/{name}"), None)
    if found is None:
        raise FileNotFoundError(f"PostgreSQL is not there ({POSTGRESQL.path})")
    return f"/{found.relative_to(POSTGRESQL.path)}"


def _place() -> str:
    """Where a cluster is: in memory where there is room, as each test makes and drops hundreds of its files."""
    return _MEMORY if Path(_MEMORY).is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM else "/tmp"
