"""The wire between Asterisk and the core, in the test's hand: it can be cut, or go silent, and be mended."""

import asyncio

HOST = "127.0.0.1"


class Relay:
    """Forwards TCP connections made to ``port`` to ``target``, both on loopback."""

    def __init__(self, port: int, target: int) -> None:
        self._port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pairs: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        """Let connections through (also the first time)."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, HOST, self._port)

    async def cut(self) -> None:
        """Break every connection at both ends and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for pair in self._pairs:
            pair.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    def silence(self) -> None:
        """Hold back everything, as a network that drops packets does: nobody is told."""
        self._flowing.clear()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = asyncio.current_task()
        assert pair is not None
        self._pairs.add(pair)
        pair.add_done_callback(self._pairs.discard)
        try:
            onward_reader, onward_writer = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        pumps = [
            asyncio.ensure_future(self._pump(reader, onward_writer)),
            asyncio.ensure_future(self._pump(onward_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # cut: the server would report a task that ends so
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            writer.transport.abort()
            onward_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65536):
                await self._flowing.wait()
                writer.write(octets)
                await writer.drain()
        except ConnectionError:
            return
