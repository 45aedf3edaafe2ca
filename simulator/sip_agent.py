"""A small SIP user agent over any transport: register, call out, be called. asyncio, no socket of its own.

It is given a way to send octets and is fed those received. Over an unreliable transport (UDP) it repeats its
requests as RFC 3261 §17 says. It is a test instrument: one leg per dialog, no forking, no re-offer of ours.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator

import structlog

from simulator.pidf_lo import located
from simulator.sip_call import Call, CallState, EndedBy
from simulator.sip_dialog import Dialog, cancel_of, dialog_of, refusal_ack
from simulator.sip_digest import authorise
from simulator.sip_message import (
    Request,
    Response,
    SipError,
    answer,
    encode,
    new_tag,
    parse,
    tag_of,
)

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"
T1 = 0.5
"""Seconds before the first repetition of a request."""
GIVE_UP = 8.0
"""Seconds without any answer after which a request has failed (the RFC waits 32)."""
_KEPT_ANSWERS = 64

log = structlog.get_logger(__name__)


class SipAgent:
    """One user agent. ``on_call`` is told of each call in; without it they are refused (486)."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        *,
        via: str,
        contact: str,
        reliable: bool,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        self._send = send
        self._via = via
        self._contact = contact
        self._reliable = reliable
        self._on_call = on_call
        self._pending: dict[str, Callable[[Response], None]] = {}
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._calls: dict[str, Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asks: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that are not over."""
        return tuple(self._calls.values())

    # --- asking ---------------------------------------------------------------------------------------

    def dialog(self, local: str, remote: str, target: str) -> Dialog:
        """A fresh dialog from one address to another (URIs or name-addr)."""
        return Dialog(
            via=self._via,
            contact=self._contact,
            local=f"{local};tag={new_tag()}",
            remote=remote,
            target=target,
            call_id=new_tag(),
            sequence=0,
        )

    async def register(self, dialog: Dialog, user: str, password: str, seconds: int) -> int:
        """Register (0 seconds: unregister) and give how long it holds.

        Raises:
            SipError: refused; the text has the status.
            TimeoutError: no answer.
        """
        request = dialog.request("REGISTER", ("Expires", str(seconds)), ("Allow", ALLOW))
        response = await self.ask(request)
        if response.status in (401, 407):
            request = authorise(request, response, user, password)
            dialog.sequence = request.cseq[0]
            response = await self.ask(request)
        if response.status != 200:
            raise SipError(f"register refused: {response.status}")
        granted = response.get("Expires")
        return int(granted) if granted and granted.isdigit() else seconds

    async def ask(self, request: Request) -> Response:
        """Send a request that is not an INVITE; give its final answer.

        Raises:
            TimeoutError: none came.
        """
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def receive(response: Response) -> None:
            if response.status >= 200 and not answered.done():
                answered.set_result(response)

        with self._transaction(request, receive):
            repeating = self._start(self._repeat(request, lambda: not answered.done()))
            try:
                async with asyncio.timeout(GIVE_UP):
                    return await answered
            finally:
                repeating.cancel()

    def call(
        self,
        dialog: Dialog,
        sdp: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        user: str = "",
        password: str = "",
        pidf: str = "",
    ) -> Call:
        """Call out: send an INVITE with that offer. Follow the call by its state. ``pidf``: where we are."""
        invite = dialog.request("INVITE", ("Allow", ALLOW), *headers, sdp=sdp)
        if pidf:
            invite = located(invite, pidf)
        call = Call(self, dialog, invite, CallState.CALLING)
        call.local_sdp = sdp
        self._calls[dialog.call_id] = call
        call.watch(lambda state: self._forget(call) if state is CallState.ENDED else None)
        self._invite(call, user, password)
        return call

    # --- what a call asks of its agent ----------------------------------------------------------------

    def respond(self, call: Call, status: int, reason: str, sdp: str = "") -> None:
        """Answer the INVITE of a call in."""
        call.status = status
        tag = tag_of(call.dialog.local) or ""
        self._reply(call.invite, answer(call.invite, status, reason, tag=tag, contact=self._contact, sdp=sdp))

    def cancel(self, call: Call) -> None:
        """CANCEL a call out that is not up."""
        self._spawn_ask(cancel_of(call.invite))

    def bye(self, call: Call) -> None:
        """BYE."""
        self._spawn_ask(call.dialog.request("BYE"))

    # --- hearing --------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Take one message from the transport. What is not SIP is dropped."""
        if not data.strip():
            return  # a keep-alive
        try:
            message = parse(data)
            if isinstance(message, Response):
                self._response(message)
            else:
                self._request(message)
        except SipError as error:
            log.warning("sip_message_dropped", error=str(error), octets=len(data))

    async def close(self) -> None:
        """Stop: every call is lost, every pending question fails by time-out or cancellation."""
        for call in self.calls:
            call.end(EndedBy.LOST)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def leave(self) -> None:
        """End the calls properly, then close."""
        for call in self.calls:
            call.hang_up()
        await self.settle()
        await self.close()

    async def settle(self, seconds: float = 1) -> None:
        """Wait for the last questions (BYE, CANCEL) to be answered, so long at most."""
        if self._asks:
            await asyncio.wait(self._asks, timeout=seconds)

    def _response(self, response: Response) -> None:
        handler = self._pending.get(f"{response.branch} {response.cseq[1]}")
        if handler is not None:
            handler(response)

    def _request(self, request: Request) -> None:
        known = self._answers.get(f"{request.branch} {request.method}")
        if known is not None:
            self._send(known)
        elif request.method == "INVITE":
            self._invited(request)
        elif request.method == "BYE":
            self._bye(request)
        elif request.method == "CANCEL":
            self._cancelled(request)
        elif request.method == "OPTIONS":
            response = answer(request, 200, "OK", tag=new_tag(), contact=self._contact)
            allowed = (("Allow", ALLOW), ("Accept", "application/sdp"))
            self._reply(request, Response((*response.headers, *allowed), b"", 200, "OK"))
        elif request.method != "ACK":
            self._reply(request, answer(request, 501, "Not Implemented", tag=new_tag()))

    def _invited(self, invite: Request) -> None:
        if tag_of(invite.need("To")) is not None:
            self._reinvited(invite)
            return
        self._send(encode(answer(invite, 100, "Trying")))
        if invite.call_id in self._calls:
            return  # repeated before it was answered
        tag = new_tag()
        call = Call(self, dialog_of(invite, self._via, self._contact, tag), invite, CallState.OFFERED)
        self._calls[invite.call_id] = call
        call.watch(lambda state: self._forget(call) if state is CallState.ENDED else None)
        if self._on_call is None:
            call.refuse()
        else:
            self._on_call(call)

    def _reinvited(self, invite: Request) -> None:
        """A re-INVITE keeps the session as it is: the same SDP again."""
        call = self._calls.get(invite.call_id)
        if call is None:
            self._reply(invite, answer(invite, 481, "Call/Transaction Does Not Exist"))
        else:
            self._reply(invite, answer(invite, 200, "OK", contact=self._contact, sdp=call.local_sdp))

    def _bye(self, request: Request) -> None:
        call = self._calls.get(request.call_id)
        if call is None:
            self._reply(request, answer(request, 481, "Call/Transaction Does Not Exist"))
            return
        self._reply(request, answer(request, 200, "OK"))
        call.end(EndedBy.PEER)

    def _cancelled(self, request: Request) -> None:
        call = self._calls.get(request.call_id)
        self._reply(request, answer(request, 200, "OK", tag=new_tag()))
        if call is not None and call.state is CallState.OFFERED:
            self.respond(call, 487, "Request Terminated")
            call.end(EndedBy.PEER)

    def _reply(self, request: Request, response: Response) -> None:
        octets = encode(response)
        if response.status >= 200:
            self._answers[f"{request.branch} {request.method}"] = octets
            if len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)
        self._send(octets)

    # --- transactions ---------------------------------------------------------------------------------

    def _invite(self, call: Call, user: str, password: str) -> None:
        invite = call.invite
        seen = False

        def receive(response: Response) -> None:
            nonlocal seen
            seen = True
            call.status = response.status
            if response.status < 200:
                if response.status > 100 and call.state in (CallState.CALLING, CallState.RINGING):
                    call.move(CallState.RINGING)
            elif response.status < 300:
                self._answered(call, response)
            else:
                self._send(encode(refusal_ack(invite, response)))
                if response.status in (401, 407) and user and not _authorised(invite):
                    self._retry(call, response, user, password)
                else:
                    call.end(EndedBy.REFUSED)

        key = f"{invite.branch} INVITE"
        self._pending[key] = receive
        self._start(self._watch_invite(call, invite, lambda: seen))

    def _answered(self, call: Call, response: Response) -> None:
        if call.state in (CallState.CALLING, CallState.RINGING):
            call.take_answer(response)
        elif call.dialog.remote != response.get("To"):
            # A 200 that crossed our CANCEL: take the call to end it.
            call.dialog.learn(response)
            self._send(encode(call.dialog.ack(response.cseq[0])))
            self.bye(call)
            return
        self._send(encode(call.dialog.ack(response.cseq[0])))

    def _retry(self, call: Call, response: Response, user: str, password: str) -> None:
        try:
            call.invite = authorise(call.invite, response, user, password)
        except SipError:
            call.end(EndedBy.REFUSED)
            return
        call.dialog.sequence = call.invite.cseq[0]
        self._invite(call, user, password)

    async def _watch_invite(self, call: Call, invite: Request, seen: Callable[[], bool]) -> None:
        """Send and repeat until any answer; keep hearing repeated answers for a while after the end."""
        key = f"{invite.branch} INVITE"
        try:
            await self._repeat(invite, lambda: not seen() and call.state is not CallState.ENDED)
            if not seen():
                call.end(EndedBy.LOST)
            elif call.invite is invite:
                await call.until(CallState.ENDED)
            await asyncio.sleep(T1 * 4)
        finally:
            self._pending.pop(key, None)

    async def _repeat(self, request: Request, wanted: Callable[[], bool]) -> None:
        """Send, then again at growing intervals while ``wanted`` and the transport may lose messages."""
        octets = encode(request)
        wait, spent = T1, 0.0
        self._send(octets)
        while wanted() and spent < GIVE_UP:
            await asyncio.sleep(min(wait, GIVE_UP - spent))
            spent, wait = spent + wait, wait * 2
            if wanted() and not self._reliable:
                self._send(octets)

    @contextlib.contextmanager
    def _transaction(self, request: Request, receive: Callable[[Response], None]) -> Iterator[None]:
        key = f"{request.branch} {request.method}"
        self._pending[key] = receive
        try:
            yield
        finally:
            self._pending.pop(key, None)

    def _spawn_ask(self, request: Request) -> None:
        async def run() -> None:
            with contextlib.suppress(TimeoutError):
                await self.ask(request)

        task = self._start(run())
        self._asks.add(task)
        task.add_done_callback(self._asks.discard)

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _forget(self, call: Call) -> None:
        self._calls.pop(call.dialog.call_id, None)


def _authorised(invite: Request) -> bool:
    return invite.get("Authorization") is not None or invite.get("Proxy-Authorization") is not None
