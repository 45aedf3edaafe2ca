"""Implements ``core.ports.Switch`` and ``StripCredentials`` on one Asterisk."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator
from types import TracebackType
from typing import Final, Self

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import BridgeId, CallId, CentreId, ChannelId, PlaybackId, PositionId
from core.switch import (
    CalleeProgress,
    CalleeRinging,
    DigitPressed,
    Entrusted,
    LegOpened,
    PhoneAnswered,
    PlaybackEnded,
    SpeechHeard,
    SwitchDown,
    SwitchEvent,
    SwitchTruth,
    SwitchUp,
)
from telephony import callees, neighbours, strips
from telephony.ari import AriLink, AriServer
from telephony.ari_protocol import (
    ApplicationReplaced,
    CallBroadcast,
    Channel,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    ChannelTalkingStarted,
    Dial,
    Known,
    Playback,
    PlaybackFinished,
    Request,
    RESTResponse,
    StasisEnd,
    StasisStart,
    uri,
)
from telephony.reconciliation import ask_truth
from telephony.register import ChannelRegister
from telephony.translation import CONGESTION, NORMAL_CLEARING, WHISPER

log = structlog.get_logger(__name__)

_FALLBACK: Final = {"context": "fallback", "extension": "s", "priority": "1"}
_TALKING: Final = "2500,128"
"""Milliseconds of silence that end a talk; how loud a talk is at least, as mean sample value: softly spoken."""
_DYNAMIC: Final = ("asterisk", "config", "dynamic", "res_pjsip")


class Order(Awaitable[None]):
    """An order given. Awaiting it waits for Asterisk's answer; a failure is logged once, awaited or not."""

    def __init__(self, name: str, future: asyncio.Future[str], *, accept: frozenset[int] = frozenset()) -> None:
        self._name = name
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
        if isinstance(error, SwitchRefused) and error.status not in {404, 409, *self._accept}:
            log.warning("order_refused", order=self._name, status=error.status)
        elif error is not None:  # the channel ended meanwhile, or the link is lost: both are said by an event
            log.debug("order_not_carried_out", order=self._name, reason=getattr(error, "code", "error"))


class AsteriskSwitch:
    """One Asterisk under the core's command, over the socket that it keeps open to us.

    Args:
        app: the core's name, its application in Asterisk (``core-a``).
        switch: the name of this Asterisk in events.
        ari_port: loopback port where Asterisk dials us.
        ari_password: what Asterisk proves itself with.
        prompts: folder of the announcements, as Asterisk sees it.
        position_codecs: of strips, in order of preference.
        test_callers: E.164 numbers of the continuous test robot.
    """

    def __init__(
        self,
        *,
        app: str,
        switch: str,
        ari_port: int,
        ari_password: str,
        prompts: str,
        position_codecs: str = "alaw,opus",
        test_callers: Collection[str] = (),
    ) -> None:
        self.accepting = True
        """Whether new callers are claimed; where not, the dialplan's fallback takes them."""
        self.up = False
        """Whether Asterisk is under command and reconciled."""
        self._app = app
        self._name = switch
        self._prompts = prompts
        self._codecs = position_codecs
        self._listener: Callable[[SwitchEvent], None] = _nobody
        self.link: AriLink | None = None
        """The socket to Asterisk, while there is one."""
        self._held_back: list[Known] = []
        self._test_callers = test_callers
        self._whispers: dict[ChannelId, str] = {}
        self._register = ChannelRegister(test_callers)
        self._music: set[ChannelId] = set()
        self._playing: dict[ChannelId, PlaybackId] = {}
        """Channels that hear an announcement, with the latest."""
        self._deferred: dict[ChannelId, tuple[bool, asyncio.Future[None]]] = {}
        """Listening to begin or to stop at the end of the announcement."""
        self._phones: dict[ChannelId, tuple[str, float] | None] = {}
        """Positions' telephones being called → number to show and seconds to ring, until they are rung."""
        self._fenced = False
        self._reconciling: asyncio.Task[None] | None = None
        self.server = AriServer(
            port=ari_port,
            username=app,
            password=ari_password,
            connected=self._connected,
            received=self._received,
            lost=self._lost,
        )

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        """See :meth:`core.ports.Switch.listen`."""
        self._listener = listener

    async def start(self) -> None:
        """Wait for Asterisk's calls from now on.

        Raises:
            OSError: the port is taken.
        """
        await self.server.start()

    async def close(self) -> None:
        """Let go of Asterisk. Its calls go on; new ones are answered by the fallback."""
        await self.server.close()
        if self._reconciling is not None:
            self._reconciling.cancel()
            await asyncio.gather(self._reconciling, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- the link ---------------------------------------------------------------------------------------

    def _connected(self, link: AriLink) -> None:
        if self._fenced:
            log.error(
                "switch_fenced", advice="another core took this one's place; restart this one to take it back"
            )
            link.abort()
            return
        self.link = link
        self._held_back = []
        self._reconciling = asyncio.get_running_loop().create_task(self._reconcile(link))

    def _lost(self, link: AriLink, reason: str) -> None:
        if self.link is not link:
            return
        self.link = None
        if self._reconciling is not None:
            self._reconciling.cancel()
        if self.up:
            self.up = False
            log.warning("switch_down", reason=reason)
            self._tell(SwitchDown(switch=self._name, detail=reason))

    async def _reconcile(self, link: AriLink) -> None:
        """Tell the core what Asterisk holds, then what happened while asking."""
        try:
            truth, present = await ask_truth(link, self._app, self._name, self._test_callers)
        except SwitchUnavailable:
            return  # lost again meanwhile: the next link begins anew
        except Exception:  # the top of this task: the next link begins anew, too
            log.exception("reconciliation_failed")
            link.abort()
            return
        vanished = self._register.reconcile(truth)
        # What was playing is not known; to stop music where there is none is harmless.
        self._music = {channel.channel_id for channel in truth.channels if channel.caller}
        self._phones = {c.channel_id: None for c in truth.channels if c.phone is not None}
        self.up = True
        log.info("switch_up", channels=len(truth.channels), bridges=len(truth.bridges))
        self._tell(SwitchUp(truth=truth))
        held_back, self._held_back = self._held_back, []
        for message in held_back:
            # Asterisk kept every broadcast made while we were away: claiming callers long gone would only delay
            # the claim of those who just came.
            if not isinstance(message, CallBroadcast) or message.channel.id in present:
                self._handle(message)
        for channel in vanished:
            self._gone(channel)
        self._take_up(truth)

    def _take_up(self, truth: SwitchTruth) -> None:
        """Do what an earlier core had begun: pick legs up, and have those who picked up recorded."""
        for found in truth.channels:
            if found.channel_id not in self._register:
                continue
            if found.leg is not None and not found.up:
                self.pick_up(found.channel_id)
            elif found.callee is not None and found.up and not found.recorded:
                self._record(found.channel_id)

    # --- what Asterisk says -----------------------------------------------------------------------------

    def _received(self, link: AriLink, message: Known) -> None:
        if link is not self.link:
            return
        if isinstance(message, ApplicationReplaced):
            self._fenced = True
            log.error("switch_replaced", app=self._app)
            self._lost(link, "another core took over the application")
            link.abort()
        elif self.up:
            self._handle(message)
        else:
            self._held_back.append(message)

    def _handle(self, message: Known) -> None:
        match message:
            case CallBroadcast():
                self._claim(message.channel)
            case StasisStart():
                self._arrived(message)
            case ChannelHangupRequest():
                self._register.ending(message)
            case StasisEnd():
                self._gone(ChannelId(message.channel.id))
            case ChannelDtmfReceived():
                if message.channel.id in self._register:
                    self._tell(DigitPressed(channel_id=ChannelId(message.channel.id), digit=message.digit))
            case Dial():
                self._rung(ChannelId(message.peer.id), message.dialstatus)
            case ChannelTalkingStarted():
                if message.channel.id in self._register:
                    self._tell(SpeechHeard(channel_id=ChannelId(message.channel.id)))
            case PlaybackFinished():
                self._playback_ended(message.playback)
            case ApplicationReplaced() | RESTResponse():
                pass  # seen to before

    def _playback_ended(self, playback: Playback) -> None:
        """Tell it, unless the caller hung up: that is what ended it, and is told next."""
        self._quiet_again(ChannelId(playback.target_uri.removeprefix("channel:")), PlaybackId(playback.id))
        if playback.target_uri == f"channel:{playback.id}":  # a whisper: its channel is over, too
            self.stop_whisper(PlaybackId(playback.id))
        if not self._register.is_ending(ChannelId(playback.target_uri.removeprefix("channel:"))):
            self._tell(PlaybackEnded(playback_id=PlaybackId(playback.id), ok=playback.state == "done"))

    def _rung(self, channel: ChannelId, status: str) -> None:
        """Something happened to a callee. That it was not reached is told by the end of its channel."""
        if channel not in self._register:
            return
        if channel in self._phones:
            if status == "ANSWER":
                self._tell(PhoneAnswered(channel_id=channel))
        elif status == "RINGING":
            self._tell(CalleeRinging(channel_id=channel))
        elif status == "PROGRESS":
            self._tell(CalleeProgress(channel_id=channel))
        elif status == "ANSWER":
            self._record(channel)

    def _record(self, channel: ChannelId) -> None:
        self._register.answering(channel)
        self._send("record_callee", callees.recorded(channel))

    def _claim(self, channel: Channel) -> None:
        if self.accepting:
            # Refused where another core was faster, the caller left, or the fallback has it: all is well then.
            self._order("claim", "POST", uri("events", "claim", channelId=channel.id, application=self._app))

    def _arrived(self, message: StasisStart) -> None:
        if message.args == (WHISPER,):
            self._whispering(ChannelId(message.channel.id))
            return
        try:
            event = self._register.arrived(message)
        except ValueError:
            log.error("channel_of_unknown_purpose")
            self.hand_back(ChannelId(message.channel.id))
            return
        channel = ChannelId(message.channel.id)
        if (how := self._phones.get(channel)) is not None and event is None:
            self._phones[channel] = None
            self.ring(channel, *how)
        if isinstance(event, LegOpened):
            self._phones.pop(channel, None)
            self.pick_up(event.channel_id)
        if event is not None:
            self._tell(event)

    def _gone(self, channel: ChannelId) -> None:
        self._music.discard(channel)
        self._playing.pop(channel, None)
        self._forget_deferred(channel)
        event = self._register.gone(channel)
        if event is not None:
            self._phones.pop(channel, None)
            self._tell(event)

    def _tell(self, event: SwitchEvent) -> None:
        """Tell the core; a fault of a listener must not cost the link."""
        try:
            self._listener(event)
        except Exception:
            log.exception("switch_listener_failed", event_type=type(event).__name__)

    # --- orders -----------------------------------------------------------------------------------------

    def _order(
        self, name: str, method: str, address: str, body: object = None, accept: frozenset[int] = frozenset()
    ) -> Order:
        if self.link is not None and self.up:
            return Order(name, self.link.request(method, address, body), accept=accept)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_exception(SwitchUnavailable("Asterisk is not connected"))
        return Order(name, future)

    def _send(self, name: str, request: Request) -> Order:
        return self._order(name, request.method, request.uri, request.body)

    def pick_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.pick_up`."""
        return self._order("pick_up", "POST", uri("channels", channel, "answer"))

    def play(self, channel: ChannelId, playback: PlaybackId, *sounds: str) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.play`."""
        self._playing[channel] = playback
        media = ",".join(f"sound:{self._prompts}/{sound}" for sound in sounds)
        address = uri("channels", channel, "play", playback, media=media)
        return self._order("play", "POST", address)

    def listen_for_speech(self, channel: ChannelId, on: bool) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.listen_for_speech`."""
        # Asterisk sets a variable between announcements only, and says and hears nothing until then.
        if channel in self._playing:
            self._forget_deferred(channel)
            later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._deferred[channel] = (on, later)
            return later
        return self._listen(channel, on)

    def _listen(self, channel: ChannelId, on: bool) -> Order:
        change = {"variable": f"TALK_DETECT({'set' if on else 'remove'})", "value": _TALKING if on else ""}
        return self._order("listen", "POST", uri("channels", channel, "variable", **change))

    def _quiet_again(self, channel: ChannelId, playback: PlaybackId) -> None:
        """An announcement is over: what waited for it is done now, before the next one can begin."""
        if self._playing.get(channel) != playback:
            return  # it was cut short for another one
        del self._playing[channel]
        if channel in self._deferred:
            on, later = self._deferred.pop(channel)
            self._listen(channel, on)
            if not later.done():
                later.set_result(None)

    def _forget_deferred(self, channel: ChannelId) -> None:
        if channel in self._deferred:
            self._deferred.pop(channel)[1].cancel()

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

    def start_silence(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.start_silence`."""
        # A strip's ringing tone is silence (its tone zone), which gives way by itself to whoever is joined.
        # Asterisk's own order for silence would keep the caller unheard until it is taken back.
        return self._order("start_silence", "POST", uri("channels", channel, "ring"))

    def stop_silence(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.stop_silence`."""
        return self._order("stop_silence", "DELETE", uri("channels", channel, "ring"))

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
        order = self._order("join", "POST", uri("bridges", bridge, "addChannel", channel=channel))
        if self.link is not None:
            self.link.flush()  # somebody waits to be heard: the turn's other work comes after
        return order

    def leave(self, bridge: BridgeId, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.leave`."""
        return self._order("leave", "POST", uri("bridges", bridge, "removeChannel", channel=channel))

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

    def _checked(self, name: str, request: Callable[[], Request]) -> Order:
        """An order whose words are checked first."""
        try:
            return self._send(name, request())
        except SwitchRefused as error:
            future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            future.set_exception(error)
            return Order(name, future)

    def hang_up(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hang_up`."""
        if self._phones.get(channel) is not None:
            del self._phones[channel]  # given up before it was rung
        address = uri("channels", channel, reason_code=str(NORMAL_CLEARING))
        return self._order("hang_up", "DELETE", address)

    def hand_back(self, channel: ChannelId) -> Awaitable[None]:
        """See :meth:`core.ports.Switch.hand_back`."""
        return self._order("hand_back", "POST", uri("channels", channel, "continue", **_FALLBACK))

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


def _nobody(event: SwitchEvent) -> None:
    """Stand in for a listener until one is set."""
