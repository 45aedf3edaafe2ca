"""The web application: routes of the features, pages, security headers, and errors as the pages read them."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp

from core.errors import BandeauError, CommandRefused
from web.application import application
from web.auth import Gate, WebError
from web.headers import SecurityHeaders
from web.limits import InputLimits, RequestLimits
from web.pages import Pages
from web.texts import message


def site(
    routers: Iterable[APIRouter],
    *,
    pages: Path,
    sip_ports: tuple[int, ...],
    gate: Gate,
    limits: RequestLimits,
    now: Callable[[], float],
    mounts: Mapping[str, ASGIApp] | None = None,
) -> FastAPI:
    """Put the web application together.

    Args:
        routers: the routes of the features.
        pages: folder of the built pages; it may not exist yet.
        sip_ports: ports of this host to which the pages open SIP WebSockets.
        gate: knows sessions.
        limits: what each source and each session may ask.
        now: a clock that never goes back, in seconds.
        mounts: whole applications, with errors of their own: path → application.
    """
    app = application(routers)
    for path, mounted in (mounts or {}).items():
        app.router.routes.append(_mount(path, mounted))
    app.mount("/", Pages(pages))
    app.add_middleware(InputLimits, gate=gate, limits=limits, now=now)
    app.add_middleware(SecurityHeaders, sip_ports=sip_ports)
    app.add_exception_handler(WebError, _refused)
    app.add_exception_handler(BandeauError, _failed)
    app.add_exception_handler(RequestValidationError, _malformed)
    return app


def _mount(path: str, mounted: ASGIApp) -> Mount:
    """All that begins so is the application's, also with a line feed in it, at which ``.`` stops."""
    mount = Mount(path, mounted)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def _answer(status: int, code: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"code": code, "message": message(code)}, status, headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WebError)  # noqa: S101 - by registration
    return _answer(error.status_code, error.code, dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """A refusal may say by ``status`` that it is another one than 409."""
    assert isinstance(error, BandeauError)  # noqa: S101 - by registration
    status = getattr(error, "status", 409) if isinstance(error, CommandRefused) else 503
    return _answer(status, error.code)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    return _answer(422, "bad_request")  # never what was sent: it may hold a password
