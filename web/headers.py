"""Security headers on every answer, and the pages' content security policy."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"^(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?$")

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": (
        "microphone=(self), speaker-selection=(self), autoplay=(self), camera=(), geolocation=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; media-src 'self' blob: mediastream:; worker-src 'self' blob:; "
    "manifest-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def content_policy(host: str, sip_ports: tuple[int, ...]) -> str:
    """The content security policy of pages served from ``host``, which open SIP WebSockets to its ports."""
    sources = ["'self'"]
    if match := _HOST.match(host):
        sources += [f"ws://{host}", f"wss://{host}"]
        sources += [f"{scheme}://{match['name']}:{port}" for port in sip_ports for scheme in ("ws", "wss")]
    return _POLICY.format(connect=" ".join(sources))


def strict_transport(scheme: str, host: str) -> str | None:
    """The HSTS header: over HTTPS only, and never for the loopback name, which other services share."""
    name = host.rsplit(":", 1)[0]
    local = name == "localhost" or name.endswith(".localhost")
    return None if scheme != "https" or local else "max-age=31536000"


class SecurityHeaders:
    """ASGI middleware that adds the headers to every HTTP answer."""

    def __init__(self, app: ASGIApp, sip_ports: tuple[int, ...]) -> None:
        self._app = app
        self._sip_ports = sip_ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _FIXED.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", content_policy(host, self._sip_ports))
                headers.setdefault("Cache-Control", "no-store")
                if hsts := strict_transport(scope["scheme"], host):
                    headers.setdefault("Strict-Transport-Security", hsts)
            await send(message)

        await self._app(scope, receive, with_headers)
