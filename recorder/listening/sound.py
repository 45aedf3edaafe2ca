"""Answers with the sound of a sealed recording: only what is asked for is decrypted, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol, TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from recorder.listening.ranges import Part, part_of
from recorder.sealing.errors import NotFound, SealingError
from web.auth import WebError

log = structlog.get_logger(__name__)

PIECE = 64 * 1024
"""Octets read at a time: one encrypted chunk."""
OPEN_AT_MOST = 64
"""Answers under way at a time. A browser that seeks leaves one and opens another."""


class Readable(Protocol):
    """A sealed recording, as :class:`recorder.sealing.reader.SealedReader` reads it. Blocking."""

    def size(self, name: str) -> int:
        """Octets of an object."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Octets of an object."""


def archive_failed(error: Exception) -> WebError:
    """What is answered when a sealed recording cannot be read."""
    match error:
        case NotFound():
            return WebError(410, "recording_erased")
        case SealingError():
            log.error("recording_not_authentic", error=type(error).__name__)
            return WebError(500, "recording_altered")
        case _:
            log.error("archive_away", error=type(error).__name__)
            return WebError(503, "archive_away")


_Read = TypeVar("_Read")


async def in_thread(read: Callable[[], _Read]) -> _Read:
    """Read something of the archive.

    Raises:
        WebError: it cannot be read; why, as :func:`archive_failed` says.
    """
    try:
        return await asyncio.to_thread(read)
    except (SealingError, OSError) as error:
        raise archive_failed(error) from error


class Sounds:
    """Answers with parts of objects. ``at_most``: how many at a time."""

    def __init__(self, at_most: int = OPEN_AT_MOST) -> None:
        self._at_most = at_most
        self._open = 0

    async def answer(
        self, request: Request, readable: Readable, name: str, media_type: str, tag: str
    ) -> Response:
        """Answer a request for an object, or for a range of it.

        Args:
            request: with its headers ``Range`` and ``If-Range``.
            readable: the recording.
            name: of the object.
            media_type: of the object.
            tag: the digest of its content: it never changes.

        Raises:
            WebError: 416 ``no_such_range``, 429 ``too_many_commands``, or as :func:`archive_failed` says.
        """
        entity = f'"{tag}"'
        size = readable.size(name)
        part = part_of(size, request.headers.get("range"), request.headers.get("if-range"), entity)
        if part is None:
            raise WebError(416, "no_such_range", {"Content-Range": f"bytes */{size}"})
        headers = {**part.headers, "ETag": entity, "Cache-Control": "no-store", "Content-Type": media_type}
        status = 206 if part.partial else 200
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        if self._open >= self._at_most:
            raise WebError(429, "too_many_commands", {"Retry-After": "1"})
        first = await in_thread(partial(_piece, readable, name, part, part.first))
        return StreamingResponse(self._pieces(readable, name, part, first), status, headers)

    async def _pieces(self, readable: Readable, name: str, part: Part, first: bytes) -> AsyncIterator[bytes]:
        """The part, piece by piece; where reading fails on the way, the answer is cut off."""
        with self._counted():
            at, piece = part.first, first
            while True:
                yield piece
                at += len(piece)
                if at >= part.first + part.length:
                    return
                piece = await in_thread(partial(_piece, readable, name, part, at))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


def _piece(readable: Readable, name: str, part: Part, at: int) -> bytes:
    """What lies there, as far as the end of its chunk: no chunk is decrypted twice."""
    return readable.read(name, at, min(PIECE - at % PIECE, part.first + part.length - at))
