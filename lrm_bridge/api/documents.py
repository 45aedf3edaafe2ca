"""The API's own descriptions: OpenAPI 3.1 for requests, AsyncAPI 3 for the stream and webhooks."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from core.api_clients import Scope
from lrm_bridge.api.errors import Problem
from lrm_bridge.api.kinds import KINDS
from lrm_bridge.api.shown import Data, Snapshot
from lrm_bridge.api.stream import StreamClose

PREFIX = "/api/lrm/v1"
TITLE = "Bandeau15: the API for makers of dispatch record software (LRM)"
ABOUT = """
Beside the published contract between LRM and bandeau, which goes on working unchanged: calls, agents, dossiers,
locations and recordings as they are and as they change, click-to-call with its result, webhooks.

* Instants are UTC, ISO 8601. Identifiers are opaque text. Fields and types of events may be added within `v1`:
  pass over what you do not know.
* Errors are `application/problem+json` (RFC 9457) with a stable `code`.
* Tokens: `Authorization: Bearer …`, over HTTPS. The centre gives one to each program, with its scopes.
* A client may ask 20 times a second on average, 100 at once; have 4 streams and 10 webhooks.
* The event stream is described by [asyncapi.json](asyncapi.json).
""".strip()
_TAGS = [
    {"name": "calls", "description": "Calls, and click-to-call."},
    {"name": "dossiers", "description": "Which calls belong to which dossier of the LRM."},
    {"name": "agents", "description": "Who is at work. `agent_id` is `idNatPs`."},
    {"name": "recordings", "description": "Which recordings there are. Never their sound."},
    {"name": "stream", "description": f"The WebSocket `{PREFIX}/stream`: see asyncapi.json."},
    {"name": "webhooks", "description": "Events posted to an address of yours, signed."},
]
_SCOPES = {
    Scope.CALLS_READ: "See calls, dossiers' numbers and notes.",
    Scope.CALLS_WRITE: "Click-to-call, and say which dossier a call belongs to.",
    Scope.PRESENCE_READ: "See who is at work.",
    Scope.RECORDINGS_READ: "See which recordings there are.",
    Scope.LOCATION_READ: "See where callers are.",
}


def openapi(app: FastAPI) -> dict[str, Any]:
    """The description of the requests."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=TITLE,
            version="1",
            openapi_version="3.1.0",
            description=ABOUT,
            routes=app.routes,
            tags=_TAGS,
            servers=[{"url": PREFIX}],
        )
        scopes = "; ".join(f"`{scope}`: {says}" for scope, says in _SCOPES.items())
        made["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": f"Scopes. {scopes}"}
        }
        made["components"]["schemas"]["Problem"] = TypeAdapter(Problem).json_schema()
        made["security"] = [{"token": []}]
        app.openapi_schema = made
    return app.openapi_schema


@cache
def asyncapi() -> dict[str, Any]:
    """The description of the stream and of webhooks."""
    frames = {"stream.snapshot": _snapshot(), "stream.resumed": _control(), "stream.heartbeat": _control()}
    messages = {name: _message(name) for name in KINDS} | {
        name: {"name": name, "title": _SAYS[name], "payload": _frame(name, more)}
        for name, more in frames.items()
    }
    events = {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in KINDS}
    every = events | {_key(name): {"$ref": f"#/components/messages/{_key(name)}"} for name in frames}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{TITLE}: events", "version": "1", "description": _STREAM},
        "defaultContentType": "application/json",
        "servers": {
            "centre": {
                "host": "centre.example:8443",
                "protocol": "wss",
                "description": "The centre's own server.",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            }
        },
        "channels": {
            "stream": {
                "address": f"{PREFIX}/stream",
                "title": "The event stream",
                "servers": [{"$ref": "#/servers/centre"}],
                "messages": every,
                "bindings": {"ws": {"query": _QUERY, "bindingVersion": "0.1.0"}},
            },
            "webhook": {
                "address": None,
                "title": "A webhook: an address of the client's",
                "messages": events,
                "bindings": {"http": {"bindingVersion": "0.3.0"}},
            },
        },
        "operations": {
            "sendEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/stream"},
                "title": "The centre tells of events",
                "messages": [{"$ref": f"#/channels/stream/messages/{each}"} for each in every],
            },
            "postEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "title": "The centre posts events",
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
                "messages": [{"$ref": f"#/channels/webhook/messages/{each}"} for each in events],
            },
        },
        "components": {
            "messages": {_key(name): each for name, each in messages.items()},
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


_STREAM = f"""
Open `wss://…{PREFIX}/stream` with the header `Authorization: Bearer …`. The server speaks first; the client
says nothing. Events come in the order of `seq`, without gap or repetition; `seq` grows with gaps.

After a lost connection open `?after=SEQ&id=ID` of the last event (or with the `seq` of the last
`stream.heartbeat`, and no `id`): `stream.resumed`, and on it goes, whichever core of the centre answers; or
`stream.snapshot` with the reason `too_old`, where the centre no longer has all of it.

Each event of a call has the whole call: to apply it is to replace what was known.

Close codes: {", ".join(f"{int(each)} {each.name.lower()}" for each in StreamClose)}.
""".strip()
_SAYS = {
    "stream.snapshot": "First: everything that is going on.",
    "stream.resumed": "First, instead: it goes on after `seq`.",
    "stream.heartbeat": "Nothing that the client listens to happened up to `seq`.",
}
_QUERY = {
    "type": "object",
    "properties": {
        "after": {"type": "integer", "minimum": 0, "description": "The last `seq` that the client has."},
        "id": {"type": "string", "maxLength": 64, "description": "The `id` of that event, if it was one."},
        "types": {"type": "string", "description": "Patterns of types, by commas: `call.*,agent.state`."},
    },
}


def _key(name: str) -> str:
    return name.replace(".", "_")


def _message(name: str) -> dict[str, Any]:
    kind = KINDS[name]
    envelope = {
        "type": "object",
        "required": ["type", "version", "seq", "id", "timestamp", "centre_id", "data"],
        "properties": {
            "type": {"const": name},
            "version": {"const": kind.version},
            "seq": {"type": "integer", "minimum": 1},
            "id": {"type": "string", "maxLength": 64},
            "timestamp": {"type": "string", "format": "date-time"},
            "centre_id": {"type": "string"},
            "data": {"$ref": f"#/components/schemas/{kind.data.__name__}"},
        },
    }
    says = f"{kind.says} Needs `{kind.scope}`."
    return {"name": name, "title": kind.says, "description": says, "payload": envelope}


def _frame(name: str, more: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "type": {"const": name},
        "version": {"const": 1},
        "timestamp": {"type": "string", "format": "date-time"},
        "seq": {"type": "integer", "minimum": 0},
        **more,
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _control() -> dict[str, Any]:
    return {}


def _snapshot() -> dict[str, Any]:
    return {"reason": {"enum": ["start", "too_old"]}, "data": {"$ref": "#/components/schemas/Snapshot"}}


def _schemas() -> dict[str, Any]:
    """Every object on the wire, as it is written."""
    made = TypeAdapter(Data | Snapshot).json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = made["$defs"]
    return schemas
