"""A strip without its page: registered over WebSocket, its audio leg by WebRTC, answering when rung."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from simulator.sip_call import Call, CallState
from simulator.sip_ws import Account, WebSocketPhone
from simulator.webrtc import WebRtcSession
from tests.support.asterisk import WS_URL

DOMAIN = "centre.test"


class Strip:
    """One registered strip."""

    def __init__(self) -> None:
        self.phone: WebSocketPhone
        self.rung: asyncio.Queue[Call] = asyncio.Queue()
        self._sessions: list[WebRtcSession] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def registered(
        cls, position: str, secret: str, url: str = WS_URL, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator["Strip"]:
        """Register; SipError when refused."""
        strip = cls()
        account = Account(position, secret, DOMAIN)
        strip.phone = await WebSocketPhone.open(url, account, strip.rung.put_nowait, tls)
        try:
            yield strip
        finally:
            await strip.phone.close()
            for session in strip._sessions:
                await session.close()

    async def call(self, user: str) -> tuple[Call, WebRtcSession]:
        """Call ``leg`` or ``echo``; give the call, up with sound, or over."""
        session = WebRtcSession()
        self._sessions.append(session)
        call = self.phone.call(user, await session.offer())
        async with asyncio.timeout(10):
            if await call.until(CallState.UP) is CallState.UP:
                await session.take_answer(call.remote_sdp)
                await session.connected()
        return call, session

    async def pass_on(self, number: str) -> int:
        """Ask that the caller answered in mode secours be passed on; give the status: 486 where it is done."""
        call, _ = await self.call(number)
        assert call.state is CallState.ENDED
        return call.status

    async def answer(self) -> tuple[Call, WebRtcSession]:
        """Wait to be rung, and answer."""
        session = WebRtcSession()
        self._sessions.append(session)
        async with asyncio.timeout(10):
            call = await self.rung.get()
        call.ring()
        call.accept(await session.answer(call.remote_sdp))
        await session.connected()
        return call, session
