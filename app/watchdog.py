"""Finds a program that runs but does not work any more: by real requests that stay unanswered."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_TICK_SECONDS: Final = 0.1
_LONGEST_GAP_SECONDS: Final = 2 * _TICK_SECONDS
"""Of a longer time between two looks nothing is known: the watchdog itself did not run."""
_BETWEEN_SECONDS: Final = 0.25
_AGAIN_SECONDS: Final = 0.5
"""After so long a datagram is taken for lost."""
_DOUBT_SECONDS: Final = _BETWEEN_SECONDS + _TICK_SECONDS
"""Silence from which a question is surely waiting for its answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A real request. ``ask`` ends once it was answered, however long that takes; raises OSError: not now."""

    name: str
    ask: Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long answers may take. Seconds."""

    still: float = 0.4
    """With no answer to any question and none of its threads running: nothing in it will ever answer."""
    frozen: float = 2.5
    """With no answer to any question."""
    stuck: float = 20.0
    """With no answer to one of them: a crowd slows one part down, and killing would cost every call."""


class Vigil:
    """How long each question has been unanswered, counting only time that was really watched. Pure."""

    def __init__(self, names: Iterable[str], patience: Patience) -> None:
        self._silent = dict.fromkeys(names, 0.0)
        self._still = 0.0
        self._patience = patience

    def answered(self, name: str) -> None:
        """A question was answered."""
        self._silent[name] = 0.0

    @property
    def doubtful(self) -> bool:
        """Whether every question waits for its answer: it is worth looking whether the program runs at all."""
        return min(self._silent.values()) > _DOUBT_SECONDS

    def pass_time(self, seconds: float, *, still: bool = False) -> None:
        """So many seconds since the last look. ``still``: in which the program did not run."""
        watched = min(seconds, _LONGEST_GAP_SECONDS)
        for name in self._silent:
            self._silent[name] += watched
        self._still = self._still + watched if still and self.doubtful else 0.0

    @property
    def verdict(self) -> str | None:
        """What is wrong, in words for the person at the terminal; ``None``: nothing."""
        if self._still >= self._patience.still:
            return "answers nothing and does not run"
        if min(self._silent.values()) >= self._patience.frozen:
            return f"has answered nothing for {self._patience.frozen:g} s"
        stuck = [name for name, silent in self._silent.items() if silent >= self._patience.stuck]
        return f"has not answered {stuck[0]} for {self._patience.stuck:g} s" if stuck else None


async def until_silent(questions: Sequence[Question], patience: Patience, still: Callable[[], bool]) -> str:
    """Ask for as long as there are answers; then say what is wrong.

    Args:
        questions: to be asked.
        patience: how long they may stay unanswered.
        still: whether the program has not run since this was last called; only called in doubt.
    """
    vigil = Vigil([question.name for question in questions], patience)
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(_keep_asking(question, vigil)) for question in questions]
        looked = time.monotonic()
        while vigil.verdict is None:
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            vigil.pass_time(now - looked, still=vigil.doubtful and still())
            looked = now
        for task in asking:
            task.cancel()
    assert vigil.verdict is not None  # noqa: S101 - the loop's end
    return vigil.verdict


async def _keep_asking(question: Question, vigil: Vigil) -> None:
    while True:
        try:
            await question.ask()
        except OSError:
            pass
        else:
            vigil.answered(question.name)
        await asyncio.sleep(_BETWEEN_SECONDS)


def http_answers(name: str, host: str, port: int, path: str) -> Question:
    """A web server answers, be it with a refusal."""

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            if not (await reader.readline()).startswith(b"HTTP/"):
                raise OSError("no answer of a web server")
        finally:
            writer.close()

    return Question(name, ask)


def sip_answers(host: str, port: int) -> Question:
    """A SIP server answers OPTIONS over UDP, be it with a refusal; asked again while it does not."""

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(_FirstAnswer, remote_addr=(host, port))
        try:
            while not protocol.answered.done():
                transport.sendto(_options(host, port, transport.get_extra_info("sockname")[1]))
                await asyncio.wait((protocol.answered,), timeout=_AGAIN_SECONDS)
            protocol.answered.result()
        finally:
            transport.close()

    return Question("SIP", ask)


class _FirstAnswer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Any answer is one."""
        if data.startswith(b"SIP/2.0 ") and not self.answered.done():
            self.answered.set_result(None)

    def error_received(self, error: Exception) -> None:
        """Nobody listens there (yet)."""
        if not self.answered.done():
            self.answered.set_exception(error)


def _options(host: str, port: int, own_port: int) -> bytes:
    """Write a request that asks for nothing. ``X-Bandeau-Pulse``: how Asterisk knows who asks (pjsip.conf)."""
    there = f"[{host}]" if ":" in host else host
    call = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{there}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {there}:{own_port};rport;branch=z9hG4bK{call}",
        "Max-Forwards: 1",
        f"From: <sip:pulse@{there}>;tag={call}",
        f"To: <sip:{there}:{port}>",
        f"Call-ID: {call}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:pulse@{there}:{own_port}>",
        "X-Bandeau-Pulse: 1",
        "Content-Length: 0",
        "",
        "",
    )
    return "\r\n".join(lines).encode()
