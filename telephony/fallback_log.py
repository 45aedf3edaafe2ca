"""What happened in mode secours, from the queue's log that Asterisk itself writes. Parsing is pure.

One line a fact: ``seconds|call|secours|member|what|…`` (asterisk-conf/templates/extensions.conf.j2, app_queue).
Times are whole seconds. The file is data about callers, kept like the journal; it is no log of a program.
"""

import asyncio
import json
import os
import re
from collections.abc import Collection, Container, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from core.ids import CallId, PositionId
from core.switch import FallbackRecord
from core.words import CallerNumber
from telephony.caller_number import described
from telephony.sparse import first_octet, give_back

log = structlog.get_logger(__name__)

_QUEUE: Final = "secours"
_MOST: Final = 16 * 1024 * 1024
"""Octets read at a time: tens of thousands of calls. What is beyond is read at the next look."""
_GIVE_BACK_BY: Final = 1024 * 1024
_POSITION: Final = re.compile(r"[a-z0-9-]{1,64}")
_CALL: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_CREATED: Final = re.compile(r"-(\d{10,11})\.\d+$")

Line = tuple[datetime, CallId, str, str, tuple[str, ...]]
"""When, which call, which member, what, and the rest."""


def lines_of(text: str) -> Iterable[tuple[int, Line | None]]:
    """Read whole lines: how many octets each takes, and what it says; ``None``: nothing of ours.

    A last line without its end is left for later.
    """
    for raw in text.splitlines(keepends=True):
        if not raw.endswith("\n"):
            return
        yield len(raw.encode("utf-8", "surrogateescape")), _line(raw.rstrip("\r\n").lstrip("\0"))


def _line(raw: str) -> Line | None:
    match raw.split("|"):
        case [at, call, queue, member, what, *rest] if queue == _QUEUE and _CALL.fullmatch(call):
            if not re.fullmatch(r"\d{9,11}", at) or not _CREATED.search(call):
                return None
            return datetime.fromtimestamp(int(at), UTC), CallId(call), member, what, tuple(rest)
    return None


def folded(
    record: FallbackRecord | None, line: Line, test_callers: Container[str] = ()
) -> FallbackRecord | None:
    """Take one more line of a call in; ``None`` as long as its beginning is not known."""
    at, call_id, member, what, rest = line
    if what == "ARRIVED" and len(rest) >= 2:
        if record is not None:  # it came back to the queue after the core had it
            return replace(record, taken_back=False)
        return _begun(call_id, rest[0], described(rest[1], test_callers), at)
    if what == "LEFT" and len(rest) >= 2 and record is None:
        left = _begun(call_id, rest[0], described(rest[1], test_callers), at)
        return replace(left, ended_at=at, unclaimed=True)
    if record is None and what == "ENDED" and rest:  # the caller left at the very moment of the arrival
        record = _begun(call_id, rest[0], CallerNumber(), at)
    if record is None:
        return None
    match what:
        case "CONNECT" if _POSITION.fullmatch(member):
            return replace(record, answered_at=record.answered_at or at, position_id=PositionId(member))
        case "REACHED":
            return replace(record, transferred=True)
        case "TAKENBACK":
            return replace(record, taken_back=True)
        case "ENDED":
            return replace(record, ended_at=at)
        case _:
            return record


def _begun(call_id: CallId, line: str, caller: CallerNumber, at: datetime) -> FallbackRecord:
    created = _CREATED.search(call_id)
    arrived = datetime.fromtimestamp(int(created[1]), UTC) if created else at
    return FallbackRecord(call_id=call_id, line=line, caller=caller, arrived_at=arrived)


class FallbackLogFile:
    """The queue's log of one Asterisk. Part of ``core.ports.FallbackCalls``.

    What was settled is passed over for good: a small file beside the log keeps up to where. It is written after
    the journal has the calls: a crash between the two has some read twice, never none.

    Args:
        file: ``queue_log`` in Asterisk's log folder.
        test_callers: E.164 numbers of the continuous test robot.
        give_back_by: octets at a time of what was settled that are given back to the disk.
    """

    def __init__(
        self, file: Path, test_callers: Container[str] = (), give_back_by: int = _GIVE_BACK_BY
    ) -> None:
        self._file = file
        self._give_back_by = give_back_by
        self._given_back = 0
        self._mark = file.with_name(f"{file.name}.read")
        self._test_callers = test_callers
        self._begins: dict[CallId, int] = {}
        self._end = 0
        self._inode = 0

    async def noted(self) -> tuple[FallbackRecord, ...]:
        """See :meth:`core.ports.FallbackCalls.noted`."""
        return await asyncio.to_thread(self._read)

    async def settled(self, unsettled: Collection[CallId]) -> None:
        """See :meth:`core.ports.FallbackCalls.settled`."""
        await asyncio.to_thread(self._write_mark, frozenset(unsettled))

    def _read(self) -> tuple[FallbackRecord, ...]:
        try:
            with self._file.open("rb") as stream:
                status = os.fstat(stream.fileno())
                begin = self._marked(status) or first_octet(stream.fileno())
                stream.seek(begin)
                octets = stream.read(_MOST)
        except FileNotFoundError:
            return ()
        records: dict[CallId, FallbackRecord] = {}
        self._begins, self._inode, at = {}, status.st_ino, begin
        for length, line in lines_of(octets.decode("utf-8", "surrogateescape")):
            if line is not None:
                record = folded(records.get(line[1]), line, self._test_callers)
                if record is not None:
                    self._begins.setdefault(record.call_id, at)
                    records[record.call_id] = record
            at += length
        self._end = at
        return tuple(records.values())

    def _marked(self, status: os.stat_result) -> int:
        """Up to where it was settled. Another file under the name, or a shorter one, is read from its start."""
        try:
            known = json.loads(self._mark.read_text())
            inode, offset = int(known["inode"]), int(known["offset"])
        except (OSError, ValueError, TypeError, KeyError):
            return 0
        return offset if inode == status.st_ino and 0 <= offset <= status.st_size else 0

    def _write_mark(self, unsettled: frozenset[CallId]) -> None:
        if not self._inode:
            return
        open_calls = [begin for call_id, begin in self._begins.items() if call_id in unsettled]
        offset = min(open_calls, default=self._end)
        fresh = self._mark.with_name(f"{self._mark.name}.new")
        fresh.write_text(json.dumps({"inode": self._inode, "offset": offset}))
        fresh.replace(self._mark)
        self._give_back(offset)

    def _give_back(self, offset: int) -> None:
        """What the journal has needs no second copy, least of all of callers' numbers."""
        if offset - self._given_back < self._give_back_by:
            return
        self._given_back = offset
        try:
            give_back(self._file, offset)
        except OSError as error:
            log.warning("queue_log_not_trimmed", reason=error.strerror)
