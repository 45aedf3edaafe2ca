"""The LRM simulator's web application: the published contract, and a page that shows what came."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, ValidationError

from simulator.lrm.book import Book
from simulator.lrm.contract import (
    BASE_PATH,
    MAX_BODY,
    AffichageDossier,
    AppelEntrant,
    ContractError,
    Target,
    target_of,
)
from simulator.lrm.faults import Fault, FaultKind, fault_of

HERE = Path(__file__).parent
SCRIPT = (HERE / "live.js").read_text()
PARIS = ZoneInfo("Europe/Paris")
B = TypeVar("B", bound=BaseModel)

log = structlog.get_logger(__name__)


class Lrm:
    """One simulated LRM: its memory, its centre (any, where empty), and how it fails for now."""

    def __init__(self, book: Book, centre: str = "", fault: Fault | None = None) -> None:
        self.book = book
        self.centre = centre
        self.fault = fault or Fault()

    async def receive(self, target: Target, body: bytes) -> None:
        """Carry out one request of the contract.

        Raises:
            ContractError: it is refused, truly or on purpose.
        """
        await self._fail()
        if self.centre and target.centre != self.centre:
            raise ContractError(403, "CRRA_NON_AUTORISE", "Ce centre n’est pas celui de ce LRM.")
        if target.agent is not None:
            self._receive_call(target.centre, target.agent, _read(AppelEntrant, body))
        elif target.dossier is not None:
            shown = _read(AffichageDossier, body)
            self.book.take_shown(datetime.now(UTC), target.centre, target.dossier, shown)
            log.info("dossier_shown", centre=target.centre)

    def _receive_call(self, centre: str, agent: str, body: AppelEntrant) -> None:
        if self.book.agents and agent not in self.book.agents:
            raise ContractError(404, "AGENT_INCONNU", "Cet agent n’est pas connu de ce LRM.")
        self.book.take_call(datetime.now(UTC), centre, agent, body)
        log.info("call_received", centre=centre, call_id=body.idAppel)

    async def _fail(self) -> None:
        match self.fault.kind:
            case FaultKind.SLOW:
                await asyncio.sleep(self.fault.seconds)
            case FaultKind.ERROR:
                raise ContractError(500, "PANNE_SIMULEE", "Panne simulée.")
            case FaultKind.REFUSE:
                raise ContractError(403, "REFUS_SIMULE", "Refus simulé.")


def create_app(lrm: Lrm) -> FastAPI:
    """The application of one simulated LRM."""
    app = FastAPI(title="LRM simulé", docs_url=None, redoc_url=None, openapi_url=None)
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
    pages.filters["heure"] = lambda at: f"{at.astimezone(PARIS):%H:%M:%S}"

    @app.exception_handler(ContractError)
    async def refused(_: Request, error: ContractError) -> JSONResponse:
        return JSONResponse({"code": error.code, "message": str(error)}, error.status)

    @app.post(BASE_PATH + "/{rest:path}")
    async def contract(request: Request) -> JSONResponse:
        target = target_of(request.scope["raw_path"])
        await lrm.receive(target, await _body(request))
        return JSONResponse({}, 202)

    @app.get("/", response_class=HTMLResponse)
    async def page(agent: str = "") -> HTMLResponse:
        return _html(pages, "page.html", lrm, agent)

    @app.get("/contenu", response_class=HTMLResponse)
    async def content(agent: str = "") -> HTMLResponse:
        return _html(pages, "content.html", lrm, agent)

    @app.get("/evenements", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        with lrm.book.watching() as changed:
            yield ServerSentEvent(event="change", raw_data="start")
            while True:
                await changed.wait()
                changed.clear()
                yield ServerSentEvent(event="change", raw_data="news")

    @app.get("/appels")
    async def calls(agent: str = "") -> list[dict[str, Any]]:
        """What tests read: the calls received, latest first."""
        return [
            {"centre": call.centre, "agent": call.agent, "at": call.at, "dossier": call.dossier}
            | dict(call.body)
            for call in lrm.book.calls(agent or None)
        ]

    @app.post("/dossiers")
    async def open_dossier(request: Request, agent: str = "") -> RedirectResponse:
        number = (await _form(request)).get("appel", "")
        if not number.isdecimal() or lrm.book.open_dossier(int(number[:9]), datetime.now(UTC)) is None:
            raise HTTPException(404, "Appel inconnu")
        return RedirectResponse(f"/?{request.url.query}" if agent else "/", 303)

    @app.post("/pannes")
    async def fail(request: Request) -> RedirectResponse:
        panne = (await _form(request)).get("panne", "")
        try:
            lrm.fault = fault_of(panne)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        lrm.book.tell()
        log.info("fault_set", fault=lrm.fault.kind)
        return RedirectResponse("/", 303)

    return app


def _html(pages: Environment, name: str, lrm: Lrm, agent: str) -> HTMLResponse:
    calls, shown = lrm.book.calls(agent or None), lrm.book.shown(agent or None)
    text = pages.get_template(name).render(lrm=lrm, agent=agent, calls=calls, shown=shown, script=SCRIPT)
    return HTMLResponse(text, headers={"Content-Security-Policy": _policy()})


@cache
def _policy() -> str:
    """Only the page's own script, known by its hash, may run."""
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    kinds = ("default-src 'none'", "connect-src 'self'", "style-src 'unsafe-inline'", "form-action 'self'")
    return "; ".join((*kinds, f"script-src 'sha256-{digest}'", "frame-ancestors 'none'", "base-uri 'none'"))


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise ContractError(400, "TYPE_INVALIDE", "Le corps doit être application/json.")
    return await _limited(request)


async def _limited(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise ContractError(400, "CORPS_TROP_LONG", "Le corps est trop long.")
    return body


def _read(kind: type[B], body: bytes) -> B:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        where = ", ".join(
            sorted({str(place["loc"][0]) if place["loc"] else "corps" for place in error.errors()})
        )
        raise ContractError(400, "CORPS_INVALIDE", f"Champ absent ou invalide : {where}.") from error


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form of ours; a form of another site may not act here."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "Autre origine")
    return dict(parse_qsl((await _limited(request)).decode(errors="replace")))
