"""The LRM's link on a real centre: mutual TLS both ways, a click rings a telephone, a transfer opens a dossier.

One call, told once: the caller talks to an agent, whose LRM correlates it and clicks on a number; the call goes
to a colleague, the core is killed, and everybody still sees what the LRM said.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from app.settings import LrmSettings, OutgoingSettings, RoomSettings
from core.events import CallHeld, CallPlaced, DossierCorrelated, LrmNotified
from core.words import LrmMessage, Priority
from simulator.callees import Operator
from simulator.robot_position import RobotPosition
from tests.support.audio import contains_tone
from tests.support.centre_process import ARM1, ARM2, PASSWORD, TRUNK, CentreProcess, new_number
from tests.support.lrm import LRM_NAME, OTHER_NAME, LrmServer, Trust
from tests.support.ports import free_port

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

OPERATOR = ("127.0.0.1", 5090)
SMUR = "+33199000815"
PLACES = "/si-samu-back-synchro-lrm-web/api/v1/cti/FR751"
PATIENT = {"nom": "Martin", "prenom": "Anne", "age": "P38Y", "sexe": "F"}


class Room:
    """The centre, its LRM, its operator and its robots."""

    centre: CentreProcess
    lrm: LrmServer
    operator: Operator
    http: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    arm1: RobotPosition
    arm2: RobotPosition

    async def click(self, number: str, **more: str) -> int:
        """The LRM of the first agent asks for a call."""
        path = f"{PLACES}/agents/{ARM1.agent_id}/calls"
        return (await self.http.post(path, json={"numTel": number, **more})).status_code

    async def correlate(self, agent: str, dossier: str, **said: Any) -> int:
        """The LRM of an agent says which dossier a call belongs to."""
        body = {"idNatPs": agent, **said}
        return (await self.http.put(f"{PLACES}/dossiers/{dossier}", json=body)).status_code


def lrm_settings(trust: Trust, lrm: LrmServer, port: int) -> LrmSettings:
    return LrmSettings(
        base_url=lrm.url,
        authority=trust.authority,
        certificate=trust.strip.certificate,
        private_key=trust.strip.key,
        listen_host="127.0.0.1",
        listen_port=port,
        server_certificate=trust.strip.certificate,
        server_key=trust.strip.key,
        certificates={LRM_NAME: "FR751", OTHER_NAME: "FR690"},
    )


def client(port: int, tls: ssl.SSLContext) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=f"https://localhost:{port}", verify=tls, trust_env=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(asterisk_root: Path | None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    trust, port, room = Trust(tmp_path_factory.mktemp("trust")), free_port(), Room()
    async with AsyncExitStack() as stack:
        room.lrm = await stack.enter_async_context(LrmServer(trust).running())
        room.centre = CentreProcess(
            room=RoomSettings(offer_seconds=20, wrap_up_seconds=0),
            outgoing=OutgoingSettings(host=OPERATOR[0], port=OPERATOR[1], presented="+33144000015"),
            lrm=lrm_settings(trust, room.lrm, port),
        )
        await stack.enter_async_context(room.centre)
        room.operator = await stack.enter_async_context(await Operator.open(OPERATOR, TRUNK))
        room.http = await stack.enter_async_context(client(port, trust.client(trust.lrm)))
        room.stranger = await stack.enter_async_context(client(port, trust.client(trust.issue(OTHER_NAME))))
        room.arm1 = await stack.enter_async_context(RobotPosition(room.centre.url, ARM1.login, PASSWORD))
        await room.arm1.until(lambda view: view["position"]["state"] == "ready")
        yield room


def dossier_of(view: dict[str, Any], call_id: str) -> dict[str, Any]:
    found: dict[str, Any] = view.get("calls", {}).get(call_id, {}).get("dossier", {})
    return found


def shows(call_id: str, dossier: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a strip shows that dossier of that call, with its patient."""

    def test(view: dict[str, Any]) -> bool:
        shown = dossier_of(view, call_id)
        patient = shown.get("patients", {}).get("1", {})
        return shown.get("id") == dossier and patient == {"name": "Anne Martin", "age": "P38Y", "sex": "F"}

    return test


async def test_a_call_with_its_lrm_from_the_first_word_to_after_the_last(room: Room) -> None:
    centre, arm1 = room.centre, room.arm1
    async with AsyncExitStack() as stack:
        caller = await stack.enter_async_context(centre.caller())
        witness, number = centre.witness(), new_number()
        caller.call("15", number=number)
        call_id = await witness.call_of(number)
        await arm1.until(lambda view: "offer" in view)
        await arm1.accept()
        told = await room.lrm.until("calls", ARM1.agent_id)
        assert told.path == f"/lrm/api/v1/cti/FR751/agents/{ARM1.agent_id}/calls"
        assert (told.body["idAppel"], told.body["numTel"]) == (call_id, number)
        assert told.body["idFlux"].startswith("FR751-15-15-")

        # Which dossier it is, with nothing but the current call to say it of.
        refused = await room.stranger.put(f"{PLACES}/dossiers/D1", json={"idNatPs": ARM1.agent_id})
        assert refused.status_code == 403
        said = {"prioriteRegul": "P1", "patients": [PATIENT], "localisation": "12 rue des Lilas"}
        assert await room.correlate(ARM1.agent_id, "D1", **said) == 202
        await arm1.until(shows(call_id, "D1"))
        correlated = await witness.next(DossierCorrelated)
        assert (correlated.call_id, correlated.priority) == (call_id, Priority.P1)

        # A click: the caller hears the music, the SMUR's telephone rings, once.
        assert await room.click(SMUR, idDossier="D1") == 202
        smur = await room.operator.called()
        assert await room.click(SMUR) == 202
        assert await room.click("+33199000816") == 409
        smur.ring()
        smur.answer()
        held = await witness.next(CallHeld)
        assert held.call_id == call_id
        placed = await witness.next(CallPlaced)
        await arm1.until(lambda view: view.get("call", {}).get("state") == "talking")
        smur.forget()
        arm1.send_tone(1900.0, 5)
        await smur.hears(lambda pcm: contains_tone(pcm, 1900.0))
        assert dossier_of(arm1.view, placed.call_id)["id"] == "D1"
        assert len([e for e in await witness.events() if isinstance(e.event, CallPlaced)]) == 1

        # To a colleague: their LRM opens the same dossier, and their strip shows the patient.
        await arm1.command("hang_up_call", callId=placed.call_id)
        await smur.ended()
        await arm1.until(lambda view: set(view.get("calls", {})) == {call_id})
        if arm1.view["calls"][call_id]["state"] == "held":
            await arm1.command("resume")
        arm2 = await stack.enter_async_context(RobotPosition(centre.url, ARM2.login, PASSWORD))
        await arm2.until(lambda view: view["position"]["state"] == "ready")
        await arm1.command("transfer", callId=call_id, kind="position", value=ARM2.login, priority="")
        await arm2.until(lambda view: view.get("offer", {}).get("dossier", {}).get("id") == "D1")
        assert "patients" not in arm2.view["offer"]["dossier"]
        await arm2.accept()
        shown = await room.lrm.until("dossiers", ARM2.agent_id)
        assert shown.path == "/lrm/api/v1/cti/FR751/dossiers/D1"
        assert shown.body == {"idNatPs": ARM2.agent_id, "idAppel": call_id, "numTel": number}
        await arm2.until(shows(call_id, "D1"))

        await witness.next(LrmNotified, lambda e: e.message is LrmMessage.AFFICHER_DOSSIER)

        # The core dies: what the LRM said is shown again, and its port is open again.
        await centre.kill_core()
        await centre.start_core()
        await arm2.until(shows(call_id, "D1"), 60)
        assert await room.correlate(ARM2.agent_id, "D1", localisation="Gare du Nord") == 202
        await arm2.until(lambda view: dossier_of(view, call_id).get("place") == "Gare du Nord")

        # After the last word.
        await arm2.command("hang_up")
        await caller.ended()
        await arm2.until(lambda view: "call" not in view)
        assert await room.correlate(ARM2.agent_id, "D2") == 409
        assert await room.correlate(ARM2.agent_id, "D2", idAppel=call_id) == 202
        assert (await witness.next(DossierCorrelated, lambda e: e.dossier_id == "D2")).call_id == call_id
        ours = [r for r in room.lrm.got if r.body.get("idAppel") == call_id]
        assert len(ours) == 2  # nothing was told twice, not even after the restart
