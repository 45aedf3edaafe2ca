"""The API on a real server, by its own client: who may ask; click-to-call and its result; dossiers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from starlette.requests import HTTPConnection

from core.api_clients import Scope
from core.errors import StorageUnavailable
from core.events import CallNoted, DossierCorrelated, RecordingEnded, RecordingStarted
from core.ids import AgentId, DossierId, PositionId
from lrm_bridge.api.door import Door, DoorLimits
from lrm_bridge.api.errors import ApiError
from lrm_client import ApiRefused, Call, LrmApi
from storage.api_clients import StoredApiClients
from tests.support.api import AGENT, ApiCentre, api_centre
from tests.support.centre import HeldClock, settle

pytestmark = pytest.mark.component

NUMBER = "+33199000077"


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[ApiCentre]:
    async with api_centre(tmp_path) as centre:
        yield centre


@pytest.fixture
async def api(centre: ApiCentre) -> AsyncIterator[LrmApi]:
    async with await centre.client() as api:
        yield api


async def refused(work: object) -> tuple[int, str]:
    with pytest.raises(ApiRefused) as caught:
        await work  # type: ignore[misc]
    return caught.value.status, caught.value.code


async def placed(api: LrmApi, key: str | None = None) -> Call:
    call = await api.place_call(AGENT, NUMBER, key=key)
    assert call is not None
    return call


# --- the door -------------------------------------------------------------------------------------------


async def test_nobody_gets_in_without_a_token(centre: ApiCentre) -> None:
    async with httpx2.AsyncClient(base_url=centre.url + "/api/lrm/v1") as http:
        for headers in ({}, {"Authorization": "Bearer b15_x"}, {"Authorization": "Basic eDp5"}):
            answer = await http.get("/calls", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/openapi.json", "/asyncapi.json"):
            assert (await http.get(path)).status_code == 200
        assert (await http.get("/nowhere")).json()["code"] == "not_found"
        assert (await http.delete("/calls")).json()["code"] == "method_not_allowed"


async def test_a_client_may_do_what_its_scopes_say(centre: ApiCentre) -> None:
    centre.agent()
    call_id = centre.caller()
    async with await centre.client([Scope.PRESENCE_READ]) as api:
        assert [agent.agent_id for agent in await api.agents()] == [AGENT]
        asked = (
            api.calls(),
            api.call(call_id),
            api.place_call(AGENT, NUMBER),
            api.correlate(call_id, "D", AGENT),
            api.location(call_id),
            api.recordings(call_id),
            api.recordings_of("D"),
            api.calls_of("D"),
            api.add_webhook("https://192.0.2.1/", ["call.ended"]),
        )
        for each in asked:
            assert await refused(each) == (403, "scope_missing")
        shown = await api.snapshot()
        assert (len(shown.agents), shown.calls) == (1, ())


async def test_a_revoked_token_is_worth_nothing_soon(centre: ApiCentre) -> None:
    clients, clock = StoredApiClients(centre.database, HeldClock()), HeldClock()
    client, token = await clients.add("essai", [Scope.CALLS_READ])
    door = Door(clients, clock)
    connection = bringing(token)
    assert await door.client(connection) == client
    await clients.revoke(client.client_id)
    assert await door.client(connection) == client
    clock.advance(door.limits.believed_seconds)
    with pytest.raises(ApiError, match="bad_token"):
        await door.client(connection)


async def test_who_was_known_goes_on_while_the_database_is_away(centre: ApiCentre) -> None:
    class Away:
        away = False

        async def find(self, token: str) -> object:
            if self.away:
                raise StorageUnavailable("away")
            return await StoredApiClients(centre.database, HeldClock()).find(token)

    _, token = await StoredApiClients(centre.database, HeldClock()).add("essai", [Scope.CALLS_READ])
    clients, clock = Away(), HeldClock()
    door = Door(clients, clock)  # type: ignore[arg-type]
    await door.client(bringing(token))
    clients.away = True
    clock.advance(60)
    await door.client(bringing(token))
    with pytest.raises(ApiError, match="unavailable"):
        await door.client(bringing("b15_new"))


async def test_rates_of_clients_and_of_bad_tokens() -> None:
    class Nobody:
        async def find(self, token: str) -> None:
            return None

    clock = HeldClock()
    door = Door(Nobody(), clock, DoorLimits(bad_tokens_burst=3, bad_tokens_per_second=1))
    codes = []
    for _ in range(4):
        with pytest.raises(ApiError) as caught:
            await door.client(bringing("b15_guess"))
        codes.append(caught.value.code)
    assert codes == ["bad_token"] * 3 + ["too_many_requests"]


async def test_tokens_are_not_taken_in_clear_from_another_machine() -> None:
    door = Door(None, HeldClock())  # type: ignore[arg-type]
    with pytest.raises(ApiError, match="https_required"):
        await door.client(bringing("b15_x", source="192.0.2.7"))


def bringing(token: str, source: str = "127.0.0.1") -> HTTPConnection:
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"host", b"centre")]
    return HTTPConnection(
        {
            "type": "http",
            "scheme": "http",
            "path": "/",
            "headers": headers,
            "client": (source, 1),
            "query_string": b"",
        }
    )


# --- click-to-call --------------------------------------------------------------------------------------


async def test_click_to_call_until_it_is_answered(centre: ApiCentre, api: LrmApi) -> None:
    centre.agent()
    call = await placed(api)
    assert (call.result, call.number, call.placed_by) == ("calling", NUMBER, AGENT)
    centre.switch.callee_rings(centre.callee)
    assert (await api.call(call.call_id)).result == "ringing"
    centre.switch.callee_rings(centre.callee)
    centre.switch.callee_answers(centre.callee)
    call = await api.call(call.call_id)
    assert (call.result, call.state) == ("answered", "talking")
    centre.switch.channel_ends(centre.callee)
    await settle()
    assert (await api.call(call.call_id)).state == "ended"


@pytest.mark.parametrize(
    ("cause", "result"), [(17, "busy"), (19, "no_answer"), (21, "refused"), (1, "failed"), (38, "failed")]
)
async def test_click_to_call_that_fails_says_why(
    centre: ApiCentre, api: LrmApi, cause: int, result: str
) -> None:
    centre.agent()
    call = await placed(api)
    centre.switch.channel_ends(centre.callee, cause)
    await settle()
    assert (await api.call(call.call_id)).result == result


async def test_the_same_click_twice_is_one_call(centre: ApiCentre, api: LrmApi, tmp_path: Path) -> None:
    centre.agent()
    first, again = await asyncio.gather(*(placed(api, key="clic-1") for _ in range(2)))
    assert first.call_id == again.call_id
    other_key = await placed(api, key="clic-2")
    assert other_key.call_id == first.call_id, "the number rings already"
    assert len(centre.switch.callees) == 1
    assert await refused(api.place_call(AGENT, "+33199000078", key="clic-1")) == (422, "idempotency_key_reused")
    token = api._token
    centre.switch.channel_ends(centre.callee, 17)
    await settle()
    async with api_centre(tmp_path, centre.journal) as restarted, LrmApi(restarted.url, token) as after:
        known = await placed(after, key="clic-1")
        assert (known.call_id, known.result) == (first.call_id, "busy")
        assert not restarted.switch.callees


async def test_who_cannot_call(centre: ApiCentre, api: LrmApi) -> None:
    assert await refused(api.place_call("inconnu", NUMBER)) == (404, "unknown_agent")
    centre.agent()
    assert await refused(api.place_call(AGENT, "08991234")) == (422, "bad_number")
    assert await refused(api.place_call(AGENT, "+33899000000")) == (422, "number_not_allowed")
    assert await refused(api.place_call(AGENT, "drop table")) == (422, "bad_request")
    await api.place_call(AGENT, "+33199000001")
    await api.place_call(AGENT, "+33199000002")
    assert await refused(api.place_call(AGENT, "+33199000003")) == (409, "two_calls")


async def test_slashes_in_ids_encoded_or_not(centre: ApiCentre, api: LrmApi) -> None:
    centre.agent()
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {api._token}"}) as http:
        for agent in (AGENT, quote(AGENT, safe="")):
            answer = await http.get(f"{centre.url}/api/lrm/v1/agents/{agent}")
            assert answer.json()["agent_id"] == AGENT
            answer = await http.post(
                f"{centre.url}/api/lrm/v1/agents/{agent}/calls",
                json={"number": NUMBER},
                headers={"Idempotency-Key": "k"},
            )
            assert answer.status_code == 202
            assert (await http.get(centre.url + answer.headers["location"])).json()["number"] == NUMBER


# --- what is known of calls -----------------------------------------------------------------------------


async def test_a_dossier_and_its_calls_notes_and_recordings(centre: ApiCentre, api: LrmApi) -> None:
    centre.agent()
    call_id = centre.caller()
    track = f"2026-11-22/{call_id}-caller.wav"
    centre.say(RecordingStarted(call_id=call_id, caller_track=track, centre_track="x"))
    centre.say(DossierCorrelated(call_id=call_id, dossier_id=DossierId("D/7"), agent_id=AgentId(AGENT)))
    centre.say(
        CallNoted(
            call_id=call_id, position_id=PositionId("arm1"), agent_id=AgentId(AGENT), name="A", text="chute"
        )
    )
    [call] = await api.calls_of("D/7")
    assert (call.call_id, call.notes[0].text, call.number) == (call_id, "chute", "+33199000001")
    [recording] = await api.recordings_of("D/7")
    assert (recording.recording_id, recording.state) == (call_id, "recording")
    centre.say(RecordingEnded(call_id=call_id, seconds=3.0, octets=1, caller_track=track))
    [recording] = await api.recordings(call_id)
    assert (recording.state, recording.seconds) == ("available", 3.0)
    assert await api.location(call_id) == []
    assert await refused(api.call("inconnu")) == (404, "unknown_call")
    assert await api.calls_of("inconnu") == []


async def test_correlation_live_current_and_after_hang_up(centre: ApiCentre, api: LrmApi) -> None:
    centre.agent()
    assert await refused(api.correlate("current", "D-1", AGENT)) == (409, "no_call")
    assert await refused(api.correlate("inconnu", "D-1", AGENT)) == (404, "unknown_call")
    call = await placed(api)
    heard = await api.correlate("current", "D-1", AGENT, "P1")
    assert (heard.call_id, heard.dossier_id, heard.dossier_priority) == (call.call_id, "D-1", "P1")
    centre.switch.channel_ends(centre.callee, 17)
    await settle()
    assert (await api.correlate(call.call_id, "D-2", AGENT)).dossier_id == "D-2"
    assert await api.calls_of("D-1") == []
    assert [each.call_id for each in await api.calls_of("D-2")] == [call.call_id]


async def test_a_click_in_a_dossier_correlates_the_call(centre: ApiCentre, api: LrmApi) -> None:
    centre.agent()
    call = await api.place_call(AGENT, NUMBER, dossier_id="D/9")
    assert call is not None
    assert call.dossier_id == "D/9"


async def test_what_agents_are_to_see_of_a_dossier_is_shown_and_not_told_on(
    centre: ApiCentre, api: LrmApi
) -> None:
    centre.agent()
    call_id = centre.caller()
    patients = [{"last_name": "Petit", "sex": "F", "age": "P38Y", "reason": "Chute", "remarkable": True}]
    caller = {"last_name": "Petit", "address": "3 rue Haute"}
    call = await api.correlate(call_id, "D-3", AGENT, place="4 rue Basse", caller=caller, patients=patients)
    assert "Petit" not in repr(call)
    shown = centre.core.dossiers.of(call_id)
    assert shown is not None
    assert (shown.place, shown.caller_address, shown.patients[0].age) == ("4 rue Basse", "3 rue Haute", "P38Y")
    await api.correlate(call_id, "D-3", AGENT, "P2")
    shown = centre.core.dossiers.of(call_id)
    assert shown is not None
    assert shown.place == "4 rue Basse"
    wrong: dict[str, Any] = {"patients": [{"age": "38"}]}
    assert await refused(api.correlate(call_id, "D-3", AGENT, **wrong)) == (422, "bad_request")
    assert "Petit" not in repr(centre.journal.envelopes)
