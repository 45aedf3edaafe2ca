"""Words of Asterisk's REST Interface over one WebSocket: an encoder and a decoder, with no socket.

Requests go out as ``RESTRequest`` frames and are answered, in order, by ``RESTResponse`` frames; events come in
between. Only the events listed in :data:`EVENTS` are asked for; any other that comes is passed over.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

EVENTS: Final = (
    "ApplicationReplaced",
    "CallBroadcast",
    "ChannelDtmfReceived",
    "ChannelHangupRequest",
    "ChannelTalkingStarted",
    "Dial",
    "PlaybackFinished",
    "RESTResponse",
    "StasisEnd",
    "StasisStart",
)
"""The allow-list of the application. Without ``RESTResponse`` Asterisk keeps its answers to itself."""


class Dialplan(msgspec.Struct, frozen=True):
    """Where a channel is in the dialplan. While it is under control, that is how it came under control."""

    app_name: str = ""
    app_data: str = ""
    context: str = ""


class Channel(msgspec.Struct, frozen=True):
    """The little that is read of a channel."""

    id: str
    state: str
    creationtime: datetime
    dialplan: Dialplan = Dialplan()
    name: str = ""


class Bridge(msgspec.Struct, frozen=True):
    """A bridge and who is in it. ``creator`` is ``Stasis`` for those made through ARI."""

    id: str
    creator: str = ""
    channels: tuple[str, ...] = ()


class Application(msgspec.Struct, frozen=True):
    """What an application is in charge of."""

    name: str
    channel_ids: tuple[str, ...] = ()


class Status(msgspec.Struct, frozen=True):
    """How this run of Asterisk is."""

    startup_time: datetime


class Information(msgspec.Struct, frozen=True):
    """What Asterisk says of itself."""

    status: Status


class Endpoint(msgspec.Struct, frozen=True):
    """A trunk, strip or telephone, and its channels."""

    channel_ids: tuple[str, ...] = ()


class Playback(msgspec.Struct, frozen=True):
    """An announcement. ``state``: ``done`` (to the end, or stopped) or ``failed``, once it is over.

    ``target_uri`` says to whom it was played: ``channel:<id>``.
    """

    id: str
    state: str = ""
    target_uri: str = ""


class Event(msgspec.Struct, frozen=True):
    """Base of all frames Asterisk sends; the class name is the wire's ``type``."""


class CallBroadcast(Event, frozen=True, tag=True):
    """A caller waits to be claimed."""

    channel: Channel


class StasisStart(Event, frozen=True, tag=True):
    """A channel came under this application's control."""

    channel: Channel
    args: tuple[str, ...] = ()


class StasisEnd(Event, frozen=True, tag=True):
    """A channel left this application's control: it ended, or went back to the dialplan."""

    channel: Channel


class ChannelHangupRequest(Event, frozen=True, tag=True):
    """A channel is about to end; StasisEnd follows.

    ``cause``: the Q.850 number, absent after a plain BYE; where ``soft``, Asterisk's own reason to end it.
    ``tech_cause``: the SIP status, where there is one.
    """

    channel: Channel
    cause: int | None = None
    soft: bool = False
    tech_cause: int = 0


class ChannelDtmfReceived(Event, frozen=True, tag=True):
    """A key was pressed and released."""

    channel: Channel
    digit: str


class Dial(Event, frozen=True, tag=True):
    """Something happened to a channel being rung. ``dialstatus`` is empty when it begins."""

    peer: Channel
    dialstatus: str = ""


class ChannelTalkingStarted(Event, frozen=True, tag=True):
    """Somebody speaks on a channel that is listened to."""

    channel: Channel


class PlaybackFinished(Event, frozen=True, tag=True):
    """An announcement is over."""

    playback: Playback


class ApplicationReplaced(Event, frozen=True, tag=True):
    """Somebody else took over the application: this socket hears nothing more."""

    application: str = ""


class RESTResponse(Event, frozen=True, tag=True):
    """The answer to one request. ``request_id`` is the one given with it."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str = ""


Known = (
    CallBroadcast
    | StasisStart
    | StasisEnd
    | ChannelHangupRequest
    | ChannelDtmfReceived
    | ChannelTalkingStarted
    | Dial
    | PlaybackFinished
    | ApplicationReplaced
    | RESTResponse
)


class Request(msgspec.Struct, frozen=True):
    """One request to Asterisk."""

    method: str
    uri: str
    body: dict[str, object] | None = None


_decoder: Final = msgspec.json.Decoder(Known)
_encoder: Final = msgspec.json.Encoder()


def decode(frame: str | bytes) -> Known | None:
    """Read a frame; ``None`` when it is of a type not used here, or not what the type should be."""
    try:
        message: Known = _decoder.decode(frame)
    except msgspec.ValidationError:
        return None
    return message


def encode_request(request_id: int, method: str, uri: str, body: Any = None) -> bytes:
    """Write a request. ``uri`` is made by :func:`uri`; ``body`` is sent as JSON."""
    frame = {
        "type": "RESTRequest",
        "transaction_id": "",
        "request_id": str(request_id),
        "method": method,
        "uri": uri,
    }
    if body is not None:
        frame["content_type"] = "application/json"
        frame["message_body"] = _encoder.encode(body).decode()
    return _encoder.encode(frame)


def uri(*path: str, **query: str) -> str:
    """Build a resource's address: each part is escaped, so that an id can never reach another resource."""
    address = "/".join(quote(part, safe="") for part in path)
    return f"{address}?{urlencode(query, quote_via=quote)}" if query else address


def created(app: str, channel: str, endpoint: str, arguments: str, variables: Mapping[str, str]) -> Request:
    """Make a channel towards an endpoint. It comes under control with these arguments; it does not ring yet."""
    address = uri(
        "channels",
        "create",
        endpoint=endpoint,
        app=app,
        appArgs=arguments,
        channelId=channel,
        formats="alaw",
    )
    return Request("POST", address, {"variables": dict(variables)})
