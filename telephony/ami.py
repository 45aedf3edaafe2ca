"""The manager interface of Asterisk, for what ARI does not do: fallback queue, contacts, security events."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import structlog
from panoramisk.manager import Manager  # type: ignore[import-untyped]

from core.errors import SwitchRefused, SwitchUnavailable
from core.ids import ChannelId, PositionId
from core.switch import SwitchEvent
from telephony.security import KINDS, incident_of

log = structlog.get_logger(__name__)

USER: Final = "core"
"""The account in manager.conf."""
QUEUE: Final = "secours"
ANSWER_SECONDS: Final = 2.0
"""An action pending when the connection drops is never answered, hence a limit on each."""
_RETRY_SECONDS: Final = 1
_DONE_ALREADY: Final = ("Already there", "Not there")


class ManagerLink:
    """One connection, made again for ever. Implements ``FallbackQueue`` and ``RecordingSwitch``.

    Members asked for while Asterisk was away are set when it is back. Asterisk itself remembers its members.

    Args:
        port: of the manager interface, on loopback.
        secret: of the account :data:`USER`.
        app: the core's name, its application in Asterisk: callers taken back go there.
    """

    def __init__(self, *, port: int, secret: str, app: str = "core-a") -> None:
        self._app = app
        self.up = False
        """Whether it is connected and logged in."""
        self._listener: Callable[[SwitchEvent], None] = lambda event: None
        self.registered: set[PositionId] = set()
        """Positions whose strip is registered now: those that can ring in mode secours."""
        self._wanted: dict[PositionId, bool] = {}
        self._settling: asyncio.Task[None] | None = None
        self._manager = _Manager(
            host="127.0.0.1",
            port=port,
            username=USER,
            secret=secret,
            ping_delay=5,
            ping_interval=5,
            reconnect_timeout=_RETRY_SECONDS,
            on_login=lambda manager: self._logged_in(),
            on_disconnect=lambda manager, error: self._dropped(),
        )
        for name in KINDS:
            self._manager.register_event(name, self._security)
        self._manager.register_event("ContactStatus", self._contact)

    def listen(self, listener: Callable[[SwitchEvent], None]) -> None:
        """Be told of each SecurityIncident. Set before the start."""
        self._listener = listener

    async def start(self) -> None:
        """Connect, now or as soon as Asterisk is there; does not wait for it."""
        self._manager.loop = asyncio.get_running_loop()
        self._manager.connect()

    async def close(self) -> None:
        """Disconnect for good; the members stay."""
        self._manager.end()
        self.up = False
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- the fallback's queue ---------------------------------------------------------------------------

    async def add(self, position_id: PositionId) -> None:
        """Make a position's strip ring in mode secours; adding it twice is no error.

        Raises:
            SwitchUnavailable: Asterisk does not answer; it will be done when it is back.
            SwitchRefused: Asterisk refused.
        """
        self._wanted[position_id] = True
        await self._set(position_id, member=True)

    async def remove(self, position_id: PositionId) -> None:
        """Let it ring no more; removing an unknown one is no error. Errors: those of :meth:`add`."""
        self._wanted[position_id] = False
        await self._set(position_id, member=False)
        if self._wanted.get(position_id) is False:
            del self._wanted[position_id]

    async def take_back(self, channel: ChannelId) -> None:
        """See :meth:`core.ports.FallbackCalls.take_back`."""
        action = {"Action": "Redirect", "Channel": channel, "Context": "take-back", "Priority": "1"}
        try:
            await self._act({**action, "Exten": self._app})
        except SwitchRefused:
            log.info("caller_not_taken_back", reason="left, or answered, meanwhile")

    async def leave_out(self, channel: ChannelId, on: bool) -> None:
        """See :meth:`core.ports.RecordingSwitch.leave_out`. It is of all recordings that the channel has."""
        action = {"Action": "MixMonitorMute", "Channel": channel, "Direction": "both"}
        await self._act({**action, "State": "1" if on else "0"})

    async def _set(self, position_id: PositionId, *, member: bool) -> None:
        action = {"Action": "QueueAdd" if member else "QueueRemove", "Queue": QUEUE}
        action["Interface"] = f"PJSIP/{position_id}"
        if member:
            action["MemberName"] = position_id
        await self._act(action)

    async def _act(self, action: dict[str, str]) -> None:
        if not self.up:
            raise SwitchUnavailable("the manager interface is not connected")
        try:
            # as_list: panoramisk takes "Added interface to queue" for the first of many answers, and waits.
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._manager.send_action(action, as_list=False)
        except TimeoutError:
            raise SwitchUnavailable("the manager interface does not answer") from None
        if not answer.success and not any(words in answer.message for words in _DONE_ALREADY):
            raise SwitchRefused(400, f"{action['Action']} refused")

    async def _settle(self) -> None:
        """Set what was asked for while Asterisk was away."""
        await self._ask_contacts()
        for position_id, member in list(self._wanted.items()):
            try:
                await (self.add if member else self.remove)(position_id)
            except (SwitchUnavailable, SwitchRefused) as error:
                log.warning("fallback_member_not_set", position_id=position_id, reason=error.code)

    async def _ask_contacts(self) -> None:
        """Learn which strips are registered; afterwards each change is told."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answers = await self._manager.send_action({"Action": "PJSIPShowContacts"}, as_list=True)
        except TimeoutError:
            log.warning("contacts_not_known", advice="they are learnt as strips register again")
            return
        found = (str(answer.get("endpoint", "")) for answer in answers if answer.get("event") == "ContactList")
        self.registered.update(PositionId(name) for name in found if name)

    # --- what Asterisk says -----------------------------------------------------------------------------

    def _logged_in(self) -> None:
        self.up = True
        log.info("manager_up")
        self._settling = self._manager.loop.create_task(self._settle())

    def _dropped(self) -> None:
        if self.up:
            self.up = False
            self.registered.clear()
            log.warning("manager_down")

    def _security(self, manager: Manager, event: Mapping[str, Any]) -> None:
        incident = incident_of(str(event["event"]), str(event.get("remoteaddress", "")))
        if incident is not None:
            self._listener(incident)

    def _contact(self, manager: Manager, event: Mapping[str, Any]) -> None:
        gone = event.get("contactstatus") in {"Removed", "Unreachable"}
        (self.registered.discard if gone else self.registered.add)(PositionId(str(event.get("aor", ""))))


class _Manager(Manager):  # type: ignore[misc]
    """A manager that can be told to stop for good: panoramisk's own goes on dialling after its end."""

    ended = False

    def connect(self, *args: object, **kwargs: object) -> Any:
        """Dial, unless ended."""
        return None if self.ended else super().connect(*args, **kwargs)

    def end(self) -> None:
        """Close, and dial no more."""
        self.ended = True
        self.close()
