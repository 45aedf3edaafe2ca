"""The archive's API, on a real database, chain and archive: who finds, hears and marks which recording."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.accounts import Account
from core.ids import RecordingId
from core.recordings import Recording
from recorder.sealing.layout import LISTEN, PEAKS
from tests.support.listening import (
    ARCHIVIST,
    ARM1,
    ARM2,
    AUDITOR,
    CHIEF,
    NUMBER,
    ListeningPlace,
    detail,
    listening_place,
)

pytestmark = pytest.mark.component

DAY = timedelta(days=1)
WHY = {"reason": "Demande du patient"}
NOTHING = (404, 405, 503)
"""Not found; where a name leads out of the API, the pages, which are not built here."""
Served = tuple[ListeningPlace, str]


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Served]:
    async with listening_place(tmp_path) as place:
        yield place


async def found(archive: Served, account: Account, query: str = "") -> list[str]:
    place, host = archive
    async with place.browser(host, account) as http:
        answer = await http.get(f"/api/recordings{query}")
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["rows"]]


async def test_everybody_finds_what_is_theirs_to_find(archive: Served) -> None:
    place, _ = archive
    await place.add("c-1.1", ARM1, ago=3 * DAY)
    await place.add("c-1.2", ARM2, ago=2 * DAY)
    await place.add("c-1.3", ARM1, ARM2, ago=DAY)
    await place.add("c-1.4", ARM1, ago=40 * DAY)
    assert await found(archive, ARM1) == ["c-1.3", "c-1.1"]
    assert await found(archive, ARM2) == ["c-1.3", "c-1.2"]
    assert await found(archive, CHIEF) == ["c-1.3", "c-1.2", "c-1.1", "c-1.4"]
    assert await found(archive, ARCHIVIST) == ["c-1.3", "c-1.2", "c-1.1", "c-1.4"]
    assert await found(archive, AUDITOR) == []


async def test_the_filters_are_those_of_the_page(archive: Served) -> None:
    place, _ = archive
    await place.add("c-1.1", ARM1, number="+33199005678", note="Douleur thoracique, homme âgé", seconds=3)
    await place.add("c-1.2", ARM2, ago=10 * DAY, dossier="DR2026/18")
    for query, wanted in {
        "?number=0199005678": ["c-1.1"],
        "?number=5678": ["c-1.1"],
        f"?number={NUMBER.replace('+', '%2B')}": ["c-1.2"],
        "?text=AGE%20thorac": ["c-1.1"],
        "?dossier=DR2026/18": ["c-1.2"],
        f"?agent={ARM2.agent_id}": ["c-1.2"],
        "?most=4": ["c-1.1"],
        "?least=4&outcome=answered&line=15": ["c-1.2"],
        "?line=112": [],
        "?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z": [],
    }.items():
        assert await found(archive, CHIEF, query) == wanted, query
    assert place.entries("searched")[0] == {
        "by": CHIEF.agent_id,
        "what": ["number"],
        "number_digest": f"digest-{len('+33199005678')}",
    }


NO_QUESTIONS = (
    "?number=abc",
    "?from=yesterday",
    "?from=2026-11-22T00:00:00",
    "?least=-1",
    "?least=nan",
    "?outcome=perdu",
    "?cursor=x",
    "?cursor=99999999999999999999999",
    "?text=" + "a" * 201,
    "?unknown=1",
)


async def test_what_is_no_question_is_refused(archive: Served) -> None:
    place, host = archive
    async with place.browser(host, CHIEF) as http:
        for query in NO_QUESTIONS:
            assert (await http.get(f"/api/recordings{query}")).status_code == 422, query


async def test_pages_follow_each_other(archive: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    place, host = archive
    monkeypatch.setattr("recorder.listening.routes.ROWS", 2)
    for number in range(1, 6):
        await place.add(f"c-1.{number}", ARM1, ago=number * DAY, sealed=False)
    async with place.browser(host, CHIEF) as http:
        rows, cursor = [], ""
        while True:
            page = (await http.get("/api/recordings", params={"cursor": cursor} if cursor else {})).json()
            assert len(page["rows"]) <= 2
            rows += [row["id"] for row in page["rows"]]
            if not (cursor := page.get("next", "")):
                break
    assert rows == [f"c-1.{number}" for number in range(1, 6)]


async def test_opened_it_tells_its_sequences_by_name(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1, note="Chute\nsans gravité")
    async with place.browser(host, CHIEF) as http:
        told = (await http.get(f"/api/recordings/{recording}")).json()
    assert told["state"] == "sealed"
    assert told["number"] == NUMBER
    assert [(s["kind"], s["heard"]) for s in told["sequences"]] == [
        ("svi", ["caller"]),
        ("talk", ["caller", "Camille Martin"]),
    ]
    assert [(p["begins"], p["by"]) for p in told["pauses"]] == [(4.0, "Camille Martin")]
    assert told["allowed"] == {"listen": True, "export": True, "hold": False, "mark": True}
    assert len(told["sha256"]) == 64


async def test_what_is_not_sealed_yet_is_shown_and_not_heard(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1, sealed=False)
    async with place.browser(host, CHIEF) as http:
        told = (await http.get(f"/api/recordings/{recording}")).json()
        assert (told["state"], told["allowed"]["listen"]) == ("recorded", False)
        assert len(told["sequences"]) == 2
        answer = await http.post(f"/api/recordings/{recording}/listen", json=WHY)
        assert (answer.status_code, detail(answer)) == (409, "not_sealed_yet")


async def test_nobody_hears_without_a_reason_that_is_in_the_chain(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARM1) as http:
        silent = await http.post(f"/api/recordings/{recording}/listen", json={"reason": "  "})
        assert (silent.status_code, detail(silent)) == (409, "reason_missing")
        assert place.entries("listened") == []
        ticket = (await http.post(f"/api/recordings/{recording}/listen", json=WHY)).json()["ticket"]
        assert place.entries("listened") == [
            {"recording_id": recording, "by": ARM1.agent_id, "reason": WHY["reason"]}
        ]
        answer = await http.get(f"/api/listen/{ticket}/audio", headers={"Range": "bytes=4-99"})
    plain = place.open(await _row(place, recording)).read(LISTEN)
    assert (answer.status_code, answer.content) == (206, plain[4:100])
    assert answer.headers["Cache-Control"] == "no-store"


async def _row(place: ListeningPlace, recording: RecordingId) -> Recording:
    row = await place.store.get(recording)
    assert row is not None
    return row


async def test_a_ticket_is_worth_nothing_to_anybody_else(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARM1) as mine, place.browser(host, CHIEF) as theirs:
        ticket = (await mine.post(f"/api/recordings/{recording}/listen", json=WHY)).json()["ticket"]
        address = f"/api/listen/{ticket}/audio"
        assert (await mine.get(address)).status_code == 200
        assert (await theirs.get(address)).status_code == 404
        assert (await mine.get(f"/api/listen/{ticket}x/audio")).status_code == 404
        assert (await theirs.get(address, headers={"Cookie": ""})).status_code == 401


@pytest.mark.parametrize(("who", "code"), [(ARM2, "not_your_recording"), (AUDITOR, "no_grant")])
async def test_what_is_not_theirs_is_not_even_there(archive: Served, who: Account, code: str) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, who) as http:
        for address in ("", "/peaks", "/story"):
            assert (await http.get(f"/api/recordings/{recording}{address}")).status_code == 404
        answer = await http.post(f"/api/recordings/{recording}/listen", json=WHY)
        assert (answer.status_code, detail(answer)) == (403, code)
    assert [entry["code"] for entry in place.entries("refused")] == [code]


async def test_the_archivist_keeps_and_does_not_listen(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARCHIVIST) as http:
        told = (await http.get(f"/api/recordings/{recording}")).json()
        assert told["allowed"]["listen"] is False
        assert "archiviste" in told["allowed"]["why"]
        answer = await http.post(f"/api/recordings/{recording}/listen", json=WHY)
        assert (answer.status_code, detail(answer)) == (403, "archivist_does_not_listen")


async def test_an_auditor_hears_what_a_grant_opens(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    grant = {"auditor": AUDITOR.agent_id, "line": "15", "days": 3, "reason": "Audit annuel"}
    async with place.browser(host, CHIEF) as http:
        assert (await http.post("/api/grants", json=grant)).status_code == 403
    async with place.browser(host, ARCHIVIST) as http:
        assert (await http.post("/api/grants", json=grant | {"line": ""})).status_code == 409
        assert (await http.post("/api/grants", json=grant)).status_code == 204
        shown = (await http.get("/api/grants")).json()
        assert [(each["auditor"]["name"], each["scope"], each["over"]) for each in shown] == [
            ("Noa Meunier", "ligne 15", False)
        ]
    assert await found(archive, AUDITOR) == [recording]
    async with place.browser(host, AUDITOR) as http:
        assert (await http.post(f"/api/recordings/{recording}/listen", json=WHY)).status_code == 200
    async with place.browser(host, ARCHIVIST) as http:
        grant_id = shown[0]["id"]
        assert (await http.post(f"/api/grants/{grant_id}/end", json={})).status_code == 204
        assert (await http.post(f"/api/grants/{grant_id}/end", json={})).status_code == 409
    assert await found(archive, AUDITOR) == []


async def test_the_waveform_is_that_of_both_tracks(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1, seconds=6)
    async with place.browser(host, ARM1) as http:
        answer = await http.get(f"/api/recordings/{recording}/peaks")
    assert answer.content == place.open(await _row(place, recording)).read(PEAKS)
    assert len(answer.content) == 6 * 50 * 2
    assert answer.headers["Cache-Control"] == "no-store"


async def test_markers_are_kept_with_the_recording(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1, seconds=6)
    address = f"/api/recordings/{recording}/markers"
    async with place.browser(host, ARM1) as mine, place.browser(host, CHIEF) as theirs:
        set_ = await mine.post(address, json={"at": 2.5, "text": "adresse donnée"})
        assert set_.status_code == 201
        shown = (await theirs.get(f"/api/recordings/{recording}")).json()["markers"]
        assert [(m["at"], m["text"], m["by"]["name"]) for m in shown] == [(2.5, "adresse donnée", ARM1.name)]
        assert (await mine.post(address, json={"at": 99, "text": ""})).status_code == 409
        for wrong in ({"at": -1, "text": ""}, {"at": "x"}, {"text": "a"}, {"at": 1, "text": "a" * 301}):
            assert (await mine.post(address, json=wrong)).status_code == 422
        by_chief = (await theirs.post(address, json={"at": 1, "text": ""})).json()["id"]
        assert (await mine.delete(f"{address}/{by_chief}")).status_code == 403
        assert (await mine.delete(f"{address}/{set_.json()['id']}")).status_code == 204
        assert (await mine.delete(f"{address}/{set_.json()['id']}")).status_code == 404
    assert [(e["at"], e["by"]) for e in place.entries("marked")] == [(2.5, ARM1.agent_id), (1, CHIEF.agent_id)]


async def test_who_listened_is_told_to_those_who_may_know(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARM1) as mine, place.browser(host, CHIEF) as theirs:
        await mine.post(f"/api/recordings/{recording}/listen", json=WHY)
        assert (await mine.get(f"/api/recordings/{recording}")).json()["listened"] == []
        told = (await theirs.get(f"/api/recordings/{recording}")).json()["listened"]
    assert [(each["by"], each["reason"]) for each in told] == [("Camille Martin", "Demande du patient")]


async def test_a_hold_is_shown_until_it_is_lifted(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARCHIVIST) as http, place.browser(host, CHIEF) as chief:
        why = {"reason": "Plainte en cours"}
        assert (await chief.post(f"/api/recordings/{recording}/holds", json=why)).status_code == 403
        assert (await http.post(f"/api/recordings/{recording}/holds", json=why)).status_code == 204
        told = (await http.get(f"/api/recordings/{recording}")).json()
        assert (told["holds"], [h["reason"] for h in told["holdings"]]) == (1, ["Plainte en cours"])
        hold = told["holdings"][0]["id"]
        assert (await chief.get("/api/holds")).status_code == 403
        assert [(h["id"], h["recordingId"]) for h in (await http.get("/api/holds")).json()] == [
            (hold, recording)
        ]
        assert (await http.post(f"/api/holds/{hold}/lift", json={"reason": "Jugée"})).status_code == 204
        told = (await http.get(f"/api/recordings/{recording}")).json()
        assert (told["holds"], told["holdings"]) == (0, [])
        assert (await http.get("/api/holds")).json() == []


async def test_erased_only_the_fact_is_left(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1, ago=400 * DAY)
    async with place.browser(host, CHIEF) as chief, place.browser(host, ARCHIVIST) as http:
        ticket = (await chief.post(f"/api/recordings/{recording}/listen", json=WHY)).json()["ticket"]
        assert (await chief.get("/api/erasures")).status_code == 403
        assert (await chief.post("/api/erasures", json={})).status_code == 403
        await place.retention.propose()
        (batch,) = (await http.get("/api/erasures")).json()
        assert (batch["count"], batch["state"], batch["mayGrant"]) == (1, "proposed", True)
        assert (await http.post(f"/api/erasures/{batch['id']}/visa", json={})).status_code == 204
        assert (await http.post(f"/api/erasures/{batch['id']}/visa", json={})).status_code == 409
        assert await place.retention.carry_out() == 1
        (batch,) = (await http.get("/api/erasures")).json()
        assert batch["state"] == "done"
        told = (await http.get(f"/api/recordings/{recording}")).json()
        assert (told["state"], told["sequences"], told.get("number")) == ("erased", [], None)
        gone = await chief.post(f"/api/recordings/{recording}/listen", json=WHY)
        assert (gone.status_code, detail(gone)) == (409, "recording_erased")
        left = await chief.get(f"/api/listen/{ticket}/audio")
        assert (left.status_code, detail(left)) == (410, "recording_erased")


async def test_nobody_does_anything_from_another_page(archive: Served) -> None:
    place, host = archive
    recording = await place.add("c-1.1", ARM1)
    async with place.browser(host, ARM1) as http:
        answer = await http.post(
            f"/api/recordings/{recording}/listen", json=WHY, headers={"Origin": "http://127.0.0.1:8015"}
        )
        assert (answer.status_code, detail(answer)) == (403, "bad_origin")
    assert place.entries("listened") == []


HOSTILE = ("..%2F..%2Fetc", "c-1.1%00", "%C3%A9" * 100, "a" * 5000, "' OR 1=1 --")


async def test_hostile_names_find_nothing(archive: Served) -> None:
    place, host = archive
    await place.add("c-1.1", ARM1)
    async with place.browser(host, CHIEF) as http:
        for name in HOSTILE:
            for address in ("", "/peaks", "/story"):
                assert (await http.get(f"/api/recordings/{name}{address}")).status_code in NOTHING
            assert (await http.post(f"/api/recordings/{name}/listen", json=WHY)).status_code in NOTHING
            assert (await http.get(f"/api/listen/{name}/audio")).status_code in NOTHING


async def test_the_page_is_told_who_is_at_it(archive: Served) -> None:
    place, host = archive
    async with place.browser(host, ARM1) as http:
        told = (await http.get("/api/session")).json()
        assert (told["agent"]["name"], told["rights"]["scope"], told["ownDays"]) == (
            "Camille Martin",
            "own",
            30,
        )
        assert told["rights"]["export"] is False
        assert (await http.get("/api/recordings/choices")).json()["agents"] == []
    async with place.browser(host, CHIEF) as http:
        await place.add("c-1.1", ARM1)
        choices = (await http.get("/api/recordings/choices")).json()
        assert choices["lines"] == ["15"]
        assert "Camille Martin" in [each["name"] for each in choices["agents"]]
        assert choices["auditors"] == []
