"""One Asterisk under the core's command: the link to it, and what comes over it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import ChannelId, PlaybackId
from core.switch import (
    CalleeProgress,
    CalleeRinging,
    CallerArrived,
    CallerUnclaimed,
    DigitPressed,
    FallbackCaller,
    FallbackRecord,
    LegOpened,
    PhoneAnswered,
    PlaybackEnded,
    SpeechHeard,
    SwitchDied,
    SwitchDown,
    SwitchEvent,
    SwitchSeen,
    SwitchTruth,
    SwitchUp,
)
from telephony import callees
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
    RESTResponse,
    StasisEnd,
    StasisStart,
    uri,
)
from telephony.orders import Orders
from telephony.patrol import LOOK_EVERY_S, Look, Patrol
from telephony.pulse import DeathWatch
from telephony.reconciliation import allow_events, ask_fallback, ask_truth, fallen_back, read_channel
from telephony.register import ChannelRegister
from telephony.translation import WHISPER, args_of, truth_of

log = structlog.get_logger(__name__)


class AsteriskSwitch(Orders):
    """Implements ``core.ports.Switch`` and ``StripCredentials`` on the socket that Asterisk keeps open to us.

    Args:
        app: the core's name, its application in Asterisk (``core-a``).
        switch: the name of this Asterisk in events.
        ari_port: loopback port where Asterisk dials us.
        ari_password: what Asterisk proves itself with.
        ami_port: loopback port of Asterisk's manager interface: where nobody listens, Asterisk has ended. None:
            that is told by its next run alone.
        prompts: folder of the announcements, as Asterisk sees it.
        position_codecs: of strips, in order of preference.
        elsewhere: how the ids of the channels of the centre's other Asterisks begin.
        test_callers: E.164 numbers of the continuous test robot.
        look_every: seconds between two looks at what Asterisk holds.
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
        ami_port: int | None = None,
        look_every: float = LOOK_EVERY_S,
        elsewhere: tuple[str, ...] = (),
    ) -> None:
        self.accepting = True
        """Whether new callers are claimed; where not, the dialplan's fallback takes them."""
        self.noted: Callable[[], Awaitable[tuple[FallbackRecord, ...]]] = _nothing
        """Reads what Asterisk noted of mode secours."""
        super().__init__(app, prompts, position_codecs, ChannelRegister(test_callers))
        self._name = switch
        self._elsewhere = elsewhere
        self._listener: Callable[[SwitchEvent], None] = _nobody
        self._held_back: list[Known] = []
        self._test_callers = test_callers
        self._death = DeathWatch(ami_port, self._died) if ami_port is not None else None
        self._fenced = False
        self._reconciling: asyncio.Task[None] | None = None
        self._patrol = Patrol(
            app, believed=self._register.settled, found=self._looked, mute=self._mute, every=look_every
        )
        self._passed: set[ChannelId] = set()
        """Channels found under control that are nobody's business here: whispers."""
        self._asking: set[asyncio.Task[None]] = set()
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
        if self._death is not None:
            self._death.begin()

    def let_go(self) -> None:
        """Leave Asterisk at once to the core that takes over; :meth:`close` ends what remains."""
        self.link, self.up = None, False
        self._patrol.end()
        self.server.let_go()

    async def close(self) -> None:
        """Let go of Asterisk. Its calls go on; new ones are answered by the fallback."""
        if self._death is not None:
            self._death.end()
        self._patrol.end()
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
        if self._death is not None:
            self._death.end()
        self._held_back = []
        self._reconciling = asyncio.get_running_loop().create_task(self._reconcile(link))

    def _lost(self, link: AriLink, reason: str) -> None:
        if self.link is not link:
            return
        self.link = None
        self._patrol.end()
        if self._reconciling is not None:
            self._reconciling.cancel()
        if self.up:
            self.up = False
            log.warning("switch_down", reason=reason)
            self._tell(SwitchDown(switch=self._name, detail=reason))
        if self._death is not None:
            self._death.begin()

    def _died(self) -> None:
        """Nobody listens where Asterisk did: its channels are no more."""
        if not self._fenced:
            log.error("switch_died", switch=self._name)
            self._tell(SwitchDied(truth=SwitchTruth(switch=self._name, elsewhere=self._elsewhere)))

    async def _reconcile(self, link: AriLink) -> None:
        """Tell the core what Asterisk holds, then what happened while asking."""
        try:
            await allow_events(link, self._app)
            kept = len(self._held_back)
            truth, present, unclaimed = await ask_truth(link, self._app, self._name, self._test_callers)
            noted = await self._noted()
        except SwitchUnavailable:
            return  # lost again meanwhile: the next link begins anew
        except Exception:  # the top of this task: the next link begins anew, too
            log.exception("reconciliation_failed")
            link.abort()
            return
        truth = replace(truth, elsewhere=self._elsewhere, fallen_back=fallen_back(truth, noted))
        vanished = self._register.reconcile(truth)
        # What was playing is not known; to stop music where there is none is harmless.
        self._music = {channel.channel_id for channel in truth.channels if channel.caller}
        self._phones = {c.channel_id: None for c in truth.channels if c.phone is not None}
        self.up = True
        log.info("switch_up", channels=len(truth.channels), bridges=len(truth.bridges))
        for waiting in unclaimed:
            self._claim(waiting)
        self._tell(SwitchUp(truth=truth))
        held_back, self._held_back = self._held_back, []
        for nth, message in enumerate(held_back):
            # Asterisk kept every broadcast made while we were away: claiming callers long gone would only delay
            # the claim of those who just came, of whom the channels that were listed meanwhile tell nothing.
            if nth >= kept or not isinstance(message, CallBroadcast) or message.channel.id in present:
                self._handle(message)
        for channel in vanished:
            self._gone(channel)
        self._take_up(truth)
        self._patrol.begin(link)

    async def _noted(self) -> tuple[FallbackRecord, ...]:
        """What was noted of mode secours; a disk that refuses must not keep us from commanding."""
        try:
            return await self.noted()
        except OSError:
            log.exception("fallback_not_read")
            return ()

    def _take_up(self, truth: SwitchTruth) -> None:
        """Do what an earlier core had begun: pick legs up, and have those who picked up recorded."""
        for found in truth.channels:
            if found.channel_id not in self._register:
                continue
            if found.leg is not None and not found.up:
                self.pick_up(found.channel_id)
            elif found.callee is not None and found.up and not found.recorded:
                self._record(found.channel_id)

    # --- what is found by looking -------------------------------------------------------------------------

    async def look(self) -> None:
        """Look now, besides the usual times.

        Raises:
            SwitchUnavailable, SwitchRefused: there is no answer, or no good one.
        """
        if self.link is None:
            raise SwitchUnavailable("Asterisk is not connected")
        self._looked(await self._patrol.look(self.link))

    def _looked(self, look: Look) -> None:
        """Tell what was never told."""
        for channel in look.gone:
            log.warning("end_was_not_told")
            self._gone(channel, found=True)
        self._passed &= look.held
        for channel in look.stray - self._passed:
            task = asyncio.get_running_loop().create_task(self._ask_about(channel))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        self._tell(SwitchSeen(switch=self._name, channels=look.held, bridges=look.bridges))

    async def _ask_about(self, channel: ChannelId) -> None:
        """Find out what a channel is that nobody told us of, and tell it."""
        link = self.link
        if link is None:
            return
        try:
            found = await read_channel(link, channel)
        except (SwitchRefused, SwitchUnavailable):
            return  # it is looked for again
        if channel in self._register:
            return
        if found is not None:
            self._come_upon(found)
        else:
            self._passed.add(channel)
            self.hand_back(channel)

    def _come_upon(self, channel: Channel) -> None:
        channel_id = ChannelId(channel.id)
        if args_of(channel) == (WHISPER,):
            self._passed.add(channel_id)
            return
        log.warning("arrival_was_not_told")
        truth = truth_of(channel, self._test_callers)
        if truth is None:
            self._passed.add(channel_id)
            self.hand_back(channel_id)
            return
        self._register.found(truth)
        if truth.caller is not None:
            self._tell(CallerArrived(channel=truth.caller, found=True))
        elif truth.leg is not None:
            if not truth.up:
                self.pick_up(channel_id)
            self._tell(LegOpened(position_id=truth.leg, channel_id=channel_id, found=True))
        else:
            self.hang_up(channel_id)  # a number or a telephone called in vain: it is called again, or given up

    def _mute(self, link: AriLink) -> None:
        """Asterisk answers nothing any more: let it dial again."""
        self._lost(link, "no answer to a request")
        link.abort()

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
        channel = ChannelId(playback.target_uri.removeprefix("channel:"))
        self._listening.quiet_again(channel, PlaybackId(playback.id))
        if playback.target_uri == f"channel:{playback.id}":  # a whisper: its channel is over, too
            self.stop_whisper(PlaybackId(playback.id))
        if not self._register.is_ending(channel):
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
        if self._register.picked_up(channel):
            self._send("record_callee", callees.recorded(channel))

    def _claim(self, channel: Channel) -> None:
        if self.accepting:
            # Refused where another core was faster, the caller left, or the fallback has it: all is well then.
            claim = uri("events", "claim", channelId=channel.id, application=self._app)
            self._order("claim", "POST", claim, refused=lambda: self._unclaimed(ChannelId(channel.id)))

    def _unclaimed(self, channel: ChannelId) -> None:
        self._tell(CallerUnclaimed(channel_id=channel))

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

    async def in_fallback(self) -> tuple[FallbackCaller, ...]:
        """See :meth:`core.ports.FallbackCalls.present`."""
        if self.link is None or not self.up:
            raise SwitchUnavailable("Asterisk is not connected")
        return await ask_fallback(self.link)

    def _gone(self, channel: ChannelId, *, found: bool = False) -> None:
        self._music.discard(channel)
        self._listening.gone(channel)
        event = self._register.gone(channel, found=found)
        if event is not None:
            self._phones.pop(channel, None)
            self._tell(event)

    def _tell(self, event: SwitchEvent) -> None:
        """Tell the core; a fault of a listener must not cost the link."""
        try:
            self._listener(event)
        except Exception:
            log.exception("switch_listener_failed", event_type=type(event).__name__)


async def _nothing() -> tuple[FallbackRecord, ...]:
    """Stand in for the notes of mode secours."""
    return ()


def _nobody(event: SwitchEvent) -> None:
    """Stand in for a listener until one is set."""
