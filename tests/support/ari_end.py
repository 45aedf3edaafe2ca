"""How Asterisk dials a core, for tests that speak in its place."""

import base64
from typing import Any

APP, PASSWORD = "core-a", "secret"
LOGIN = "Basic " + base64.b64encode(f"{APP}:{PASSWORD}".encode()).decode()


def dialled(port: int) -> dict[str, Any]:
    """What a WebSocket client is called with, to come to a core that listens there."""
    return {
        "uri": f"ws://127.0.0.1:{port}/ari",
        "subprotocols": ["ari"],
        "additional_headers": {"Authorization": LOGIN},
    }
