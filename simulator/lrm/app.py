"""The LRM simulator's web application: the published contract, its pages, what they ask of the centre."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, ValidationError

from lrm_client import ApiRefused, ApiUnreachable
from simulator.lrm.book import Book, readable
from simulator.lrm.centre import Centre
from simulator.lrm.contract import (
    BASE_PATH,
    MAX_BODY,
    AffichageDossier,
    AppelEntrant,
    ContractError,
    Target,
    target_of,
)
from simulator.lrm.dossiers import PRIORITIES, SEXES, UNITS, Dossier, Shelf, written
from simulator.lrm.exchanges import Exchanges
from simulator.lrm.faults import Fault, FaultKind, fault_of
from simulator.lrm.strip import Strip

HERE = Path(__file__).parent
SCRIPT = (HERE / "live.js").read_text()
STYLE = (HERE / "style.css").read_text()
PARIS = ZoneInfo("Europe/Paris")
STATES = {
    "unready": "pas prêt",
    "ready": "disponible",
    "offered": "appel proposé",
    "on_call": "en appel",
    "wrap_up": "post-appel",
    "paused": "en pause",
}
RESULTS = {
    "calling": "appel en cours…",
    "ringing": "sonne",
    "answered": "décroché",
    "busy": "occupé",
    "no_answer": "sans réponse",
    "refused": "refusé",
    "cancelled": "annulé",
    "failed": "échec",
}
CALL_STATES = {
    "welcomed": "à l’accueil",
    "waiting": "attend",
    "offered": "proposé",
    "calling": "appelle",
    "ringing": "sonne",
    "talking": "en conversation",
    "held": "en garde",
    "transferring": "transféré",
    "ended": "terminé",
}
B = TypeVar("B", bound=BaseModel)

log = structlog.get_logger(__name__)


class Lrm:
    """One simulated LRM: its memory, its centre (any, where empty), and how it fails for now.

    ``strip``: the port of the published contract; ``api``: the centre's modern API. Either may be missing.
    """

    def __init__(self, book: Book, centre: str = "", fault: Fault | None = None) -> None:
        self.book = book
        self.centre = centre
        self.fault = fault or Fault()
        self.secure = False
        """Whether the contract is served over TLS, too."""
        self.on_fault: Callable[[], None] = lambda: None
        """Told when the way it fails has changed."""
        self.shelf = Shelf()
        self.exchanges = Exchanges()
        self.strip: Strip | None = None
        self.api: Centre | None = None
        self.said = ""
        """What came of the last thing asked, for the page."""

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

    # --- what its agents do -----------------------------------------------------------------------------

    async def open_dossier(self, number: int) -> Dossier | None:
        """Open a dossier for a call received, once, and tell the strip; ``None``: no such call."""
        now = datetime.now(UTC)
        opened = self.book.open_dossier(number, now)
        call = self.book.find(number)
        if opened is None or call is None:
            return None
        dossier = self.shelf.by_number.get(opened) or Dossier(
            number=opened,
            opened_at=now,
            agent=call.agent,
            centre=call.centre,
            caller=call.body.numTel,
            calls=(call.body.idAppel,),
        )
        return await self.keep(dossier)

    async def keep(self, dossier: Dossier) -> Dossier:
        """Keep a dossier, and tell the strip what is in it: by the contract, else by the API."""
        call_id = dossier.calls[-1] if dossier.calls else None
        said = ""
        if self.strip is not None:
            said = await self.strip.correlate(dossier, call_id)
        elif self.api is not None:
            said = await self.api.correlate(dossier, call_id)
        kept = replace(dossier, correlated=said)
        self.shelf.put(kept)
        self.book.tell()
        return kept

    async def call(self, agent: str, number: str, dossier: str, way: str, key: str) -> None:
        """Click-to-call, by the contract (``contrat``) or by the API."""
        if way == "contrat" and self.strip is not None:
            said = await self.strip.call(agent, number, dossier)
        elif self.api is not None:
            said = await self.api.call(agent, number, dossier, key)
        else:
            said = "aucune liaison vers le centre"
        self.said = f"Appel du {readable(number)} : {'demandé' if said == 'ok' else said}"
        self.book.tell()


def create_app(lrm: Lrm) -> FastAPI:
    """The application of one simulated LRM."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        if lrm.api is not None:
            lrm.api.start()
        yield
        if lrm.api is not None:
            await lrm.api.close()
        if lrm.strip is not None:
            await lrm.strip.close()

    app = FastAPI(title="LRM simulé", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living)
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=select_autoescape())
    pages.filters["heure"] = lambda at: f"{at.astimezone(PARIS):%H:%M:%S}"
    pages.filters["numero"] = readable
    pages.globals |= {
        "priorities": PRIORITIES,
        "sexes": SEXES,
        "units": UNITS,
        "states": STATES,
        "results": RESULTS,
        "call_states": CALL_STATES,
        "style": STYLE,
        "script": SCRIPT,
    }

    @app.exception_handler(ContractError)
    async def refused(_: Request, error: ContractError) -> JSONResponse:
        return JSONResponse({"code": error.code, "message": str(error)}, error.status)

    @app.post(BASE_PATH + "/{rest:path}")
    async def contract(request: Request) -> JSONResponse:
        body, status = b"", 202
        path = request.scope["raw_path"].decode("ascii", "replace").removeprefix(BASE_PATH)
        try:
            target = target_of(request.scope["raw_path"])
            body = await _body(request)
            await lrm.receive(target, body)
        except ContractError as error:
            status = error.status
            raise
        finally:
            lrm.exchanges.note("reçu", f"POST …{path}", status, body)
        return JSONResponse({}, 202)

    @app.get("/", response_class=HTMLResponse)
    async def page(agent: str = "", dossier: str = "") -> HTMLResponse:
        return _html(pages, "page.html", lrm, agent, dossier)

    @app.get("/contenu", response_class=HTMLResponse)
    async def content(agent: str = "", dossier: str = "") -> HTMLResponse:
        return _html(pages, "content.html", lrm, agent, dossier)

    @app.get("/console", response_class=HTMLResponse)
    async def console() -> HTMLResponse:
        return _html(pages, "console.html", lrm)

    @app.get("/console/contenu", response_class=HTMLResponse)
    async def console_content() -> HTMLResponse:
        return _html(pages, "console_content.html", lrm)

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
        opened = await lrm.open_dossier(int(number[:9])) if number.isdecimal() else None
        if opened is None:
            raise HTTPException(404, "Appel inconnu")
        return _to_page(agent, opened.number)

    @app.post("/dossiers/{number}")
    async def save(request: Request, number: str, agent: str = "") -> RedirectResponse:
        dossier = lrm.shelf.by_number.get(number)
        if dossier is None:
            raise HTTPException(404, "Dossier inconnu")
        await lrm.keep(written(dossier, await _form(request)))
        return _to_page(agent, number)

    @app.post("/appeler")
    async def call(request: Request, agent: str = "", dossier: str = "") -> RedirectResponse:
        form = await _form(request)
        whom = form.get("qui") or agent
        key = form.get("cle") or str(uuid4())
        await lrm.call(whom, form.get("numero", "").strip(), form.get("dossier", ""), form.get("voie", ""), key)
        return _to_page(agent, dossier)

    @app.post("/webhook")
    async def webhook(request: Request) -> Response:
        """Where the centre posts events, once asked to on the console."""
        body = await _limited(request)
        good = lrm.api is not None and lrm.api.receive(dict(request.headers), body)
        return Response(status_code=204 if good else 401)

    @app.post("/console/webhook")
    async def subscribe(request: Request) -> RedirectResponse:
        await _form(request)
        if lrm.api is None:
            raise HTTPException(404, "Aucune API")
        url = f"{request.url.scheme}://{request.headers['host']}/webhook"
        try:
            _, secret = await lrm.api.api.add_webhook(
                url, ["call.answered", "call.ended", "dossier.correlated"]
            )
        except (ApiRefused, ApiUnreachable) as error:
            lrm.exchanges.note("envoyé", "POST /webhooks", str(error), {"url": url})
        else:
            lrm.api.secrets.append(secret)
            lrm.exchanges.note("envoyé", "POST /webhooks", 201, {"url": url})
        lrm.book.tell()
        return RedirectResponse("/console", 303)

    @app.post("/console/requete")
    async def ask(request: Request) -> RedirectResponse:
        path = (await _form(request)).get("chemin", "")[:500]
        if lrm.api is None or not path.startswith("/"):
            raise HTTPException(400, "Un chemin de l’API, qui commence par /")
        await lrm.api.ask(path)
        return RedirectResponse("/console", 303)

    @app.post("/pannes")
    async def fail(request: Request) -> RedirectResponse:
        panne = (await _form(request)).get("panne", "")
        try:
            lrm.fault = fault_of(panne)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        lrm.on_fault()
        lrm.book.tell()
        log.info("fault_set", fault=lrm.fault.kind)
        return RedirectResponse("/console", 303)

    return app


def _to_page(agent: str, dossier: str) -> RedirectResponse:
    query = {name: value for name, value in (("agent", agent), ("dossier", dossier)) if value}
    return RedirectResponse(f"/?{urlencode(query)}" if query else "/", 303)


def _html(pages: Environment, name: str, lrm: Lrm, agent: str = "", dossier: str = "") -> HTMLResponse:
    text = pages.get_template(name).render(
        lrm=lrm,
        api=lrm.api,
        agent=agent,
        calls=lrm.book.calls(agent or None),
        shown=lrm.book.shown(agent or None),
        dossier=lrm.shelf.by_number.get(dossier),
        dossiers=[each for each in lrm.shelf.latest() if not agent or each.agent == agent],
        query=urlencode({name: value for name, value in (("agent", agent), ("dossier", dossier)) if value}),
        key=str(uuid4()),
    )
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
