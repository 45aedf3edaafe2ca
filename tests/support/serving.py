"""A web application served on a free loopback port, for a component test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
        self.ready = asyncio.Event()

    async def startup(self, sockets: object = None) -> None:
        await super().startup()
        self.ready.set()


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve; give the address (``http://127.0.0.1:40123``)."""
    server = _Server(app)
    running = asyncio.create_task(server._serve())  # serve() would take the test's signals
    try:
        async with asyncio.timeout(5):
            await server.ready.wait()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await running
