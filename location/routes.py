"""``/aml/v1``: the doors by which handsets and the operator's SMS gateway say where callers are.

They have credentials of their own and no session. A handset is always answered 2xx, whatever it sent (Android's
specification): 200 when its position was of use, 204 when not. Only the gateway is told of a wrong credential.
"""

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Final

import msgspec
import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.responses import FileResponse

from core.ports import Clock
from location import aml_https, aml_sms, communes
from location.aml import NotAml
from location.service import LocationService, Taken
from web.auth import Gate

log = structlog.get_logger(__name__)

_USED: Final = frozenset({Taken.MATCHED, Taken.KEPT})


class TextMessage(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """A text message as the gateway hands it on: ``text``, or ``data`` (base64) of a data message."""

    sender: str
    text: str = ""
    data: str = ""


class LocationChoices(BaseModel):
    """What the strip may do with a position."""

    mayAsk: bool
    """Whether the operators' platform can be asked again."""
    mapUrl: str
    """The LRM's page that shows a position; empty: none."""


def location_routes(service: LocationService, gate: Gate, map_url: str) -> APIRouter:
    """``/api/location``: what the strip may do with a position."""
    router = APIRouter(prefix="/api/location", dependencies=[Depends(gate.checked), Depends(gate.logged_in)])

    @router.get("")
    async def choices() -> LocationChoices:
        return LocationChoices(mayAsk=service.may_ask, mapUrl=map_url)

    @router.get("/communes")
    async def names() -> FileResponse:
        return FileResponse(
            communes.FILE,
            media_type="text/tab-separated-values; charset=utf-8",
            headers={"Cache-Control": "private, max-age=604800"},
        )

    return router


def aml_routes(service: LocationService, clock: Clock, token: str, hmac_secret: str) -> APIRouter:
    """The doors. ``token`` opens both, ``hmac_secret`` the handsets'; what nothing opens is not there."""
    router = APIRouter(prefix="/aml/v1")

    def count(door: str, result: str) -> None:
        service.received.labels(door, result).inc()

    if token:

        @router.post("/sms", include_in_schema=False)
        async def sms(request: Request) -> Response:
            if not _authorised(request, token):
                count("sms", "unauthorised")
                return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="aml"'})
            try:
                message = _message(await request.body())
                text = message.text or aml_sms.unpacked(message.data)
                location = aml_sms.read(text)
            except NotAml as error:
                return _thrown_away("sms", str(error))
            if location is None:
                count("sms", "no_fix")
                return Response(status_code=204)
            return _answer("sms", service.take(message.sender, location))

    if token or hmac_secret:

        @router.post("/https", include_in_schema=False)
        async def https(request: Request) -> Response:
            body = await request.body()
            signed = bool(hmac_secret) and aml_https.authentic(body, hmac_secret.encode())
            if not signed and not _authorised(request, token):
                count("https", "unauthorised")
                return Response(status_code=204)
            try:
                form = aml_https.fields(body)
                location = aml_https.read(form, clock.now())
            except NotAml as error:
                return _thrown_away("https", str(error))
            if location is None:
                count("https", "no_fix")
                return Response(status_code=204)
            return _answer("https", service.take(aml_https.number(form), location))

    def _thrown_away(door: str, reason: str) -> Response:
        count(door, "malformed")
        log.warning("aml_thrown_away", door=door, reason=reason)
        return Response(status_code=204)

    def _answer(door: str, taken: Taken) -> Response:
        count(door, taken.value)
        return Response(status_code=200 if taken in _USED else 204)

    return router


def _message(body: bytes) -> TextMessage:
    try:
        return msgspec.json.decode(body, type=TextMessage)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAml("no message") from error


def _authorised(request: Request, token: str) -> bool:
    """Whether the request brings the token: as a bearer, or as anybody's password (Basic)."""
    kind, _, said = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            said = b64decode(said, validate=True).decode().partition(":")[2]
        except (Base64Error, UnicodeDecodeError):
            return False
    elif kind.lower() != "bearer":
        return False
    return bool(token) and hmac.compare_digest(said.encode(), token.encode())
