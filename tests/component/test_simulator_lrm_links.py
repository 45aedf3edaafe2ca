"""The simulated LRM with a real core: dossiers, clicks and presence by the API; the contract over TLS."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import trustme
import uvicorn
from starlette.types import Receive, Scope, Send

from app.clock import SystemClock
from core.ids import AgentId, CentreId
from lrm_bridge.client import LrmClient
from lrm_bridge.contract import AppelEntrant as OurAppelEntrant
from lrm_bridge.door import PEER_NAMES, Certificates, LrmDoor
from lrm_bridge.policy import Answer
from simulator.lrm.app import Lrm, create_app
from simulator.lrm.book import Book
from simulator.lrm.centre import Centre
from simulator.lrm.contract import AppelEntrant
from simulator.lrm.secure import ContractDoor
from simulator.lrm.strip import Strip, Tls
from tests.support.api import AGENT, ApiCentre, api_centre
from tests.support.lrm import Trust
from tests.support.ports import free_port
from tests.support.serving import serving as serving_of
from tests.support.waiting import until

pytestmark = pytest.mark.component

NUMBER = "+33199000077"


@asynccontextmanager
async def lrm_of(centre: ApiCentre) -> AsyncIterator[tuple[Lrm, httpx2.AsyncClient]]:
    """An LRM with a page, linked to the centre's API."""
    lrm = Lrm(Book(), "FR751")
    lrm.api = Centre(centre.url, await centre.token(), lrm.exchanges, lrm.book.tell)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(lrm), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        await until(lambda: server.started, "the LRM serves")
        async with httpx2.AsyncClient(base_url=url, trust_env=False, follow_redirects=True) as page:
            await until(lambda: lrm.api is not None and lrm.api.state == "relié", "the stream is open")
            yield lrm, page
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listening.close()


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[ApiCentre]:
    async with api_centre(tmp_path) as centre:
        yield centre


async def test_agents_and_a_click_with_its_result_are_shown(centre: ApiCentre) -> None:
    async with lrm_of(centre) as (lrm, page):
        centre.agent()
        assert lrm.api is not None
        await until(lambda: AGENT in lrm.api.agents, "the agent is known")  # type: ignore[union-attr]
        assert "disponible" in (await page.get("/")).text
        shown = await page.post("/appeler", data={"qui": AGENT, "numero": NUMBER, "voie": "api", "cle": "k1"})
        assert "Appel du 01 99 00 00 77 : demandé" in shown.text
        centre.switch.callee_rings(centre.callee)
        centre.switch.channel_ends(centre.callee, 17)
        await until(
            lambda: any(call.result == "busy" for call in lrm.api.calls.values()),  # type: ignore[union-attr]
            "the result is known",
        )
        assert "occupé" in (await page.get("/contenu")).text
        refused = await page.post("/appeler", data={"qui": "inconnu", "numero": NUMBER, "voie": "api"})
        assert "unknown_agent" in refused.text


async def test_a_dossier_is_opened_filled_in_and_correlated(centre: ApiCentre) -> None:
    async with lrm_of(centre) as (lrm, page):
        centre.agent()
        call_id = centre.caller()
        body = AppelEntrant(idAppel=call_id, idFlux="FR751-15-15-Px-F01", numTel="+33199000001")
        path = f"/lrm/api/v1/cti/FR751/agents/{AGENT.replace('/', '%2F')}/calls"
        assert (await page.post(path, json=body.model_dump())).status_code == 202
        opened = await page.post("/dossiers", data={"appel": 1})
        assert "corrélé à l’appel" in opened.text
        number = next(iter(lrm.shelf.by_number))
        form = {
            "priorite": "P1",
            "lieu": "3 rue Haute",
            "nom_0": "Petit",
            "age_0": "38",
            "sexe_0": "F",
            "motif_0": "AVC",
        }
        saved = await page.post(f"/dossiers/{number}", data=form)
        assert "38 ans" in saved.text
        assert centre.core.api.events.model.calls[call_id].dossier_priority == "P1"
        await until(lambda: lrm.api.calls[call_id].dossier_id == number, "told back")  # type: ignore[union-attr]
        console = (await page.get("/console")).text
        assert "dossier.correlated" in console
        assert "POST …/FR751/agents" in console
        assert (await page.post("/dossiers/inconnu", data=form)).status_code == 404


async def test_the_api_is_asked_by_hand(centre: ApiCentre) -> None:
    async with lrm_of(centre) as (lrm, page):
        centre.agent()
        shown = await page.post("/console/requete", data={"chemin": "/agents"})
        assert "GET /agents" in shown.text
        assert AGENT in lrm.exchanges.latest()[0].answered
        await page.post("/console/requete", data={"chemin": "/calls/inconnu"})
        assert lrm.exchanges.latest()[0].status == "404"
        assert (await page.post("/console/requete", data={"chemin": "http://ailleurs/"})).status_code == 400


async def test_webhooks_come_to_the_console_verified(centre: ApiCentre) -> None:
    async with lrm_of(centre) as (lrm, page):
        centre.agent()
        assert "1 abonnement" in (await page.post("/console/webhook")).text
        await page.post("/appeler", data={"qui": AGENT, "numero": NUMBER, "voie": "api", "cle": "k"})
        centre.switch.callee_answers(centre.callee)
        await until(lambda: bool(lrm.api.webhook_events), "told")  # type: ignore[union-attr]
        assert lrm.api is not None
        assert lrm.api.webhook_events[0].type == "call.answered"
        forged = await page.post("/webhook", json={}, headers={"webhook-id": "x"})
        assert forged.status_code == 401


async def test_the_contract_over_mutual_tls(centre: ApiCentre, tmp_path: Path) -> None:
    """The LRM shows its certificate to a port that knows it by that."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    files = {}
    for name in ("lrm.example", "localhost"):
        issued = authority.issue_cert(name)
        files[name] = Tls(
            certificate=tmp_path / f"{name}.pem",
            private_key=tmp_path / f"{name}.key",
            authority=tmp_path / "ca.pem",
        )
        issued.private_key_pem.write_to_path(str(files[name].private_key))
        for place, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(str(files[name].certificate), append=place > 0)
    centre.agent()

    certificates = Certificates(CentreId("FR751"), {"lrm.example": CentreId("FR751")})
    lrm_door = LrmDoor(centre.core.lrm_requests, certificates, SystemClock().monotonic)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        """Tells whose certificate it is, as the centre's own port does."""
        await lrm_door({**scope, "state": {PEER_NAMES: frozenset({"lrm.example"})}}, receive, send)

    config = uvicorn.Config(door, log_level="warning", lifespan="off", port=0)
    config.load()
    config.ssl = files["localhost"].context(ssl.Purpose.CLIENT_AUTH)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, "the port listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    lrm = Lrm(Book(), "FR751")
    strip = Strip(f"https://localhost:{port}", "FR751", lrm.exchanges, files["lrm.example"])
    stranger = Strip(f"https://localhost:{port}", "FR751", lrm.exchanges)
    try:
        assert await strip.call(AGENT, NUMBER, "D/1") == "ok"
        assert await strip.call("inconnu", NUMBER) == "Cet agent n’a pas de bandeau ouvert."
        assert await stranger.call(AGENT, NUMBER) == "le bandeau ne répond pas"
    finally:
        await strip.close()
        await stranger.close()
        server.should_exit = server.force_exit = True
        await serving
    assert list(centre.switch.callees.values())[-1].number == NUMBER


async def test_a_wrong_certificate_is_met_at_once_and_lifted(tmp_path: Path) -> None:
    """The strip's client has a connection open when the fault begins, as in a centre at work."""
    trust = Trust(tmp_path)
    lrm = Lrm(Book(), "FR751")
    port = free_port()
    config = uvicorn.Config(create_app(lrm), host="127.0.0.1", port=port, log_level="warning", lifespan="off")
    shown = Tls(certificate=trust.lrm.certificate, private_key=trust.lrm.key, authority=trust.authority)
    door = ContractDoor(config, lrm, shown)
    serving = asyncio.create_task(door.serve())
    client = LrmClient(f"https://localhost:{port}/lrm/api", CentreId("FR751"), trust.client(trust.strip))
    call = OurAppelEntrant(numTel=NUMBER, idAppel="FR751-a-1.1", idFlux="FR751-15-15-Px-F01")
    page = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(create_app(lrm)), base_url="http://127.0.0.1", follow_redirects=True
    )
    try:
        async with page:
            await until(lambda: door.started, "the LRM serves")
            for fault, expected in (
                ("none", Answer(202)),
                ("wrong-certificate", Answer(None, "TLS CERTIFICATE_VERIFY_FAILED")),
                ("none", Answer(202)),
            ):
                console = await page.post("/pannes", data={"panne": fault})
                assert f'value="{fault}" class="on"' in console.text
                await until(lambda: not door.server_state.connections, "what was open is closed")
                assert await client.appel_entrant(AgentId("8997/42"), call) == expected
    finally:
        await client.close()
        door.should_exit = door.force_exit = True
        await serving


async def test_without_tls_no_wrong_certificate_is_offered() -> None:
    async with serving_of(create_app(Lrm(Book()))) as url, httpx2.AsyncClient(base_url=url) as page:
        assert "wrong-certificate" not in (await page.get("/console")).text
