"""What a core says of itself to watchdogs and browsers, and where it tells pages to go."""

from fastapi import APIRouter
from starlette.responses import FileResponse, JSONResponse

from app.health import Health
from app.nodes import nodes_of
from app.settings import Settings
from bandeau.routes import ArchivePorts, SipAccess
from core.ports import Clock


def about_routes(core: str, health: Health, clock: Clock, settings: Settings) -> APIRouter:
    """``/healthz`` for watchdogs, and the local authority's certificate for browsers."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        failing = health.failing(clock.now())
        told = {"core": core, **health.states(), "failing": failing}
        return JSONResponse(told, 503 if failing else 200)

    @router.get("/ca.crt")
    async def authority() -> FileResponse:
        return FileResponse(
            settings.storage.data_dir / "tls" / "authority.pem",
            media_type="application/x-x509-ca-cert",
            filename="bandeau15-ca.crt",
        )

    return router


def sip_access(settings: Settings) -> SipAccess:
    """Where strips find the Asterisks of the centre."""
    prefixes = nodes_of(settings).prefixes
    servers = tuple(
        (each.ws_port, each.wss_port, prefixes[name]) for name, each in settings.every_asterisk.items()
    )
    return SipAccess(settings.centre.id.lower(), servers)


def archive_ports(settings: Settings) -> ArchivePorts | None:
    """Where pages find those of the archive, where there is one."""
    archive = settings.archive
    return ArchivePorts(httpPort=archive.http_port, httpsPort=archive.https_port) if archive.enabled else None
