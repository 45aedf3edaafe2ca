"""The event stream, as something to iterate over: it comes back by itself and misses nothing."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from lrm_client.errors import ApiRefused
from lrm_client.shown import Event, Snapshot

FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
SILENCE_S = 45.0
"""The centre gives a sign of life every few seconds: after this, the connection is dead."""
_LONGEST_FRAME = 64 * 1024 * 1024
_NOT_ALLOWED = 4401


class _Frame(msgspec.Struct, frozen=True):
    type: str
    seq: int = 0
    data: msgspec.Raw = msgspec.Raw(b"null")


class EventStream:
    """Events in order, each once, over as many connections as it takes.

    First comes a :class:`Snapshot`, unless it goes on where another stream stopped; one more comes where the
    centre no longer has what was missed. Then :class:`Event` after event. Keep ``place`` to go on after a
    restart of yours. Iterate once.

    Args:
        url: of the stream, ``wss://…``.
        token: of the client.
        types: patterns such as ``call.*``; none: all that the client may hear.
        place: the ``seq`` and ``id`` to go on after, as ``place`` was.
        tls: how to know the centre by its certificate.
    """

    def __init__(
        self,
        url: str,
        token: str,
        types: Iterable[str] = (),
        place: tuple[int, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._types = ",".join(types)
        self._tls = tls
        self.place = place
        """The last event seen, or sign of life; ``None``: nothing yet."""
        self.connections = 0
        """How many it took so far."""

    async def __aiter__(self) -> AsyncIterator[Snapshot | Event]:
        """Go on for ever.

        Raises:
            ApiRefused: the centre does not want this client: coming back would change nothing.
        """
        delay = FIRST_DELAY_S
        while True:
            try:
                async with self._connected() as connection:
                    self.connections += 1
                    while True:
                        async with asyncio.timeout(SILENCE_S):
                            text = await connection.recv()
                        delay = FIRST_DELAY_S
                        if (message := self._read(text)) is not None:
                            yield message
            except InvalidStatus as error:
                _raise_if_final(error)
            except ConnectionClosed as error:
                if error.rcvd is not None and error.rcvd.code == _NOT_ALLOWED:
                    raise ApiRefused(401, "bad_token") from error
            except (OSError, TimeoutError, InvalidHandshake):
                pass
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - so that all do not come at once
            delay = min(delay * 2, LONGEST_DELAY_S)

    def _connected(self) -> connect:
        query: dict[str, str] = {"types": self._types} if self._types else {}
        if self.place is not None:
            query |= {"after": str(self.place[0]), "id": self.place[1]}
        more: dict[str, Any] = {"ssl": self._tls} if self._tls is not None else {}
        return connect(
            f"{self._url}?{urlencode(query)}",
            additional_headers={"Authorization": f"Bearer {self._token}"},
            max_size=_LONGEST_FRAME,
            open_timeout=10,
            close_timeout=2,
            proxy=None,
            **more,
        )

    def _read(self, text: str | bytes) -> Snapshot | Event | None:
        """One frame: something to tell, or only a place."""
        frame = msgspec.json.decode(text, type=_Frame)
        if frame.type == "stream.snapshot":
            shown = msgspec.json.decode(frame.data, type=Snapshot)
            self.place = shown.seq, ""
            return shown
        if frame.type.startswith("stream."):
            if self.place is None or frame.seq > self.place[0]:
                self.place = frame.seq, ""
            return None
        if self.place is not None and frame.seq <= self.place[0]:
            return None  # seen
        event = msgspec.json.decode(text, type=Event)
        self.place = event.seq, event.id
        return event


def _raise_if_final(error: InvalidStatus) -> None:
    """Raise where the centre answered that this client will never be let in like this."""
    status = error.response.status_code
    if status in (429, 503) or status >= 500:
        return
    try:
        told = msgspec.json.decode(error.response.body or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    raise ApiRefused(status, str(told.get("code", "refused")), str(told.get("title", ""))) from error
