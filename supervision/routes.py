"""``/metrics``, for the machine itself and for anybody logged in."""

from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from supervision.metrics import Metrics
from web.auth import Gate, WebError


def metrics_route(metrics: Metrics, gate: Gate) -> APIRouter:
    """The metrics in Prometheus' format."""
    router = APIRouter()

    @router.get("/metrics")
    async def read(request: Request) -> Response:
        if not _local(request) and await gate.identity(request) is None:
            raise WebError(401, "no_session")
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def _local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False
