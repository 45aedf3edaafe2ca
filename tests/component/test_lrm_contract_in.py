"""The contract's half that LRMs call, from its Swagger file, over real TLS: what is valid, and who may ask."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2
import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from app.lrm_port import LrmPort
from core.events import CallPlaced, DossierCorrelated
from core.ids import PositionId
from core.words import Priority
from lrm_bridge.contract import BASE_PATH
from tests.support.lrm import (
    CENTRE,
    LRM_NAME,
    OTHER_CENTRE,
    OTHER_NAME,
    PREFIX,
    DoorInThread,
    Identity,
    LrmCentre,
    Trust,
    lrm_settings,
)
from tests.support.lrm_contract import TOWARDS_STRIP, contract, definition, operation, statuses
from tests.support.ports import free_port
from tests.support.waiting import until

pytestmark = pytest.mark.component

NUMBER_REFUSED = {"BAD_NUMBER", "NUMBER_NOT_ALLOWED"}
"""A number that fits the contract's pattern, but that the centre may not call."""
BODIES = {"creerAppel": "DemandeAppelSortant", "correlerDossierAppel": "CorrelationDossier"}
examples = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return Trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="module")
def door(trust: Trust) -> Iterator[DoorInThread]:
    """A centre with an agent ``arm1``; each request comes a second after the last."""
    seconds = count()
    with DoorInThread(trust).running(lambda: float(next(seconds))) as running:
        running.do(running.centre.agent("arm1"))
        yield running


@pytest.fixture(scope="module")
def http(door: DoorInThread, trust: Trust) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=door.url, verify=trust.client(trust.lrm), trust_env=False) as client:
        yield client


def send(http: httpx2.Client, case: Case[Any], **path: str) -> httpx2.Response:
    """A generated request; its path is encoded already."""
    address = PREFIX + case.operation.path.removeprefix("/v1/cti").format(**{**case.path_parameters, **path})
    content = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    return http.request(case.method, address, content=content, headers={"content-type": "application/json"})


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def controls(text: str) -> bool:
    return any(ord(each) < 32 or 127 <= ord(each) < 160 for each in unquote(text))


def is_error(answer: httpx2.Response) -> bool:
    jsonschema.validate(answer.json(), definition(TOWARDS_STRIP, "Error"))
    return bool(answer.json()["message"] and answer.json()["code"])


@pytest.mark.parametrize("operation_id", BODIES)
def test_the_base_path_is_the_published_one(operation_id: str) -> None:
    path = next(iter(contract(TOWARDS_STRIP)["paths"]))
    assert (contract(TOWARDS_STRIP)["basePath"] + path).startswith(BASE_PATH + "{idCrra}/")


@pytest.mark.parametrize("operation_id", BODIES)
def test_what_is_valid_is_answered_as_published(http: httpx2.Client, operation_id: str) -> None:
    published = statuses(TOWARDS_STRIP, operation_id)
    valid = operation(TOWARDS_STRIP, operation_id).as_strategy(generation_mode=GenerationMode.POSITIVE)

    @examples
    @given(valid, st.booleans())
    def answered(case: Case[Any], known: bool) -> None:
        assume(not any(map(controls, case.path_parameters.values())))
        path = {"idCrra": CENTRE} | ({"idNatPs": "arm1"} if known and operation_id == "creerAppel" else {})
        answer = send(http, case, **path)
        assert answer.status_code in published
        if answer.status_code != 202:
            assert is_error(answer)
        if answer.status_code == 400:
            assert answer.json()["code"] in NUMBER_REFUSED, answer.text
        elif operation_id == "creerAppel":
            assert answer.status_code in ((202, 409) if known else (404,))

    answered()


@pytest.mark.parametrize("operation_id", BODIES)
def test_what_is_invalid_is_a_400_that_names_the_field(http: httpx2.Client, operation_id: str) -> None:
    checked = operation(TOWARDS_STRIP, operation_id)
    body = jsonschema.Draft4Validator(
        checked.definition.raw["parameters"][-1]["schema"] | definition(TOWARDS_STRIP, BODIES[operation_id])
    )

    @examples
    @given(checked.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def refused(case: Case[Any]) -> None:
        bad_body = isinstance(case.body, bytes) or not body.is_valid(without_nulls(case.body))
        longest = 32 if operation_id == "creerAppel" else 25
        name = "idNatPs" if operation_id == "creerAppel" else "idDossier"
        bad_path = not 1 <= len(unquote(case.path_parameters[name])) <= longest
        assume(bad_body or bad_path)
        answer = send(http, case, idCrra=CENTRE)
        assert answer.status_code == 400, (answer.text, case.body)
        assert is_error(answer)

    refused()


@pytest.mark.parametrize("centre", ["FR75", "fr751", "FR7511", "FR7C1", "FR75C", "XX751", "FR751%20", "%2F"])
def test_an_id_crra_that_is_none_is_a_400(http: httpx2.Client, centre: str) -> None:
    answer = http.post(f"{PREFIX}/{centre}/agents/arm1/calls", json={"numTel": "0140000001"})
    assert (answer.status_code, answer.json()["code"]) == (400, "ID_CRRA_INVALIDE")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"numTel": "0140000001"', "application/json"),
        (b'{"numTel": "0140000001"}', "text/plain"),
        (b'{"numTel": 140000001}', "application/json"),
        (b'{"numTel": null}', "application/json"),
        (b'{"numTel": "01 40 00 00 01"}', "application/json"),
        (b'{"numTel": "0140000001\\n"}', "application/json"),
        (b'{"numTel": "\\ud800"}', "application/json"),
        (b"[" * 20_000, "application/json"),
        (b'{"numTel": "' + b"1" * 70_000 + b'"}', "application/json"),
        (b"", "application/json"),
    ],
)
def test_a_body_that_is_none_is_a_400(http: httpx2.Client, body: bytes, kind: str) -> None:
    path = f"{PREFIX}/{CENTRE}/agents/arm1/calls"
    answer = http.post(path, content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert is_error(answer)


def test_fields_of_a_later_contract_and_nulls_are_passed_over(http: httpx2.Client, door: DoorInThread) -> None:
    door.do(door.centre.agent("arm-null"))
    asked = {"numTel": "0140000077", "idDossier": None, "motif": {"à": ["venir"]}}
    assert http.post(f"{PREFIX}/{CENTRE}/agents/arm-null/calls", json=asked).status_code == 202
    assert door.centre.journal.events(CallPlaced)[-1].target.value == "+33140000077"


def test_other_paths_and_methods_are_not_there(http: httpx2.Client) -> None:
    assert http.get("/").status_code == 404
    assert http.get(f"{PREFIX}/{CENTRE}").status_code == 404
    assert http.get(f"{PREFIX}/{CENTRE}/agents/a/calls").status_code == 405
    assert http.post(f"{PREFIX}/{CENTRE}/dossiers/D1", json={"idNatPs": "a"}).status_code == 405
    assert http.put(f"{PREFIX}/{CENTRE}/dossiers/D/1", json={"idNatPs": "a"}).status_code == 404


def test_an_agent_id_may_hold_a_slash(http: httpx2.Client, door: DoorInThread) -> None:
    path = f"{PREFIX}/{CENTRE}/agents/8750%2F1/calls"
    assert http.post(path, json={"numTel": "0140000001"}).json()["code"] == "AGENT_NON_CONNECTE"
    door.do(door.centre.agent("arm-slash", agent_id="8750/1"))
    assert http.post(path, json={"numTel": "0140000001"}).status_code == 202


def test_a_number_refused_by_the_centre_is_a_400(http: httpx2.Client, door: DoorInThread) -> None:
    door.do(door.centre.agent("arm2"))
    for number in ("+33891234567", "+15550001111", "*21", "#99"):
        answer = http.post(f"{PREFIX}/{CENTRE}/agents/arm2/calls", json={"numTel": number})
        assert (answer.status_code, answer.json()["code"] in NUMBER_REFUSED) == (400, True)


def test_correlation_says_everything_of_the_current_call(http: httpx2.Client, door: DoorInThread) -> None:
    centre = door.centre
    door.do(centre.agent("arm3"))
    assert http.post(f"{PREFIX}/{CENTRE}/agents/arm3/calls", json={"numTel": "0140000009"}).status_code == 202
    call_id = centre.live.calls_of(PositionId("arm3"))[0].call_id
    said = {
        "idNatPs": "arm3",
        "prioriteRegul": "P1",
        "localisation": "12 rue des Lilas, Paris",
        "appelant": {"nom": "Martin", "prenom": "Anne", "adresse": "12 rue des Lilas"},
        "patients": [{"nom": "Martin", "sexe": "F", "age": "P38Y", "patientRemarquable": True}],
    }
    path = f"{PREFIX}/{CENTRE}/dossiers/D%2F2026-1"
    assert http.put(path, json=said).status_code == 202
    told = [e for e in centre.journal.events(DossierCorrelated) if e.call_id == call_id]
    assert [(e.dossier_id, e.agent_id, e.priority) for e in told] == [("D/2026-1", "arm3", Priority.P1)]
    shown = centre.displays.of(call_id)
    assert shown is not None
    assert (shown.place, shown.caller_name, shown.patients[0].age) == (said["localisation"], "Martin", "P38Y")
    journal = repr(centre.journal.envelopes)
    assert "Lilas" not in journal
    assert "Martin" not in journal


@pytest.mark.parametrize("agent", ["arm-nobody", "arm-idle"])
def test_correlation_without_a_call_is_a_409(http: httpx2.Client, door: DoorInThread, agent: str) -> None:
    door.do(door.centre.agent("arm-idle"))
    answer = http.put(f"{PREFIX}/{CENTRE}/dossiers/D1", json={"idNatPs": agent, "idAppel": ""})
    assert (answer.status_code, answer.json()["code"]) == (409, "NO_CALL")
    answer = http.put(f"{PREFIX}/{CENTRE}/dossiers/D1", json={"idNatPs": agent, "idAppel": "unheard-of"})
    assert (answer.status_code, answer.json()["code"]) == (409, "UNKNOWN_CALL")


# --- who may ------------------------------------------------------------------------------------------------

ASK = f"{PREFIX}/{CENTRE}/dossiers/D1", {"idNatPs": "arm-nobody"}


def asked(door: DoorInThread, trust: Trust, identity: Identity | None, path: str = ASK[0]) -> int:
    """What the door answers to a caller of that identity."""
    with httpx2.Client(base_url=door.url, verify=trust.client(identity), trust_env=False) as client:
        return client.put(path, json=ASK[1]).status_code


def test_the_certificate_of_another_centre_is_a_403(door: DoorInThread, trust: Trust) -> None:
    other = trust.issue(OTHER_NAME)
    assert asked(door, trust, trust.lrm) == 409  # let in: the agent has no call
    assert asked(door, trust, other) == 403
    assert asked(door, trust, other, ASK[0].replace(CENTRE, OTHER_CENTRE)) == 403  # right, but not ours
    assert asked(door, trust, trust.lrm, ASK[0].replace(CENTRE, OTHER_CENTRE)) == 403
    assert asked(door, trust, trust.issue("unknown.test")) == 403
    assert asked(door, trust, trust.named("Éditeur de LRM")) == 403


def test_no_certificate_of_ours_is_no_connection(door: DoorInThread, trust: Trust) -> None:
    expired = trust.issue("lrm-expired.test", LRM_NAME, ends_in=timedelta(days=-1))
    for identity in (None, expired, trust.self_signed(LRM_NAME)):
        with pytest.raises((httpx2.HTTPError, ssl.SSLError)):
            asked(door, trust, identity)


def test_a_certificate_may_be_known_by_its_digest_or_its_common_name(tmp_path_factory: Any) -> None:
    trust = Trust(tmp_path_factory.mktemp("named"))
    named = trust.named("Éditeur de LRM")
    with DoorInThread(trust).running() as door:
        for name in ("Éditeur de LRM", trust.digest(named)):
            door.centre.allowed[name] = CENTRE
            assert asked(door, trust, named) == 409
            del door.centre.allowed[name]
        assert asked(door, trust, named) == 403


async def test_a_port_that_is_taken_or_a_missing_file_is_said_and_tried_again(
    trust: Trust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.lrm_port._TRY_AGAIN_S", 0.01)
    port, missing = free_port(), tmp_path / "strip.pem"
    lrm_port = LrmPort(lrm_settings(trust, port), LrmCentre().door, (missing, trust.strip.key))
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        serving = asyncio.create_task(lrm_port.serve())
        await until(lambda: lrm_port.trouble == "FileNotFoundError", "the missing file is said")
        missing.write_bytes(trust.strip.certificate.read_bytes())
        await until(lambda: lrm_port.trouble == "OSError", "the taken port is said")
    await until(lambda: lrm_port.trouble is None, "the port is open")
    async with httpx2.AsyncClient(verify=trust.client(trust.lrm), trust_env=False) as client:
        assert (await client.put(f"https://localhost:{port}{ASK[0]}", json=ASK[1])).status_code == 409
    lrm_port.close()
    await serving


def test_a_plain_connection_gets_nothing(door: DoorInThread) -> None:
    host, port = door.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in plain.recv(1000)


def test_a_flood_is_slowed_down_and_calls_go_on(trust: Trust) -> None:
    """The first of many requests are answered, the others told to wait, and nothing else changes."""
    with DoorInThread(trust).running() as door:  # its clock stands still: no rate is ever restored
        door.do(door.centre.agent("arm1"))
        tls = trust.client(trust.lrm)
        with httpx2.Client(base_url=door.url, verify=tls, trust_env=False) as client:
            answers = [client.put(ASK[0], json=ASK[1]) for _ in range(600)]
        codes = [answer.status_code for answer in answers]
        assert set(codes) == {409, 429}
        assert (codes[0], codes[-1]) == (409, 429)
        assert answers[-1].headers["Retry-After"] == "1"
        assert len(door.centre.journal.envelopes) < 20
        assert door.do(door.centre.talking("arm1"))
