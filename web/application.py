"""The bare web application that a site, or an interface mounted in it, is made of."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI


def application(routers: Iterable[APIRouter]) -> FastAPI:
    """Make one of these routes, without pages of documentation.

    Including a router would build each of its routes again: a core that restarts has callers waiting.
    """
    return FastAPI(
        title="Bandeau15",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        routes=[route for router in routers for route in router.routes],
    )
