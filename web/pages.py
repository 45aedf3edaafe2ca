"""The built pages, served from one folder."""

from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

NOT_BUILT = (
    "Les pages ne sont pas encore construites.\n"
    "Lancez « make setup » (ou « npm ci --ignore-scripts && npm run build »), puis rechargez.\n"
)

_FOREVER = "public, max-age=31536000, immutable"


class Pages:
    """ASGI application: the pages, each at its address, and what they load, from the folder of the build.

    The folder may appear or change while serving. Files under ``assets/`` carry a digest in their name and are
    kept by browsers; everything else is asked for again each time.
    """

    def __init__(self, dist: Path) -> None:
        self._dist = dist
        self._files = StaticFiles(directory=dist, html=True, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        response = await self._answer(path, scope)
        await response(scope, receive, send)

    async def _answer(self, path: str, scope: Scope) -> Response:
        if scope["method"] in ("GET", "HEAD") and (page := self._page(path)) is not None:
            return FileResponse(page, headers={"Cache-Control": "no-cache"})
        if not (self._dist / "index.html").is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        response = await self._files.get_response(path.lstrip("/") or ".", scope)
        kept = path.startswith("/assets/") and response.status_code in (200, 206, 304)
        response.headers["Cache-Control"] = _FOREVER if kept else "no-cache"
        return response

    def _page(self, path: str) -> Path | None:
        """The HTML of a page's address: a fixed list, nothing from outside."""
        name = {
            "": "index.html",
            "/": "index.html",
            "/bandeau": "bandeau/index.html",
            "/salle": "salle/index.html",
            "/rappels": "rappels/index.html",
            "/annuaire": "annuaire/index.html",
            "/enregistrements": "enregistrements/index.html",
            "/parcours": "parcours/index.html",
        }
        page = self._dist / name[path] if path in name else None
        return page if page is not None and page.is_file() else None
