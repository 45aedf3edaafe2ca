"""The doors by which handsets and the SMS gateway say where callers are: credentials, limits, answers."""

import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from location.routes import aml_routes
from tests.support.centre import START
from tests.support.located import LocatedCentre
from tests.support.web_server import served
from web.limits import RequestLimits

pytestmark = pytest.mark.component

TOKEN = "un jeton d'au moins 24 signes"
SECRET = "un secret partagé avec les mobiles"
NUMBER = "+33612345678"
BEARER = {b"Authorization": f"Bearer {TOKEN}".encode()}
FORM = {
    "v": "1",
    "location_latitude": "49.44310",
    "location_longitude": "1.09930",
    "location_accuracy": "25",
    "location_time": str(int(START.timestamp() * 1000)),
    "device_number": NUMBER,
}


def sms(latitude: str = "+49.44310") -> str:
    text = f'A"ML=1;lt={latitude};lg=+1.09930;rd=25;top={START:%Y%m%d%H%M%S};lc=68;pm=G;ei=353472104343540'
    return f"{text};ml={len(text) + 6}"


@dataclass
class Doors:
    """The doors, served for a centre with one caller."""

    centre: LocatedCentre
    http: httpx2.AsyncClient
    registry: CollectorRegistry

    async def text(self, headers: dict[bytes, bytes] | None = None, **message: Any) -> int:
        said = {"from": NUMBER, "text": sms(), **message}
        answer = await self.http.post("/aml/v1/sms", content=json.dumps(said), headers=headers or BEARER)
        return answer.status_code

    async def form(
        self, body: bytes | None = None, headers: dict[bytes, bytes] | None = None, **fields: str
    ) -> int:
        said = urlencode({**FORM, **fields}).encode() if body is None else body
        answer = await self.http.post(
            "/aml/v1/https", content=said, headers=BEARER if headers is None else headers
        )
        return answer.status_code

    def counted(self, door: str, result: str) -> float:
        value = self.registry.get_sample_value("location_messages_total", {"door": door, "result": result})
        return value or 0


@asynccontextmanager
async def opened(
    token: str = TOKEN, secret: str = "", limits: RequestLimits | None = None
) -> AsyncIterator[Doors]:
    registry = CollectorRegistry()
    centre = LocatedCentre(registry=registry)
    centre.start()
    routes = aml_routes(centre.location, centre.clock, token, secret)
    async with served(routes, limits=limits) as host, httpx2.AsyncClient(base_url=f"http://{host}") as http:
        yield Doors(centre, http, registry)


async def test_a_text_message_finds_its_call() -> None:
    async with opened() as doors:
        call = doors.centre.caller(NUMBER)

        assert await doors.text() == 200

        (told,) = doors.centre.located(call)
        assert (told.location.radius_m, told.commune) == (25, "Rouen (76)")
        assert doors.counted("sms", "matched") == 1


async def test_a_form_finds_its_call() -> None:
    async with opened() as doors:
        call = doors.centre.caller(NUMBER)

        assert await doors.form() == 200

        assert [told.location.radius_m for told in doors.centre.located(call)] == [25]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"Authorization": b"Bearer"},
        {b"Authorization": b"Bearer another"},
        {b"Authorization": b"Basic !!"},
        {b"Authorization": b"Basic " + b64encode(b"gateway:another")},
        {b"Authorization": b"Basic " + b64encode(b"\xff\xfe")},
        {b"Authorization": b"Digest " + TOKEN.encode()},
        {b"Authorization": b"\xff"},
    ],
)
async def test_who_has_no_credential_tells_nothing(headers: dict[bytes, bytes]) -> None:
    async with opened(secret=SECRET) as doors:
        call = doors.centre.caller(NUMBER)

        assert await doors.text(headers or {b"X-Nothing": b"1"}) == 401
        assert await doors.form(headers=headers) == 204, "a handset is always answered 2xx"

        assert not doors.centre.located(call)
        assert doors.counted("sms", "unauthorised") == doors.counted("https", "unauthorised") == 1


async def test_the_credential_may_be_a_password() -> None:
    async with opened() as doors:
        doors.centre.caller(NUMBER)
        password = {b"Authorization": b"Basic " + b64encode(f"gateway:{TOKEN}".encode())}

        assert await doors.text(password) == 200


async def test_a_signed_form_needs_no_other_credential() -> None:
    signed = hmac.new(SECRET.encode(), urlencode(FORM).encode(), "sha1").hexdigest()
    body = f"{urlencode(FORM)}&hmac={signed}".encode()
    async with opened(token="", secret=SECRET) as doors:
        call = doors.centre.caller(NUMBER)

        assert await doors.form(body.replace(b"1.09930", b"1.19930"), headers={}) == 204
        assert not doors.centre.located(call)
        assert await doors.form(body, headers={}) == 200
        assert len(doors.centre.located(call)) == 1
        assert await doors.text() >= 400, "no token: that door is not there"


async def test_with_no_credential_configured_there_is_no_door() -> None:
    async with opened(token="") as doors:
        assert await doors.text() >= 400
        assert await doors.form() >= 400


@pytest.mark.parametrize(
    "message",
    [
        {"text": ""},
        {"text": "Bonjour"},
        {"text": sms()[:-9]},
        {"text": "", "data": "%%%"},
        {"from": 33612345678},
    ],
)
async def test_no_position_is_no_failure(message: dict[str, Any]) -> None:
    async with opened() as doors:
        call = doors.centre.caller(NUMBER)

        assert await doors.text(**message) == 204

        assert not doors.centre.located(call)


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\xff", b"{}", b"location_latitude=91&location_longitude=0", b"a=b&" * 5000, b"x" * 60_000],
)
async def test_a_handset_is_always_answered_well(body: bytes) -> None:
    async with opened() as doors:
        doors.centre.caller(NUMBER)

        assert await doors.form(body) == 204


async def test_a_position_without_its_call_is_kept_and_one_without_a_number_is_not() -> None:
    async with opened() as doors:
        assert await doors.form(device_number="+33699999999") == 200
        assert await doors.form(device_number="") == 204

        assert (doors.counted("https", "kept"), doors.counted("https", "not_believed")) == (1, 1)


async def test_a_source_that_floods_is_held_off() -> None:
    async with opened(limits=RequestLimits(source_per_second=0.001, source_burst=3)) as doors:
        answers = [await doors.form(device_number="") for _ in range(5)]

    assert answers == [204, 204, 204, 429, 429]


async def test_nobody_is_named_in_logs_or_measures() -> None:
    with capture_logs() as logged:
        async with opened() as doors:
            doors.centre.caller(NUMBER)
            await doors.form()
            await doors.text(text=sms(latitude="+491.4431"))
            await doors.form(location_latitude="49.4431x")
            measured = generate_latest(doors.registry).decode()

    told = f"{logged}{measured}"
    assert "aml_thrown_away" in told
    for secret in ("612345678", "49.443", "491.443", "1.0993", "Rouen", TOKEN):
        assert secret not in told
