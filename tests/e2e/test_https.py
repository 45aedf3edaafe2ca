"""The strip on another machine of the network: pages over HTTPS, SIP over WSS, by the local authority."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import httpx2
import pytest
from playwright.async_api import BrowserContext

from tests.e2e.conftest import MICROPHONES
from tests.e2e.conversation import talking
from tests.e2e.pages import Desk
from tests.support.centre_process import ARM1, CentreProcess
from tests.support.netns import ADDRESS

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_call_is_answered_over_https_and_wss(
    centre: CentreProcess, contexts: Callable[..., Awaitable[BrowserContext]]
) -> None:
    url = f"https://{ADDRESS}:{centre.settings.web.https_port}"
    # This browser has not installed the authority: that it would trust it then is shown by the next test.
    context = await contexts(ARM1, ignore_https_errors=True)
    page = await context.new_page()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    desk = Desk(ARM1, context, page, url, MICROPHONES[ARM1.login])
    try:
        await desk.take_position()
        async with talking(centre, desk) as talk:
            await talk.both_hear(desk)
        [cookie] = await context.cookies()
        assert cookie["secure"]
        assert cookie["httpOnly"]
        assert {socket.split("?")[0] for socket in sockets} == {
            f"wss://{ADDRESS}:{centre.settings.web.https_port}/ws/bandeau",
            f"wss://{ADDRESS}:{centre.settings.asterisk.wss_port}/ws",
        }
    finally:
        await desk.leave()


async def test_who_installed_the_authority_trusts_pages_and_sip(centre: CentreProcess) -> None:
    async with httpx2.AsyncClient() as client:
        authority = (await client.get(f"{centre.url}/ca.crt")).text
    trusting = ssl.create_default_context(cadata=authority)
    for port in (
        centre.settings.web.https_port,
        centre.settings.asterisk.wss_port,
        centre.settings.asterisk.sip_tls_port,
    ):
        _, writer = await asyncio.open_connection(ADDRESS, port, ssl=trusting, server_hostname=ADDRESS)
        assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
        writer.transport.abort()
