"""A PostgreSQL for fault runs. It does not run as root, the only user of a test network: so it runs outside.

Who starts the runs keeps it; who makes them asks for what is to happen to it by a socket.
"""

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from tests.support.postgres import PostgresServer

DOOR = "BANDEAU15_CHAOS_DATABASE"
"""Environment variable: the path of the socket."""
_LONGEST_S = 90.0


@contextlib.contextmanager
def kept() -> Iterator[dict[str, str]]:
    """Keep a server for as long as it lasts; give the environment of whoever may hurt it."""
    server = PostgresServer()
    server.folder.chmod(0o755)  # within a test network its user is a stranger's
    here = Path(mkdtemp(prefix="b15chaos-"))
    door = here / "door"
    listener = socket.socket(socket.AF_UNIX)
    try:
        server.start()
        listener.bind(str(door))
        listener.listen(1)
        threading.Thread(target=_obey, args=(listener, server), daemon=True).start()
        yield {DOOR: str(door)}
    finally:
        listener.close()
        server.remove()
        shutil.rmtree(here)


def _obey(listener: socket.socket, server: PostgresServer) -> None:
    while True:
        try:
            asker, _ = listener.accept()
        except OSError:
            return
        with asker:
            asker.sendall(_done(server, asker.recv(100).decode()).encode())


def _done(server: PostgresServer, order: str) -> str:
    match order:
        case "new":
            return server.new_database()
        case "kill":
            server.stop("immediate")
        case "start":
            server.start()
    return "done"


class Database:
    """The server, from within a test network. Blocking."""

    def __init__(self) -> None:
        self._door = os.environ[DOOR]

    def new(self) -> str:
        """An empty database; its SQLAlchemy URL."""
        return self._ask("new")

    def kill(self) -> None:
        """End the server as a crash does."""
        self._ask("kill")

    def start(self) -> None:
        """Start it again, and wait until it takes connections."""
        self._ask("start")

    def _ask(self, order: str) -> str:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_LONGEST_S)
            door.connect(self._door)
            door.sendall(order.encode())
            answer = door.recv(1000).decode()
        if not answer:
            raise OSError(f"the database could not {order}")
        return answer
