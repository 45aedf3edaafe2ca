"""The API as one application, mounted on the pages' site: its routes, its errors, its descriptions."""

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from core.errors import BandeauError
from core.ports import Clock
from lrm_bridge.api.asking import Asking
from lrm_bridge.api.documents import asyncapi, openapi
from lrm_bridge.api.door import Door
from lrm_bridge.api.errors import ApiError
from lrm_bridge.api.log import EventLog
from lrm_bridge.api.routes import call_routes
from lrm_bridge.api.sender import HttpSender
from lrm_bridge.api.stream import StreamPace, Streams
from lrm_bridge.api.webhook_routes import webhook_routes
from lrm_bridge.api.webhooks import WebhookService
from web.application import application


class Api:
    """The API of one centre.

    Life: ``start`` once the core is at work, then requests; ``close``. ``events`` is folded from the journal.
    """

    def __init__(
        self,
        events: EventLog,
        asking: Asking,
        door: Door,
        webhooks: WebhookService,
        sender: HttpSender,
        clock: Clock,
        pace: StreamPace | None = None,
    ) -> None:
        self.events = events
        self.door = door
        self.webhooks = webhooks
        self.streams = Streams(events, door, clock, pace)
        self._asking = asking
        self._sender = sender

    def start(self) -> None:
        """Begin to tell webhooks."""
        self.webhooks.start()

    async def close(self) -> None:
        """End the streams; stop telling."""
        self.streams.close()
        await self.webhooks.close()
        await self._sender.close()

    def application(self) -> FastAPI:
        """Make the application to mount."""
        app = application(
            (
                call_routes(self.events, self._asking, self.door),
                webhook_routes(self.webhooks, self._sender, self.door),
            )
        )

        # The descriptions are made when somebody first asks, in a thread: they take a while.
        @app.get("/openapi.json", include_in_schema=False)
        def requests() -> JSONResponse:
            return JSONResponse(openapi(app))

        @app.get("/asyncapi.json", include_in_schema=False)
        def events() -> JSONResponse:
            return JSONResponse(asyncapi())

        @app.websocket("/stream")
        async def stream(websocket: WebSocket) -> None:
            await self.streams.serve(websocket)

        app.add_exception_handler(ApiError, _refused)
        app.add_exception_handler(BandeauError, _unavailable)
        app.add_exception_handler(RequestValidationError, _malformed)
        app.add_exception_handler(HTTPException, _nowhere)
        return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - by registration
    return error.response()


async def _unavailable(request: Request, error: Exception) -> Response:
    return ApiError("unavailable", {"Retry-After": "5"}).response()


async def _malformed(request: Request, error: Exception) -> Response:
    return ApiError("bad_request").response()


async def _nowhere(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - by registration
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    return ApiError(code, error.headers).response()
