"""The orders of ``core.ports.Switch``, each as requests on the link to one Asterisk."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Generator
from typing import Final

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import BridgeId, CallId, CentreId, ChannelId, PlaybackId, PositionId
from core.switch import Entrusted
from telephony import callees, neighbours, strips
from telephony.ari import AriLink
from telephony.ari_protocol import Request, uri
from telephony.listening import Listening
from telephony.register import ChannelRegister
from telephony.translation import CONGESTION, NORMAL_CLEARING, WHISPER

log = structlog.get_logger(__name__)

FALLBACK: Final = {"context": "fallback", "extension": "s", "priority": "1"}
"""Where in the dialplan callers go whom no core has."""
_TALKING: Final = "2500,128"
"""Milliseconds of silence that end a talk; how loud a talk is at least, as mean sample value: softly spoken."""
_DYNAMIC: Final = ("asterisk", "config", "dynamic", "res_pjsip")


class Order(Awaitable[None]):
    """An order given. Awaiting it waits for Asterisk's answer; a failure is logged once, awaited or not."""

    def __init__(
        self,
        name: str,
        future: asyncio.Future[str],
        *,
        accept: frozenset[int] = frozenset(),
        refused: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._refused = refused
        self._future = future
        self._accept = accept
        future.add_done_callback(self._note)

    def __await__(self) -> Generator[None, None, None]:
        try:
            yield from self._future.__await__()
        except SwitchRefused as error:
            if error.status not in self._accept:
                raise

    def _note(self, future: asyncio.Future[str]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, SwitchRefused) and self._refused is not None:
            self._refused()
        if isinstance(error, SwitchRefused) and error.status not in {404, 409, *self._accept}:
            log.warning("order_refused", order=self._name, status=error.status)
        elif error is not None:  # the channel ended meanwhile, or the link is lost: both are said by an event
            log.debug("order_not_carried_out", order=self._name, reason=getattr(error, "code", "error"))


class Orders:
    """What one Asterisk can be ordered to do. What it says is read in ``telephony/switch.py``.

    Args:
        app: the core's name, its application in Asterisk.
        prompts: folder of the announcements, as Asterisk sees it.
        position_codecs: of strips, in order of preference.
        register: the channels under control.
    """

    def __init__(self, app: str, prompts: str, position_codecs: str, register: ChannelRegister) -> None:
        self.up = False
        """Whether Asterisk is under command and reconciled."""
        self.link: AriLink | None = None
        """The socket to Asterisk, while there is one."""
        self.allowed: Callable[[], bool] = lambda: True
        """Whether this core is still the one that orders; asked before each order."""
        self._app = app
        self._prompts = prompts
        self._codecs = position_codecs
        self._register = register
        self._whispers: dict[ChannelId, str] = {}
        self._music: set[ChannelId] = set()
        self._listening = Listening(self._listen)
        self._phones: dict[ChannelId, tuple[str, float] | None] = {}
        """Positions' telephones being called → number to show and seconds to ring, until they are rung."""

    def _order(
        self,
        name: str,
        method: str,
        address: str,
        body: object = None,
        accept: frozenset[int] = frozenset(),
        refused: Callable[[], None] | None = None,
    ) -> Order:
        if self.link is not None and self.up and self.allowed():
            return Order(name, self.link.request(method, address, body), accept=accept, refused=refused)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_exception(SwitchUnavailable("Asterisk is not connected"))
        return Order(name, future)

    def _send(self, name: str, request: Request) -> Order:
        return self._order(name, request.method, request.uri, request.body)

    def _checked(self, name: str, request: Callable[[], Request]) -> Order:
        """An order whose words are checked first."""
        try:
            return self._send(name, request())
        except SwitchRefused as error:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            future.set_exception(error)
            return Order(name, future)

    # --- channels and bridges ------------------------------------------------------------------------------

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.pick_up`."""
        return self._order("pick_up", "POST", uri("channels", channel, "answer"))

    def play(self, channel: ChannelId, playback: PlaybackId, *sounds: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.play`."""
        self._listening.playing(channel, playback)
        media = ",".join(f"sound:{self._prompts}/{sound}" for sound in sounds)
        address = uri("channels", channel, "play", playback, media=media)
        return self._order("play", "POST", address)

    def listen_for_speech(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.listen_for_speech`."""
        return self._listening.listen(channel, on)

    def _listen(self, channel: ChannelId, on: bool) -> Order:
        change = {"variable": f"TALK_DETECT({'set' if on else 'remove'})", "value": _TALKING if on else ""}
        return self._order("listen", "POST", uri("channels", channel, "variable", **change))

    def stop_playback(self, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_playback`."""
        return self._order("stop_playback", "DELETE", uri("playbacks", playback))

    def start_music(self, channel: ChannelId, music: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.start_music`."""
        self._music.add(channel)
        return self._order("start_music", "POST", uri("channels", channel, "moh", mohClass=music))

    def stop_music(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_music`."""
        self._music.discard(channel)
        return self._order("stop_music", "DELETE", uri("channels", channel, "moh"))

    def open_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.open_bridge`."""
        # 409: it exists already.
        return self._order(
            "open_bridge", "POST", uri("bridges", bridge, type="mixing"), accept=frozenset({409})
        )

    def close_bridge(self, bridge: BridgeId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.close_bridge`."""
        return self._order("close_bridge", "DELETE", uri("bridges", bridge))

    def join(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.join`."""
        if channel in self._music:
            self.stop_music(channel)
        self._stop_playing(channel)
        order = self._order("join", "POST", uri("bridges", bridge, "addChannel", channel=channel))
        if self.link is not None:
            self.link.flush()  # somebody waits to be heard: the turn's other work comes after
        return order

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.leave`."""
        self._stop_playing(channel)
        return self._order("leave", "POST", uri("bridges", bridge, "removeChannel", channel=channel))

    def _stop_playing(self, channel: ChannelId) -> None:
        """A channel moves at the end of what is played to it, and until then the whole socket says nothing."""
        playback = self._listening.heard(channel)
        if playback is not None:
            self.stop_playback(playback)

    def start_ringback(self, channel: ChannelId, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.start_ringback`."""
        address = uri("channels", channel, "play", playback, media="tone:ring;tonezone=fr")
        return self._order("start_ringback", "POST", address)

    def whisper(self, channel: ChannelId, playback: PlaybackId, file: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.whisper`."""
        # A channel of its own that only speaks into the other's ear: the file is played to it once it is there.
        self._whispers[ChannelId(playback)] = file
        address = uri(
            "channels", channel, "snoop", playback, whisper="out", spy="none", app=self._app, appArgs=WHISPER
        )
        return self._order("whisper", "POST", address)

    def stop_whisper(self, playback: PlaybackId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_whisper`."""
        self._whispers.pop(ChannelId(playback), None)
        return self._order("stop_whisper", "DELETE", uri("channels", playback), accept=frozenset({404}))

    def _whispering(self, channel: ChannelId) -> None:
        """The channel that whispers is there."""
        file = self._whispers.pop(channel, None)
        if file is None:
            self._order("stop_whisper", "DELETE", uri("channels", channel), accept=frozenset({404}))
        else:
            self._order("whisper", "POST", uri("channels", channel, "play", channel, media=f"sound:{file}"))

    def call_out(self, channel: ChannelId, call_id: CallId, number: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_out`."""
        return self._checked("call_out", lambda: callees.made(self._app, channel, call_id, number))

    def call_centre(self, channel: ChannelId, centre: CentreId, call: Entrusted) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_centre`."""
        return self._checked("call_centre", lambda: neighbours.made(self._app, channel, centre, call))

    def say_ringing(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.say_ringing`."""
        return self._order("say_ringing", "POST", uri("channels", channel, "ring"))

    def refuse(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.refuse`."""
        address = uri("channels", channel, reason_code=str(CONGESTION))
        return self._order("refuse", "DELETE", address)

    def ring(self, channel: ChannelId, presented: str, seconds: float) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.ring`."""
        if presented:
            self._checked("present_number", lambda: callees.presenting(channel, presented))
        return self._send("ring", callees.rung(channel, seconds))

    def call_phone(
        self, channel: ChannelId, position_id: PositionId, number: str, presented: str, seconds: float
    ) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.call_phone`."""
        self._phones[channel] = (presented, seconds)  # rung once it is under control
        return self._checked("call_phone", lambda: callees.phone(self._app, channel, position_id, number))

    def confirm_phone(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.confirm_phone`."""
        self._register.answering(channel)
        return self._send("confirm_phone", callees.confirmed(channel))

    def mute(self, channel: ChannelId, muted: bool) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.mute`."""
        address = uri("channels", channel, "mute", direction="in")
        return self._order("mute", "POST" if muted else "DELETE", address)

    def send_digits(self, channel: ChannelId, digits: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.send_digits`."""
        return self._checked("send_digits", lambda: callees.keyed(channel, digits))

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hang_up`."""
        if self._phones.get(channel) is not None:
            del self._phones[channel]  # given up before it was rung
        address = uri("channels", channel, reason_code=str(NORMAL_CLEARING))
        return self._order("hang_up", "DELETE", address)

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hand_back`."""
        return self._order("hand_back", "POST", uri("channels", channel, "continue", **FALLBACK))

    # --- accounts of strips -----------------------------------------------------------------------------

    async def create(self, position_id: PositionId, secret: str) -> None:
        """See :meth:`core.ports.StripCredentials.create`."""
        for kind, fields in strips.account_of(position_id, secret, self._codecs):
            body = {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
            await self._order("create_account", "PUT", uri(*_DYNAMIC, kind, position_id), body)

    async def delete(self, position_id: PositionId) -> None:
        """See :meth:`core.ports.StripCredentials.delete`."""
        for kind in strips.OBJECTS:
            order = self._order(
                "delete_account", "DELETE", uri(*_DYNAMIC, kind, position_id), accept=frozenset({404})
            )
            await order

    # --- addresses kept out -------------------------------------------------------------------------------

    async def ban(self, source: str) -> None:
        """See :meth:`core.ports.SourceBans.ban`."""
        address = ipaddress.ip_address(source)
        body = {"fields": [{"attribute": "deny", "value": f"{address}/{address.max_prefixlen}"}]}
        # Made, then refused: Asterisk finds no words for an object of this type in its answer, and says 500.
        await self._order("ban", "PUT", uri(*_DYNAMIC, "acl", _ban_name(source)), body, frozenset({500}))

    async def release(self, source: str) -> None:
        """See :meth:`core.ports.SourceBans.release`."""
        address = uri(*_DYNAMIC, "acl", _ban_name(source))
        await self._order("release", "DELETE", address, accept=frozenset({404}))


def _ban_name(source: str) -> str:
    return f"ban-{ipaddress.ip_address(source).packed.hex()}"
