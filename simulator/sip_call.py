"""One call as its own user agent sees it: its state, its dialog, and what may be asked of it.

    CALLING ──► RINGING ──► UP ──► ENDED        (a call out; RINGING may be skipped)
    OFFERED ──► UP ──► ENDED                    (a call in)

Any state may go straight to ENDED, and nothing leaves it.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from simulator.sip_dialog import Dialog
from simulator.sip_message import Request, Response, SipError


class CallState(StrEnum):
    """Where a call is."""

    CALLING = "calling"
    OFFERED = "offered"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class EndedBy(StrEnum):
    """Why a call is over."""

    US = "us"
    PEER = "peer"
    REFUSED = "refused"
    LOST = "lost"
    """No answer to a message, or the transport is gone."""


_STEPS: dict[CallState, frozenset[CallState]] = {
    CallState.CALLING: frozenset({CallState.RINGING, CallState.UP, CallState.ENDED}),
    CallState.OFFERED: frozenset({CallState.UP, CallState.ENDED}),
    CallState.RINGING: frozenset({CallState.RINGING, CallState.UP, CallState.ENDED}),
    CallState.UP: frozenset({CallState.ENDED}),
    CallState.ENDED: frozenset(),
}


class CallAgent(Protocol):
    """What a call asks of the user agent that made it."""

    def respond(self, call: "Call", status: int, reason: str, sdp: str = "") -> None:
        """Answer the INVITE of a call in."""

    def cancel(self, call: "Call") -> None:
        """CANCEL a call out that is not up."""

    def bye(self, call: "Call") -> None:
        """BYE."""


class Call:
    """A call. Made by its user agent, never directly."""

    def __init__(self, agent: CallAgent, dialog: Dialog, invite: Request, state: CallState) -> None:
        self._agent = agent
        self._waiters: list[tuple[frozenset[CallState], asyncio.Future[CallState]]] = []
        self._watchers: list[Callable[[CallState], None]] = []
        self.dialog = dialog
        self.invite = invite
        self.state = state
        self.status = 0
        """The last SIP status seen or sent for its INVITE."""
        self.ended_by: EndedBy | None = None
        self.local_sdp = ""
        self.remote_sdp = invite.body.decode(errors="replace") if state is CallState.OFFERED else ""

    async def until(self, *states: CallState) -> CallState:
        """Wait for one of those states, or for the end; give the state reached."""
        wanted = frozenset((*states, CallState.ENDED))
        if self.state in wanted:
            return self.state
        waiter: asyncio.Future[CallState] = asyncio.get_running_loop().create_future()
        self._waiters.append((wanted, waiter))
        return await waiter

    def watch(self, watcher: Callable[[CallState], None]) -> None:
        """Be told of each further state, at once."""
        self._watchers.append(watcher)

    def ring(self) -> None:
        """Say 180 to an offered call."""
        self._agent.respond(self, 180, "Ringing")

    def progress(self, sdp: str) -> None:
        """Say 183 to an offered call, with sound before the answer (an announcement of the network)."""
        self._agent.respond(self, 183, "Session Progress", sdp)

    def accept(self, sdp: str) -> None:
        """Answer an offered call with that SDP.

        Raises:
            SipError: it is not offered any more.
        """
        if self.state is not CallState.OFFERED:
            raise SipError(f"cannot accept a call that is {self.state}")
        self.local_sdp = sdp
        self._agent.respond(self, 200, "OK", sdp)
        self.move(CallState.UP)

    def refuse(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Refuse an offered call; a call that is over stays so."""
        if self.state is CallState.OFFERED:
            self._agent.respond(self, status, reason)
            self.end(EndedBy.US)

    def hang_up(self) -> None:
        """End the call whatever its state: refuse, CANCEL or BYE. Once is enough."""
        if self.state is CallState.OFFERED:
            self.refuse()
        elif self.state in (CallState.CALLING, CallState.RINGING):
            self._agent.cancel(self)
            self.end(EndedBy.US)
        elif self.state is CallState.UP:
            self._agent.bye(self)
            self.end(EndedBy.US)

    def take_answer(self, response: Response) -> None:
        """Note a 2xx: the peer's side of the dialog and its SDP."""
        self.dialog.learn(response)
        self.remote_sdp = response.body.decode(errors="replace")
        self.move(CallState.UP)

    def end(self, by: EndedBy) -> None:
        """The call is over; the first reason stays."""
        if self.state is not CallState.ENDED:
            self.ended_by = by
            self.move(CallState.ENDED)

    def move(self, state: CallState) -> None:
        """Enter a state and tell who waits for it.

        Raises:
            SipError: there is no such step.
        """
        if state not in _STEPS[self.state]:
            raise SipError(f"a call cannot go from {self.state} to {state}")
        self.state = state
        waiting, self._waiters = self._waiters, []
        for wanted, waiter in waiting:
            if waiter.done():
                continue
            if state in wanted:
                waiter.set_result(state)
            else:
                self._waiters.append((wanted, waiter))
        for watcher in self._watchers:
            watcher(state)
