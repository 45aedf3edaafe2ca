"""The simulated LRM: it answers as published, fails when told to, and shows on its page what came."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from simulator.lrm.app import Lrm, create_app
from simulator.lrm.book import KEPT, Book, readable
from simulator.lrm.contract import AffichageDossier, AppelEntrant, ContractError, Flow, flow_of, target_of
from simulator.lrm.faults import Fault, FaultKind, fault_of
from tests.support.lrm_contract import TOWARDS_LRM, contract
from tests.support.serving import serving

pytestmark = pytest.mark.component

CALL: dict[str, Any] = {"idAppel": "FR751-a-1.1", "idFlux": "FR751-15-15-Px-F01", "numTel": "+33612345678"}
AGENT_PATH = "/lrm/api/v1/cti/FR751/agents/8997%2F42/calls"


@asynccontextmanager
async def running(lrm: Lrm) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(create_app(lrm)) as url, httpx2.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_a_call_is_noted_for_the_agent_whose_id_holds_a_slash() -> None:
    async with running(Lrm(Book())) as client:
        answer = await client.post(AGENT_PATH, json=CALL)
        assert answer.status_code == 202
        (noted,) = (await client.get("/appels")).json()
        assert noted["agent"] == "8997/42"
        assert noted["centre"] == "FR751"
        assert {name: noted[name] for name in CALL} == CALL
        assert noted["nePasExecuter"] is False


async def test_a_retry_of_the_same_call_is_noted_once() -> None:
    async with running(Lrm(Book())) as client:
        for _ in range(3):
            assert (await client.post(AGENT_PATH, json=CALL)).status_code == 202
        assert len((await client.get("/appels")).json()) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/lrm/api/v1/cti/FR7511/agents/a/calls", CALL, 400),
        ("/lrm/api/v1/cti/fr751/agents/a/calls", CALL, 400),
        ("/lrm/api/v1/cti/FRA75/agents/a/calls", CALL, 400),
        ("/lrm/api/v1/cti/FR2B/agents/a/calls", CALL, 400),
        (f"/lrm/api/v1/cti/FR751/agents/{'a' * 33}/calls", CALL, 400),
        ("/lrm/api/v1/cti/FR751/agents/%ff/calls", CALL, 400),
        ("/lrm/api/v1/cti/FR751/agents/8997/42/calls", CALL, 404),
        ("/lrm/api/v1/cti/FR751/dossiers/" + "d" * 26, {"idNatPs": "a"}, 400),
        (AGENT_PATH, CALL | {"numTel": "06 12"}, 400),
        (AGENT_PATH, CALL | {"numTel": "**"}, 400),
        (AGENT_PATH, CALL | {"numTel": "1" * 16}, 400),
        (AGENT_PATH, CALL | {"idAppel": "x" * 65}, 400),
        (AGENT_PATH, CALL | {"idFlux": "x" * 33}, 400),
        (AGENT_PATH, CALL | {"nePasExecuter": "false"}, 400),
        (AGENT_PATH, {name: CALL[name] for name in ("idAppel", "numTel")}, 400),
        (AGENT_PATH, [], 400),
        ("/lrm/api/v1/cti/FR751/dossiers/D1", {}, 400),
        ("/lrm/api/v1/cti/FR751/dossiers/D1", {"idNatPs": "a" * 33}, 400),
        (AGENT_PATH, CALL | {"idAppel": "y" * 20_000}, 400),
    ],
)
async def test_what_is_not_of_the_contract_is_refused_with_its_error(path: str, body: Any, status: int) -> None:
    async with running(Lrm(Book())) as client:
        answer = await client.post(path, json=body)
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message"}
        assert (await client.get("/appels")).json() == []


@pytest.mark.parametrize("number", ["***", "15", "+33612345678", "#31", "370000612345678", "*21"])
async def test_every_published_form_of_number_is_taken(number: str) -> None:
    async with running(Lrm(Book())) as client:
        assert (await client.post(AGENT_PATH, json=CALL | {"numTel": number})).status_code == 202


async def test_a_body_that_is_not_json_is_refused() -> None:
    async with running(Lrm(Book())) as client:
        broken = await client.post(AGENT_PATH, content=b"{", headers={"Content-Type": "application/json"})
        other = await client.post(AGENT_PATH, content=json.dumps(CALL), headers={"Content-Type": "text/plain"})
        assert (broken.status_code, other.status_code) == (400, 400)


async def test_declared_agents_and_centre_are_the_only_ones_let_in() -> None:
    async with running(Lrm(Book(frozenset({"8997/42"})), "FR751")) as client:
        assert (await client.post(AGENT_PATH, json=CALL)).status_code == 202
        assert (await client.post(AGENT_PATH.replace("42", "43"), json=CALL)).status_code == 404
        assert (await client.post(AGENT_PATH.replace("FR751", "FR691"), json=CALL)).status_code == 403


async def test_faults_are_set_on_the_page_and_lifted() -> None:
    async with running(Lrm(Book(), fault=fault_of("slow:0.2"))) as client:
        clock = asyncio.get_running_loop().time
        began = clock()
        assert (await client.post(AGENT_PATH, json=CALL)).status_code == 202
        assert clock() - began >= 0.2
        for fault, status in (("error", 500), ("refuse", 403), ("none", 202)):
            assert (await client.post("/pannes", data={"panne": fault})).status_code == 303
            answer = await client.post(AGENT_PATH, json=CALL)
            assert answer.status_code == status
        assert (await client.post("/pannes", data={"panne": "slow:900"})).status_code == 400


async def test_another_sites_form_may_not_act() -> None:
    async with running(Lrm(Book())) as client:
        answer = await client.post(
            "/pannes", data={"panne": "error"}, headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403
        assert (await client.post(AGENT_PATH, json=CALL)).status_code == 202


async def test_the_page_shows_the_call_and_opens_a_dossier_for_it() -> None:
    async with running(Lrm(Book())) as client:
        assert "Aucun appel reçu" in (await client.get("/")).text
        await client.post(AGENT_PATH, json=CALL)
        page = (await client.get("/", params={"agent": "8997/42"})).text
        assert "06 12 34 56 78" in page
        assert "Salle 15" in page
        assert "06 12 34 56 78" not in (await client.get("/", params={"agent": "other"})).text
        await client.post("/dossiers", data={"appel": 1})
        dossier = (await client.get("/appels")).json()[0]["dossier"]
        assert dossier in (await client.get("/contenu")).text
        assert (await client.post("/dossiers", data={"appel": 99})).status_code == 404


async def test_the_page_escapes_what_it_is_told() -> None:
    async with running(Lrm(Book())) as client:
        await client.post(AGENT_PATH, json=CALL | {"idFlux": "<script>1</script>"})
        page = await client.get("/")
        assert "<script>1" not in page.text
        assert "script-src 'sha256-" in page.headers["content-security-policy"]


async def test_pages_are_told_of_each_change() -> None:
    async with running(Lrm(Book())) as client, client.stream("GET", "/evenements", timeout=5) as stream:
        lines = stream.aiter_lines()

        async def event() -> str:
            async with asyncio.timeout(5):
                return await anext(line async for line in lines if line.startswith("data:"))

        assert await event() == "data: start"
        await client.post(AGENT_PATH, json=CALL)
        assert await event() == "data: news"
        await client.post("/lrm/api/v1/cti/FR751/dossiers/D-15", json={"idNatPs": "8997/42"})
        assert await event() == "data: news"
        assert "D-15" in (await client.get("/contenu")).text


def test_only_the_last_calls_are_kept() -> None:
    book = Book()
    for number in range(KEPT + 10):
        body = AppelEntrant(idAppel=str(number), idFlux="x", numTel="15")
        book.take_call(datetime.now(UTC), "FR751", "a", body)
    assert [call.body.idAppel for call in book.calls()][:2] == [str(KEPT + 9), str(KEPT + 8)]
    assert len(book.calls()) == KEPT


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("FR751-15-15-Px-F01", Flow("15", "15", "Px", "F01")),
        ("FR090-FluxStd-MU-P0-F02", Flow("FluxStd", "MU", "P0", "F02")),
        ("FR751-15", None),
    ],
)
def test_a_flow_is_taken_apart(text: str, flow: Flow | None) -> None:
    assert flow_of(text) == flow


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+33612345678", "06 12 34 56 78"),
        ("0612345678", "06 12 34 56 78"),
        ("***", "Numéro masqué"),
        ("15", "15"),
    ],
)
def test_numbers_are_shown_as_one_reads_them(number: str, text: str) -> None:
    assert readable(number) == text


def test_faults_are_read_or_refused() -> None:
    assert fault_of("slow:2.5") == Fault(FaultKind.SLOW, 2.5)
    with pytest.raises(ValueError, match="none, error"):
        fault_of("explode")


def test_the_contract_is_the_published_one() -> None:
    published = contract(TOWARDS_LRM)
    assert published["basePath"] + "/v1/cti" == "/lrm/api/v1/cti"
    for name, model in (("AppelEntrant", AppelEntrant), ("AffichageDossier", AffichageDossier)):
        definition = published["definitions"][name]
        ours = model.model_json_schema()
        assert set(ours["properties"]) == set(definition["properties"])
        assert set(ours["required"]) == set(definition["required"])
        for field, rules in definition["properties"].items():
            mine = json.dumps(ours["properties"][field])
            if "maxLength" in rules:
                assert f'"maxLength": {rules["maxLength"]}' in mine
            if "pattern" in rules:
                assert json.dumps(rules["pattern"]) in mine
    paths = {path.format(idCrra="FR751", idNatPs="a", idDossier="d") for path in published["paths"]}
    for path in paths:
        assert target_of(("/lrm/api" + path).encode()).centre == "FR751"
    with pytest.raises(ContractError):
        target_of(b"/lrm/api/v1/cti/FR751/other")
