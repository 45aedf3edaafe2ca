"""A robot SIP phone: registers with the centre by its own account, is called there, answers, presses keys.

async with await SipPhone.open(("10.15.0.1", 5061), "phone-cabinet", password, tls=trust) as phone:
    callee = await phone.called()
    callee.ring()
    callee.answer()
"""

import asyncio
import ssl

from simulator.callees import Callee
from simulator.rtp import RtpSession
from simulator.sip_call import Call
from simulator.sip_stream import StreamPhone

REGISTERED_SECONDS = 600
"""How long a registration holds; it is not renewed: no test lasts that long."""


class SipPhone:
    """One phone, on one connection (TCP, or TLS). Every call that comes is kept until asked for."""

    def __init__(self, user: str, password: str) -> None:
        self._user = user
        self._password = password
        self._came: asyncio.Queue[Call] = asyncio.Queue()
        self._sounds: list[RtpSession] = []
        self._line: StreamPhone

    @classmethod
    async def open(
        cls, server: tuple[str, int], user: str, password: str, *, tls: ssl.SSLContext | None = None
    ) -> "SipPhone":
        """Connect and register.

        Raises:
            OSError: the server is not there, or is not trusted.
            SipError: the account is refused.
        """
        phone = cls(user, password)
        phone._line = await StreamPhone.open(server, tls=tls, user=user, on_call=phone._came.put_nowait)
        try:
            await phone._register(REGISTERED_SECONDS)
        except BaseException:
            await phone._line.close()
            raise
        return phone

    async def __aenter__(self) -> "SipPhone":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the calls properly, unregister, then close."""
        for call in self._line.agent.calls:
            call.hang_up()
        await self.unregister()
        await self._line.close()
        for sound in self._sounds:
            sound.close()

    async def unregister(self) -> None:
        """Be reached no longer."""
        await self._register(0)

    async def called(self, seconds: float = 60) -> Callee:
        """The next call.

        Raises:
            TimeoutError: none comes in that time.
        """
        async with asyncio.timeout(seconds):
            call = await self._came.get()
        sound = await RtpSession.open(self._line.address)
        self._sounds.append(sound)
        return Callee(call, sound, self._line.agent)

    @property
    def nobody_called(self) -> bool:
        """Whether no call waits to be looked at."""
        return self._came.empty()

    async def _register(self, seconds: int) -> None:
        host, port = self._line.server
        address = f"<sip:{self._user}@{host}:{port}>"
        dialog = self._line.agent.dialog(address, address, f"sip:{host}:{port}")
        await self._line.agent.register(dialog, self._user, self._password, seconds)
