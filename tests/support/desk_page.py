"""The page of the abandoned-call desk without a browser: somebody logged in, and the live view."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from simulator.live_client import LiveClient
from tests.support.centre_process import PASSWORD, Person
from web.auth import COOKIE


@asynccontextmanager
async def desk_page(url: str, person: Person) -> AsyncIterator[LiveClient]:
    """Open it; its view is there."""
    async with httpx2.AsyncClient(base_url=url, headers={"Origin": url}, trust_env=False) as http:
        answer = await http.post("/api/login", json={"login": person.login, "password": PASSWORD})
        answer.raise_for_status()
        cookie = f"{COOKIE}={http.cookies.get(COOKIE)}"
    live = await LiveClient.open(url.replace("http", "ws", 1) + "/ws/rappels", cookie=cookie, origin=url)
    try:
        await live.until(lambda view: "items" in view)
        yield live
    finally:
        await live.close()
